#include "api/context.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/copy_source.h"
#include "base/encoding.h"
#include "base/paths.h"
#include "json/value.h"
#include "wire/member.h"

namespace warifu::api {

using policy::key;

namespace {

/// A key of each claim of the token that the request has at the member.
constexpr std::string_view kInboundJwtClaim = "bedrock-agentcore:InboundJwtClaim/";
/// `bucket/key`, however the header spells it: an escape or a slash in front must not lead past a policy.
constexpr std::string_view kCopySource = "s3:x-amz-copy-source";

/// `bedrock-agentcore.amazonaws.com` as kms:ViaService has it: with the region.
std::string in_region(std::string_view service, std::string_view region) {
  const std::size_t dot = service.find('.');
  return dot == std::string_view::npos ? std::string(service)
                                       : fmt::format("{}.{}{}", service.substr(0, dot), region, service.substr(dot));
}

/// The service that asks a key to be used for someone: the last that forwarded the call, or the caller itself.
std::string_view asking_service(const Call& call) {
  if (!call.via().empty()) return call.via().back();
  return call.principal().service;
}

}  // namespace

RequestKeys::RequestKeys(const http::Request& request, const Call& call)
    : request_(request), via_(call.via().begin(), call.via().end()), call_(call) {}

RequestKeys::RequestKeys(const http::Request& request, const Call& call, const wire::Operation& operation,
                         const wire::Permission& permission, const void* input, const Target& target)
    : request_(request),
      requested_region_(target.requested_region),
      via_(call.via().begin(), call.via().end()),
      inference_profile_arn_(target.inference_profile_arn),
      call_(call) {
  if (operation.service->signing_name == "kms" && !asking_service(call).empty()) {
    via_service_ = in_region(asking_service(call), call.region());
  }
  if (operation.service->signing_name == "s3") s3_account_ = keep(target.account);
  add_entity_keys(operation.context, target);
  add_entity_keys(permission.context, target);
  wire::each_context_value(operation, &permission, input,
                           [this](const wire::ContextValue& value) { add_value(value); });
}

void RequestKeys::add_claims(std::string_view prefix, std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos) return;
  const auto text = base64url_decode(token.substr(first + 1, second - first - 1));
  const auto claims = json::parse(text.value_or(""));
  if (!claims || !claims->is_object()) return;
  const auto add = [&](std::string_view claim, std::string_view value, bool many) {
    add_value({.key = prefix, .suffix = claim, .value = value, .multivalued = many, .brief = true});
  };
  for (const std::string_view claim : {"iss", "sub", "client_id"}) {
    if (const auto value = claims->find_string(claim)) add(claim, *value, false);
  }
  if (const auto audience = claims->find_string("aud")) add("aud", *audience, true);
  const json::Value* audiences = claims->find("aud");
  if (audiences != nullptr && audiences->is_array()) {
    for (const json::Value& one : audiences->items()) {
      if (one.is_string()) add("aud", one.as_string(), true);
    }
  }
  const std::string scopes = claims->find_string("scope").value_or("");
  for (std::string_view rest = scopes; !rest.empty();) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    if (end > 0) add("scope", rest.substr(0, end), true);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

void RequestKeys::add_value(const wire::ContextValue& value) {
  if (value.key == kInboundJwtClaim && value.suffix.empty()) return add_claims(value.key, value.value);
  if (value.key == kCopySource) {
    const auto source = parse_copy_source(value.value);
    const std::string_view text = source ? keep(source->bucket + "/" + source->key) : value.value;
    single_.emplace_back(std::string(kCopySource), text);
    return;
  }
  if (value.brief) {
    wire::ContextValue kept = value;
    kept.brief = false;
    kept.value = keep(std::string(value.value));
    return add_value(kept);
  }
  const std::string_view text = value.path && !value.absent ? keep(slashed(value.value)) : value.value;
  if (value.separate) {
    form_key_ = value.key;
    const std::optional<std::string_view> form = value.absent ? std::nullopt : std::optional(text);
    if (std::ranges::find(forms_, form) == forms_.end()) forms_.push_back(form);
    return;
  }
  std::string name(value.key);
  name.append(value.suffix);
  if (!value.multivalued) {
    single_.emplace_back(std::move(name), text);
    return;
  }
  const auto found = std::ranges::find_if(many_, [&](const auto& entry) { return entry.first == name; });
  if (found != many_.end()) {
    found->second.push_back(text);
  } else {
    many_.emplace_back(std::move(name), std::vector{text});
  }
}

void RequestKeys::add_entity_keys(std::span<const wire::ContextKey> keys, const Target& target) {
  if (target.boundary_arn.empty()) return;
  for (const wire::ContextKey& key : keys) {
    if (key.source == wire::ContextSource::kEntity) single_.emplace_back(key.key, target.boundary_arn);
  }
}

void RequestKeys::outlive_input() {
  for (auto& [name, value] : single_) value = keep(std::string(value));
  for (auto& [name, values] : many_) {
    for (std::string_view& value : values) value = keep(std::string(value));
  }
}

void RequestKeys::fill(policy::Context& context, std::size_t form) const {
  fill_common(context);
  if (!forms_.empty() && forms_[form]) context.set(form_key_, *forms_[form]);
}

void RequestKeys::fill_with(policy::Context& context, std::string_view name, std::string_view value) const {
  fill_common(context);
  context.set(name, value);
}

void RequestKeys::fill_via(policy::Context& context) const {
  context.set_bool(key("aws:ViaAWSService"), !via_.empty());
  if (!via_service_.empty()) context.set(key("kms:ViaService"), via_service_);
  if (via_.empty()) return;
  context.set(key("aws:CalledViaFirst"), via_.front());
  context.set(key("aws:CalledViaLast"), via_.back());
  context.set_many(key("aws:CalledVia"), via_);
}

/// Source: Service Authorization Reference, "Condition keys for Amazon S3".
void RequestKeys::fill_s3(policy::Context& context) const {
  context.set("s3:ResourceAccount", s3_account_);
  if (const auto hash = request_.headers.get("x-amz-content-sha256")) context.set("s3:x-amz-content-sha256", *hash);
  switch (call_.signed_by()) {
    case SignedBy::kNothing:
      return;
    case SignedBy::kHeader:
      context.set("s3:authType", "REST-HEADER");
      break;
    case SignedBy::kQuery:
    case SignedBy::kOldQuery:
      context.set("s3:authType", "REST-QUERY-STRING");
      break;
  }
  const bool old = call_.signed_by() == SignedBy::kOldQuery;
  context.set("s3:signatureversion", old ? "AWS" : "AWS4-HMAC-SHA256");
  // Of an old signature nobody knows when it was made: it must not pass for a fresh one.
  if (!old) context.copy("s3:signatureAge", std::to_string(call_.signature_age_ms()));
}

void RequestKeys::fill_common(policy::Context& context) const {
  if (!request_.peer_ip.empty()) context.set(key("aws:SourceIp"), request_.peer_ip);
  context.set_bool(key("aws:SecureTransport"), request_.secure);
  context.set_time(key("aws:CurrentTime"), call_.now());
  context.set_number(key("aws:EpochTime"), call_.now().seconds());
  context.set(key("aws:RequestedRegion"), requested_region_.empty() ? call_.region() : requested_region_);
  if (!inference_profile_arn_.empty()) context.set("bedrock:InferenceProfileArn", inference_profile_arn_);
  fill_via(context);
  if (!s3_account_.empty()) fill_s3(context);
  if (const auto agent = request_.headers.get("user-agent")) context.set(key("aws:UserAgent"), *agent);
  if (const auto referer = request_.headers.get("referer")) context.set(key("aws:Referer"), *referer);
  for (const auto& [name, value] : single_) context.set(name, value);
  for (const auto& [name, values] : many_) context.set_many(name, values);
}

}  // namespace warifu::api
