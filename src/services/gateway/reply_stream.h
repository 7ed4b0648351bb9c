#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "base/body_stream.h"
#include "services/gateway/desk.h"

namespace warifu::services::gateway {

/// How a request that may be answered by a stream is answered.
struct Reply {
  std::optional<Outcome> outcome;            // it ended before anything was said on the way: a plain answer
  std::shared_ptr<http::BodyStream> stream;  // else: what the target says on the way, the final answer last
};

/// Starts one request and waits for the first that comes of it, for a while: the status of an answer depends on it, and
/// who is answered at once needs no stream. When the stream's reader goes, the request is cancelled. `ended` is called
/// once with the answer of a stream, or with nothing when there was none; not at all for a plain answer. `shared`
/// outlives it.
[[nodiscard]] Task<Reply> begin_reply(Shared& shared, std::shared_ptr<Exchange> exchange, mcp::Message message,
                                      std::function<void(const Outcome*)> ended);

}  // namespace warifu::services::gateway
