#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace warifu::net {

/// The files that make_local_ca leaves in its folder.
struct LocalCa {
  std::filesystem::path ca_cert;      // ca.pem: for AWS_CA_BUNDLE
  std::filesystem::path ca_key;       // ca-key.pem, 0600
  std::filesystem::path server_cert;  // server.pem: leaf, then CA
  std::filesystem::path server_key;   // server-key.pem, 0600
};

/// A local certificate authority (EC P-256, 10 years) and a server certificate (825 days, the most that Apple's
/// clients take) for localhost, 127.0.0.1, ::1 and `hostnames` (DNS names, wildcards such as `*.amazonaws.com`, or IP
/// addresses). Creates `dir` (0700) if need be. A CA that is there is kept and only the server certificate is made
/// anew, so that trust given once stays. kValidation: a host name is malformed; kUnavailable: a file cannot be written
/// or the CA there cannot be read.
[[nodiscard]] Result<LocalCa> make_local_ca(const std::filesystem::path& dir,
                                            const std::vector<std::string>& hostnames);

/// The self-signed certificates of a PEM file, as PEM: those that nobody believes who was not told to. Empty: the file
/// has none. kUnavailable: it cannot be read.
[[nodiscard]] Result<std::string> self_signed(const std::filesystem::path& pem);

}  // namespace warifu::net
