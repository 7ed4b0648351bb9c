#pragma once

#include <chrono>
#include <cstddef>

/// Every bound of the HTTP layer, as a named constant. `ServerOptions` and `ClientOptions` start from these; a test
/// stands at each limit and one past it.
namespace warifu::net {

/// Request line and header fields of one request, with their line ends. Beyond: 431.
inline constexpr std::size_t kHeaderBytesMax = 64 * 1024;
/// Header fields of one request. Beyond: 431.
inline constexpr std::size_t kHeaderCountMax = 100;
/// Request body where no service asked for another limit. Beyond: 413.
inline constexpr std::size_t kBodyBytesMax = 16 * 1024 * 1024;
/// Bodies past that, where a service takes them, all together: three uploads of Lambda's largest archives. Beyond: 503.
inline constexpr std::size_t kLargeBodiesBytesMax = 224 * 1024 * 1024;
/// The request target. Beyond: 414.
inline constexpr std::size_t kTargetBytesMax = 32 * 1024;
/// One chunk-size line with its extensions, and the trailer section as a whole. Beyond: 400.
inline constexpr std::size_t kChunkHeaderBytesMax = 4 * 1024;
/// Open connections of one server. Beyond: accepted, answered 503 (plain text sockets) and closed.
inline constexpr std::size_t kConnectionsMax = 10'000;
/// Addresses that an X-Forwarded-For chain is followed through.
inline constexpr std::size_t kForwardedHopsMax = 32;

/// A connection without a request begun is closed after this long.
inline constexpr std::chrono::milliseconds kIdleTimeout{75'000};
/// From a request's first byte to its last (TLS handshake: from accept). Beyond: 408, then closed.
inline constexpr std::chrono::milliseconds kRequestTimeout{60'000};
/// The peer must take a whole response within this time.
inline constexpr std::chrono::milliseconds kWriteTimeout{60'000};

/// Lingering close: what a client may still send, and for how long, so that it can read an answer that came before
/// its body was read (RFC 9112 §9.6).
inline constexpr std::size_t kLingerBytesMax = 80 * 1024 * 1024;
inline constexpr std::chrono::milliseconds kLingerTimeout{3'000};

/// A response that our client takes, body and head.
inline constexpr std::size_t kClientBodyBytesMax = 64 * 1024 * 1024;
inline constexpr std::size_t kClientHeaderBytesMax = 64 * 1024;
/// Idle connections that a client keeps in all.
inline constexpr std::size_t kClientPoolMax = 64;

}  // namespace warifu::net
