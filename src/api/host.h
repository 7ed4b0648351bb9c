#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http.h"

namespace warifu::api {

/// What a Host header says about a request. Host is never trusted to route: the credential scope does. It can only
/// contradict, and then the request is refused.
struct HostClaim {
  bool loopback = false;               // localhost, 127.0.0.0/8, ::1
  std::optional<std::string> service;  // signing name that a `*.amazonaws.com` name stands for
  std::optional<std::string> region;   // region in such a name
  /// What stands before the server's own name: S3's virtual-host style (`bucket.s3.us-east-1.amazonaws.com`,
  /// `bucket.localhost`). Means something to S3 alone.
  std::optional<std::string> bucket{};
};

/// The names that this server answers to. Immutable; any thread.
class HostPolicy {
 public:
  /// `extra`: the listen address, the public URL's host, and what `--host` adds; compared without case. `domain`: names
  /// below it are read as those below amazonaws.com are; empty: none.
  explicit HostPolicy(std::vector<std::string> extra, std::string domain = {});

  /// nullopt: a name that is not ours (DNS rebinding, a stray virtual host), refused before routing.
  /// `host` is the header's value, with or without a port.
  [[nodiscard]] std::optional<HostClaim> judge(std::string_view host) const;

 private:
  std::vector<std::string> extra_;
  std::string domain_;  // `.example.test`, or empty
};

/// True when a browser sent the request for a page from elsewhere than this machine: by its Origin, or by
/// Sec-Fetch-Site where there is none. A page may make its reader's browser send what it has signed itself.
[[nodiscard]] bool from_foreign_page(const http::Headers& headers);

/// `host` without its port and, for IPv6, without brackets.
[[nodiscard]] std::string_view without_port(std::string_view host);

}  // namespace warifu::api
