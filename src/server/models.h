#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "llm/openai.h"
#include "server/options.h"

namespace warifu::server {

/// The first thing wrong with what was said of model endpoints: a model without an endpoint, an entry of the map that
/// is none, a URL that is none. Reads no file.
[[nodiscard]] Result<> check_models(const ServeOptions& options);

/// The endpoint of the agents' model and of the model extractor, its key read; nullopt: none is configured.
/// Errors are one line for a person, without the key.
[[nodiscard]] Result<std::optional<llm::EndpointOptions>> chat_endpoint(const ServeOptions& options);
/// The endpoint that embeds memory records; nullopt: none is configured.
[[nodiscard]] Result<std::optional<llm::EndpointOptions>> embedding_endpoint(const ServeOptions& options);

/// The model itself; nullptr: none is configured.
[[nodiscard]] Result<std::unique_ptr<llm::ChatModel>> open_chat_model(const ServeOptions& options);

}  // namespace warifu::server
