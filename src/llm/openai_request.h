#pragma once

#include <span>
#include <string>
#include <string_view>

#include "llm/chat.h"

/// Questions as OpenAI-compatible endpoints read them. Pure.
namespace warifu::llm {

/// The body of `POST /chat/completions`. kValidation: a part that stands in the wrong role's turn, or a schema or tool
/// arguments that are not JSON.
[[nodiscard]] Result<std::string> chat_body(const ChatRequest& request, std::string_view model, bool stream);

/// The body of `POST /embeddings`.
[[nodiscard]] std::string embeddings_body(std::span<const std::string> texts, std::string_view model);

}  // namespace warifu::llm
