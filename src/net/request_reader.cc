#include "net/request_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace warifu::net {
namespace {

constexpr std::size_t kBufferBytes = 8 * 1024;
constexpr std::size_t kBodyBufferBytes = 64 * 1024;
// A promised length is believed only so far: memory follows what really arrives.
constexpr std::size_t kBodyReserveMax = 1024 * 1024;

}  // namespace

std::span<char> RequestReader::space() {
  if (begin_ == end_) begin_ = end_ = 0;
  // Between requests a connection holds little, however large the last one was.
  if (!begun() && buffer_.size() > kBufferBytes) buffer_ = {};
  if (buffer_.empty()) buffer_.resize(kBufferBytes);
  if (end_ == buffer_.size()) {
    if (begin_ > 0) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    } else {
      buffer_.resize(buffer_.size() * 2);
    }
  }
  return std::span(buffer_).subspan(end_);
}

void RequestReader::consume(std::size_t n) {
  begin_ += n;
  CHECK(begin_ <= end_, "consumed more than was read");
}

RequestReader::Step RequestReader::refuse(Refusal refusal) {
  refusal_ = refusal;
  return Step::kRefused;
}

RequestReader::Step RequestReader::next() {
  switch (phase_) {
    case Phase::kHead:
      return read_head();
    case Phase::kLength:
      return read_length();
    case Phase::kChunks:
      return read_chunks();
    case Phase::kReady:
      return Step::kReady;
    case Phase::kStream:
      CHECK(false, "a streamed body is not read to its end");
  }
  return Step::kNeedMore;
}

RequestReader::Step RequestReader::read_head() {
  // RFC 9112 §2.2: empty lines before a request line are skipped.
  while (scanner_.bytes() == 0 && bytes().starts_with("\r\n")) consume(2);
  if (bytes() == "\r") return Step::kNeedMore;

  const HeadScanner::State state = scanner_.scan(bytes());
  if (state == HeadScanner::State::kBareLineFeed) return refuse({400, "line feed without carriage return"});
  if (scanner_.bytes() > options_.header_bytes_max) return refuse({431, "request header fields too large"});
  if (scanner_.lines() > options_.header_count_max + 1) return refuse({431, "too many request header fields"});
  if (state == HeadScanner::State::kNeedMore) return Step::kNeedMore;
  if (scanner_.lines() == 0) return refuse({400, "malformed request line"});

  if (auto refusal = parse_request_head(bytes().substr(0, scanner_.bytes()), request_, framing_)) {
    return refuse(*refusal);
  }
  consume(scanner_.bytes());
  return begin_body();
}

RequestReader::Step RequestReader::begin_body() {
  const bool empty = !framing_.chunked && framing_.content_length.value_or(0) == 0;
  if (empty) {
    phase_ = Phase::kReady;
    return Step::kReady;
  }
  body_max_ = options_.body_limit ? options_.body_limit(request_) : options_.body_bytes_max;
  // Without a length nothing can be reserved.
  if (!framing_.content_length && options_.large_bodies) body_max_ = std::min(body_max_, options_.body_bytes_max);
  const bool streams = options_.streams_body && options_.streams_body(request_);
  if (streams && options_.body_limit) body_max_ = options_.body_limit(request_);
  const std::uint64_t length = framing_.content_length.value_or(0);
  if (length > body_max_) return refuse({413, "request body too large"});
  if (streams) {
    streams_ = true;
    continue_due_ = framing_.expect_continue;
    stream_left_ = length;
    streamed_ = 0;
    phase_ = Phase::kReady;
    return Step::kReady;
  }
  if (length > options_.body_bytes_max && options_.large_bodies) {
    reservation_ = options_.large_bodies->reserve(static_cast<std::size_t>(length));
    if (reservation_ == nullptr) return refuse({503, "too many large requests at once"});
  }

  if (framing_.content_length) {
    request_.body.reserve(std::min<std::size_t>(*framing_.content_length, kBodyReserveMax));
    phase_ = Phase::kLength;
  } else {
    phase_ = Phase::kChunks;
  }
  if (framing_.expect_continue && pending() == 0) return Step::kContinue;
  return next();
}

RequestReader::Step RequestReader::read_length() {
  const auto missing = static_cast<std::size_t>(*framing_.content_length) - request_.body.size();
  const std::size_t n = std::min(missing, pending());
  request_.body.append(bytes().substr(0, n));
  consume(n);
  if (n == missing) {
    phase_ = Phase::kReady;
    return Step::kReady;
  }
  if (missing - n > kBufferBytes && buffer_.size() < kBodyBufferBytes) buffer_.resize(kBodyBufferBytes);
  return Step::kNeedMore;
}

RequestReader::Step RequestReader::read_chunks() {
  std::string_view in = bytes();
  const ChunkDecoder::State state = chunks_.decode(in, request_.body, body_max_);
  consume(pending() - in.size());
  switch (state) {
    case ChunkDecoder::State::kNeedMore:
      return Step::kNeedMore;
    case ChunkDecoder::State::kBad:
      return refuse({400, "malformed chunked body"});
    case ChunkDecoder::State::kTooLarge:
      return refuse({413, "request body too large"});
    case ChunkDecoder::State::kDone:
      break;
  }
  phase_ = Phase::kReady;
  return Step::kReady;
}

RequestReader::Step RequestReader::next_piece(std::string& piece) {
  CHECK(streams_ && phase_ == Phase::kStream, "no body is streamed");
  if (std::exchange(continue_due_, false) && pending() == 0) return Step::kContinue;
  Step step = Step::kNeedMore;
  if (framing_.chunked) {
    std::string_view in = bytes();
    const std::size_t before = piece.size();
    const ChunkDecoder::State state = chunks_.decode(in, piece, before + (body_max_ - streamed_));
    streamed_ += piece.size() - before;
    consume(pending() - in.size());
    if (state == ChunkDecoder::State::kBad) return refuse({400, "malformed chunked body"});
    if (state == ChunkDecoder::State::kTooLarge) return refuse({413, "request body too large"});
    if (state == ChunkDecoder::State::kDone) step = Step::kReady;
  } else {
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(stream_left_, pending()));
    piece.append(bytes().substr(0, n));
    consume(n);
    stream_left_ -= n;
    if (stream_left_ == 0) step = Step::kReady;
  }
  if (step == Step::kNeedMore && buffer_.size() < kBodyBufferBytes && begin_ == end_) {
    begin_ = end_ = 0;
    buffer_.resize(kBodyBufferBytes);
  }
  if (step == Step::kReady) {
    phase_ = Phase::kHead;
    streams_ = false;
    chunks_ = {};
    framing_ = {};
  }
  return step;
}

http::Request RequestReader::take() {
  CHECK(phase_ == Phase::kReady, "no request to take");
  phase_ = Phase::kHead;
  scanner_ = {};
  if (streams_) {
    phase_ = Phase::kStream;
    return std::exchange(request_, {});
  }
  chunks_ = {};
  framing_ = {};
  return std::exchange(request_, {});
}

}  // namespace warifu::net
