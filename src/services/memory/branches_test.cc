#include "services/memory/branches.h"

#include "services/memory/errors.h"
#include "services/memory/testing.h"

namespace warifu::services::memory {
namespace {

using testing::Bench;
using testing::draft;
using testing::kNow;

constexpr SessionRef kSession{"alice", "s1"};

testing::Make at(std::int64_t ms, std::string payload, std::optional<Branch> branch = {}) {
  return {.payload = std::move(payload), .time = {ms}, .branch = std::move(branch)};
}

TEST(Branches, ForkFromAnEventOfTheirSession) {
  Bench bench;
  const std::string root = bench.insert(draft(at(1, "m1")));
  const auto forked = bench.try_insert(draft(at(2, "f1", Branch{"fix", root})));
  ASSERT_TRUE(forked.has_value());
  EXPECT_EQ(forked->root_event_id, root);
  const auto continued = bench.try_insert(draft(at(3, "f2", Branch{"fix", ""})));
  ASSERT_TRUE(continued.has_value());
  EXPECT_EQ(continued->root_event_id, root) << "a later event of the branch knows its root";
}

TEST(Branches, AreRefusedWithoutAProperRoot) {
  Bench bench;
  const std::string root = bench.insert(draft(at(1, "m1")));
  const std::string foreign = bench.insert(draft({.session = "s2", .time = {7}}));
  bench.insert(draft(at(2, "f1", Branch{"fix", root})));
  const std::string other = bench.insert(draft(at(3, "m2")));
  struct Case {
    Branch branch;
    std::string_view reason;
  };
  for (const Case& c :
       {Case{{"new", ""}, kReasonField}, Case{{"new", foreign}, kReasonOtherSession},
        Case{{"new", "0000000000000000001#ffffffff"}, kReasonOtherSession}, Case{{"fix", other}, kReasonField}}) {
    const auto refused = bench.try_insert(draft(at(9, "x", c.branch)));
    ASSERT_FALSE(refused.has_value()) << c.branch.name << c.branch.root_event_id;
    EXPECT_EQ(refused.error().code, ErrorCode::kValidation);
    EXPECT_EQ(refused.error().reason, c.reason);
  }
  EXPECT_EQ(bench.rows("b"), 1U) << "a refused event leaves no branch behind";
}

TEST(Branches, SelectThemselvesOrTheirAncestryUpToTheFork) {
  Bench bench;
  bench.insert(draft(at(1, "m1")));
  const std::string m2 = bench.insert(draft(at(2, "m2")));
  bench.insert(draft(at(3, "m3")));
  bench.insert(draft(at(4, "a1", Branch{"a", m2})));
  const std::string a2 = bench.insert(draft(at(5, "a2", Branch{"a", ""})));
  bench.insert(draft(at(6, "a3", Branch{"a", ""})));
  bench.insert(draft(at(7, "b1", Branch{"b", a2})));
  bench.insert(draft(at(8, "m4")));

  const auto listed = [&](std::string_view name, bool parents) {
    const auto cuts = bench.read(
        [&](store::Reader& reader) { return branches::lineage(reader, bench.partition, kSession, name, parents); });
    EXPECT_TRUE(cuts.has_value());
    return bench.payloads(kSession, {.branches = *cuts});
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(listed("main", false), ElementsAre("m4", "m3", "m2", "m1"));
  EXPECT_THAT(listed("main", true), ElementsAre("m4", "m3", "m2", "m1"));
  EXPECT_THAT(listed("a", false), ElementsAre("a3", "a2", "a1"));
  EXPECT_THAT(listed("a", true), ElementsAre("a3", "a2", "a1", "m2", "m1"));
  EXPECT_THAT(listed("b", true), ElementsAre("b1", "a2", "a1", "m2", "m1"));
  EXPECT_TRUE(listed("never", true).empty());
  EXPECT_EQ(bench.payloads(kSession).size(), 8U) << "without a filter every branch is listed";
}

TEST(Branches, KeepTheirLineWhenTheRootIsErased) {
  Bench bench;
  bench.insert(draft(at(1, "m1")));
  const std::string m2 = bench.insert(draft(at(2, "m2")));
  bench.insert(draft(at(4, "a1", Branch{"a", m2})));
  ASSERT_TRUE(bench.erase(kSession, m2).has_value());
  const auto cuts = bench.read(
      [&](store::Reader& reader) { return branches::lineage(reader, bench.partition, kSession, "a", true); });
  EXPECT_THAT(bench.payloads(kSession, {.branches = *cuts}), ::testing::ElementsAre("a1", "m1"));
  EXPECT_TRUE(bench.try_insert(draft(at(5, "a2", Branch{"a", ""}))).has_value());
}

}  // namespace
}  // namespace warifu::services::memory
