#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

#include "base/encoding.h"
#include "policy/explain.h"
#include "test/differential/generator.h"
#include "test/policy/cases.h"
#include "test/policy/engine.h"

/// What must hold of decisions whatever the policies say, over generated worlds; and that decisions explain themselves.
namespace warifu::reference {
namespace {

using json::Value;

constexpr std::size_t kWorlds = 250;
constexpr std::size_t kQueries = 10;

struct Statements {
  Value document;  // with an empty list of statements
  std::vector<Value> list;
};

Statements take_apart(const std::string& text) {
  auto parsed = json::parse(text);
  EXPECT_TRUE(parsed) << text;
  Statements out{.document = Value::object(), .list = {}};
  for (auto& [name, value] : parsed->members()) {
    if (name != "Statement") {
      out.document.set(name, value);
    } else if (value.is_array()) {
      out.list = value.items();
    } else {
      out.list = {value};
    }
  }
  return out;
}

std::string put_together(const Statements& statements) {
  Value document = statements.document;
  document.set("Statement", Value::array(statements.list));
  return document.dump();
}

/// The document's statements of one effect alone; empty when it has none.
std::string only(const std::string& text, std::string_view effect) {
  Statements statements = take_apart(text);
  std::erase_if(statements.list, [&](const Value& one) { return one.find_string("Effect") != effect; });
  return statements.list.empty() ? std::string{} : put_together(statements);
}

policy::Decision decided(const std::vector<cases::CaseLayer>& layers, const cases::Query& query) {
  static policy::Context context;
  const cases::Engine engine(layers);
  EXPECT_FALSE(engine.error.has_value()) << *engine.error;
  return engine.decide(query, true, context);
}

/// Worlds, and for each another one to take statements from.
template <class Check>
void over_worlds(std::uint64_t seed, Check check) {
  Generator generator(seed);
  std::mt19937_64 random(seed);
  World other = generator.next(1);
  for (std::size_t i = 0; i < kWorlds && !testing::Test::HasFailure(); ++i) {
    World world = generator.next(kQueries);
    check(world, other, random);
    other = std::move(world);
  }
}

/// Adds to each layer of `world` what `other` has of that kind and effect; how much was added.
std::size_t add_statements(std::vector<cases::CaseLayer>& layers, const World& other, std::string_view effect) {
  std::size_t added = 0;
  for (cases::CaseLayer& layer : layers) {
    for (const cases::CaseLayer& source : other.layers) {
      if (source.kind != layer.kind) continue;
      for (const std::string& document : source.documents) {
        const std::string more = only(document, effect);
        if (more.empty()) continue;
        layer.documents.push_back(more);
        ++added;
      }
    }
  }
  return added;
}

TEST(Properties, AddingADenyNeverWidens) {
  std::size_t narrowed = 0;
  over_worlds(11, [&](const World& world, const World& other, std::mt19937_64&) {
    std::vector<cases::CaseLayer> layers = world.layers;
    if (add_statements(layers, other, "Deny") == 0) return;
    for (const cases::Query& query : world.queries) {
      const bool before = decided(world.layers, query).allowed;
      const bool after = decided(layers, query).allowed;
      ASSERT_TRUE(before || !after) << world.layers[0].documents[0];
      narrowed += before && !after ? 1U : 0U;
    }
  });
  EXPECT_GT(narrowed, 20U) << "denies that strike nobody prove nothing";
}

TEST(Properties, AddingAnAllowNeverNarrows) {
  std::size_t widened = 0;
  over_worlds(12, [&](const World& world, const World& other, std::mt19937_64&) {
    std::vector<cases::CaseLayer> layers = world.layers;
    if (add_statements(layers, other, "Allow") == 0) return;
    for (const cases::Query& query : world.queries) {
      const bool before = decided(world.layers, query).allowed;
      const bool after = decided(layers, query).allowed;
      ASSERT_TRUE(after || !before) << world.layers[0].documents[0];
      widened += after && !before ? 1U : 0U;
    }
  });
  EXPECT_GT(widened, 20U) << "allows that let nobody in prove nothing";
}

/// Same rules, written otherwise: statements in another order, one document for each, lists taken apart, doubled.
std::vector<cases::CaseLayer> rewritten(const std::vector<cases::CaseLayer>& layers, std::mt19937_64& random) {
  std::vector<cases::CaseLayer> out;
  for (const cases::CaseLayer& layer : layers) {
    cases::CaseLayer made{.kind = layer.kind, .documents = {}};
    for (const std::string& document : layer.documents) {
      Statements statements = take_apart(document);
      std::vector<Value> parts;
      for (const Value& statement : statements.list) {
        for (const Value& action : [&] {
               const Value* actions = statement.find("Action");
               return actions != nullptr && actions->is_array() ? actions->items() : std::vector<Value>{Value{}};
             }()) {
          Value part = Value::object();
          for (const auto& [name, value] : statement.members()) {
            if (name == "Sid") continue;  // a new name changes nothing; two of one name are refused
            part.set(name, name == "Action" && !action.is_null() ? action : value);
          }
          parts.push_back(part);
          if (random() % 4 == 0) parts.push_back(part);
        }
      }
      std::ranges::shuffle(parts, random);
      const std::size_t cut = random() % parts.size();
      statements.list.assign(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(cut));
      if (!statements.list.empty()) made.documents.push_back(put_together(statements));
      statements.list.assign(parts.begin() + static_cast<std::ptrdiff_t>(cut), parts.end());
      made.documents.push_back(put_together(statements));
    }
    std::ranges::shuffle(made.documents, random);
    out.push_back(std::move(made));
  }
  return out;
}

TEST(Properties, WritingTheSameRulesOtherwiseChangesNothing) {
  over_worlds(13, [&](const World& world, const World&, std::mt19937_64& random) {
    const std::vector<cases::CaseLayer> layers = rewritten(world.layers, random);
    for (const cases::Query& query : world.queries) {
      policy::Decision before = decided(world.layers, query);
      policy::Decision after = decided(layers, query);
      // Which of several statements is named depends on their order; nothing else does.
      before.statement = after.statement = {};
      ASSERT_EQ(before, after) << world.layers[0].documents[0];
    }
  });
}

policy::Evidence evidence_of(const World& world, const cases::Query& query) {
  policy::Evidence evidence;
  evidence.principal = {.kind = cases::principal_kind(query.caller.kind),
                        .account = query.caller.account,
                        .arn = query.caller.arn,
                        .issuer_arn = query.caller.issuer,
                        .unique_id = query.caller.id,
                        .user_id = {},
                        .services = query.caller.services,
                        .providers = query.caller.providers};
  evidence.action = query.action;
  evidence.resource = query.resource;
  evidence.resource_account = query.owner;
  for (const cases::ContextKey& key : query.context) {
    evidence.keys.push_back({.name = key.name, .values = key.values, .multivalued = key.multivalued});
  }
  for (const cases::CaseLayer& layer : world.layers) {
    policy::EvidenceLayer one{.kind = cases::layer_kind(layer.kind), .policies = {}};
    for (const std::string& document : layer.documents) {
      one.policies.push_back({.name = "P", .kind = cases::document_kind(layer.kind), .document = document});
    }
    evidence.layers.push_back(std::move(one));
  }
  return evidence;
}

policy::Kind kind_of_fix(policy::LayerKind kind) {
  using enum policy::LayerKind;
  switch (kind) {
    case kResource:
    case kKey:
      return policy::Kind::kResource;
    case kTrust:
      return policy::Kind::kTrust;
    case kRcp:
      return policy::Kind::kRcp;
    case kScp:
      return policy::Kind::kScp;
    case kBoundary:
      return policy::Kind::kBoundary;
    case kSession:
      return policy::Kind::kSession;
    case kIdentity:
      return policy::Kind::kIdentity;
  }
  return policy::Kind::kIdentity;
}

/// Puts each fix where it says; a layer that is not there yet is made.
void apply(policy::Evidence& evidence, const std::vector<policy::Fix>& fixes) {
  for (const policy::Fix& fix : fixes) {
    const policy::EvidencePolicy added{.name = "fix",
                                       .kind = kind_of_fix(fix.kind),
                                       .document = R"({"Version":"2012-10-17","Statement":[)" + fix.statement + "]}"};
    bool placed = false;
    for (policy::EvidenceLayer& layer : evidence.layers) {
      if (layer.kind != fix.kind) continue;
      layer.policies.push_back(added);
      placed = true;
    }
    if (!placed) evidence.layers.push_back({.kind = fix.kind, .policies = {added}});
  }
}

TEST(Explanations, AgreeWithTheDecisionAndTheirFixesAllow) {
  std::size_t fixed = 0;
  over_worlds(14, [&](const World& world, const World&, std::mt19937_64&) {
    for (const cases::Query& query : world.queries) {
      policy::Evidence evidence = evidence_of(world, query);
      const auto explained = policy::explain(evidence);
      ASSERT_TRUE(explained) << explained.error().message;
      ASSERT_EQ(explained->decision, decided(world.layers, query));
      if (explained->decision.allowed || explained->decision.because == policy::Because::kExplicitDeny) {
        ASSERT_TRUE(explained->fixes.empty());
        continue;
      }
      if (query.owner.empty() || query.resource.empty()) {
        ASSERT_TRUE(explained->fixes.empty()) << "half a question";
        continue;
      }
      // No trust policy can say another service's action.
      const bool unspeakable =
          explained->decision.missing.has(policy::LayerKind::kTrust) && !to_lower(query.action).starts_with("sts:");
      if (unspeakable) continue;
      ASSERT_FALSE(explained->fixes.empty());
      apply(evidence, explained->fixes);
      const auto after = policy::explain(evidence);
      ASSERT_TRUE(after) << after.error().message;
      ASSERT_TRUE(after->decision.allowed) << explained->fixes[0].statement << "\n" << world.layers[0].documents[0];
      ++fixed;
    }
  });
  EXPECT_GT(fixed, 200U);
}

TEST(Explanations, HoldOneHalfOnlyAndNameWhatFailed) {
  over_worlds(15, [&](const World& world, const World&, std::mt19937_64&) {
    for (const cases::Query& query : world.queries) {
      if (query.caller.account == query.owner) continue;
      const policy::Evidence evidence = evidence_of(world, query);
      for (const policy::View view : {policy::View::kCaller, policy::View::kOwner}) {
        const auto half = policy::explain(evidence, view);
        ASSERT_TRUE(half);
        for (const policy::LayerReport& layer : half->layers) {
          ASSERT_TRUE(policy::shows(view, layer.kind));
          for (const policy::NearStatement& statement : layer.statements) {
            ASSERT_TRUE(statement.applies || !statement.findings.empty()) << "what does not apply has a reason";
          }
        }
        for (const policy::Fix& fix : half->fixes) ASSERT_TRUE(policy::shows(view, fix.kind));
      }
    }
  });
}

}  // namespace
}  // namespace warifu::reference
