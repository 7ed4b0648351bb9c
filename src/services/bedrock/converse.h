#pragma once

#include "api/call.h"
#include "gen/bedrock/inference.h"
#include "llm/chat.h"

namespace warifu::services::bedrock {

/// Converse: one whole answer of the model. `model` may be nullptr: then the error says how to configure one.
Task<Result<model::bedrock::ConverseOutput>> converse(api::Call& call, llm::ChatModel* model,
                                                      model::bedrock::ConverseInput input);

}  // namespace warifu::services::bedrock
