#pragma once

#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "json/value.h"

/// Authorization cases as plain data: what the YAML files hold, what the generator makes, and what both the engine and
/// the reference evaluator are asked. Strings only, so that neither side's types leak into the other.
namespace warifu::cases {

struct Caller {
  std::string kind;  // root user role federated service web anonymous
  std::string account, arn, issuer, id;
  std::vector<std::string> services, providers;
};

struct CaseLayer {
  std::string kind;                    // identity resource trust key boundary session scp rcp
  std::vector<std::string> documents;  // JSON texts
};

struct ContextKey {
  std::string name;
  std::vector<std::string> values;
  bool multivalued = false;
};

struct Query {
  Caller caller;
  std::string action, resource, owner;
  std::vector<ContextKey> context;
};

/// `allow root`, `allow resource`, `deny explicit trust`, `deny implicit identity`: effect, reason, layer.
struct Outcome {
  bool allowed = false;
  std::string reason;  // explicit, implicit; of an allow: a layer or root
  std::string layer;
  bool operator==(const Outcome&) const = default;
};

inline std::string to_string(const Outcome& outcome) {
  return std::string(outcome.allowed ? "allow " : "deny ") + outcome.reason + " " + outcome.layer;
}

/// One case of a YAML file.
struct Case {
  std::string file, name;
  std::vector<CaseLayer> layers;
  Query query;
  std::string expected;  // a prefix of to_string(outcome)
};

inline json::Value json_of(const YAML::Node& node) {
  if (node.IsSequence()) {
    std::vector<json::Value> items;
    for (const YAML::Node& item : node) items.push_back(json_of(item));
    return json::Value::array(std::move(items));
  }
  if (node.IsMap()) {
    json::Value object = json::Value::object();
    for (const auto& member : node) object.set(member.first.as<std::string>(), json_of(member.second));
    return object;
  }
  return json::Value::string(node.as<std::string>());
}

/// A policy in YAML: a whole document, one statement, or a list of statements; Version is 2012-10-17 and Effect is
/// Allow unless said otherwise.
inline json::Value document_of(const YAML::Node& node) {
  json::Value document = json::Value::object();
  if (node.IsMap() && node["Statement"]) {
    document = json_of(node);
    if (!node["Version"]) document.set("Version", json::Value::string("2012-10-17"));
    return document;
  }
  json::Value statements = node.IsSequence() ? json_of(node) : json::Value::array({json_of(node)});
  for (json::Value& statement : statements.items()) {
    if (statement.find("Effect") == nullptr) statement.set("Effect", json::Value::string("Allow"));
  }
  document.set("Version", json::Value::string("2012-10-17"));
  document.set("Statement", std::move(statements));
  return document;
}

inline std::vector<std::string> texts_of(const YAML::Node& node) {
  if (node.IsSequence()) return node.as<std::vector<std::string>>();
  return {node.as<std::string>()};
}

inline std::string text_of(const YAML::Node& node, const char* name) {
  return node[name] ? node[name].as<std::string>() : std::string{};
}

inline Caller caller_of(const YAML::Node& node) {
  Caller caller{.kind = node["kind"].as<std::string>(),
                .account = text_of(node, "account"),
                .arn = text_of(node, "arn"),
                .issuer = text_of(node, "issuer"),
                .id = text_of(node, "id"),
                .services = {},
                .providers = {}};
  if (node["services"]) caller.services = texts_of(node["services"]);
  if (node["providers"]) caller.providers = texts_of(node["providers"]);
  return caller;
}

inline std::string account_in(const std::string& arn) {
  std::size_t from = 0;
  for (int i = 0; i < 4; ++i) from = arn.find(':', from) + 1;
  return arn.substr(from, arn.find(':', from) - from);
}

/// The layers of a case. `identity: [a, b]` with documents in it is one layer of two policies; `scp` one layer per
/// item.
inline void add_layers(const YAML::Node& node, Case& out) {
  for (const char* kind : {"identity", "resource", "trust", "key", "boundary", "session"}) {
    if (!node[kind]) continue;
    CaseLayer layer{.kind = kind, .documents = {}};
    if (node[kind].IsScalar() && node[kind].as<std::string>() == "none") {
      out.layers.push_back(layer);
      continue;
    }
    const bool several = node[kind].IsMap() && node[kind]["policies"];
    if (several) {
      for (const YAML::Node& policy : node[kind]["policies"]) layer.documents.push_back(document_of(policy).dump());
    } else {
      layer.documents.push_back(document_of(node[kind]).dump());
    }
    out.layers.push_back(std::move(layer));
  }
  for (const char* kind : {"scp", "rcp"}) {
    if (!node[kind]) continue;
    for (const YAML::Node& level : node[kind]) out.layers.push_back({kind, {document_of(level).dump()}});
  }
}

inline Case case_of(const YAML::Node& node, const YAML::Node& file, const YAML::Node& callers) {
  Case out;
  const auto choose = [&](const char* name) { return node[name] ? node[name] : file["default"][name]; };
  out.name = node["name"].as<std::string>();
  const std::string caller = choose("caller").as<std::string>();
  if (!callers[caller]) throw std::runtime_error(out.name + ": no caller " + caller);
  out.query.caller = caller_of(callers[caller]);
  out.query.action = choose("action").as<std::string>();
  out.query.resource = choose("on").as<std::string>();
  const YAML::Node owner = choose("owner");
  out.query.owner = owner                       ? owner.as<std::string>()
                    : out.query.resource == "*" ? out.query.caller.account
                                                : account_in(out.query.resource);
  add_layers(node, out);
  for (const auto& key : node["context"]) {
    out.query.context.push_back({key.first.as<std::string>(), texts_of(key.second), key.second.IsSequence()});
  }
  out.expected = node["expect"].as<std::string>();
  return out;
}

/// Every case of `test/policy/*.yaml`; callers.yaml holds the callers that they name.
inline std::vector<Case> load_all(const std::filesystem::path& folder) {
  std::vector<Case> all;
  const YAML::Node callers = YAML::LoadFile((folder / "callers.yaml").string());
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".yaml" || entry.path().filename() == "callers.yaml") continue;
    const YAML::Node file = YAML::LoadFile(entry.path().string());
    for (const YAML::Node& node : file["cases"]) {
      all.push_back(case_of(node, file, callers));
      all.back().file = entry.path().filename().string();
    }
  }
  return all;
}

}  // namespace warifu::cases
