#include "net/tunnel_proxy.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "net/client.h"
#include "net/connector.h"
#include "net/destination.h"
#include "net/event.h"
#include "net/http_parser.h"
#include "net/socket_stream.h"

namespace warifu::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr std::size_t kHeadBytesMax = 16UL * 1024;
constexpr std::size_t kPieceBytes = 32UL * 1024;
constexpr std::chrono::seconds kHeadTimeout{30};
constexpr std::chrono::seconds kConnectTimeout{30};
/// Tunnels that are open at once, for all who are served.
constexpr int kTunnelsMax = 4096;

/// Where `CONNECT host:port HTTP/1.1` leads. nullopt: it is no such request.
std::optional<Url> destination_of(std::string_view head) {
  constexpr std::string_view kMethod = "CONNECT ";
  std::string_view line = head.substr(0, head.find("\r\n"));
  if (!line.starts_with(kMethod) || !(line.ends_with(" HTTP/1.1") || line.ends_with(" HTTP/1.0"))) return std::nullopt;
  line = line.substr(kMethod.size(), line.size() - kMethod.size() - 9);
  const std::size_t colon = line.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view port = line.substr(colon + 1);
  Result<Url> url = Url::parse("http://" + std::string(line) + "/");
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (!url || error != std::errc{} || end != port.data() + port.size() || url->port != number) return std::nullopt;
  return std::move(*url);
}

std::string answer_of(int status, std::string_view reason) {
  return "HTTP/1.1 " + std::to_string(status) + " " + std::string(reason) +
         (status == 200 ? "\r\n\r\n" : "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

/// Two streams and how much of their ways is still open.
struct Tunnel {
  std::unique_ptr<ByteStream> near, far;
  Event over;
  int open_ways = 2;
};

Task<> pump(std::shared_ptr<Tunnel> tunnel, ByteStream& from, ByteStream& to) {
  std::vector<char> bytes(kPieceBytes);
  bool whole = false;
  for (;;) {
    const Result<std::size_t> n = co_await from.read_some(bytes);
    whole = n && *n == 0;
    if (!n || *n == 0 || !co_await to.write_all({bytes.data(), *n}, {})) break;
  }
  if (whole) {
    co_await to.finish_writing();
  } else {
    tunnel->near->close();
    tunnel->far->close();
  }
  if (--tunnel->open_ways == 0) tunnel->over.set();
}

}  // namespace

struct TunnelProxy::Impl {
  struct Listener {
    explicit Listener(asio::io_context& io) : acceptor(io) {}
    tcp::acceptor acceptor;
  };
  struct Attached final : Attachment {
    Attached(std::shared_ptr<Impl> p, std::shared_ptr<Listener> l) : proxy(std::move(p)), listener(std::move(l)) {}
    ~Attached() override {
      asio::post(proxy->io, [l = listener] {
        error_code ignored;
        l->acceptor.close(ignored);
      });
    }
    Attached(const Attached&) = delete;
    Attached& operator=(const Attached&) = delete;
    std::shared_ptr<Impl> proxy;
    std::shared_ptr<Listener> listener;
  };

  std::function<bool(const IpAddress&)> may_connect;
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  std::thread thread;
  int tunnels = 0;

  Task<> accept(std::shared_ptr<Listener> listener);
  Task<> serve(tcp::socket socket);
  Task<> tunnel(std::unique_ptr<ByteStream> stream);
};

Task<> TunnelProxy::Impl::accept(std::shared_ptr<Listener> listener) {
  for (;;) {
    error_code error;
    tcp::socket socket = co_await listener->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (!listener->acceptor.is_open() || error == asio::error::operation_aborted) co_return;
    if (error || tunnels >= kTunnelsMax) continue;
    asio::co_spawn(io, serve(std::move(socket)), asio::detached);
  }
}

Task<> TunnelProxy::Impl::serve(tcp::socket socket) {
  ++tunnels;
  co_await tunnel(tcp_stream(std::move(socket)));
  --tunnels;
}

Task<> TunnelProxy::Impl::tunnel(std::unique_ptr<ByteStream> stream) {
  const auto deadline = std::make_shared<Deadline>(io.get_executor());
  const DeadlineScope scope(deadline);
  deadline->guard([s = stream.get()] { s->close(); });
  deadline->start(kHeadTimeout);
  HeadScanner scanner;
  std::string bytes;
  std::array<char, 4096> buffer;  // NOLINT: filled by read
  HeadScanner::State state = HeadScanner::State::kNeedMore;
  while (state == HeadScanner::State::kNeedMore && bytes.size() < kHeadBytesMax) {
    const Result<std::size_t> n = co_await stream->read_some(buffer);
    if (!n || *n == 0) co_return;
    bytes.append(buffer.data(), *n);
    state = scanner.scan(bytes);
  }
  const std::optional<Url> to = state == HeadScanner::State::kDone ? destination_of(bytes) : std::nullopt;
  deadline->guard(nullptr);
  Result<std::unique_ptr<ByteStream>> far = fail(unavailable("not asked"));
  if (to) {
    deadline->start(kConnectTimeout);
    far = co_await connect(*to, nullptr, *deadline, may_connect);
  }
  deadline->stop();
  const bool forbidden = !far && far.error().reason == kForbiddenAddress;
  const std::string answer = !to         ? answer_of(405, "Method Not Allowed")
                             : far       ? answer_of(200, "Connection Established")
                             : forbidden ? answer_of(403, "Forbidden")
                                         : answer_of(502, "Bad Gateway");
  if (!co_await stream->write_all(answer, {}) || !far) {
    co_await stream->finish_writing();
    co_return;
  }
  const std::string_view early = std::string_view(bytes).substr(scanner.bytes());
  if (!early.empty() && !co_await (*far)->write_all(early, {})) co_return;
  auto both = std::make_shared<Tunnel>(std::move(stream), std::move(*far));
  asio::co_spawn(io, pump(both, *both->near, *both->far), asio::detached);
  asio::co_spawn(io, pump(both, *both->far, *both->near), asio::detached);
  co_await both->over.wait();
}

TunnelProxy::TunnelProxy(std::function<bool(const IpAddress&)> may_connect) : impl_(std::make_shared<Impl>()) {
  impl_->may_connect = std::move(may_connect);
  impl_->thread = std::thread([io = &impl_->io] { io->run(); });
}

TunnelProxy::~TunnelProxy() { stop(); }

Result<std::unique_ptr<Attachment>> TunnelProxy::attach(UniqueFd listening) {
  int accepts = 0;
  socklen_t length = sizeof(accepts);
  if (::getsockopt(listening.get(), SOL_SOCKET, SO_ACCEPTCONN, &accepts, &length) != 0 || accepts == 0) {
    return fail(unavailable("a descriptor that is attached is no listening socket"));
  }
  auto listener = std::make_shared<Impl::Listener>(impl_->io);
  error_code error;
  listener->acceptor.assign(tcp::v4(), listening.get(), error);
  if (error) return fail(unavailable("a listening socket cannot be attached: " + error.message()));
  static_cast<void>(listening.release());
  asio::co_spawn(impl_->io, impl_->accept(listener), asio::detached);
  return std::make_unique<Impl::Attached>(impl_, std::move(listener));
}

void TunnelProxy::stop() {
  impl_->io.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

}  // namespace warifu::net
