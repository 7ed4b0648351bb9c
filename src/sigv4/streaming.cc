#include "sigv4/streaming.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/check.h"
#include "base/encoding.h"
#include "base/result.h"
#include "crypto/hash.h"
#include "sigv4/verify.h"

namespace warifu::sigv4 {
namespace {

constexpr std::string_view kEmptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr std::string_view kChunkExtension = "chunk-signature=";
constexpr std::string_view kTrailerSignature = "x-amz-trailer-signature";
constexpr std::size_t kTrailersMax = 32;

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

/// The chain of signatures: each covers the one before.
class Chain {
 public:
  Chain(const AuthParams& params, const SigningKey& key) : params_(params), key_(key), previous_(params.signature) {}

  bool accept_chunk(std::string_view data, std::string_view signature) {
    return accept("AWS4-HMAC-SHA256-PAYLOAD", fmt::format("{}\n{}", kEmptyHash, crypto::sha256_hex(data)), signature);
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
  const SigningKey& key_;
  std::string previous_;
};

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

/// Reads trailers up to the empty line that ends the body, and proves them where the mode signs them.
Checked<> read_trailers(std::string_view rest, const http::Request& request, bool is_signed, Chain& chain,
                        StreamedBody& out) {
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
    if (is_signed && name == kTrailerSignature) {
      signature = value;
      continue;
    }
    if (!announced(request.headers, name)) return malformed("a trailer was not announced");
    if (out.trailers.fields().size() == kTrailersMax) return malformed("too many trailers");
    text.append(name).append(":").append(value).append("\n");
    out.trailers.add(name, std::string(value));
  }
  if (!rest.empty()) return malformed("bytes after the end");
  if (!is_signed) return {};
  if (!signature || !chain.accept_trailer(text, *signature)) return mismatch();
  return {};
}

Checked<> require_length(const http::Request& request, std::size_t length) {
  const auto declared = request.headers.get("x-amz-decoded-content-length");
  if (!declared || trim(*declared) == std::to_string(length)) return {};
  return malformed("the length is not the declared one");
}

}  // namespace

Checked<StreamedBody> decode_streaming(const http::Request& request, const AuthParams& params, const SigningKey& key) {
  CHECK(params.payload == Payload::kStreaming || params.payload == Payload::kStreamingTrailer ||
        params.payload == Payload::kStreamingUnsignedTrailer);
  const bool is_signed = params.payload != Payload::kStreamingUnsignedTrailer;
  const bool trailing = params.payload != Payload::kStreaming;
  Chain chain(params, key);
  StreamedBody out;
  std::string_view rest = request.body;
  for (;;) {
    const auto line = next_line(rest);
    const auto head = line ? read_head(*line, is_signed) : std::nullopt;
    if (!head) return malformed("a chunk's head is malformed");
    if (head->size > rest.size()) return malformed("a chunk is cut off");
    const std::string_view data = rest.substr(0, head->size);
    if (is_signed && !chain.accept_chunk(data, head->signature)) return mismatch();
    rest.remove_prefix(head->size);
    if (head->size == 0) break;
    out.content.append(data);
    if (!rest.starts_with("\r\n")) return malformed("a chunk is longer than its head says");
    rest.remove_prefix(2);
  }
  TRY(require_length(request, out.content.size()));
  if (trailing) {
    TRY(read_trailers(rest, request, is_signed, chain, out));
  } else if (rest != "\r\n") {
    return malformed("the end is missing or bytes follow it");
  }
  return out;
}

}  // namespace warifu::sigv4
