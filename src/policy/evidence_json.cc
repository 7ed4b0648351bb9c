#include "policy/evidence.h"

namespace warifu::policy {
namespace {

using json::Value;

Value texts(const std::vector<std::string>& values) {
  std::vector<Value> items;
  for (const std::string& value : values) items.push_back(Value::string(value));
  return Value::array(std::move(items));
}

Value number(auto enumerator) { return Value::number(static_cast<std::int64_t>(enumerator)); }

std::unexpected<Error> broken(std::string_view what) {
  return fail(validation_error("the evidence has no good `" + std::string(what) + "`"));
}

Result<std::string> text_at(const Value& value, std::string_view name) {
  auto text = value.find_string(name);
  if (!text) return broken(name);
  return std::move(*text);
}

Result<std::vector<std::string>> texts_at(const Value& value, std::string_view name) {
  const Value* list = value.find(name);
  if (list == nullptr || !list->is_array()) return broken(name);
  std::vector<std::string> out;
  for (const Value& item : list->items()) {
    if (!item.is_string()) return broken(name);
    out.push_back(item.as_string());
  }
  return out;
}

/// An enumerator that is at most `last`.
template <class Enum>
Result<Enum> enum_at(const Value& value, std::string_view name, Enum last) {
  const Value* found = value.find(name);
  const auto number = found != nullptr ? found->as_int64() : std::nullopt;
  if (!number || *number < 0 || *number > static_cast<std::int64_t>(last)) return broken(name);
  return static_cast<Enum>(*number);
}

Result<const std::vector<Value>*> list_at(const Value& value, std::string_view name) {
  const Value* list = value.find(name);
  if (list == nullptr || !list->is_array()) return broken(name);
  return &list->items();
}

Result<EvidencePrincipal> principal_from(const Value& value) {
  EvidencePrincipal out;
  out.kind = TRY(enum_at(value, "kind", PrincipalKind::kWebIdentity));
  out.account = TRY(text_at(value, "account"));
  out.arn = TRY(text_at(value, "arn"));
  out.issuer_arn = TRY(text_at(value, "issuer"));
  out.unique_id = TRY(text_at(value, "id"));
  out.user_id = TRY(text_at(value, "user"));
  out.services = TRY(texts_at(value, "services"));
  out.providers = TRY(texts_at(value, "providers"));
  return out;
}

Result<EvidenceLayer> layer_from(const Value& value) {
  EvidenceLayer layer;
  layer.kind = TRY(enum_at(value, "kind", LayerKind::kIdentity));
  for (const Value& item : *TRY(list_at(value, "policies"))) {
    EvidencePolicy policy;
    policy.name = TRY(text_at(item, "name"));
    policy.kind = TRY(enum_at(item, "kind", Kind::kRcp));
    policy.document = TRY(text_at(item, "document"));
    layer.policies.push_back(std::move(policy));
  }
  return layer;
}

Result<EvidenceKey> key_from(const Value& value) {
  const Value* many = value.find("many");
  if (many == nullptr || !many->is_bool()) return broken("many");
  EvidenceKey key{.name = {}, .values = {}, .multivalued = many->as_bool()};
  key.name = TRY(text_at(value, "name"));
  key.values = TRY(texts_at(value, "values"));
  return key;
}

Value of(const EvidencePrincipal& principal) {
  Value out = Value::object();
  out.set("kind", number(principal.kind))
      .set("account", Value::string(principal.account))
      .set("arn", Value::string(principal.arn))
      .set("issuer", Value::string(principal.issuer_arn))
      .set("id", Value::string(principal.unique_id))
      .set("user", Value::string(principal.user_id))
      .set("services", texts(principal.services))
      .set("providers", texts(principal.providers));
  return out;
}

Value of(const EvidenceLayer& layer) {
  std::vector<Value> policies;
  for (const EvidencePolicy& policy : layer.policies) {
    Value one = Value::object();
    one.set("name", Value::string(policy.name))
        .set("kind", number(policy.kind))
        .set("document", Value::string(policy.document));
    policies.push_back(std::move(one));
  }
  Value out = Value::object();
  out.set("kind", number(layer.kind)).set("policies", Value::array(std::move(policies)));
  return out;
}

}  // namespace

Value to_json(const Evidence& evidence) {
  std::vector<Value> keys;
  for (const EvidenceKey& key : evidence.keys) {
    Value one = Value::object();
    one.set("name", Value::string(key.name))
        .set("values", texts(key.values))
        .set("many", Value::boolean(key.multivalued));
    keys.push_back(std::move(one));
  }
  std::vector<Value> layers;
  for (const EvidenceLayer& layer : evidence.layers) layers.push_back(of(layer));
  Value out = Value::object();
  out.set("principal", of(evidence.principal))
      .set("action", Value::string(evidence.action))
      .set("resource", Value::string(evidence.resource))
      .set("owner", Value::string(evidence.resource_account))
      .set("keys", Value::array(std::move(keys)))
      .set("layers", Value::array(std::move(layers)));
  return out;
}

Result<Evidence> evidence_from(const Value& value) {
  const Value* principal = value.find("principal");
  if (principal == nullptr) return broken("principal");
  Evidence out;
  out.principal = TRY(principal_from(*principal));
  out.action = TRY(text_at(value, "action"));
  out.resource = TRY(text_at(value, "resource"));
  out.resource_account = TRY(text_at(value, "owner"));
  for (const Value& key : *TRY(list_at(value, "keys"))) out.keys.push_back(TRY(key_from(key)));
  for (const Value& layer : *TRY(list_at(value, "layers"))) out.layers.push_back(TRY(layer_from(layer)));
  return out;
}

}  // namespace warifu::policy
