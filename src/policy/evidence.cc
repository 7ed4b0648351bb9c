#include "policy/evidence.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/encoding.h"
#include "policy/operators.h"
#include "policy/pattern.h"

namespace warifu::policy {
namespace {

/// An owner's record of another account's call has these (facts: CloudTrail, cross-account).
constexpr std::array<std::string_view, 6> kShownByCloudTrail = {
    "aws:CurrentTime", "aws:PrincipalAccount", "aws:RequestedRegion", "aws:SourceIp", "aws:UserAgent", "aws:userid"};

std::vector<std::string> copied(std::span<const std::string_view> texts) { return {texts.begin(), texts.end()}; }
std::vector<std::string_view> viewed(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

/// The owner's tags and organization are its own business.
bool tells_of_the_resource(std::string_view key) {
  const std::string name = to_lower(key);
  return name.starts_with("aws:resourcetag/") || name.starts_with("aws:resourceorg");
}

void add_name(std::vector<std::string>& names, std::string_view name) {
  const bool known = std::ranges::any_of(names, [&](const std::string& one) { return iequals(one, name); });
  if (!known) names.emplace_back(name);
}

void add_variables(std::vector<std::string>& names, std::string_view text) {
  const auto segments = read_segments(text, {.wildcards = false, .variables = true});
  if (!segments) return;
  for (const Segment& segment : *segments) {
    if (segment.kind == Segment::Kind::kVariable) add_name(names, segment.variable);
  }
}

}  // namespace

Side side_of(LayerKind kind) {
  switch (kind) {
    case LayerKind::kScp:
    case LayerKind::kBoundary:
    case LayerKind::kSession:
    case LayerKind::kIdentity:
      return Side::kCaller;
    case LayerKind::kRcp:
    case LayerKind::kResource:
    case LayerKind::kTrust:
    case LayerKind::kKey:
      return Side::kOwner;
  }
  return Side::kOwner;
}

Evidence evidence_of(std::span<const Layer> layers, const Request& request, const PolicyLabel& label) {
  const PrincipalView& who = request.principal;
  Evidence out;
  out.principal = {.kind = who.kind,
                   .account = std::string(who.account),
                   .arn = std::string(who.arn),
                   .issuer_arn = std::string(who.issuer_arn),
                   .unique_id = std::string(who.unique_id),
                   .user_id = std::string(who.user_id),
                   .services = copied(who.services),
                   .providers = copied(who.providers)};
  out.action = request.action;
  out.resource = request.resource;
  out.resource_account = request.resource_account;
  request.context.for_each([&](std::string_view name, const ContextValues& values) {
    out.keys.push_back({.name = std::string(name), .values = copied(values.values), .multivalued = values.multivalued});
  });
  for (std::size_t i = 0; i < layers.size(); ++i) {
    EvidenceLayer layer{.kind = layers[i].kind, .policies = {}};
    for (std::size_t j = 0; j < layers[i].policies.size(); ++j) {
      const CompiledPolicy& policy = *layers[i].policies[j];
      layer.policies.push_back(
          {.name = label ? label(i, j) : std::string{}, .kind = policy.kind(), .document = policy.document()});
    }
    out.layers.push_back(std::move(layer));
  }
  return out;
}

View view_of(const Evidence& evidence, View view) {
  return evidence.principal.account == evidence.resource_account ? View::kWhole : view;
}

bool shows(View view, LayerKind kind) {
  return view == View::kWhole || (view == View::kCaller) == (side_of(kind) == Side::kCaller);
}

bool hides(View view, std::string_view key) { return view == View::kCaller && tells_of_the_resource(key); }

std::vector<EvidenceKey> visible_keys(const Evidence& evidence, View view) {
  std::vector<EvidenceKey> keys = evidence.keys;
  if (view == View::kCaller) std::erase_if(keys, [](const auto& key) { return tells_of_the_resource(key.name); });
  if (view != View::kOwner) return keys;
  std::vector<std::string> named(kShownByCloudTrail.begin(), kShownByCloudTrail.end());
  for (const EvidenceLayer& layer : evidence.layers) {
    for (const EvidencePolicy& policy : layer.policies) {
      const auto parsed = shows(view, layer.kind) ? parse(policy.document, policy.kind) : fail(validation_error(""));
      if (!parsed) continue;
      for (const std::string& name : context_keys(*parsed)) add_name(named, name);
    }
  }
  std::erase_if(keys, [&](const EvidenceKey& key) {
    return std::ranges::none_of(named, [&](const std::string& name) { return iequals(name, key.name); });
  });
  return keys;
}

std::vector<std::string> context_keys(const Policy& policy) {
  std::vector<std::string> names;
  for (const Statement& statement : policy.statements()) {
    for (const ConditionEntry& entry : statement.conditions) {
      add_name(names, entry.key);
      const auto known = read_operator(entry.operator_name);
      if (!policy.has_variables() || !known || !takes_variables(known->family)) continue;
      for (const std::string& value : entry.values) add_variables(names, value);
    }
    if (!policy.has_variables()) continue;
    for (const std::string& resource : statement.resources) add_variables(names, resource);
  }
  return names;
}

struct Replay::Parts {
  std::vector<std::vector<std::string_view>> values;
  std::vector<std::string_view> services, providers;
  std::vector<std::vector<Policy>> documents;
  std::vector<std::vector<std::shared_ptr<const CompiledPolicy>>> compiled;
  std::vector<Layer> layers;
  PrincipalView principal;
  Context context;
  std::optional<Request> request;
  bool has_boundary = false;
};

Replay::Replay(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Replay::~Replay() = default;

Result<std::unique_ptr<Replay>> Replay::make(const Evidence& evidence) {
  auto parts = std::make_unique<Parts>();
  for (const EvidenceLayer& layer : evidence.layers) {
    auto& documents = parts->documents.emplace_back();
    auto& compiled = parts->compiled.emplace_back();
    for (const EvidencePolicy& policy : layer.policies) {
      documents.push_back(TRY(parse(policy.document, policy.kind)));
      compiled.push_back(CompiledPolicy::compile(documents.back()));
    }
  }
  // Only now, when no vector grows any more.
  for (std::size_t i = 0; i < evidence.layers.size(); ++i) {
    parts->layers.push_back({.kind = evidence.layers[i].kind, .policies = parts->compiled[i]});
    parts->has_boundary = parts->has_boundary || evidence.layers[i].kind == LayerKind::kBoundary;
  }
  parts->services = viewed(evidence.principal.services);
  parts->providers = viewed(evidence.principal.providers);
  parts->principal = {.kind = evidence.principal.kind,
                      .account = evidence.principal.account,
                      .arn = evidence.principal.arn,
                      .issuer_arn = evidence.principal.issuer_arn,
                      .unique_id = evidence.principal.unique_id,
                      .user_id = evidence.principal.user_id,
                      .services = parts->services,
                      .providers = parts->providers};
  parts->values.reserve(evidence.keys.size());
  for (const EvidenceKey& key : evidence.keys) {
    const auto& values = parts->values.emplace_back(viewed(key.values));
    if (key.multivalued) {
      parts->context.set_many(key.name, values);
    } else if (!values.empty()) {
      parts->context.set(key.name, values.front());
    }
  }
  parts->request.emplace(Request{.principal = parts->principal,
                                 .action = evidence.action,
                                 .resource = evidence.resource,
                                 .resource_account = evidence.resource_account,
                                 .context = parts->context});
  return std::unique_ptr<Replay>(new Replay(std::move(parts)));
}

std::span<const Layer> Replay::layers() const { return parts_->layers; }
const Request& Replay::request() const { return *parts_->request; }
Request Replay::asking(std::string_view action, std::string_view resource, std::string_view account) const {
  return {.principal = parts_->principal,
          .action = action,
          .resource = resource,
          .resource_account = account,
          .context = parts_->context};
}

bool Replay::has_boundary() const { return parts_->has_boundary; }

const Policy& Replay::document(std::size_t layer, std::size_t policy) const {
  CHECK(layer < parts_->documents.size() && policy < parts_->documents[layer].size(), "no such policy");
  return parts_->documents[layer][policy];
}

}  // namespace warifu::policy
