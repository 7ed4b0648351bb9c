#include "sigv4/streaming.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/check.h"
#include "base/encoding.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/hash.h"
#include "sigv4/verify.h"

namespace warifu::sigv4 {
namespace {

constexpr std::string_view kEmptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr std::string_view kChunkExtension = "chunk-signature=";
constexpr std::string_view kTrailerSignature = "x-amz-trailer-signature";
constexpr std::size_t kTrailersMax = 32;
constexpr std::size_t kHeadBytesMax = 1024;
constexpr std::size_t kTrailerBytesMax = 16 * 1024;

std::unexpected<AuthFailure> mismatch() {
  return std::unexpected(
      AuthFailure{.kind = AuthFailureKind::kSignatureMismatch, .message = std::string(kSignatureMismatchText)});
}

std::unexpected<AuthFailure> malformed(std::string_view why) {
  return std::unexpected(
      AuthFailure{.kind = AuthFailureKind::kIncompleteSignature, .message = fmt::format("chunked upload: {}", why)});
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\n");
  return first == std::string_view::npos ? std::string_view{}
                                         : text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

/// Cuts one line and its CRLF off the front; nullopt when there is no CRLF.
std::optional<std::string_view> next_line(std::string_view& rest) {
  const std::size_t end = rest.find("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 2);
  return line;
}

std::optional<std::string_view> take_line(std::string_view text) {
  if (!text.ends_with("\r\n")) return std::nullopt;
  text.remove_suffix(2);
  return text;
}

}  // namespace

/// The chain of signatures: each covers the one before.
class ChunkReader::Chain {
 public:
  Chain(const AuthParams& params, const SigningKey& key) : params_(params), key_(key), previous_(params.signature) {}

  /// `hash`: of the chunk's data, in hexadecimal.
  bool accept_chunk(std::string_view hash, std::string_view signature) {
    return accept("AWS4-HMAC-SHA256-PAYLOAD", fmt::format("{}\n{}", kEmptyHash, hash), signature);
  }
  bool accept_trailer(std::string_view text, std::string_view signature) {
    return accept("AWS4-HMAC-SHA256-TRAILER", crypto::sha256_hex(text), signature);
  }

 private:
  bool accept(std::string_view algorithm, std::string_view hashes, std::string_view signature) {
    const Scope& s = params_.scope;
    const std::string text = fmt::format("{}\n{}\n{}/{}/{}/{}\n{}\n{}", algorithm, params_.amz_date, s.date, s.region,
                                         s.service, s.terminator, previous_, hashes);
    previous_ = hex_encode(crypto::hmac_sha256(key_.bytes(), text));
    return crypto::constant_time_equal(previous_, signature);
  }

  const AuthParams& params_;
  SigningKey key_;
  std::string previous_;
};

namespace {

struct ChunkHead {
  std::size_t size = 0;
  std::string_view signature;
};

std::optional<ChunkHead> read_head(std::string_view line, bool is_signed) {
  const std::size_t semicolon = std::min(line.find(';'), line.size());
  const std::string_view digits = line.substr(0, semicolon);
  ChunkHead head;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), head.size, 16);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  const std::string_view extension = line.substr(std::min(semicolon + 1, line.size()));
  if (!is_signed) return extension.empty() ? std::optional(head) : std::nullopt;
  if (!extension.starts_with(kChunkExtension)) return std::nullopt;
  head.signature = extension.substr(kChunkExtension.size());
  return head;
}

/// True when `x-amz-trailer` lists that name.
bool announced(const http::Headers& headers, std::string_view name) {
  std::string_view list = headers.get("x-amz-trailer").value_or("");
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (iequals(trim(list.substr(0, comma)), name)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

Checked<> require_length(const http::Request& request, std::uint64_t length) {
  const auto declared = request.headers.get("x-amz-decoded-content-length");
  if (!declared || trim(*declared) == std::to_string(length)) return {};
  return malformed("the length is not the declared one");
}

}  // namespace

ChunkReader::ChunkReader(const http::Request& request, const AuthParams& params, const SigningKey& key)
    : request_(request),
      chain_(std::make_unique<Chain>(params, key)),
      is_signed_(params.payload != Payload::kStreamingUnsignedTrailer),
      trailing_(params.payload != Payload::kStreaming),
      hash_(crypto::DigestKind::kSha256) {
  CHECK(params.payload == Payload::kStreaming || params.payload == Payload::kStreamingTrailer ||
        params.payload == Payload::kStreamingUnsignedTrailer);
}
ChunkReader::~ChunkReader() = default;

Checked<> ChunkReader::feed(std::string_view bytes, std::string& content) {
  while (!bytes.empty()) {
    switch (state_) {
      case State::kHead:
        TRY(read_head_byte(bytes));
        break;
      case State::kData:
        TRY(read_data(bytes, content));
        break;
      case State::kEnd:
        line_.push_back(bytes.front());
        bytes.remove_prefix(1);
        if (line_ != std::string_view("\r\n").substr(0, line_.size())) {
          return malformed("a chunk is longer than its head says");
        }
        if (line_.size() < 2) break;
        line_.clear();
        state_ = State::kHead;
        break;
      case State::kTail:
        if (line_.size() + bytes.size() > kTrailerBytesMax) return malformed("trailers are too long");
        line_.append(bytes);
        return {};
    }
  }
  return {};
}

Checked<> ChunkReader::read_head_byte(std::string_view& bytes) {
  const std::size_t end = std::min(bytes.find('\n'), bytes.size() - 1) + 1;
  line_.append(bytes.substr(0, end));
  bytes.remove_prefix(end);
  if (line_.size() > kHeadBytesMax) return malformed("a chunk's head is malformed");
  if (line_.back() != '\n') return {};
  const auto line = take_line(line_);
  const auto head = line ? read_head(*line, is_signed_) : std::nullopt;
  if (!head) return malformed("a chunk's head is malformed");
  signature_ = head->signature;
  left_ = head->size;
  line_.clear();
  state_ = left_ == 0 ? State::kTail : State::kData;
  return left_ == 0 ? end_chunk() : Checked<>{};
}

Checked<> ChunkReader::read_data(std::string_view& bytes, std::string& content) {
  const std::string_view data = bytes.substr(0, std::min<std::uint64_t>(left_, bytes.size()));
  if (is_signed_) hash_.add(data);
  content.append(data);
  left_ -= data.size();
  length_ += data.size();
  bytes.remove_prefix(data.size());
  if (left_ > 0) return {};
  state_ = State::kEnd;
  return end_chunk();
}

Checked<> ChunkReader::end_chunk() {
  if (!is_signed_) return {};
  if (!chain_->accept_chunk(hex_encode(as_bytes(hash_.finish())), signature_)) return mismatch();
  return {};
}

/// Reads trailers up to the empty line that ends the body, and proves them where the mode signs them.
Checked<> ChunkReader::read_trailers(std::string_view rest) {
  std::string text;
  std::optional<std::string_view> signature;
  for (;;) {
    const auto line = next_line(rest);
    if (!line) return malformed("the end is missing");
    if (line->empty()) break;
    const std::size_t colon = line->find(':');
    if (colon == std::string_view::npos || signature) return malformed("a trailer is malformed");
    const std::string name = to_lower(trim(line->substr(0, colon)));
    const std::string_view value = trim(line->substr(colon + 1));
    if (is_signed_ && name == kTrailerSignature) {
      signature = value;
      continue;
    }
    if (!announced(request_.headers, name)) return malformed("a trailer was not announced");
    if (trailers_.fields().size() == kTrailersMax) return malformed("too many trailers");
    text.append(name).append(":").append(value).append("\n");
    trailers_.add(name, std::string(value));
  }
  if (!rest.empty()) return malformed("bytes after the end");
  if (!is_signed_) return {};
  if (!signature || !chain_->accept_trailer(text, *signature)) return mismatch();
  return {};
}

Checked<> ChunkReader::finish() {
  if (state_ != State::kTail) return malformed("a chunk is cut off");
  TRY(require_length(request_, length_));
  if (trailing_) return read_trailers(line_);
  if (line_ == "\r\n") return {};
  return malformed("the end is missing or bytes follow it");
}

Checked<StreamedBody> decode_streaming(const http::Request& request, const AuthParams& params, const SigningKey& key) {
  ChunkReader reader(request, params, key);
  StreamedBody out;
  TRY(reader.feed(request.body, out.content));
  TRY(reader.finish());
  out.trailers = reader.trailers();
  return out;
}

}  // namespace warifu::sigv4
