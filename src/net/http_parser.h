#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/http.h"

/// HTTP/1.1 syntax (RFC 9110, 9112) as pure functions of bytes: no I/O, no time. Stricter than the RFC asks of a
/// recipient: what two parsers could read in two ways is refused.
namespace warifu::net {

/// Why a message is not served. `message` has static storage and is safe to show.
struct Refusal {
  int status = 400;
  std::string_view message;
};

/// What a head says about framing and the connection.
struct Framing {
  bool http_1_0 = false;
  bool keep_alive = true;
  bool chunked = false;
  bool expect_continue = false;
  std::optional<std::uint64_t> content_length;
};

/// Finds the end of a head as its bytes arrive, each byte looked at once.
class HeadScanner {
 public:
  enum class State : std::uint8_t { kNeedMore, kDone, kBareLineFeed };

  /// `bytes` starts at the message's first byte and only grows from call to call.
  [[nodiscard]] State scan(std::string_view bytes);
  /// Length of the head with its empty line, after kDone; the bytes looked at so far before.
  [[nodiscard]] std::size_t bytes() const { return next_; }
  /// Lines so far, the first line among them.
  [[nodiscard]] std::size_t lines() const { return lines_; }

 private:
  std::size_t next_ = 0;
  std::size_t line_start_ = 0;
  std::size_t lines_ = 0;
};

/// Reads a whole request head (as HeadScanner delimits it). Fills method, target (origin-form; `*` for OPTIONS) and
/// headers of `request`. nullopt: accepted.
[[nodiscard]] std::optional<Refusal> parse_request_head(std::string_view head, http::Request& request,
                                                        Framing& framing);

/// Reads a whole response head. `status` 502 in the refusal stands for "not HTTP".
[[nodiscard]] std::optional<Refusal> parse_response_head(std::string_view head, http::Response& response,
                                                         Framing& framing);

/// Undoes the chunked coding (RFC 9112 §7.1). Extensions and trailers are checked and dropped.
class ChunkDecoder {
 public:
  enum class State : std::uint8_t { kNeedMore, kDone, kBad, kTooLarge };

  /// Takes bytes from the front of `in` and appends data to `body`, which never passes `body_max`.
  [[nodiscard]] State decode(std::string_view& in, std::string& body, std::size_t body_max);

 private:
  enum class Phase : std::uint8_t { kSize, kExtension, kSizeEnd, kData, kDataCr, kDataLf, kTrailer, kTrailerEnd };

  State size_line_byte(char c);
  State trailer_byte(char c);
  State end_size_line();

  Phase phase_ = Phase::kSize;
  std::uint64_t size_ = 0;
  std::size_t digits_ = 0;
  std::size_t line_bytes_ = 0;  // of this size line; of all trailers together
  bool blank_ = false;          // white space after the size: only an extension may follow
  bool line_empty_ = true;      // nothing on this trailer line yet
};

/// True for a token (RFC 9110 §5.6.2): field names and methods.
[[nodiscard]] bool is_token(std::string_view text);
/// True when nothing in a field value could end it: no CR, LF, NUL or other control but HTAB.
[[nodiscard]] bool is_field_value(std::string_view text);

}  // namespace warifu::net
