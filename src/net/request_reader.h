#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/http.h"
#include "net/http_parser.h"
#include "net/server.h"

namespace warifu::net {

/// Turns the bytes of one connection into requests, without I/O: the caller reads into `space`, tells with `commit`,
/// and asks `next` what to do. Bytes beyond one request wait for the following one (pipelining). Not thread-safe.
class RequestReader {
 public:
  enum class Step : std::uint8_t {
    kNeedMore,  // read more
    kContinue,  // the client waits for `100 Continue` before it sends the body; said once a request
    kReady,     // a whole request: `take` it
    kRefused,   // see `refusal`; the connection cannot go on
  };

  /// `options` must outlive the reader.
  explicit RequestReader(const ServerOptions& options) : options_(options) {}

  /// Room for at least one byte. The span is valid until the next call of another member.
  [[nodiscard]] std::span<char> space();
  /// `n` bytes of `space` were filled.
  void commit(std::size_t n) { end_ += n; }
  [[nodiscard]] Step next();

  /// True when the request that kReady announced has a body that is to be read by `next_piece`, after `take`.
  [[nodiscard]] bool streams() const { return streams_; }
  /// What is here of a streamed body, appended to `piece`. kReady: that was the last of it. REQUIRES: streams().
  [[nodiscard]] Step next_piece(std::string& piece);

  /// The request that kReady announced, without the fields that only the connection knows; starts the next one.
  [[nodiscard]] http::Request take();
  /// The answer has gone out: what its request was granted of the room for large bodies is given back.
  void answered() { reservation_.reset(); }
  [[nodiscard]] const Refusal& refusal() const { return refusal_; }
  /// Framing of the request that kReady announced or that is being read.
  [[nodiscard]] const Framing& framing() const { return framing_; }
  /// True once a byte of a request not yet taken is here.
  [[nodiscard]] bool begun() const { return end_ > begin_ || phase_ != Phase::kHead; }
  /// Bytes that belong to nothing yet taken.
  [[nodiscard]] std::size_t pending() const { return end_ - begin_; }

 private:
  enum class Phase : std::uint8_t { kHead, kLength, kChunks, kReady, kStream };

  [[nodiscard]] std::string_view bytes() const { return {buffer_.data() + begin_, end_ - begin_}; }
  void consume(std::size_t n);
  Step refuse(Refusal refusal);
  Step read_head();
  Step begin_body();
  Step read_length();
  Step read_chunks();

  const ServerOptions& options_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;

  Phase phase_ = Phase::kHead;
  HeadScanner scanner_;
  ChunkDecoder chunks_;
  Framing framing_;
  http::Request request_;
  std::size_t body_max_ = 0;
  std::shared_ptr<void> reservation_;
  bool streams_ = false;
  bool continue_due_ = false;  // the client of a streamed body waits to be told to send it
  std::uint64_t stream_left_ = 0;
  std::uint64_t streamed_ = 0;
  Refusal refusal_;
};

}  // namespace warifu::net
