#pragma once

#include "api/registry.h"
#include "llm/chat.h"

/// Amazon Bedrock's runtime: the model that agents talk to.
namespace warifu::services::bedrock {

/// `model`: where conversations go; nullptr when no endpoint is configured. It outlives the registry's calls.
void bind(api::Registry& registry, llm::ChatModel* model);

}  // namespace warifu::services::bedrock
