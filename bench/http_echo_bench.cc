// A bare server for bench/http_vs_nginx.sh: answers every request with a static 200 of the size given, so that what is
// measured is `net` alone. Usage: http_echo_bench PORT BODY_BYTES THREADS SECONDS
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "net/server.h"

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: http_echo_bench PORT BODY_BYTES THREADS SECONDS\n", stderr);
    return 2;
  }
  using warifu::http::Request;
  using warifu::http::Response;
  const std::string body(static_cast<std::size_t>(std::atoi(argv[2])), 'x');
  warifu::net::ServerOptions options;
  options.listen = {{.host = "127.0.0.1", .port = static_cast<std::uint16_t>(std::atoi(argv[1]))}};
  options.threads = static_cast<std::size_t>(std::atoi(argv[3]));
  warifu::net::Server server(std::move(options), [&body](Request) -> warifu::Task<Response> {
    Response response;
    response.headers.add("Content-Type", "application/json");
    response.body = body;
    co_return response;
  });
  if (const auto started = server.start(); !started) {
    std::fprintf(stderr, "%s\n", started.error().message.c_str());
    return 1;
  }
  std::this_thread::sleep_for(std::chrono::seconds(std::atoi(argv[4])));
  server.stop(std::chrono::seconds(1));
  return 0;
}
