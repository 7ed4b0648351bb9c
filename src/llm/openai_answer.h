#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "llm/chat.h"

/// Answers as OpenAI-compatible endpoints write them: read as strictly as any other bytes from outside. Pure; every
/// error is one of `error.h`.
namespace warifu::llm {

/// The body of a whole completion.
[[nodiscard]] Result<ChatAnswer> read_answer(std::string_view body);

/// The body of an embeddings answer to `count` texts, in the order of the texts.
[[nodiscard]] Result<std::vector<std::vector<float>>> read_embeddings(std::string_view body, std::size_t count);

/// What an answer with an error status says, for a person: the endpoint's own message, bounded, without control
/// characters; empty when it says nothing that can be shown.
[[nodiscard]] std::string error_text(std::string_view body);

/// Puts a streamed completion together, chunk by chunk. Not thread-safe.
class ChunkReader {
 public:
  /// One event's data: `{"choices":[…]}` or `[DONE]`. Appends what it brings to `events`.
  [[nodiscard]] Result<> feed(std::string_view data, std::vector<ChatEvent>& events);
  /// The stream has ended, by `[DONE]` or without it: Finished, after what was still open.
  [[nodiscard]] Result<> finish(std::vector<ChatEvent>& events);
  [[nodiscard]] bool done() const { return done_; }

 private:
  struct Piece;
  Result<> take_call(const Piece& piece, std::vector<ChatEvent>& events);
  Result<> close_call(std::vector<ChatEvent>& events);

  bool done_ = false;
  bool answered_ = false;  // anything of an answer has come
  std::string finish_reason_;
  bool stop_sequence_ = false;
  Usage usage_;
  std::size_t calls_ = 0;
  std::optional<std::int64_t> call_index_;  // of the call that is open
  std::string call_id_;                     // as the endpoint wrote it
  std::string call_name_;
  std::string arguments_;  // of the call that is open, so far
};

/// An id that Bedrock's clients take: the endpoint's own where it is one, else a fresh one.
[[nodiscard]] std::string usable_call_id(std::string_view id);

}  // namespace warifu::llm
