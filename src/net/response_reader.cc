#include "net/response_reader.h"

#include <algorithm>
#include <utility>

#include "net/limits.h"
#include "net/response_writer.h"

namespace warifu::net {
namespace {

std::unexpected<Error> too_large() { return fail({.code = ErrorCode::kTooLarge, .message = "response too large"}); }

}  // namespace

Result<ResponseReader::Step> ResponseReader::feed(std::string_view bytes) {
  begun_ = begun_ || !bytes.empty();
  buffer_.append(bytes);
  for (;;) {
    const Phase before = phase_;
    if (phase_ == Phase::kHead)
      TRY(read_head());
    else if (phase_ != Phase::kDone)
      TRY(read_body());
    if (phase_ == Phase::kDone) return Step::kReady;
    // A head leads on to its body, an interim one to the next head; a body that stands still needs bytes.
    const bool next_head = phase_ == Phase::kHead && scanner_.bytes() == 0 && !buffer_.empty();
    if (phase_ == before && !next_head) return Step::kNeedMore;
  }
}

Result<> ResponseReader::read_head() {
  const HeadScanner::State state = scanner_.scan(buffer_);
  if (state == HeadScanner::State::kBareLineFeed) return fail(unavailable("malformed response"));
  if (scanner_.bytes() > kClientHeaderBytesMax) return too_large();
  if (state == HeadScanner::State::kNeedMore) return {};
  if (scanner_.lines() == 0) return fail(unavailable("malformed response"));

  response_ = {};
  framing_ = {};
  const std::string_view head = std::string_view(buffer_).substr(0, scanner_.bytes());
  if (const auto refusal = parse_response_head(head, response_, framing_)) {
    return fail(unavailable("malformed response: " + std::string(refusal->message)));
  }
  buffer_.erase(0, scanner_.bytes());
  scanner_ = {};
  // 101 would hand over the connection: we never ask for that.
  if (response_.status == 101) return fail(unavailable("unexpected upgrade"));
  return response_.status < 200 ? Result<>{} : begin_body();
}

Result<> ResponseReader::begin_body() {
  if (to_head_ || is_bodyless(response_.status)) {
    phase_ = Phase::kDone;
  } else if (framing_.chunked) {
    phase_ = Phase::kChunks;
  } else if (framing_.content_length) {
    if (*framing_.content_length > body_max_) return too_large();
    phase_ = Phase::kLength;
  } else {
    framing_.keep_alive = false;
    phase_ = Phase::kToEnd;
  }
  return {};
}

Result<> ResponseReader::read_body() {
  if (phase_ == Phase::kChunks) {
    std::string_view in = buffer_;
    const ChunkDecoder::State state = chunks_.decode(in, response_.body, body_max_ - taken_);
    buffer_.erase(0, buffer_.size() - in.size());
    if (state == ChunkDecoder::State::kTooLarge) return too_large();
    if (state == ChunkDecoder::State::kBad) return fail(unavailable("malformed response: chunks"));
    if (state == ChunkDecoder::State::kDone) phase_ = Phase::kDone;
    return {};
  }
  std::size_t take = buffer_.size();
  if (phase_ == Phase::kLength) {
    take = std::min(take, static_cast<std::size_t>(*framing_.content_length) - taken_ - response_.body.size());
  } else if (take > body_max_ - taken_ - response_.body.size()) {
    return too_large();
  }
  response_.body.append(buffer_, 0, take);
  buffer_.erase(0, take);
  if (phase_ == Phase::kLength && taken_ + response_.body.size() == *framing_.content_length) phase_ = Phase::kDone;
  return {};
}

std::string ResponseReader::take_body() {
  taken_ += response_.body.size();
  return std::exchange(response_.body, {});
}

Result<> ResponseReader::finish() const {
  if (phase_ == Phase::kToEnd) return {};
  return fail(unavailable("connection closed before the response was whole"));
}

}  // namespace warifu::net
