#include <gtest/gtest.h>

#include "test/policy/cases.h"
#include "test/policy/engine.h"

namespace warifu::cases {
namespace {

const std::vector<Case>& all() {
  static const std::vector<Case> cases = load_all(std::string(WARIFU_SOURCE_DIR) + "/test/policy");
  return cases;
}

class PolicyCase : public testing::TestWithParam<std::size_t> {};

TEST_P(PolicyCase, EndsAsTheFileSays) {
  const Case& one = all()[GetParam()];
  SCOPED_TRACE(one.file + ": " + one.name);
  const Engine engine(one.layers);
  ASSERT_FALSE(engine.error.has_value()) << *engine.error;
  policy::Context context;
  for (const bool use_index : {true, false}) {
    const std::string outcome = to_string(outcome_of(engine.decide(one.query, use_index, context)));
    EXPECT_TRUE(outcome.starts_with(one.expected)) << "wanted " << one.expected << ", got " << outcome;
  }
}

INSTANTIATE_TEST_SUITE_P(Files, PolicyCase, testing::Range<std::size_t>(0, all().size()));

TEST(PolicyCases, AreMany) { EXPECT_GE(all().size(), 150U); }

}  // namespace
}  // namespace warifu::cases
