#pragma once

#include <memory>

#include "api/call.h"
#include "api/event_source.h"
#include "gen/bedrock/inference.h"
#include "llm/chat.h"

namespace warifu::services::bedrock {

using ConverseEvents = api::EventSource<model::bedrock::ConverseEvent>;

/// ConverseStream: the model's answer as it is made. Comes back when the endpoint has begun to answer, so that what
/// fails before is an error with its own status. `model` may be nullptr.
Task<Result<std::unique_ptr<ConverseEvents>>> converse_stream(api::Call& call, llm::ChatModel* model,
                                                              model::bedrock::ConverseStreamInput input);

}  // namespace warifu::services::bedrock
