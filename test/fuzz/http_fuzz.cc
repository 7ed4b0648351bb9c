// Any bytes on a connection: the loop answers or refuses and ends, nothing crashes, and how the bytes are cut into
// reads does not matter. A head that we accept Beast's parser, which shares no code with ours, accepts too and reads
// alike.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "net/connection.h"
#include "net/response_reader.h"

namespace {

using namespace warifu;

/// The wire as memory: gives the input in pieces of `step` bytes, collects what is written.
class MemoryStream final : public net::ByteStream {
 public:
  MemoryStream(std::string_view input, std::size_t step) : input_(input), step_(step) {}

  Task<Result<std::size_t>> read_some(std::span<char> into) override {
    const std::size_t n = std::min({into.size(), step_, input_.size()});
    std::copy_n(input_.begin(), n, into.begin());
    input_.remove_prefix(n);
    co_return n;
  }
  std::size_t try_write(std::string_view head, std::string_view body) override {
    output.append(head).append(body);
    return head.size() + body.size();
  }
  Task<Result<>> write_all(std::string_view, std::string_view) override { co_return Result<>{}; }
  Task<> finish_writing() override { co_return; }
  void cancel() override {}
  bool usable() override { return true; }
  void close() override {}

  std::string output;

 private:
  std::string_view input_;
  std::size_t step_;
};

struct Outcome {
  std::vector<http::Request> requests;
  std::vector<int> statuses;
};

net::ServerOptions options() {
  net::ServerOptions options;
  options.header_bytes_max = 4096;
  options.header_count_max = 32;
  options.body_bytes_max = 4096;
  return options;
}

/// The statuses that were written: each answer must be one that our own client reads.
std::vector<int> statuses_of(std::string_view output, const std::vector<http::Request>& requests) {
  std::vector<int> statuses;
  while (!output.empty()) {
    const bool to_head = statuses.size() < requests.size() && requests[statuses.size()].method == "HEAD";
    net::HeadScanner scanner;
    if (scanner.scan(output) != net::HeadScanner::State::kDone) std::abort();
    http::Response response;
    net::Framing framing;
    if (net::parse_response_head(output.substr(0, scanner.bytes()), response, framing)) std::abort();
    const std::size_t body = to_head ? 0 : static_cast<std::size_t>(framing.content_length.value_or(0));
    if (output.size() < scanner.bytes() + body) std::abort();
    output.remove_prefix(scanner.bytes() + body);
    if (response.status >= 200) statuses.push_back(response.status);
  }
  return statuses;
}

Outcome serve(std::string_view input, std::size_t step) {
  static const net::ServerOptions kOptions = options();
  static const net::ForwardedTrust kTrust = *net::ForwardedTrust::from({"10.0.0.0/8"});
  Outcome outcome;
  const net::Handler handler = [&](http::Request request) -> Task<http::Response> {
    outcome.requests.push_back(std::move(request));
    co_return http::Response{.status = 200, .headers = {}, .body = "ok"};
  };
  const std::atomic<bool> draining = false;
  net::LoopCounters counters;
  net::DateCache date;
  const net::ConnectionContext context{kOptions, handler, kTrust, draining, counters, date};
  MemoryStream stream(input, step);
  net::Watch watch(stream);
  net::HttpConnection connection(stream, watch, context, {.peer_ip = "10.0.0.1", .local_host = "10.0.0.2"});
  boost::asio::io_context loop(1);
  boost::asio::co_spawn(loop, connection.run(), [](const std::exception_ptr& failure) {
    if (failure) std::abort();
  });
  loop.run();
  outcome.statuses = statuses_of(stream.output, outcome.requests);
  return outcome;
}

void compare_with_beast(std::string_view input) {
  namespace beast = boost::beast::http;
  while (input.starts_with("\r\n")) input.remove_prefix(2);
  net::HeadScanner scanner;
  if (scanner.scan(input) != net::HeadScanner::State::kDone || scanner.lines() == 0) return;
  const std::string_view head = input.substr(0, scanner.bytes());
  http::Request request;
  net::Framing framing;
  if (net::parse_request_head(head, request, framing)) return;

  beast::request_parser<beast::string_body> parser;
  parser.header_limit(UINT32_MAX);
  parser.body_limit(UINT64_MAX);
  boost::system::error_code error;
  parser.put(boost::asio::buffer(head), error);
  // Beast wants the Connection field's list well-formed; we look for two words in it.
  const bool has_list = request.headers.count("connection") + request.headers.count("proxy-connection") > 0;
  if (error == beast::error::bad_value && has_list) return;
  if (error || !parser.is_header_done()) std::abort();
  if (std::string_view(parser.get().method_string()) != request.method) std::abort();
  if (parser.chunked() != framing.chunked) std::abort();
  const bool has_length = parser.content_length().has_value();
  if (has_length != framing.content_length.has_value()) std::abort();
  if (has_length && *parser.content_length() != *framing.content_length) std::abort();
  std::size_t count = 0;
  for (const auto& field : parser.get()) {
    const auto same = [&](const http::Headers::Field& own) {
      return own.first == std::string_view(field.name_string()) && own.second == std::string_view(field.value());
    };
    if (!std::ranges::any_of(request.headers.fields(), same)) std::abort();
    ++count;
  }
  // An absolute target may have given us a Host that no field has.
  const std::size_t own = request.headers.fields().size();
  if (own != count && own != count + 1) std::abort();
}

void feed_response_reader(std::string_view input) {
  for (const std::size_t step : {std::size_t{1}, input.size()}) {
    net::ResponseReader reader(false, 4096);
    for (std::size_t at = 0; at < input.size(); at += step) {
      const auto result = reader.feed(input.substr(at, step));
      if (!result || *result == net::ResponseReader::Step::kReady) break;
    }
    (void)reader.finish();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const Outcome whole = serve(input, SIZE_MAX);
  for (const std::size_t step : {std::size_t{1}, std::size_t{5}}) {
    const Outcome pieces = serve(input, step);
    // Which of two faults of one request is met first may depend on the cut; that it is refused may not.
    if (pieces.statuses.size() != whole.statuses.size() || pieces.requests.size() != whole.requests.size())
      std::abort();
    for (std::size_t i = 0; i < whole.requests.size(); ++i) {
      if (pieces.requests[i].target != whole.requests[i].target || pieces.requests[i].body != whole.requests[i].body) {
        std::abort();
      }
    }
  }
  compare_with_beast(input);
  feed_response_reader(input);
  return 0;
}
