#include "wire/decode.h"

#include <algorithm>

#include "base/encoding.h"
#include "wire/decode_json.h"
#include "wire/form.h"
#include "wire/scalar.h"
#include "wire/violations.h"

namespace warifu::wire {
namespace {

/// One HTTP request on its way into a rest-json input.
class RestDecoder {
 public:
  RestDecoder(const Operation& operation, const http::Request& request, const Routed& routed, void* input,
              Violations& violations)
      : operation_(operation), request_(request), routed_(routed), input_(input), violations_(violations) {}

  Result<> run() {
    const std::span<const Member> members = operation_.input->members;
    const auto has = [&](Location place) {
      return std::ranges::any_of(members, [&](const Member& m) { return m.location == place; });
    };
    if (has(Location::kQuery)) TRY(read_query());
    for (const Member& member : members) {
      if (Result<> bound = bind(member); !bound) return bound;
    }
    if (has(Location::kBody)) {
      return decode_json_members(operation_, *operation_.input, request_.body, input_, violations_);
    }
    return {};
  }

 private:
  Result<> read_query() {
    // `+` in a query string is a space to AWS's services, as to HTML forms; SDKs send %20.
    std::optional<std::vector<FormField>> fields = parse_form(request_.query(), true);
    if (!fields) return fail(cannot_parse(operation_, "the query string cannot be decoded"));
    query_ = std::move(*fields);
    return {};
  }

  Result<> bind(const Member& member) {
    switch (member.location) {
      case Location::kLabel:
        return bind_label(member);
      case Location::kQuery:
        return bind_query(member);
      case Location::kHeader:
        return bind_header(member);
      case Location::kPrefixHeaders:
        return bind_prefix_headers(member);
      case Location::kPayload:
        return bind_payload(member);
      case Location::kBody:
      case Location::kStatus:
        break;
    }
    return {};
  }

  Result<> bind_label(const Member& member) {
    for (const auto& [name, value] : routed_.labels) {
      if (name == member.wire_name) return text(member, value);
    }
    missing(member);
    return {};
  }

  Result<> bind_query(const Member& member) {
    void* field = nullptr;
    for (const auto& [name, value] : query_) {
      if (name != member.wire_name) continue;
      if (member.shape->kind != Kind::kList) return text(member, value);
      if (field == nullptr) field = open_member(member, input_);
      if (!parse_scalar(*member.shape->element, value, member.shape->list->append(field))) return wrong(member);
    }
    if (field == nullptr) missing(member);
    return {};
  }

  Result<> bind_header(const Member& member) {
    const std::optional<std::string_view> value = request_.headers.get(member.wire_name);
    if (!value) {
      missing(member);
      return {};
    }
    if (!is_utf8(*value)) return wrong(member);
    if (member.shape->kind == Kind::kList) return list(member, *value);
    return text(member, *value);
  }

  /// Several values in one header field, between commas.
  Result<> list(const Member& member, std::string_view values) {
    void* field = open_member(member, input_);
    while (!values.empty()) {
      std::string_view one = values.substr(0, values.find(','));
      values.remove_prefix(std::min(one.size() + 1, values.size()));
      while (one.starts_with(' ')) one.remove_prefix(1);
      while (one.ends_with(' ')) one.remove_suffix(1);
      if (!parse_scalar(*member.shape->element, one, member.shape->list->append(field))) return wrong(member);
    }
    return {};
  }

  Result<> bind_prefix_headers(const Member& member) {
    void* field = nullptr;
    for (const auto& [name, value] : request_.headers.fields()) {
      if (name.size() < member.wire_name.size() || !iequals(name.substr(0, member.wire_name.size()), member.wire_name))
        continue;
      if (!is_utf8(value)) return wrong(member);
      if (field == nullptr) field = open_member(member, input_);
      *static_cast<std::string*>(member.shape->map->insert(field, name.substr(member.wire_name.size()))) = value;
    }
    return {};
  }

  Result<> bind_payload(const Member& member) {
    if (request_.body.empty() && !(member.required && member.shape->kind == Kind::kBlob)) {
      missing(member);
      return {};
    }
    void* field = open_member(member, input_);
    const Kind kind = member.shape->kind;
    if (kind == Kind::kBlob || kind == Kind::kString) {
      if (kind == Kind::kString && !is_utf8(request_.body)) return wrong(member);
      *static_cast<std::string*>(field) = request_.body;
      return {};
    }
    const bool xml = operation_.service->protocol == Protocol::kRestXml;
    return xml ? decode_xml_value(operation_, *member.shape, request_.body, field, violations_)
               : decode_json_value(operation_, *member.shape, request_.body, field, violations_);
  }

  Result<> text(const Member& member, std::string_view value) {
    return parse_scalar(*member.shape, value, open_member(member, input_)) ? Result<>{} : wrong(member);
  }

  Result<> wrong(const Member& member) const {
    return fail(
        cannot_parse(operation_, std::string("the value of ").append(member.name).append(" is not of its type")));
  }

  void missing(const Member& member) {
    if (member.required) violations_.missing(Path{}.member(member.name), read_member(member, input_));
  }

  const Operation& operation_;
  const http::Request& request_;
  const Routed& routed_;
  void* input_;
  Violations& violations_;
  std::vector<FormField> query_;
};

Error too_large(const Operation& operation) {
  const std::string bytes = std::to_string(operation.body_bytes_max);
  if (operation.service->protocol == Protocol::kRestXml) {
    return {.code = ErrorCode::kTooLarge,
            .message = "Your proposed upload exceeds the maximum allowed size",
            .aws_name = "EntityTooLarge"};
  }
  if (!operation.service->typed_errors) {
    return {.code = ErrorCode::kTooLarge, .message = "the request body is larger than " + bytes + " bytes"};
  }
  // Lambda's own text, which names the action.
  const std::string_view action = operation.permissions.front().action;
  return {.code = ErrorCode::kTooLarge,
          .message = "Request must be smaller than " + bytes + " bytes for the " +
                     std::string(action.substr(action.find(':') + 1)) + " operation"};
}

Result<> decode_body(const Operation& operation, const http::Request& request, const Routed& routed, void* input,
                     Violations& violations) {
  switch (operation.service->protocol) {
    case Protocol::kRestJson:
    case Protocol::kRestXml:
      return RestDecoder(operation, request, routed, input, violations).run();
    case Protocol::kJson10:
    case Protocol::kJson11:
      return decode_json_members(operation, *operation.input, request.body, input, violations);
    case Protocol::kQuery: {
      const std::string_view text = request.method == "GET" ? request.query() : std::string_view(request.body);
      return decode_form_members(operation, *operation.input, text, input, violations);
    }
  }
  return fail(internal_error("unknown protocol"));
}

}  // namespace

Result<> decode(const Operation& operation, const http::Request& request, const Routed& routed, void* input) {
  if (request.body.size() > operation.body_bytes_max) {
    return fail(too_large(operation));
  }
  Violations violations(operation);
  if (Result<> read = decode_body(operation, request, routed, input, violations); !read) return read;
  validate_value(*operation.input, input, Path{}, violations);
  if (violations.empty()) return {};
  return fail(std::move(violations).error());
}

}  // namespace warifu::wire
