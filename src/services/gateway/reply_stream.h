#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/body_stream.h"
#include "services/gateway/desk.h"

namespace warifu::services::gateway {

/// The answer to one request as an event stream: what the target says on the way, the final answer last. The request is
/// performed while the stream is read; when the reader goes, it is cancelled. `ended` is called once with the answer,
/// or with nothing when there was none. `shared` outlives it.
[[nodiscard]] std::shared_ptr<http::BodyStream> reply_stream(Shared& shared, std::shared_ptr<Exchange> exchange,
                                                             mcp::Message message,
                                                             std::function<void(const Outcome*)> ended);

}  // namespace warifu::services::gateway
