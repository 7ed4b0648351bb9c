#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "llm/chat.h"

/// OpenAI-compatible endpoints: Ollama, vLLM, llama.cpp, LM Studio, hosted ones.
namespace warifu::llm {

/// Where models answer and how long we listen. A value; given at start.
struct EndpointOptions {
  std::string url;    // `http://127.0.0.1:11434/v1`; `/chat/completions` or `/embeddings` is added
  std::string model;  // the endpoint's name for the default model; may be empty where `model_map` covers all
  std::map<std::string, std::string, std::less<>> model_map;  // Bedrock model id → the endpoint's name
  std::string key;                                            // bearer key; empty: none is sent
  std::string ca_bundle_path;                                 // PEM; empty: the system's authorities

  std::chrono::milliseconds timeout{120'000};         // of a whole answer, retries included
  std::chrono::milliseconds stream_timeout{900'000};  // of a streamed answer, from its beginning to its end
  std::chrono::milliseconds idle_timeout{60'000};     // of a stream: between two pieces
  std::size_t answer_bytes_max = 8 * 1024 * 1024;     // what is read of one answer, streamed or not
  std::size_t attempts_max = 4;                       // on 429, 5xx and broken connections
  std::chrono::milliseconds backoff{250};             // before the second attempt; doubles, with jitter
  std::chrono::milliseconds backoff_max{8'000};       // also bounds an endpoint's Retry-After
};

/// The first thing wrong with the options: not an http(s) URL, a key that no header can hold.
[[nodiscard]] Result<> check(const EndpointOptions& options);

/// The endpoint's name for `model`: an exact entry of the map (as given; of an ARN, its last part; without an inference
/// profile's geography such as `us.`), else the default model. Empty: there is none. ARNs of what an account made
/// itself (provisioned, custom and imported models, application inference profiles) are found in the map alone.
[[nodiscard]] std::string endpoint_model(const EndpointOptions& options, std::string_view model);

/// A model behind `POST <url>/chat/completions`. Connections are kept: `close` or destroy it before the event loops it
/// was used on. REQUIRES: check(options).
[[nodiscard]] std::unique_ptr<ChatModel> open_chat_model(EndpointOptions options);

/// Texts to vectors, behind `POST <url>/embeddings`. Thread-safe; retries, bounds and errors as of a ChatModel.
class EmbeddingClient {
 public:
  virtual ~EmbeddingClient() = default;
  /// One vector per text, in order, all of one length; finite numbers, not normalised. kModelError when the endpoint
  /// answers anything else. REQUIRES: at most kEmbeddingTextsMax texts.
  virtual Task<Result<std::vector<std::vector<float>>>> embed(std::vector<std::string> texts) = 0;
  /// The same for plain code on a thread of its own; once `stop` is requested it answers at once, with an error that
  /// is none of `error.h`. REQUIRES: not on an event loop.
  virtual Result<std::vector<std::vector<float>>> embed_blocking(std::vector<std::string> texts,
                                                                 const std::stop_token& stop) = 0;
  Result<std::vector<std::vector<float>>> embed_blocking(std::vector<std::string> texts) {
    return embed_blocking(std::move(texts), {});
  }
  /// As of a ChatModel.
  virtual void close() {}
};

inline constexpr std::size_t kEmbeddingTextsMax = 256;
inline constexpr std::size_t kEmbeddingDimensionsMax = 8'192;

/// REQUIRES: check(options).
[[nodiscard]] std::unique_ptr<EmbeddingClient> open_embedding_client(EndpointOptions options);

}  // namespace warifu::llm
