#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/decide.h"
#include "test/policy/cases.h"

/// Puts plain cases to the engine.
namespace warifu::cases {

inline policy::LayerKind layer_kind(const std::string& name) {
  using enum policy::LayerKind;
  if (name == "scp") return kScp;
  if (name == "rcp") return kRcp;
  if (name == "resource") return kResource;
  if (name == "trust") return kTrust;
  if (name == "key") return kKey;
  if (name == "boundary") return kBoundary;
  if (name == "session") return kSession;
  return kIdentity;
}

inline std::string layer_name(policy::LayerKind kind) {
  for (const char* name : {"scp", "rcp", "resource", "trust", "key", "boundary", "session", "identity"}) {
    if (layer_kind(name) == kind) return name;
  }
  return "?";
}

inline policy::Kind document_kind(const std::string& layer) {
  using enum policy::Kind;
  if (layer == "resource" || layer == "key") return kResource;
  if (layer == "trust") return kTrust;
  if (layer == "boundary") return kBoundary;
  if (layer == "session") return kSession;
  if (layer == "scp") return kScp;
  return layer == "rcp" ? kRcp : kIdentity;
}

inline policy::PrincipalKind principal_kind(const std::string& name) {
  using enum policy::PrincipalKind;
  if (name == "root") return kRoot;
  if (name == "user") return kUser;
  if (name == "role") return kRoleSession;
  if (name == "federated") return kFederatedUser;
  if (name == "service") return kService;
  return name == "web" ? kWebIdentity : kAnonymous;
}

/// The layers of a case, compiled once for many queries.
class Engine {
 public:
  /// `error` is set, and nothing may be asked, when a document is refused.
  explicit Engine(const std::vector<CaseLayer>& layers) {
    compiled_.resize(layers.size());
    for (std::size_t i = 0; i < layers.size(); ++i) {
      for (const std::string& document : layers[i].documents) {
        auto policy = policy::CompiledPolicy::compile(document, document_kind(layers[i].kind));
        if (!policy) {
          error = policy.error().message + "\n" + document;
          return;
        }
        compiled_[i].push_back(std::move(*policy));
      }
    }
    for (std::size_t i = 0; i < layers.size(); ++i) layers_.push_back({layer_kind(layers[i].kind), compiled_[i]});
  }

  [[nodiscard]] policy::Decision decide(const Query& query, bool use_index, policy::Context& context) const {
    context.clear();
    for (const ContextKey& key : query.context) {
      if (!key.multivalued) {
        context.set(key.name, key.values.front());
        continue;
      }
      const std::vector<std::string_view> values(key.values.begin(), key.values.end());
      context.set_many(key.name, values);
    }
    const std::vector<std::string_view> services(query.caller.services.begin(), query.caller.services.end());
    const std::vector<std::string_view> providers(query.caller.providers.begin(), query.caller.providers.end());
    const policy::PrincipalView principal{.kind = principal_kind(query.caller.kind),
                                          .account = query.caller.account,
                                          .arn = query.caller.arn,
                                          .issuer_arn = query.caller.issuer,
                                          .unique_id = query.caller.id,
                                          .user_id = {},
                                          .services = services,
                                          .providers = providers};
    const policy::Request request{.principal = principal,
                                  .action = query.action,
                                  .resource = query.resource,
                                  .resource_account = query.owner,
                                  .context = context};
    return policy::decide(layers_, request, {.use_index = use_index});
  }

  std::optional<std::string> error;

 private:
  std::vector<std::vector<std::shared_ptr<const policy::CompiledPolicy>>> compiled_;
  std::vector<policy::Layer> layers_;
};

inline Outcome outcome_of(const policy::Decision& decision) {
  if (!decision.allowed) {
    const bool is_explicit = decision.because == policy::Because::kExplicitDeny;
    return {.allowed = false, .reason = is_explicit ? "explicit" : "implicit", .layer = layer_name(decision.layer)};
  }
  if (decision.because == policy::Because::kRoot) return {.allowed = true, .reason = "by", .layer = "root"};
  return {.allowed = true, .reason = "by", .layer = layer_name(decision.layer)};
}

}  // namespace warifu::cases
