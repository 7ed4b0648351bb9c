#include <gtest/gtest.h>

#include <set>
#include <string>

#include <fmt/format.h>

#include "policy/operators.h"
#include "test/differential/reference.h"
#include "test/policy/cases.h"
#include "test/policy/engine.h"

/// Every condition operator, with every quantifier and suffix, on a key in every state: engine and reference agree, and
/// no cell of the table is left out.
namespace warifu::reference {
namespace {

struct Sample {
  std::string name;
  std::vector<std::string> policy;              // the policy's values
  std::vector<std::string> hits, near, misses;  // request values
};

const std::vector<Sample>& samples() {
  const std::string arn = "arn:aws:s3:::a";
  static const std::vector<Sample> all = {
      {"StringEquals", {"a", "b"}, {"a", "b"}, {"A"}, {"c", ""}},
      {"StringNotEquals", {"a", "b"}, {"a", "b"}, {"A"}, {"c", ""}},
      {"StringEqualsIgnoreCase", {"a", "b"}, {"A", "b"}, {"ä"}, {"c", ""}},
      {"StringNotEqualsIgnoreCase", {"a", "b"}, {"A", "b"}, {"ä"}, {"c", ""}},
      {"StringLike", {"a*", "?b"}, {"abc", "xb"}, {"A"}, {"c", ""}},
      {"StringNotLike", {"a*", "?b"}, {"abc", "xb"}, {"A"}, {"c", ""}},
      {"ArnEquals", {"arn:aws:s3:::a*"}, {arn, "arn:aws:s3:::ab"}, {"arn:aws:s3:x::a"}, {"b", "arn:aws:iam::1:a"}},
      {"ArnLike", {"arn:aws:s3:::a*"}, {arn, "arn:aws:s3:::ab"}, {"arn:aws:s3:x::a"}, {"b", "arn:aws:iam::1:a"}},
      {"ArnNotEquals", {"arn:aws:s3:::a*"}, {arn, "arn:aws:s3:::ab"}, {"arn:aws:s3:x::a"}, {"b", "arn:aws:iam::1:a"}},
      {"ArnNotLike", {"arn:aws:s3:::a*"}, {arn, "arn:aws:s3:::ab"}, {"arn:aws:s3:x::a"}, {"b", "arn:aws:iam::1:a"}},
      {"NumericEquals", {"10", "20"}, {"10.0", "20"}, {"10.01"}, {"9", "x"}},
      {"NumericNotEquals", {"10", "20"}, {"10.0", "20"}, {"10.01"}, {"9", "x"}},
      {"NumericLessThan", {"10"}, {"9", "-1"}, {"10"}, {"11", "x"}},
      {"NumericLessThanEquals", {"10"}, {"9", "10"}, {"10.1"}, {"11", "x"}},
      {"NumericGreaterThan", {"10"}, {"11", "10.1"}, {"10"}, {"9", "x"}},
      {"NumericGreaterThanEquals", {"10"}, {"11", "10"}, {"9.9"}, {"9", "x"}},
      {"DateEquals",
       {"2026-01-01T00:00:00Z"},
       {"2026-01-01T00:00:00Z", "1767225600"},
       {"2026-01-01T00:00:01Z"},
       {"2027-01-01", "x"}},
      {"DateNotEquals",
       {"2026-01-01T00:00:00Z"},
       {"2026-01-01T00:00:00Z", "1767225600"},
       {"2026-01-01T00:00:01Z"},
       {"2027-01-01", "x"}},
      {"DateLessThan",
       {"2026-01-01T00:00:00Z"},
       {"2025-01-01", "2024-01-01"},
       {"2026-01-01T00:00:00Z"},
       {"2027-01-01", "x"}},
      {"DateLessThanEquals",
       {"2026-01-01T00:00:00Z"},
       {"2025-01-01", "2026-01-01"},
       {"2026-01-01T00:00:01Z"},
       {"2027-01-01", "x"}},
      {"DateGreaterThan",
       {"2026-01-01T00:00:00Z"},
       {"2027-01-01", "2028-01-01"},
       {"2026-01-01T00:00:00Z"},
       {"2025-01-01", "x"}},
      {"DateGreaterThanEquals",
       {"2026-01-01T00:00:00Z"},
       {"2027-01-01", "2026-01-01"},
       {"2025-12-31T23:59:59Z"},
       {"2025-01-01", "x"}},
      {"Bool", {"true"}, {"true", "TRUE"}, {"false"}, {"false", "x"}},
      {"BinaryEquals", {"YQ=="}, {"YQ==", "YQ=="}, {"YR=="}, {"Yg==", "x"}},
      {"IpAddress", {"10.0.0.0/8", "2001:db8::/32"}, {"10.1.2.3", "2001:db8::1"}, {"11.0.0.0"}, {"192.0.2.1", "x"}},
      {"NotIpAddress", {"10.0.0.0/8", "2001:db8::/32"}, {"10.1.2.3", "2001:db8::1"}, {"11.0.0.0"}, {"192.0.2.1", "x"}},
  };
  return all;
}

enum class State : std::uint8_t { kAbsent, kHit, kNear, kMiss, kManyHit, kManyMixed, kManyMiss, kManyOne, kManyNone };
constexpr std::size_t kStates = 9;

std::optional<cases::ContextKey> key_in(State state, const Sample& sample) {
  const auto key = [](std::vector<std::string> values, bool many) {
    return cases::ContextKey{.name = "app:key", .values = std::move(values), .multivalued = many};
  };
  switch (state) {
    case State::kAbsent:
      return std::nullopt;
    case State::kHit:
      return key({sample.hits[0]}, false);
    case State::kNear:
      return key({sample.near[0]}, false);
    case State::kMiss:
      return key({sample.misses[0]}, false);
    case State::kManyHit:
      return key(sample.hits, true);
    case State::kManyMixed:
      return key({sample.misses[0], sample.hits[0]}, true);
    case State::kManyMiss:
      return key(sample.misses, true);
    case State::kManyOne:
      return key({sample.hits[0]}, true);
    case State::kManyNone:
      return key({}, true);
  }
  return std::nullopt;
}

std::string quoted(const std::vector<std::string>& values) {
  std::string out;
  for (const std::string& value : values) out += (out.empty() ? "\"" : ",\"") + value + "\"";
  return "[" + out + "]";
}

class Table {
 public:
  void ask(const std::string& op, const std::vector<std::string>& values, State state, const Sample& sample,
           std::string_view effect) {
    const std::string document =
        fmt::format(R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"s3:GetX","Resource":"*"}},)"
                    R"({{"Effect":"{}","Action":"s3:{}","Resource":"*","Condition":{{"{}":{{"app:key":{}}}}}}}]}})",
                    effect, effect == "Allow" ? "GetY" : "GetX", op, quoted(values));
    const std::vector<cases::CaseLayer> layers = {{"identity", {document}}};
    const cases::Engine engine(layers);
    ASSERT_FALSE(engine.error.has_value()) << *engine.error;
    cases::Query query{.caller = {.kind = "user", .account = "111111111111", .arn = "arn:aws:iam::111111111111:user/a"},
                       .action = effect == "Allow" ? "s3:GetY" : "s3:GetX",
                       .resource = "*",
                       .owner = "111111111111"};
    if (const auto key = key_in(state, sample)) query.context.push_back(*key);
    policy::Context context;
    const std::string mine = to_string(cases::outcome_of(engine.decide(query, true, context)));
    const std::string wanted = to_string(Evaluator(layers).decide(query));
    EXPECT_EQ(mine, wanted) << document << " state " << static_cast<int>(state);
    cells_.insert(fmt::format("{} {}", op, static_cast<int>(state)));
    (mine.starts_with("allow") ? allowed_ : denied_) += 1;
  }

  [[nodiscard]] const std::set<std::string>& cells() const { return cells_; }
  [[nodiscard]] std::size_t allowed() const { return allowed_; }
  [[nodiscard]] std::size_t denied() const { return denied_; }

 private:
  std::set<std::string> cells_;
  std::size_t allowed_ = 0, denied_ = 0;
};

constexpr std::array<std::string_view, 3> kQuantifiers = {"", "ForAllValues:", "ForAnyValue:"};
constexpr std::array<std::string_view, 2> kSuffixes = {"", "IfExists"};

TEST(Operators, EveryCellOfTheTableIsDecidedAlike) {
  Table table;
  for (const Sample& sample : samples()) {
    for (const std::string_view quantifier : kQuantifiers) {
      for (const std::string_view suffix : kSuffixes) {
        const std::string op = fmt::format("{}{}{}", quantifier, sample.name, suffix);
        ASSERT_TRUE(policy::read_operator(op)) << op;
        for (std::size_t state = 0; state < kStates; ++state) {
          for (const char* effect : {"Allow", "Deny"}) {
            table.ask(op, sample.policy, static_cast<State>(state), sample, effect);
          }
        }
      }
    }
  }
  const Sample present{"Null", {"true"}, {"a", "b"}, {"c"}, {"d", "e"}};
  for (const char* value : {"true", "false"}) {
    for (std::size_t state = 0; state < kStates; ++state) {
      table.ask("Null", {value}, static_cast<State>(state), present, "Allow");
    }
  }
  // Every operator that the engine knows, with what it may carry, on a key in each state.
  EXPECT_EQ(table.cells().size(), 26 * 3 * 2 * kStates + kStates);
  EXPECT_GT(table.allowed(), 500U);
  EXPECT_GT(table.denied(), 500U);
}

TEST(Operators, TheTableHasEveryOperator) {
  const std::set<std::string> negated = {
      "StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike", "ArnNotEquals",
      "ArnNotLike",      "NumericNotEquals",          "DateNotEquals", "NotIpAddress"};
  std::set<std::string> seen;
  for (const Sample& sample : samples()) {
    const auto op = policy::read_operator(sample.name);
    ASSERT_TRUE(op) << sample.name;
    EXPECT_EQ(op->negated, negated.contains(sample.name)) << sample.name;
    EXPECT_TRUE(seen.insert(sample.name).second) << sample.name;
  }
  EXPECT_EQ(seen.size(), 26U);
  for (const char* unknown : {"NullIfExists", "ForAnyValue:Null", "stringequals", "StringEqualsIfExistsIfExists", ""}) {
    EXPECT_FALSE(policy::read_operator(unknown)) << unknown;
  }
}

}  // namespace
}  // namespace warifu::reference
