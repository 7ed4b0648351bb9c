#include "net/http_parser.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "net/limits.h"

namespace warifu::net {
namespace {

constexpr std::array<bool, 256> kTokenChars = [] {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

constexpr std::array<bool, 256> kValueChars = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 0x20; c < 256; ++c) table[c] = c != 0x7f;
  table['\t'] = true;
  return table;
}();

bool is_host(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return kTokenChars[static_cast<unsigned char>(c)] || c == ':' || c == '[' || c == ']' || c == '(' || c == ')' ||
           c == ',' || c == ';' || c == '=';
  });
}

bool is_target(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Cuts the next line off `text`, without its CRLF. REQUIRES: one is there, as HeadScanner found.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end - 1);
  text.remove_prefix(end + 1);
  return line;
}

/// What fields have said so far that bears on framing: counted, so that a second one is never overlooked.
struct FieldFacts {
  std::string_view host;
  std::size_t hosts = 0;
  std::string_view content_length;
  std::size_t content_lengths = 0;
  std::string_view transfer_encoding;
  std::size_t transfer_encodings = 0;
  std::string_view expect;
  bool close = false;
  bool keep_alive = false;
};

void note_connection(std::string_view value, FieldFacts& facts) {
  while (!value.empty()) {
    const std::size_t comma = value.find(',');
    const std::string_view option = trim(value.substr(0, comma));
    if (iequals(option, "close")) facts.close = true;
    if (iequals(option, "keep-alive")) facts.keep_alive = true;
    if (comma == std::string_view::npos) return;
    value.remove_prefix(comma + 1);
  }
}

void note_field(std::string_view name, std::string_view value, FieldFacts& facts) {
  // The length first: most fields are none of these.
  switch (name.size()) {
    case 4:
      if (iequals(name, "host")) facts.host = value, ++facts.hosts;
      break;
    case 6:
      if (iequals(name, "expect")) facts.expect = value;
      break;
    case 10:
      if (iequals(name, "connection")) note_connection(value, facts);
      break;
    case 14:
      if (iequals(name, "content-length")) facts.content_length = value, ++facts.content_lengths;
      break;
    case 17:
      if (iequals(name, "transfer-encoding")) facts.transfer_encoding = value, ++facts.transfer_encodings;
      break;
    default:
      break;
  }
}

std::optional<Refusal> parse_fields(std::string_view lines, http::Headers& headers, FieldFacts& facts) {
  constexpr std::size_t kTypicalFields = 16;
  headers.fields().reserve(kTypicalFields);
  for (std::string_view line = take_line(lines); !line.empty(); line = take_line(lines)) {
    if (line.front() == ' ' || line.front() == '\t') return Refusal{400, "folded header field"};
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return Refusal{400, "malformed header field"};
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trim(line.substr(colon + 1));
    if (!is_token(name)) return Refusal{400, "malformed header name"};
    if (!is_field_value(value)) return Refusal{400, "malformed header value"};
    note_field(name, value, facts);
    headers.fields().emplace_back(name, value);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_length(std::string_view text) {
  constexpr std::size_t kDigitsMax = 18;  // well inside 64 bits, far beyond any limit
  if (text.empty() || text.size() > kDigitsMax) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

std::optional<Refusal> frame(const FieldFacts& facts, Framing& framing) {
  framing.keep_alive = !facts.close && (!framing.http_1_0 || facts.keep_alive);
  if (facts.transfer_encodings > 0) {
    if (facts.content_lengths > 0) return Refusal{400, "both Content-Length and Transfer-Encoding"};
    if (framing.http_1_0) return Refusal{400, "Transfer-Encoding in HTTP/1.0"};
    if (facts.transfer_encodings > 1) return Refusal{400, "more than one Transfer-Encoding"};
    if (!iequals(facts.transfer_encoding, "chunked")) return Refusal{501, "unsupported Transfer-Encoding"};
    framing.chunked = true;
  }
  if (facts.content_lengths > 1) return Refusal{400, "more than one Content-Length"};
  if (facts.content_lengths == 1) {
    framing.content_length = parse_length(facts.content_length);
    if (!framing.content_length) return Refusal{400, "malformed Content-Length"};
  }
  return std::nullopt;
}

/// RFC 9112 §3.2: brings absolute-form to origin-form; all else but `*` for OPTIONS must be origin-form.
std::optional<Refusal> settle_target(http::Request& request, const FieldFacts& facts) {
  std::string_view target = request.target;
  if (target.front() == '/') return std::nullopt;
  if (target == "*" && request.method == "OPTIONS") return std::nullopt;

  const std::size_t scheme_bytes = target.find("://");
  if (scheme_bytes == std::string_view::npos) return Refusal{400, "malformed request target"};
  const std::string_view scheme = target.substr(0, scheme_bytes);
  if (!iequals(scheme, "http") && !iequals(scheme, "https")) return Refusal{400, "malformed request target"};
  target.remove_prefix(scheme_bytes + 3);
  const std::size_t authority_end = std::min(target.find_first_of("/?"), target.size());
  const std::string_view authority = target.substr(0, authority_end);
  // Two names for one request: whoever routes by the other one would be misled.
  if (authority.empty() || (facts.hosts > 0 && !iequals(authority, facts.host))) {
    return Refusal{400, "request target and Host differ"};
  }
  if (facts.hosts == 0) request.headers.add("Host", std::string(authority));
  std::string origin(target.substr(authority_end));
  if (!origin.starts_with('/')) origin.insert(0, "/");
  request.target = std::move(origin);
  return std::nullopt;
}

std::optional<Refusal> parse_version(std::string_view version, Framing& framing) {
  if (version == "HTTP/1.1") return std::nullopt;
  if (version == "HTTP/1.0") {
    framing.http_1_0 = true;
    return std::nullopt;
  }
  const bool shaped = version.size() == 8 && version.starts_with("HTTP/") && version[6] == '.';
  return shaped ? Refusal{505, "unsupported HTTP version"} : Refusal{400, "malformed request line"};
}

std::optional<Refusal> parse_request_line(std::string_view line, http::Request& request, Framing& framing) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return Refusal{400, "malformed request line"};
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  if (!is_token(method)) return Refusal{400, "malformed method"};
  if (target.size() > kTargetBytesMax) return Refusal{414, "request target too long"};
  if (target.empty() || !is_target(target)) return Refusal{400, "malformed request target"};
  if (auto refusal = parse_version(line.substr(last + 1), framing)) return refusal;
  request.method = method;
  request.target = target;
  return std::nullopt;
}

}  // namespace

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return kTokenChars[static_cast<unsigned char>(c)]; });
}

bool is_field_value(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return kValueChars[static_cast<unsigned char>(c)]; });
}

HeadScanner::State HeadScanner::scan(std::string_view bytes) {
  while (next_ < bytes.size()) {
    const void* found = std::memchr(bytes.data() + next_, '\n', bytes.size() - next_);
    if (found == nullptr) {
      next_ = bytes.size();
      return State::kNeedMore;
    }
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    next_ = at + 1;
    if (at == line_start_ || bytes[at - 1] != '\r') return State::kBareLineFeed;
    if (at == line_start_ + 1) return State::kDone;
    line_start_ = at + 1;
    ++lines_;
  }
  return State::kNeedMore;
}

std::optional<Refusal> parse_request_head(std::string_view head, http::Request& request, Framing& framing) {
  const std::string_view request_line = take_line(head);
  if (auto refusal = parse_request_line(request_line, request, framing)) return refusal;
  FieldFacts facts;
  if (auto refusal = parse_fields(head, request.headers, facts)) return refusal;
  if (auto refusal = frame(facts, framing)) return refusal;

  if (facts.hosts > 1) return Refusal{400, "more than one Host"};
  if (facts.hosts == 0 && !framing.http_1_0) return Refusal{400, "no Host"};
  if (!is_host(facts.host)) return Refusal{400, "malformed Host"};
  if (!facts.expect.empty() && !framing.http_1_0) {
    if (!iequals(facts.expect, "100-continue")) return Refusal{417, "unsupported expectation"};
    framing.expect_continue = true;
  }
  return settle_target(request, facts);
}

std::optional<Refusal> parse_response_head(std::string_view head, http::Response& response, Framing& framing) {
  const std::string_view line = take_line(head);
  constexpr std::size_t kStatusAt = 9;
  if (line.size() < kStatusAt + 3 || line[8] != ' ' || parse_version(line.substr(0, 8), framing)) {
    return Refusal{502, "malformed status line"};
  }
  const std::optional<std::uint64_t> status = parse_length(line.substr(kStatusAt, 3));
  const bool delimited = line.size() == kStatusAt + 3 || line[kStatusAt + 3] == ' ';
  if (!status || *status < 100 || *status > 599 || !delimited) return Refusal{502, "malformed status line"};
  response.status = static_cast<int>(*status);
  FieldFacts facts;
  if (auto refusal = parse_fields(head, response.headers, facts)) return refusal;
  return frame(facts, framing);
}

ChunkDecoder::State ChunkDecoder::decode(std::string_view& in, std::string& body, std::size_t body_max) {
  while (!in.empty()) {
    if (phase_ == Phase::kData) {
      if (size_ > body_max - body.size()) return State::kTooLarge;
      const std::size_t take = std::min(in.size(), static_cast<std::size_t>(size_));
      body.append(in.substr(0, take));
      in.remove_prefix(take);
      size_ -= take;
      if (size_ == 0) phase_ = Phase::kDataCr;
      continue;
    }
    const char c = in.front();
    in.remove_prefix(1);
    const State state = phase_ >= Phase::kDataCr ? trailer_byte(c) : size_line_byte(c);
    if (state != State::kNeedMore) return state;
    // Judged as soon as the size is known, before any of the data is waited for.
    if (phase_ == Phase::kData && size_ > body_max - body.size()) return State::kTooLarge;
  }
  return State::kNeedMore;
}

ChunkDecoder::State ChunkDecoder::size_line_byte(char c) {
  if (++line_bytes_ > kChunkHeaderBytesMax) return State::kBad;
  if (phase_ == Phase::kSizeEnd) return c == '\n' ? end_size_line() : State::kBad;
  if (c == '\r') {
    if (digits_ == 0 || (blank_ && phase_ == Phase::kSize)) return State::kBad;
    phase_ = Phase::kSizeEnd;
    return State::kNeedMore;
  }
  if (phase_ == Phase::kExtension) return kValueChars[static_cast<unsigned char>(c)] ? State::kNeedMore : State::kBad;

  if (digits_ > 0 && c == ';') {
    phase_ = Phase::kExtension;
    return State::kNeedMore;
  }
  if (digits_ > 0 && (c == ' ' || c == '\t')) {
    blank_ = true;
    return State::kNeedMore;
  }
  constexpr std::size_t kDigitsMax = 15;
  constexpr std::string_view kHex = "0123456789abcdef";
  const std::size_t digit = kHex.find(c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c);
  if (digit == std::string_view::npos || blank_ || ++digits_ > kDigitsMax) return State::kBad;
  size_ = size_ * 16 + digit;
  return State::kNeedMore;
}

ChunkDecoder::State ChunkDecoder::end_size_line() {
  phase_ = size_ == 0 ? Phase::kTrailer : Phase::kData;
  digits_ = 0;
  line_bytes_ = 0;
  blank_ = false;
  line_empty_ = true;
  return State::kNeedMore;
}

ChunkDecoder::State ChunkDecoder::trailer_byte(char c) {
  switch (phase_) {
    case Phase::kDataCr:
      phase_ = Phase::kDataLf;
      return c == '\r' ? State::kNeedMore : State::kBad;
    case Phase::kDataLf:
      phase_ = Phase::kSize;
      return c == '\n' ? State::kNeedMore : State::kBad;
    case Phase::kTrailerEnd:
      if (c != '\n') return State::kBad;
      if (line_empty_) return State::kDone;
      line_empty_ = true;
      phase_ = Phase::kTrailer;
      return State::kNeedMore;
    default:
      break;
  }
  if (++line_bytes_ > kChunkHeaderBytesMax) return State::kBad;
  if (c == '\r') {
    phase_ = Phase::kTrailerEnd;
    return State::kNeedMore;
  }
  line_empty_ = false;
  return kValueChars[static_cast<unsigned char>(c)] ? State::kNeedMore : State::kBad;
}

}  // namespace warifu::net
