#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "net/server.h"

/// Helpers of net's own tests: a client that sends raw bytes, and a handler that tells what it saw.
namespace warifu::net::testing {

/// No wait in a test goes on longer; none is expected to come near.
inline constexpr std::chrono::milliseconds kPatience{10'000};

/// A blocking TCP connection to 127.0.0.1 that sends what it is given, however malformed.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~RawClient() { ::close(fd_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }

  /// False once the peer has gone; the test then sees it by what it reads.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  void finish() { ::shutdown(fd_, SHUT_WR); }

  /// One response with its body, by its Content-Length (none for `to_head`); empty when the connection ended first.
  std::string response(bool to_head = false) {
    std::size_t head_end = std::string::npos;
    while ((head_end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!read()) return {};
    }
    head_end += 4;
    std::size_t body_bytes = 0;
    const std::size_t field = buffer_.find("Content-Length: ");
    if (!to_head && field < head_end) body_bytes = std::stoul(buffer_.substr(field + 16));
    while (buffer_.size() < head_end + body_bytes) {
      if (!read()) return {};
    }
    std::string message = buffer_.substr(0, head_end + body_bytes);
    buffer_.erase(0, head_end + body_bytes);
    return message;
  }
  /// Everything until the peer ends the connection; nullopt when it does not, or ends it by a reset.
  std::optional<std::string> rest() {
    while (read()) {
    }
    return ended_ ? std::optional(std::exchange(buffer_, {})) : std::nullopt;
  }
  /// True when the peer has ended the connection in order and sent nothing more.
  bool closed() {
    const std::optional<std::string> left = rest();
    return left && left->empty();
  }

 private:
  bool read() {
    pollfd waiting{.fd = fd_, .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, static_cast<int>(kPatience.count())) != 1) return false;
    char bytes[65536];
    const ssize_t n = ::recv(fd_, bytes, sizeof(bytes), 0);
    ended_ = n == 0;
    if (n <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(n));
    return true;
  }

  int fd_;
  bool connected_ = false;
  bool ended_ = false;
  std::string buffer_;
};

/// `HTTP/1.1 413 …` → 413; 0 for no response.
inline int status_of(std::string_view response) {
  return response.size() > 12 && response.starts_with("HTTP/1.1 ") ? std::stoi(std::string(response.substr(9, 3))) : 0;
}

inline std::string body_of(std::string_view response) {
  const std::size_t end = response.find("\r\n\r\n");
  return end == std::string_view::npos ? std::string{} : std::string(response.substr(end + 4));
}

/// Waits until `condition` holds; false when patience ends first.
template <class Condition>
[[nodiscard]] bool eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

/// Answers `METHOD target body` and echoes who asked.
inline Task<http::Response> echo(http::Request request) {
  http::Response response;
  response.headers.add("X-Peer", request.peer_ip);
  response.headers.add("X-Local", request.local_host);
  response.headers.add("X-Secure", request.secure ? "yes" : "no");
  response.body = request.method + " " + request.target + " " + request.body;
  co_return response;
}

/// A started server on a port of its own.
class TestServer {
 public:
  explicit TestServer(ServerOptions options = {}, Handler handler = echo)
      : server_(
            [&] {
              if (options.threads == 0) options.threads = 2;
              return std::move(options);
            }(),
            std::move(handler)) {
    const Result<> started = server_.start();
    CHECK(started.has_value(), "the test's server does not start");
  }
  Server* operator->() { return &server_; }
  [[nodiscard]] std::uint16_t port() const { return server_.endpoints().at(0).port; }

 private:
  Server server_;
};

}  // namespace warifu::net::testing
