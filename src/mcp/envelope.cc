#include "mcp/envelope.h"

#include <algorithm>
#include <utility>

#include "base/encoding.h"

namespace warifu::mcp {
namespace {

constexpr std::string_view kVersionHeader = "MCP-Protocol-Version";
constexpr std::string_view kMethodHeader = "Mcp-Method";
constexpr std::string_view kNameHeader = "Mcp-Name";
constexpr std::string_view kSessionHeader = "Mcp-Session-Id";
constexpr std::string_view kSessionDeleteMethod = "DELETE";

using Answered = std::unexpected<http::Response>;
using Judged = std::expected<void, http::Response>;

Answered refuse(int status, std::optional<Id> id, RpcError fault) {
  return std::unexpected(reply_text(status, print(error(std::move(id), std::move(fault)))));
}

Answered refuse(const Message& message, int code, std::string why) {
  return refuse(400, message.id, {.code = code, .message = std::move(why)});
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Calls `each` with every media range of the Accept fields, parameters cut off.
template <class F>
void each_accepted(const http::Request& request, F each) {
  for (const auto& [name, value] : request.headers.fields()) {
    if (!iequals(name, "accept")) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      const std::string_view range = rest.substr(0, comma);
      each(trim(range.substr(0, range.find(';'))));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
}

struct Accepted {
  bool any = true;  // of what we could answer
  bool events = false;
};

Accepted accepted_by(const http::Request& request) {
  Accepted accepted{.any = request.headers.count("accept") == 0};
  each_accepted(request, [&](std::string_view range) {
    const bool events = iequals(range, "text/event-stream");
    accepted.events = accepted.events || events;
    accepted.any = accepted.any || events || range == "*/*" || iequals(range, "application/*") ||
                   iequals(range, "application/json");
  });
  return accepted;
}

bool is_json(const http::Request& request) {
  const auto type = request.headers.get("content-type");
  return type && iequals(trim(type->substr(0, type->find(';'))), "application/json");
}

/// Judges the media types; true: the client takes events.
std::expected<bool, http::Response> judge_media(const http::Request& request) {
  if (!is_json(request)) {
    return refuse(
        415, {},
        {.code = rpc::kServerError, .message = "Unsupported Media Type: Content-Type must be application/json"});
  }
  const Accepted accepted = accepted_by(request);
  if (!accepted.any) {
    return refuse(406, {},
                  {.code = rpc::kServerError,
                   .message = "Not Acceptable: Client must accept application/json or text/event-stream"});
  }
  return accepted.events;
}

/// Fields of which a second one could contradict the first.
Judged judge_doubles(const http::Request& request, const Message& message) {
  for (const std::string_view name : {kVersionHeader, kMethodHeader, kNameHeader, kSessionHeader}) {
    if (request.headers.count(name) > 1)
      return refuse(message, rpc::kInvalidRequest, std::string(name) + " header stands twice");
  }
  return {};
}

bool speaks(const ServerProfile& profile, Version version) {
  return std::ranges::find(profile.versions, version) != profile.versions.end();
}

/// `_meta`'s version where the message has one.
std::optional<std::string> stated_version(const Message& message) {
  const json::Value* meta = message.meta();
  return meta == nullptr ? std::nullopt : meta->find_string(kVersionMeta);
}

bool opens_stateless(std::optional<std::string_view> header, const Message& message) {
  if (stated_version(message)) return true;
  if (!header) return false;
  const std::optional<Version> known = version_named(*header);
  return !known || is_stateless(*known);
}

RpcError mismatch(std::string why) {
  return {.code = rpc::kHeaderMismatch, .message = "Header mismatch: " + std::move(why)};
}

std::expected<Version, http::Response> judge_stated_version(std::optional<std::string_view> header,
                                                            const Message& message, const ServerProfile& profile) {
  const std::optional<std::string> stated = stated_version(message);
  if (!header) return refuse(400, message.id, mismatch("MCP-Protocol-Version header is missing"));
  if (stated && *stated != *header) {
    return refuse(400, message.id,
                  mismatch("MCP-Protocol-Version header value `" + std::string(*header) +
                           "` does not match body value `" + *stated + "`"));
  }
  const std::optional<Version> version = version_named(*header);
  if (!version || !is_stateless(*version) || !speaks(profile, *version))
    return refuse(400, message.id, unsupported_version(*header, profile.versions));
  return *version;
}

Judged judge_mirrors(const http::Request& request, const Message& message) {
  const bool is_request = message.kind == Message::Kind::kRequest;
  const auto method = request.headers.get(kMethodHeader);
  if (!method && is_request) return refuse(400, message.id, mismatch("Mcp-Method header is missing"));
  if (method && *method != message.method) {
    return refuse(400, message.id,
                  mismatch("Mcp-Method header value `" + std::string(*method) + "` does not match body value `" +
                           message.method + "`"));
  }
  const std::string_view member = name_member(message.method);
  if (member.empty() || !is_request) return {};
  const auto header = request.headers.get(kNameHeader);
  if (!header) return refuse(400, message.id, mismatch("Mcp-Name header is missing"));
  const std::optional<std::string> said = decode_header_value(*header);
  if (!said) return refuse(400, message.id, mismatch("Mcp-Name header value has invalid characters"));
  const std::optional<std::string> body = message.params.find_string(member);
  if (said != body) {
    return refuse(
        400, message.id,
        mismatch("Mcp-Name header value `" + *said + "` does not match body value `" + body.value_or("") + "`"));
  }
  return {};
}

Judged judge_meta(const Message& message, Envelope& envelope) {
  const json::Value* meta = message.meta();
  const auto missing = [&](std::string_view what) {
    return refuse(message, rpc::kInvalidParams, "Invalid params: missing or invalid `" + std::string(what) + "`");
  };
  if (meta == nullptr) return missing("_meta");
  if (!stated_version(message)) return missing("_meta." + std::string(kVersionMeta));
  const json::Value* capabilities = meta->find(kClientCapabilitiesMeta);
  if (capabilities == nullptr || !capabilities->is_object())
    return missing("_meta." + std::string(kClientCapabilitiesMeta));
  envelope.client_capabilities = *capabilities;
  if (const json::Value* info = meta->find(kClientInfoMeta); info != nullptr && info->is_object())
    envelope.client_info = *info;
  return {};
}

std::expected<Envelope, http::Response> open_stateless(const http::Request& request, const ServerProfile& profile,
                                                       Envelope envelope) {
  const Message& message = envelope.messages.front();
  const auto version = judge_stated_version(request.headers.get(kVersionHeader), message, profile);
  if (!version) return std::unexpected(version.error());
  envelope.version = *version;
  if (envelope.batch) return refuse(400, {}, {.code = rpc::kInvalidRequest, .message = "batches are not supported"});
  if (message.is_answer()) return refuse(message, rpc::kInvalidRequest, "a client must not send answers");
  if (Judged judged = judge_mirrors(request, message); !judged) return std::unexpected(std::move(judged).error());
  if (message.kind == Message::Kind::kNotification) return envelope;
  if (Judged judged = judge_meta(message, envelope); !judged) return std::unexpected(std::move(judged).error());
  if (is_removed(*version, message.method)) return refuse(404, message.id, method_not_found(message.method));
  envelope.session_id.clear();
  return envelope;
}

/// The version of a request that names none: the oldest with a handshake, as the protocol has it.
std::optional<Version> assumed_version(const ServerProfile& profile) {
  const auto oldest = std::ranges::min_element(profile.versions);
  if (oldest == profile.versions.end() || is_stateless(*oldest)) return std::nullopt;
  return *oldest;
}

Judged judge_session(const Message& message, const Envelope& envelope, const ServerProfile& profile) {
  if (!profile.sessions || envelope.handshake) return {};
  if (envelope.session_id.empty())
    return refuse(message, rpc::kServerError, "Bad Request: Mcp-Session-Id header is required");
  return {};
}

void read_handshake(const Message& message, Envelope& envelope) {
  envelope.handshake = true;
  if (const json::Value* said = message.params.find("capabilities"); said != nullptr && said->is_object())
    envelope.client_capabilities = *said;
  if (const json::Value* info = message.params.find("clientInfo"); info != nullptr && info->is_object())
    envelope.client_info = *info;
}

std::expected<Envelope, http::Response> open_handshaken(const http::Request& request, const ServerProfile& profile,
                                                        Envelope envelope) {
  const Message& message = envelope.messages.front();
  const std::optional<Version> assumed = assumed_version(profile);
  if (!assumed) return refuse(400, message.id, mismatch("MCP-Protocol-Version header is missing"));
  const bool handshake = !envelope.batch && message.kind == Message::Kind::kRequest && message.method == "initialize";
  if (handshake) {
    envelope.version =
        negotiate(message.params.find_string("protocolVersion").value_or(""), profile.versions).value_or(*assumed);
    read_handshake(message, envelope);
    return envelope;
  }
  const auto header = request.headers.get(kVersionHeader);
  envelope.version = header ? version_named(*header).value_or(*assumed) : *assumed;
  if (!speaks(profile, envelope.version))
    return refuse(400, message.id, unsupported_version(*header, profile.versions));
  if (envelope.batch && !has_batches(envelope.version))
    return refuse(400, {}, {.code = rpc::kInvalidRequest, .message = "batches are not supported in this version"});
  if (Judged judged = judge_session(message, envelope, profile); !judged)
    return std::unexpected(std::move(judged).error());
  return envelope;
}

}  // namespace

std::expected<Envelope, http::Response> open_envelope(const http::Request& request, const ServerProfile& profile) {
  const std::expected<bool, http::Response> events = judge_media(request);
  if (!events) return std::unexpected(events.error());
  std::expected<Body, Malformed> body = read_body(request.body);
  if (!body) return refuse(400, std::move(body.error().id), std::move(body.error().error));

  Envelope envelope{.messages = std::move(body->messages), .batch = body->batch};
  envelope.may_stream = profile.streaming && *events;
  const Message& first = envelope.messages.front();
  if (Judged judged = judge_doubles(request, first); !judged) return std::unexpected(std::move(judged).error());
  envelope.session_id = request.headers.get(kSessionHeader).value_or("");
  if (opens_stateless(request.headers.get(kVersionHeader), first))
    return open_stateless(request, profile, std::move(envelope));
  return open_handshaken(request, profile, std::move(envelope));
}

std::optional<std::string> session_delete(const http::Request& request, const ServerProfile& profile) {
  if (request.method != kSessionDeleteMethod || !profile.sessions) return std::nullopt;
  if (request.headers.count(kSessionHeader) != 1) return std::nullopt;
  return std::string(*request.headers.get(kSessionHeader));
}

}  // namespace warifu::mcp
