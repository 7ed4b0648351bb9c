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
constexpr std::string_view kRestXmlType = "application/xml";
constexpr std::string_view kXmlHead = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

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
    case Protocol::kRestXml:
      return kRestXmlType;
  }
  return kJson;
}

http::Response start(int status, std::string_view type, std::string_view request_id) {
  http::Response response;
  response.status = status;
  response.headers.fields().reserve(4);
  response.headers.add(type == kRestXmlType ? "x-amz-request-id" : "x-amzn-RequestId", std::string(request_id));
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

void open_document(std::string& body, const Service& service, std::string_view root) {
  body.append(kXmlHead).append("<").append(root).append(" xmlns=\"").append(service.xml_namespace).append("\">");
}

void close_document(std::string& body, std::string_view root) { body.append("</").append(root).append(">"); }

/// The members with Location::kBody. S3's GetBucketLocation alone has its one member's text in the root itself.
void write_body_xml(http::Response& response, const Operation& operation, const void* output) {
  const std::string_view root = operation.result_wrapper;
  if (root.empty()) return;
  open_document(response.body, *operation.service, root);
  const Member* only = operation.output->members.size() == 1 ? &operation.output->members.front() : nullptr;
  if (only != nullptr && only->wire_name == root && only->shape->kind == Kind::kString) {
    if (const void* field = read_member(*only, output)) {
      append_xml_text(response.body, *static_cast<const std::string*>(field));
    }
  } else {
    append_xml_members(response.body, *operation.output, output);
  }
  close_document(response.body, root);
}

/// A payload member is the whole body: its bytes where it is a blob or text, XML or JSON otherwise.
void write_payload(http::Response& response, const Operation& operation, const Member& member, const void* field) {
  const Kind kind = member.shape->kind;
  if (kind == Kind::kBlob || kind == Kind::kString) {
    response.body = *static_cast<const std::string*>(field);
  } else if (operation.service->protocol == Protocol::kRestXml) {
    open_document(response.body, *operation.service, member.wire_name);
    append_xml_members(response.body, *member.shape, field);
    close_document(response.body, member.wire_name);
  } else {
    append_json(response.body, *member.shape, field);
  }
}

/// An object has the type that it was stored with; what has no body has none.
void set_xml_type(http::Response& response) {
  auto& fields = response.headers.fields();
  const bool own = response.headers.count("content-type") > 1;
  if (own || response.body.empty()) {
    fields.erase(std::ranges::find_if(fields, [](const auto& f) { return iequals(f.first, "content-type"); }));
  }
}

http::Response encode_rest(const Operation& operation, const void* output, std::string_view request_id) {
  const bool xml = operation.service->protocol == Protocol::kRestXml;
  const std::string_view type = operation.status == 204 && !xml ? std::string_view{} : xml ? kRestXmlType : kJson;
  http::Response response = start(operation.status, type, request_id);
  bool has_payload = false;
  for (const Member& member : operation.output->members) {
    const void* field = member.location == Location::kBody ? nullptr : read_member(member, output);
    has_payload = has_payload || member.location == Location::kPayload;
    if (field == nullptr) continue;
    if (member.location == Location::kStatus) response.status = *static_cast<const std::int32_t*>(field);
    if (member.location == Location::kPayload) write_payload(response, operation, member, field);
    if (member.location == Location::kPrefixHeaders) add_prefix_headers(response, member, field);
    if (member.location == Location::kHeader) {
      const TimeFormat format = member.time_format == TimeFormat::kDefault ? TimeFormat::kHttpDate : member.time_format;
      const Kind kind = member.shape->kind;
      if (kind == Kind::kList || kind == Kind::kMap) continue;
      response.headers.add(std::string(member.wire_name), header_safe(format_scalar(*member.shape, field, format)));
    }
  }
  if (xml) {
    if (!has_payload && response.status != 204) write_body_xml(response, operation, output);
    set_xml_type(response);
  } else if (!has_payload && response.status != 204) {
    append_json_members(response.body, *operation.output, output);
  }
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

/// S3's own: no envelope, and the host that answered.
void write_error_s3(std::string& body, const WireError& error, const ErrorText& text, std::string_view request_id) {
  body.append(kXmlHead).append("<Error><Code>");
  append_xml_text(body, error.name);
  body.append("</Code><Message>");
  append_xml_text(body, text.message);
  body.append("</Message>");
  for (const FieldError& field : text.fields) {
    body.append("<").append(field.name).append(">");
    append_xml_text(body, field.message);
    body.append("</").append(field.name).append(">");
  }
  body.append("<RequestId>");
  append_xml_text(body, request_id);
  body.append("</RequestId><HostId>");
  append_xml_text(body, request_id);
  body.append("</HostId></Error>");
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
    case Protocol::kRestXml:
      // RFC 9110 §15.4.5: it has no content.
      if (error.status != 304) write_error_s3(response.body, error, text, request_id);
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
    case Protocol::kRestXml:
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
  const bool xml = service != nullptr && service->protocol == Protocol::kRestXml;
  // What it is about, as elements beside the message; not what the model's bounds were broken by.
  if (xml && mapped.name == error.aws_name) text.fields = error.fields;
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
