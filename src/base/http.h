#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/encoding.h"

/// HTTP messages as plain values: what `net` reads and writes, `sigv4` verifies and `wire` decodes. No I/O here.
namespace warifu::http {

class BodyStream;  // body_stream.h

/// Header fields in the order they came; names compare without case (RFC 9110 §5.1).
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  /// The first field of that name; nullopt when absent. The view lives as long as this object is unchanged.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const {
    for (const Field& field : fields_) {
      if (iequals(field.first, name)) return field.second;
    }
    return std::nullopt;
  }
  /// How many fields have that name: a security decision must not rest on the first of two.
  [[nodiscard]] std::size_t count(std::string_view name) const {
    std::size_t n = 0;
    for (const Field& field : fields_) n += iequals(field.first, name) ? 1 : 0;
    return n;
  }
  [[nodiscard]] const std::vector<Field>& fields() const { return fields_; }
  [[nodiscard]] std::vector<Field>& fields() { return fields_; }

 private:
  std::vector<Field> fields_;
};

/// One request, body included, as it came over the socket: nothing decoded, nothing normalised.
struct Request {
  std::string method;  // upper case as sent
  std::string target;  // origin-form: raw path and query, undecoded
  Headers headers;
  std::string body;
  std::string peer_ip;     // textual address of the socket's peer (or of its client, behind a trusted proxy)
  std::string local_host;  // textual address the request arrived at
  bool secure = false;     // over TLS
  /// Set: the body is still to come, piece by piece, and `body` is empty. What is not read when the answer has been
  /// made is lost, and the connection with it. One reader; lives no longer than the handler of the request.
  std::shared_ptr<BodyStream> stream{};

  /// The raw path: `target` up to the first `?`.
  [[nodiscard]] std::string_view path() const {
    const std::string_view view = target;
    return view.substr(0, view.find('?'));
  }
  /// The raw query without its `?`; empty when there is none.
  [[nodiscard]] std::string_view query() const {
    const std::string_view view = target;
    const std::size_t mark = view.find('?');
    return mark == std::string_view::npos ? std::string_view{} : view.substr(mark + 1);
  }
};

/// One response. `net` adds Content-Length or Transfer-Encoding, Date and connection fields.
struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  /// Set: the body is made while it is sent, and follows what `body` holds. One reader; the copies of a response share
  /// it.
  std::shared_ptr<BodyStream> stream{};
  /// How many bytes `stream` gives, `body` before them not counted, where that is known ahead: the answer then states
  /// its length, and is cut off where the stream does not hold to it.
  std::optional<std::uint64_t> stream_bytes{};
};

}  // namespace warifu::http
