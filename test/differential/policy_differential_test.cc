#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>

#include "test/differential/generator.h"
#include "test/differential/reference.h"
#include "test/policy/cases.h"
#include "test/policy/engine.h"

/// The engine, with its index and without it, against the reference evaluator.
namespace warifu::reference {
namespace {

constexpr std::size_t kQueries = 20;
constexpr std::size_t kShards = 4;

/// Of each shard: 200,000 cases in all, or as many as the environment says (`make nightly`: two million).
std::size_t worlds() {
  const char* asked = std::getenv("WARIFU_DIFFERENTIAL_CASES");
  const std::size_t cases = asked != nullptr ? std::strtoul(asked, nullptr, 10) : 200'000;
  return std::max<std::size_t>(cases / kShards / kQueries, 100);
}

std::string describe(const World& world, const cases::Query& query) {
  std::string text;
  for (const cases::CaseLayer& layer : world.layers) {
    text += layer.kind + ":\n";
    for (const std::string& document : layer.documents) text += "  " + document + "\n";
  }
  text += query.caller.kind + " " + query.caller.arn + " does " + query.action + " to " + query.resource + " of " +
          query.owner + "\n";
  for (const cases::ContextKey& key : query.context) {
    text += "  " + key.name + (key.multivalued ? " = [" : " = ");
    for (const std::string& value : key.values) text += value + " ";
    text += key.multivalued ? "]\n" : "\n";
  }
  return text;
}

class Differential : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Differential, EngineAndReferenceAgree) {
  Generator generator(GetParam());
  std::map<std::string, std::size_t> outcomes;
  policy::Context context;
  const std::size_t rounds = worlds();
  for (std::size_t i = 0; i < rounds; ++i) {
    const World world = generator.next(kQueries);
    const cases::Engine engine(world.layers);
    ASSERT_FALSE(engine.error.has_value()) << *engine.error;
    const Evaluator evaluator(world.layers);
    for (const cases::Query& query : world.queries) {
      const policy::Decision decision = engine.decide(query, true, context);
      const cases::Outcome wanted = evaluator.decide(query);
      ASSERT_EQ(to_string(cases::outcome_of(decision)), to_string(wanted)) << describe(world, query);
      ASSERT_EQ(engine.decide(query, false, context), decision) << "without the index\n" << describe(world, query);
      ++outcomes[to_string(wanted)];
    }
  }
  // Cases in which everything falls out alike would prove nothing.
  const double all = static_cast<double>(rounds * kQueries);
  std::map<std::string, double> share;
  for (const auto& [outcome, count] : outcomes) {
    share[outcome.substr(0, outcome.find(' ', 6))] += static_cast<double>(count) / all;
    RecordProperty(outcome, static_cast<int>(count));
  }
  EXPECT_GT(share["allow by"], 0.15);
  EXPECT_GT(share["deny explicit"], 0.08);
  EXPECT_GT(share["deny implicit"], 0.25);
  EXPECT_GE(outcomes.size(), 18U) << "every layer grants, denies and is missing somewhere";
}

INSTANTIATE_TEST_SUITE_P(Seeds, Differential, testing::Values(1, 2, 3, 4));

TEST(Reference, EndsAsTheFilesSay) {
  for (const cases::Case& one : cases::load_all(std::string(WARIFU_SOURCE_DIR) + "/test/policy")) {
    const std::string outcome = to_string(Evaluator(one.layers).decide(one.query));
    EXPECT_TRUE(outcome.starts_with(one.expected)) << one.file << ": " << one.name << ": " << outcome;
  }
}

}  // namespace
}  // namespace warifu::reference
