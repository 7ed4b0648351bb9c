#pragma once

#include <memory>

#include "base/result.h"
#include "llm/openai.h"
#include "search/embedder.h"

namespace warifu::server {

/// An embedder behind an OpenAI-compatible endpoint. Asks it once, for how long its vectors are: kUnavailable, in one
/// line for a person, when it does not answer. Its name is the model's, so that vectors of another model are told
/// apart.
[[nodiscard]] Result<std::unique_ptr<search::Embedder>> open_endpoint_embedder(const llm::EndpointOptions& endpoint);

}  // namespace warifu::server
