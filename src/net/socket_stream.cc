#include "net/socket_stream.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "net/address.h"

namespace warifu::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

Error broken(const error_code& error) { return unavailable(error.message()); }

void prepare(tcp::socket& socket) {
  // Either may fail on a peer that is gone already; the first read then says so.
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.non_blocking(true, ignored);
}

/// A server that writes head and body apart, and lets the kernel gather small writes, has its body wait for our
/// acknowledgement of the head, which the kernel would hold back for 40 ms. Lasts for the next packet or so.
void acknowledge_at_once(tcp::socket& socket) {
  const int on = 1;
  (void)::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

enum class Peek : std::uint8_t { kQuiet, kData, kGone };

Peek peek(tcp::socket& socket) {
  char byte = 0;
  const ssize_t n = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (n > 0) return Peek::kData;
  return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? Peek::kQuiet : Peek::kGone;
}

bool has_gone(tcp::socket& socket) {
  if (!socket.is_open()) return true;
  pollfd asked{.fd = socket.native_handle(), .events = POLLRDHUP, .revents = 0};
  return ::poll(&asked, 1, 0) == 1 && (asked.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

class TcpStream final : public ByteStream {
 public:
  TcpStream(tcp::socket socket, bool client) : socket_(std::move(socket)), client_(client) { prepare(socket_); }

  Task<Result<std::size_t>> read_some(std::span<char> into) override {
    error_code error;
    const std::size_t n = co_await socket_.async_read_some(asio::buffer(into.data(), into.size()),
                                                           asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::eof) co_return std::size_t{0};
    if (error) co_return fail(broken(error));
    co_return n;
  }

  std::size_t try_write(std::string_view head, std::string_view body) override {
    std::array<iovec, 2> parts{
        {{const_cast<char*>(head.data()), head.size()}, {const_cast<char*>(body.data()), body.size()}}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = body.empty() ? 1 : 2;
    const ssize_t n = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    return n > 0 ? static_cast<std::size_t>(n) : 0;
  }

  Task<Result<>> write_all(std::string_view head, std::string_view body) override {
    while (!head.empty() || !body.empty()) {
      error_code error;
      const std::array<asio::const_buffer, 2> parts{asio::buffer(head), asio::buffer(body)};
      const std::size_t n = co_await socket_.async_write_some(parts, asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return fail(broken(error));
      const std::size_t of_head = std::min(n, head.size());
      head.remove_prefix(of_head);
      body.remove_prefix(n - of_head);
    }
    if (client_) acknowledge_at_once(socket_);
    co_return Result<>{};
  }

  Task<> finish_writing() override {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    co_return;
  }

  bool usable() override { return peek(socket_) == Peek::kQuiet; }

  bool gone() override { return has_gone(socket_); }

  void cancel() override {
    error_code ignored;
    socket_.cancel(ignored);
  }

  void close() override {
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  tcp::socket socket_;
  const bool client_;
};

class TlsStream final : public TlsByteStream {
 public:
  using Role = asio::ssl::stream_base::handshake_type;

  TlsStream(tcp::socket socket, asio::ssl::context& context, Role role)
      : stream_(std::move(socket), context), role_(role) {
    prepare(stream_.next_layer());
  }

  /// Client: whom the certificate must name.
  [[nodiscard]] bool expect_host(const std::string& host) {
    error_code error;
    stream_.set_verify_mode(asio::ssl::verify_peer, error);
    if (error) return false;
    stream_.set_verify_callback(asio::ssl::host_name_verification(host), error);
    if (error) return false;
    if (IpAddress::parse(host)) return true;
    return SSL_set_tlsext_host_name(stream_.native_handle(), const_cast<char*>(host.c_str())) == 1;
  }

  void refuse() { refused_ = true; }

  Task<Result<>> handshake() override {
    if (refused_) co_return fail(unavailable("tls: cannot set up verification"));
    error_code error;
    co_await stream_.async_handshake(role_, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return fail(unavailable("tls: " + error.message()));
    co_return Result<>{};
  }

  Task<Result<std::size_t>> read_some(std::span<char> into) override {
    error_code error;
    const asio::mutable_buffer buffer(into.data(), into.size());
    auto token = asio::redirect_error(asio::use_awaitable, error);
    std::size_t n = 0;
    if (finished_)
      n = co_await stream_.next_layer().async_read_some(buffer, std::move(token));
    else
      n = co_await stream_.async_read_some(buffer, std::move(token));
    if (error == asio::error::eof) co_return std::size_t{0};
    if (error) co_return fail(broken(error));
    co_return n;
  }

  std::size_t try_write(std::string_view, std::string_view) override { return 0; }

  Task<Result<>> write_all(std::string_view head, std::string_view body) override {
    // One record for a small answer, so that it costs one encryption and one packet.
    constexpr std::size_t kRecordBytes = 16 * 1024;
    joined_.assign(head);
    if (body.size() <= kRecordBytes) {
      joined_.append(body);
      body = {};
    }
    for (std::string_view part : {std::string_view(joined_), body}) {
      while (!part.empty()) {
        error_code error;
        const std::size_t n =
            co_await stream_.async_write_some(asio::buffer(part), asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return fail(broken(error));
        part.remove_prefix(n);
      }
    }
    if (role_ == asio::ssl::stream_base::client) acknowledge_at_once(stream_.next_layer());
    co_return Result<>{};
  }

  Task<> finish_writing() override {
    if (finished_) co_return;
    finished_ = true;
    // Waits for the peer's half too, or until the deadline cancels; either way ours has been sent.
    error_code ignored;
    co_await stream_.async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
    stream_.next_layer().shutdown(tcp::socket::shutdown_send, ignored);
  }

  // Bytes that wait may be a session ticket, which TLS 1.3 sends when it likes.
  bool usable() override { return !finished_ && peek(stream_.next_layer()) != Peek::kGone; }

  bool gone() override { return has_gone(stream_.next_layer()); }

  void cancel() override {
    error_code ignored;
    stream_.next_layer().cancel(ignored);
  }

  void close() override {
    error_code ignored;
    stream_.next_layer().close(ignored);
  }

 private:
  asio::ssl::stream<tcp::socket> stream_;
  Role role_;
  std::string joined_;
  bool finished_ = false;
  bool refused_ = false;
};

}  // namespace

std::unique_ptr<ByteStream> tcp_stream(tcp::socket socket) {
  return std::make_unique<TcpStream>(std::move(socket), false);
}

std::unique_ptr<ByteStream> tcp_client_stream(tcp::socket socket) {
  return std::make_unique<TcpStream>(std::move(socket), true);
}

std::unique_ptr<TlsByteStream> tls_server_stream(tcp::socket socket, asio::ssl::context& context) {
  return std::make_unique<TlsStream>(std::move(socket), context, asio::ssl::stream_base::server);
}

std::unique_ptr<TlsByteStream> tls_client_stream(tcp::socket socket, asio::ssl::context& context, std::string host) {
  auto stream = std::make_unique<TlsStream>(std::move(socket), context, asio::ssl::stream_base::client);
  if (!stream->expect_host(host)) stream->refuse();
  return stream;
}

}  // namespace warifu::net
