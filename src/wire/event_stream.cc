#include "wire/event_stream.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "json/writer.h"
#include "wire/encode_body.h"
#include "wire/error_map.h"

namespace warifu::wire {
namespace {

constexpr std::string_view kContentType = "application/vnd.amazon.eventstream";
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kException = "Exception";
constexpr std::size_t kNameMax = 255;
constexpr std::size_t kValueMax = 65'535;
constexpr char kTextType = 7;
constexpr std::size_t kPreludeBytes = 12;
constexpr std::size_t kChecksumBytes = 4;

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  constexpr std::uint32_t kPolynomial = 0xEDB8'8320;
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1U) != 0 ? (value >> 1U) ^ kPolynomial : value >> 1U;
    table[i] = value;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kCrcTable = make_crc_table();

void append_u32(std::string& out, std::size_t value) {
  for (const unsigned shift : {24U, 16U, 8U, 0U}) out.push_back(static_cast<char>((value >> shift) & 0xffU));
}

void append_header(std::string& out, const EventHeader& header) {
  const auto& [name, value] = header;
  CHECK(!name.empty() && name.size() <= kNameMax && value.size() <= kValueMax, "a header keeps the format's bounds");
  out.push_back(static_cast<char>(name.size()));
  out.append(name);
  out.push_back(kTextType);
  out.push_back(static_cast<char>(value.size() >> 8U));
  out.push_back(static_cast<char>(value.size() & 0xffU));
  out.append(value);
}

/// `ModelStreamErrorException` as the stream's union calls it: its first letter small.
const Member* exception_member(const Shape& stream, std::string_view name) {
  const auto same = [&](const Member& member) {
    if (name.empty() || member.name.size() != name.size() || !member.name.ends_with(kException)) return false;
    return member.name.substr(1) == name.substr(1) && (member.name.front() | 0x20) == (name.front() | 0x20);
  };
  const auto found = std::ranges::find_if(stream.members, same);
  return found == stream.members.end() ? nullptr : &*found;
}

std::string message_json(std::string_view message) {
  std::string json;
  json::Writer(json).begin_object().key("message").string(message).end_object();
  return json;
}

}  // namespace

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t value = 0xffff'ffff;
  for (const char c : bytes) value = kCrcTable[(value ^ static_cast<unsigned char>(c)) & 0xffU] ^ (value >> 8U);
  return value ^ 0xffff'ffffU;
}

void append_event_message(std::string& out, std::initializer_list<EventHeader> headers, std::string_view payload) {
  std::string encoded;
  for (const EventHeader& header : headers) append_header(encoded, header);
  CHECK(encoded.size() <= kEventHeadersMax && payload.size() <= kEventPayloadMax, "a message keeps the bounds");

  const std::size_t begin = out.size();
  append_u32(out, kPreludeBytes + encoded.size() + payload.size() + kChecksumBytes);
  append_u32(out, encoded.size());
  append_u32(out, crc32(std::string_view(out).substr(begin)));
  out.append(encoded).append(payload);
  append_u32(out, crc32(std::string_view(out).substr(begin)));
}

const Member* stream_member(const Operation& operation) {
  for (const Member& member : operation.output->members) {
    const Kind kind = member.shape->kind;
    if (member.location == Location::kPayload && (kind == Kind::kStructure || kind == Kind::kUnion)) return &member;
  }
  return nullptr;
}

void append_event(std::string& out, const Shape& stream, const void* event) {
  for (const Member& member : stream.members) {
    const void* field = read_member(member, event);
    if (field == nullptr) continue;
    std::string payload;
    append_json(payload, *member.shape, field);
    append_event_message(out, {{":event-type", member.wire_name}, {":content-type", kJson}, {":message-type", "event"}},
                         payload);
    return;
  }
  CHECK(false, "an event is set");
}

void append_event_error(std::string& out, const Operation& operation, const Error& error) {
  const Member* stream = stream_member(operation);
  CHECK(stream != nullptr, "the operation streams");
  const WireError mapped = map_error(operation.service, &operation, error);
  const Member* found = exception_member(*stream->shape, error.aws_name);
  if (found == nullptr) found = exception_member(*stream->shape, mapped.name);
  if (found == nullptr) found = exception_member(*stream->shape, "InternalServerException");
  if (found == nullptr) {
    const std::string_view message = std::string_view(error.message).substr(0, kValueMax);
    append_event_message(out, {{":message-type", "error"}, {":error-code", mapped.name}, {":error-message", message}},
                         {});
    return;
  }
  append_event_message(
      out, {{":exception-type", found->wire_name}, {":content-type", kJson}, {":message-type", "exception"}},
      message_json(error.message));
}

http::Response begin_event_stream(const Operation& operation, std::string_view request_id) {
  http::Response response;
  response.status = operation.status;
  response.headers.add("x-amzn-RequestId", std::string(request_id));
  response.headers.add("Content-Type", std::string(kContentType));
  const Protocol protocol = operation.service->protocol;
  if (protocol == Protocol::kJson10 || protocol == Protocol::kJson11) {
    // Protocols without a place in the head for the answer's other members send them first; ours have none.
    append_event_message(response.body,
                         {{":event-type", "initial-response"}, {":content-type", kJson}, {":message-type", "event"}},
                         "{}");
  }
  return response;
}

}  // namespace warifu::wire
