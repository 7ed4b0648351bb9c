#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>

#include "net/byte_stream.h"

namespace boost::asio::ssl {
class context;
}

namespace warifu::net {

/// A connected socket as a ByteStream. Sets TCP_NODELAY and non-blocking mode.
[[nodiscard]] std::unique_ptr<ByteStream> tcp_stream(boost::asio::ip::tcp::socket socket);
/// The same for who asks: an answer that comes in several small packets is acknowledged as it comes.
[[nodiscard]] std::unique_ptr<ByteStream> tcp_client_stream(boost::asio::ip::tcp::socket socket);

/// A TLS stream over a connected socket. After `finish_writing` it reads the raw bytes beneath, of which nothing but
/// their end matters. `context` must outlive it.
class TlsByteStream : public ByteStream {
 public:
  /// kUnavailable: the peers do not agree, or the certificate does not hold (client), or `cancel` was called.
  virtual Task<Result<>> handshake() = 0;
};

[[nodiscard]] std::unique_ptr<TlsByteStream> tls_server_stream(boost::asio::ip::tcp::socket socket,
                                                               boost::asio::ssl::context& context);
/// Verifies the peer's chain as `context` says, and that its certificate is for `host` (sent as SNI unless an address).
[[nodiscard]] std::unique_ptr<TlsByteStream> tls_client_stream(boost::asio::ip::tcp::socket socket,
                                                               boost::asio::ssl::context& context, std::string host);

}  // namespace warifu::net
