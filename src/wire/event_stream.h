#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/http.h"
#include "wire/operation.h"

/// AWS's event stream (`application/vnd.amazon.eventstream`): what a streaming operation answers. Pure; output only.
///
/// A message: total length, headers' length (both 32 bits, big-endian), CRC-32 of those eight bytes; headers, each a
/// name (8-bit length), the type 7, and a text (16-bit length); payload; CRC-32 of all before it.
namespace warifu::wire {

/// One header with a text value.
using EventHeader = std::pair<std::string_view, std::string_view>;

/// The most that one message may hold, as AWS's own libraries accept: 128 KiB of headers, 16 MiB of payload.
inline constexpr std::size_t kEventHeadersMax = 128 * 1024;
inline constexpr std::size_t kEventPayloadMax = 16 * 1024 * 1024;

/// CRC-32 (IEEE 802.3, reflected) of `bytes`.
[[nodiscard]] std::uint32_t crc32(std::string_view bytes);

/// Appends one message. REQUIRES: names of 1–255 bytes, values of at most 65,535, and the bounds above.
void append_event_message(std::string& out, std::initializer_list<EventHeader> headers, std::string_view payload);

/// The member of `operation`'s output that is the stream; nullptr: the operation does not stream.
[[nodiscard]] const Member* stream_member(const Operation& operation);

/// Appends the event that is set in `event`, a value of the stream's union. REQUIRES: exactly one is set.
void append_event(std::string& out, const Shape& stream, const void* event);

/// Appends `error` as the last message of a stream: as the exception of that name that the stream declares, as its
/// internalServerException where it declares none such, else as an unmodelled error.
void append_event_error(std::string& out, const Operation& operation, const Error& error);

/// The head of a stream's answer, with `x-amzn-RequestId`; its body is still to be made.
[[nodiscard]] http::Response begin_event_stream(const Operation& operation, std::string_view request_id);

}  // namespace warifu::wire
