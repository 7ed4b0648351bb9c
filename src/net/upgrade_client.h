#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/http.h"
#include "base/result.h"
#include "base/task.h"
#include "net/byte_stream.h"

namespace warifu::net {

/// What a peer answered to a request that asked for another protocol.
struct UpgradeAnswer {
  http::Response head;                 // its body, cut at 64 KB, unless the status is 101
  std::unique_ptr<ByteStream> stream;  // with status 101: speaks the other protocol from here on; else null
  std::string first;                   // what came behind the head already
};

/// Sends `request` (Upgrade and the protocol's own fields among its headers; Host as given; Connection is written here)
/// over a connection of its own, and reads the answer's head. kValidation: a malformed request; kUnavailable: no answer
/// within `timeout`, or none that is HTTP.
[[nodiscard]] Task<Result<UpgradeAnswer>> request_upgrade(std::unique_ptr<ByteStream> stream, http::Request request,
                                                          std::chrono::milliseconds timeout);

}  // namespace warifu::net
