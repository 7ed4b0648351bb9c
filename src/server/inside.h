#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "net/server.h"

namespace warifu::server {

/// How programs in sandboxes reach this server at its public URL, verbatim. Under https they get its own certificate;
/// where something in front of the server ends TLS, one that is made for the public URL's host. Copyable.
struct Inside {
  /// Serves a socket that listens inside.
  std::function<Result<std::unique_ptr<net::Attachment>>(UniqueFd listening)> serve;
  /// PEM file of the authorities to believe: the system's and ours. Empty: the system's are enough.
  std::string ca_bundle;
};

/// `tls_cert`: the server's chain (PEM); empty: it serves plain text. `folder` is made when a file is needed, and kept.
/// `server` must outlive what is attached. kValidation, kUnavailable: certificates cannot be read or written.
[[nodiscard]] Result<Inside> reach_from_inside(net::Server& server, const std::string& public_url,
                                               const std::string& tls_cert, const std::filesystem::path& folder);

}  // namespace warifu::server
