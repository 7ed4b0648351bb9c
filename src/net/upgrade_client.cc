#include "net/upgrade_client.h"

#include <algorithm>
#include <array>
#include <boost/asio/this_coro.hpp>
#include <charconv>
#include <utility>

#include "net/connector.h"
#include "net/http_parser.h"

namespace warifu::net {
namespace {

constexpr std::size_t kHeadBytesMax = 64UL * 1024;
constexpr std::size_t kRefusalBytesMax = 64UL * 1024;
constexpr std::size_t kReadBytes = 16UL * 1024;

Result<std::string> text_of(const http::Request& request) {
  if (!is_token(request.method) || !request.target.starts_with('/') ||
      !std::ranges::all_of(request.target, [](char c) { return c > ' ' && c != 0x7f; })) {
    return fail(validation_error("malformed request for an upgrade"));
  }
  std::string out = request.method + " " + request.target + " HTTP/1.1\r\nConnection: Upgrade\r\n";
  for (const auto& [name, value] : request.headers.fields()) {
    if (!is_token(name) || !is_field_value(value)) return fail(validation_error("malformed header `" + name + "`"));
    if (iequals(name, "Connection") || iequals(name, "Content-Length") || iequals(name, "Transfer-Encoding")) continue;
    out.append(name).append(": ").append(value).append("\r\n");
  }
  return out += "\r\n";
}

std::size_t length_of(const http::Response& head) {
  const std::string_view text = head.headers.get("Content-Length").value_or("");
  std::size_t out = kRefusalBytesMax;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return std::min(out, kRefusalBytesMax);
}

Task<> read_refusal(ByteStream& stream, UpgradeAnswer& answer) {
  std::string& body = answer.head.body;
  body = std::exchange(answer.first, {});
  const std::size_t length = length_of(answer.head);
  std::array<char, kReadBytes> buffer;  // NOLINT: filled by read
  while (body.size() < length) {
    const Result<std::size_t> n = co_await stream.read_some(buffer);
    if (!n || *n == 0) break;
    body.append(buffer.data(), *n);
  }
  body.resize(std::min(body.size(), length));
}

}  // namespace

Task<Result<UpgradeAnswer>> request_upgrade(std::unique_ptr<ByteStream> stream, http::Request request,
                                            std::chrono::milliseconds timeout) {
  const std::string sent = CO_TRY(text_of(request));
  const auto deadline = std::make_shared<Deadline>(co_await boost::asio::this_coro::executor);
  const DeadlineScope scope(deadline);
  deadline->guard([s = stream.get()] { s->close(); });
  deadline->start(timeout);
  CO_TRY(co_await stream->write_all(sent, {}));

  HeadScanner scanner;
  std::string bytes;
  std::array<char, kReadBytes> buffer;  // NOLINT: filled by read
  HeadScanner::State state = HeadScanner::State::kNeedMore;
  while (state == HeadScanner::State::kNeedMore) {
    const std::size_t n = CO_TRY(co_await stream->read_some(buffer));
    if (n == 0 || bytes.size() + n > kHeadBytesMax) co_return fail(unavailable("no answer to an upgrade"));
    bytes.append(buffer.data(), n);
    state = scanner.scan(bytes);
  }
  UpgradeAnswer out;
  Framing framing;
  const auto head = std::string_view(bytes).substr(0, scanner.bytes());
  if (state != HeadScanner::State::kDone || parse_response_head(head, out.head, framing)) {
    co_return fail(unavailable("the answer to an upgrade is no HTTP"));
  }
  out.first = bytes.substr(scanner.bytes());
  if (out.head.status != 101) co_await read_refusal(*stream, out);
  deadline->stop();
  if (out.head.status == 101) out.stream = std::move(stream);
  co_return out;
}

}  // namespace warifu::net
