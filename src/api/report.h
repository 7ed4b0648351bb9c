#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace warifu::api {

/// What became of one request, for logs, metrics and `make demo`. Holds no secret and no payload.
struct Report {
  std::string_view service;    // signing name; empty before it is known
  std::string_view operation;  // empty before routing
  std::string request_id;
  std::string principal_arn;  // empty before authentication
  std::string resource;
  std::string error_code;  // exception name on the wire; empty on success
  std::string message;     // why it was refused or failed; empty on success
  std::string peer_ip;
  int status = 0;
  std::int64_t duration_us = 0;
};

}  // namespace warifu::api
