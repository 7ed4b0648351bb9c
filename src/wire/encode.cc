#include "wire/encode.h"

#include <algorithm>

#include "json/writer.h"
#include "wire/encode_body.h"
#include "wire/error_map.h"
#include "wire/scalar.h"

namespace warifu::wire {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kXml = "text/xml";

std::string_view content_type(Protocol protocol) {
  switch (protocol) {
    case Protocol::kRestJson:
      return kJson;
    case Protocol::kQuery:
      return kXml;
    case Protocol::kJson10:
      return "application/x-amz-json-1.0";
    case Protocol::kJson11:
      return "application/x-amz-json-1.1";
  }
  return kJson;
}

http::Response start(int status, std::string_view type, std::string_view request_id) {
  http::Response response;
  response.status = status;
  response.headers.fields().reserve(4);
  response.headers.add("x-amzn-RequestId", std::string(request_id));
  if (!type.empty()) response.headers.add("Content-Type", std::string(type));
  return response;
}

struct HeaderWalk {
  http::Response& response;
  std::string_view prefix;
};

/// A header value cannot hold control characters: they would end the field (RFC 9110 §5.5).
std::string header_safe(std::string value) {
  std::ranges::replace_if(value, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return value;
}

void add_prefix_headers(http::Response& response, const Member& member, const void* field) {
  HeaderWalk walk{.response = response, .prefix = member.wire_name};
  member.shape->map->each(field, &walk, [](void* context, const std::string& key, const void* value) {
    auto& state = *static_cast<HeaderWalk*>(context);
    state.response.headers.add(header_safe(std::string(state.prefix) + key),
                               header_safe(*static_cast<const std::string*>(value)));
    return true;
  });
}

/// A payload member is the whole body: its bytes where it is a blob or text, JSON otherwise.
void write_payload(http::Response& response, const Member& member, const void* field) {
  const Kind kind = member.shape->kind;
  if (kind == Kind::kBlob || kind == Kind::kString) {
    response.body = *static_cast<const std::string*>(field);
  } else {
    append_json(response.body, *member.shape, field);
  }
}

http::Response encode_rest(const Operation& operation, const void* output, std::string_view request_id) {
  http::Response response = start(operation.status, operation.status == 204 ? std::string_view{} : kJson, request_id);
  bool has_payload = false;
  for (const Member& member : operation.output->members) {
    const void* field = member.location == Location::kBody ? nullptr : read_member(member, output);
    has_payload = has_payload || member.location == Location::kPayload;
    if (field == nullptr) continue;
    if (member.location == Location::kStatus) response.status = *static_cast<const std::int32_t*>(field);
    if (member.location == Location::kPayload) write_payload(response, member, field);
    if (member.location == Location::kPrefixHeaders) add_prefix_headers(response, member, field);
    if (member.location == Location::kHeader) {
      const TimeFormat format = member.time_format == TimeFormat::kDefault ? TimeFormat::kHttpDate : member.time_format;
      response.headers.add(std::string(member.wire_name), header_safe(format_scalar(*member.shape, field, format)));
    }
  }
  if (!has_payload && response.status != 204) append_json_members(response.body, *operation.output, output);
  return response;
}

http::Response encode_query(const Operation& operation, const void* output, std::string_view request_id) {
  http::Response response = start(operation.status, kXml, request_id);
  std::string& body = response.body;
  body.append("<")
      .append(operation.name)
      .append("Response xmlns=\"")
      .append(operation.service->xml_namespace)
      .append("\">");
  if (!operation.result_wrapper.empty()) {
    body.append("<").append(operation.result_wrapper).append(">");
    append_xml_members(body, *operation.output, output);
    body.append("</").append(operation.result_wrapper).append(">");
  }
  body.append("<ResponseMetadata><RequestId>");
  append_xml_text(body, request_id);
  body.append("</RequestId></ResponseMetadata></").append(operation.name).append("Response>");
  return response;
}

struct ErrorText {
  std::string_view message;
  std::string_view reason{};
  std::span<const FieldError> fields{};
  std::string_view fault{};  // `Type`, where exceptions have one
  std::string_view message_name = "message";
};

void write_error_xml(std::string& body, const Service& service, const WireError& error, const ErrorText& text,
                     std::string_view request_id) {
  body.append("<ErrorResponse xmlns=\"").append(service.xml_namespace).append("\"><Error><Type>");
  body.append(is_sender_fault(error) ? "Sender" : "Receiver").append("</Type><Code>");
  append_xml_text(body, error.name);
  body.append("</Code><Message>");
  append_xml_text(body, text.message);
  body.append("</Message></Error><RequestId>");
  append_xml_text(body, request_id);
  body.append("</RequestId></ErrorResponse>");
}

void write_error_json(std::string& body, std::string_view type, const ErrorText& text) {
  body.push_back('{');
  if (!type.empty()) {
    body.append("\"__type\":");
    json::append_quoted(body, type);
    body.push_back(',');
  }
  if (!text.fault.empty()) {
    body.append("\"Type\":");
    json::append_quoted(body, text.fault);
    body.push_back(',');
  }
  json::append_quoted(body, text.message_name);
  body.push_back(':');
  json::append_quoted(body, text.message);
  if (!text.reason.empty()) {
    // AgentCore spells it small, the other services that have one do not.
    body.append(type.empty() && text.fault.empty() ? ",\"reason\":" : ",\"Reason\":");
    json::append_quoted(body, text.reason);
  }
  if (!text.fields.empty()) {
    body.append(",\"fieldList\":[");
    for (std::size_t i = 0; i < text.fields.size(); ++i) {
      body.append(i == 0 ? "{\"name\":" : ",{\"name\":");
      json::append_quoted(body, text.fields[i].name);
      body.append(",\"message\":");
      json::append_quoted(body, text.fields[i].message);
      body.push_back('}');
    }
    body.push_back(']');
  }
  body.push_back('}');
}

http::Response write_error(const Service* service, const WireError& error, const ErrorText& text,
                           std::string_view request_id) {
  const Protocol protocol = service == nullptr ? Protocol::kRestJson : service->protocol;
  http::Response response = start(error.status, content_type(protocol), request_id);
  switch (protocol) {
    case Protocol::kQuery:
      write_error_xml(response.body, *service, error, text, request_id);
      break;
    case Protocol::kRestJson:
      response.headers.add("x-amzn-ErrorType", std::string(error.name));
      write_error_json(response.body, {}, text);
      break;
    case Protocol::kJson10:
    case Protocol::kJson11:
      write_error_json(response.body, error.name, text);
      break;
  }
  return response;
}

}  // namespace

http::Response encode(const Operation& operation, const void* output, std::string_view request_id) {
  switch (operation.service->protocol) {
    case Protocol::kRestJson:
      return encode_rest(operation, output, request_id);
    case Protocol::kQuery:
      return encode_query(operation, output, request_id);
    case Protocol::kJson10:
    case Protocol::kJson11:
      break;
  }
  http::Response response = start(operation.status, content_type(operation.service->protocol), request_id);
  append_json_members(response.body, *operation.output, output);
  return response;
}

http::Response encode_error(const Service* service, const Operation* operation, const Error& error,
                            std::string_view request_id) {
  const WireError mapped = map_error(service, operation, error);
  ErrorText text{.message = error.message};
  // Only ValidationException has fields; AgentCore requires its reason. Exceptions of the service's own may have one.
  const bool typed = service != nullptr && service->typed_errors;
  if (mapped.name == "ValidationException" && !typed) {
    text.reason = error.reason.empty() ? "FieldValidationFailed" : error.reason;
    text.fields = error.fields;
  } else if (mapped.name == error.aws_name) {
    text.reason = error.reason;
  }
  if (typed) {
    text.fault = is_sender_fault(mapped) ? "User" : "Service";
    text.message_name = mapped.message_name;
  }
  return write_error(service, mapped, text, request_id);
}

http::Response encode_auth_failure(const Service* service, const AuthFailure& failure, std::string_view request_id) {
  return write_error(service, map_auth_failure(service, failure.kind), {.message = failure.message}, request_id);
}

}  // namespace warifu::wire
