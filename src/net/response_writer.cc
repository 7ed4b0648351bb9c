#include "net/response_writer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/check.h"
#include "net/http_parser.h"

namespace warifu::net {
namespace {

struct Phrase {
  int status;
  std::string_view text;
};

constexpr std::array kPhrases = {
    Phrase{200, "OK"},
    Phrase{201, "Created"},
    Phrase{202, "Accepted"},
    Phrase{204, "No Content"},
    Phrase{206, "Partial Content"},
    Phrase{301, "Moved Permanently"},
    Phrase{302, "Found"},
    Phrase{303, "See Other"},
    Phrase{304, "Not Modified"},
    Phrase{307, "Temporary Redirect"},
    Phrase{308, "Permanent Redirect"},
    Phrase{400, "Bad Request"},
    Phrase{401, "Unauthorized"},
    Phrase{402, "Payment Required"},
    Phrase{403, "Forbidden"},
    Phrase{404, "Not Found"},
    Phrase{405, "Method Not Allowed"},
    Phrase{406, "Not Acceptable"},
    Phrase{408, "Request Timeout"},
    Phrase{409, "Conflict"},
    Phrase{410, "Gone"},
    Phrase{411, "Length Required"},
    Phrase{412, "Precondition Failed"},
    Phrase{413, "Content Too Large"},
    Phrase{414, "URI Too Long"},
    Phrase{415, "Unsupported Media Type"},
    Phrase{416, "Range Not Satisfiable"},
    Phrase{417, "Expectation Failed"},
    Phrase{421, "Misdirected Request"},
    Phrase{422, "Unprocessable Content"},
    Phrase{424, "Failed Dependency"},
    Phrase{429, "Too Many Requests"},
    Phrase{431, "Request Header Fields Too Large"},
    Phrase{500, "Internal Server Error"},
    Phrase{501, "Not Implemented"},
    Phrase{502, "Bad Gateway"},
    Phrase{503, "Service Unavailable"},
    Phrase{504, "Gateway Timeout"},
    Phrase{505, "HTTP Version Not Supported"},
};

void append_number(std::string& out, std::uint64_t value) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name);
  out.append(": ", 2);
  out.append(value);
  out.append("\r\n", 2);
}

void append_length(std::string& out, std::size_t bytes) {
  out.append("Content-Length: ");
  append_number(out, bytes);
  out.append("\r\n", 2);
}

/// The fields that say how the message is framed: ours to write, whatever the message holds.
bool is_framing_field(std::string_view name) {
  switch (name.size()) {
    case 10:
      return iequals(name, "connection") || iequals(name, "keep-alive");
    case 14:
      return iequals(name, "content-length");
    case 17:
      return iequals(name, "transfer-encoding");
    default:
      return false;
  }
}

}  // namespace

std::string_view DateCache::at(Timestamp now) {
  if (now.seconds() != second_) {
    second_ = now.seconds();
    text_ = http_date(now);
  }
  return text_;
}

std::string_view reason_phrase(int status) {
  const auto found = std::ranges::lower_bound(kPhrases, status, {}, &Phrase::status);
  return found != kPhrases.end() && found->status == status ? found->text : std::string_view{};
}

bool is_bodyless(int status) { return status < 200 || status == 204 || status == 304; }

bool is_sendable(const http::Response& response) {
  if (response.status < 200 || response.status > 599) return false;
  return std::ranges::all_of(response.headers.fields(), [](const http::Headers::Field& field) {
    return is_token(field.first) && is_field_value(field.second);
  });
}

void write_response_head(const http::Response& response, ResponseFraming framing, std::string_view date,
                         std::string& out) {
  out.assign("HTTP/1.1 ");
  append_number(out, static_cast<std::uint64_t>(response.status));
  out.push_back(' ');
  out.append(reason_phrase(response.status));
  out.append("\r\n", 2);

  std::string_view own_length;
  bool own_date = false;
  for (const auto& [name, value] : response.headers.fields()) {
    if (is_framing_field(name)) {
      if (iequals(name, "content-length")) own_length = value;
      continue;
    }
    own_date = own_date || iequals(name, "date");
    append_field(out, name, value);
  }
  if (!own_date) append_field(out, "Date", date);
  if (framing.chunked) {
    append_field(out, "Transfer-Encoding", "chunked");
  } else if (!is_bodyless(response.status) && response.stream && response.stream_bytes) {
    append_length(out, response.body.size() + *response.stream_bytes);
  } else if (!is_bodyless(response.status) && !response.stream) {
    if (framing.to_head && response.body.empty() && !own_length.empty()) {
      append_field(out, "Content-Length", own_length);
    } else {
      append_length(out, response.body.size());
    }
  }
  if (framing.close) {
    append_field(out, "Connection", "close");
  } else if (framing.http_1_0) {
    append_field(out, "Connection", "keep-alive");
  }
  out.append("\r\n", 2);
}

void write_request_head(const http::Request& request, std::string_view target, std::string_view host, bool close,
                        std::string& out) {
  out.assign(request.method);
  out.push_back(' ');
  out.append(target);
  out.append(" HTTP/1.1\r\n");
  if (request.headers.count("host") == 0) append_field(out, "Host", host);
  for (const auto& [name, value] : request.headers.fields()) {
    if (!is_framing_field(name)) append_field(out, name, value);
  }
  const bool bodyless = request.method == "GET" || request.method == "HEAD" || request.method == "DELETE";
  if (!request.body.empty() || !bodyless) append_length(out, request.body.size());
  if (close) append_field(out, "Connection", "close");
  out.append("\r\n", 2);
}

}  // namespace warifu::net
