#pragma once

#include <memory>

#include "base/result.h"
#include "llm/openai.h"
#include "search/embedder.h"

namespace warifu::server {

/// An embedder behind an OpenAI-compatible endpoint. For a query it waits five seconds at most, and for ten after a
/// query failed not at all: a search by words alone, at once, is worth more. Asks it once, for how long its vectors
/// are: kUnavailable, in one line for a person, when it does not answer. Its name is the model's, so that vectors of
/// another model are told apart.
[[nodiscard]] Result<std::unique_ptr<search::Embedder>> open_endpoint_embedder(const llm::EndpointOptions& endpoint);

}  // namespace warifu::server
