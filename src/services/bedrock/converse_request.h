#pragma once

#include "base/result.h"
#include "gen/bedrock/inference.h"
#include "llm/chat.h"

/// Bedrock's conversations as `llm` carries them. Pure.
namespace warifu::services::bedrock {

/// What is to be asked of the model. kValidation, naming the member: what no endpoint of ours takes (documents, videos,
/// audio, guardrails, prompts, pictures in S3, fields of one provider), and what AWS refuses too (no message, a first
/// message that is not the user's, blank text, tool blocks without a tool configuration).
[[nodiscard]] Result<llm::ChatRequest> chat_request(const model::bedrock::ConverseInput& input);
[[nodiscard]] Result<llm::ChatRequest> chat_request(const model::bedrock::ConverseStreamInput& input);

/// Bedrock's word for why an answer ended.
[[nodiscard]] std::string_view stop_reason(llm::StopReason reason);
[[nodiscard]] model::bedrock::TokenUsage token_usage(const llm::Usage& usage);

/// What a caller is told when the model failed. A key that the endpoint refuses is the operator's affair: it must not
/// read as a denial of the caller.
[[nodiscard]] Error answered(Error error);
/// The same for what happens inside a stream.
[[nodiscard]] Error answered_in_stream(Error error);

/// No endpoint is configured: how to.
[[nodiscard]] Error not_configured();

}  // namespace warifu::services::bedrock
