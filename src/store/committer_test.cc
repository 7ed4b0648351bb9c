#include "store/committer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <string>

namespace warifu::store {
namespace {

using testing::ElementsAre;

/// Records what the committer asks for; a closure adds `bytes` to the group.
class FakeWriter final : public GroupWriter {
 public:
  Result<> run(const Db::WriteBody& body) override {
    ++in_group_;
    return body(txn_);
  }
  Result<> commit() override {
    groups.push_back(std::exchange(in_group_, 0));
    bytes = 0;
    return outcome;
  }
  std::size_t group_bytes() const override { return bytes; }

  std::vector<int> groups;  // how many closures each group had
  std::size_t bytes = 0;
  Result<> outcome;

 private:
  struct Nothing final : Txn {
    Result<std::optional<std::string>> get(const Partition&, std::string_view) override { return std::nullopt; }
    Result<> scan(const Partition&, const Range&, const Visitor&) override { return {}; }
    Result<> put(const Partition&, std::string_view, std::string_view) override { return {}; }
    Result<> erase(const Partition&, std::string_view) override { return {}; }
  };

  Nothing txn_;
  int in_group_ = 0;
};

/// A committer whose thread is held in its first closure, so that what follows queues up behind it.
class CommitterTest : public testing::Test {
 protected:
  void hold(CommitterLimits limits) {
    committer_ = std::make_unique<Committer>(writer_, limits);
    committer_->submit(
        [this](Txn&) -> Result<> {
          held_.count_down();
          released_.wait();
          return {};
        },
        [](Result<>) {});
    held_.wait();
  }
  void submit(Db::WriteBody body) {
    committer_->submit(std::move(body), [this](Result<> outcome) {
      const std::lock_guard lock(mutex_);
      told_.push_back(outcome ? "ok" : outcome.error().message);
    });
  }
  std::vector<std::string> release_and_close() {
    released_.count_down();
    committer_.reset();
    return told_;
  }
  static Result<> nothing(Txn&) { return {}; }

  FakeWriter writer_;
  std::latch held_{1}, released_{1};
  std::mutex mutex_;
  std::vector<std::string> told_;
  std::unique_ptr<Committer> committer_;
};

TEST_F(CommitterTest, TakesAsManyAsTheQueueHoldsAndRefusesTheNextAtOnce) {
  hold({.queue_max = 3});
  for (int i = 0; i < 3; ++i) submit(nothing);
  EXPECT_THAT(told_, ElementsAre());
  submit(nothing);
  EXPECT_THAT(told_, ElementsAre("too many writes are waiting"));
  EXPECT_THAT(release_and_close(), ElementsAre("too many writes are waiting", "ok", "ok", "ok"));
  EXPECT_THAT(writer_.groups, ElementsAre(1, 3));
}

TEST_F(CommitterTest, AGroupEndsAtItsBoundOnClosures) {
  hold({.group_max = 2});
  for (int i = 0; i < 5; ++i) submit(nothing);
  EXPECT_EQ(release_and_close().size(), 5U);
  EXPECT_THAT(writer_.groups, ElementsAre(1, 2, 2, 1));
}

TEST_F(CommitterTest, AGroupEndsWhereItsBytesReachTheirBound) {
  hold({.group_bytes_max = 100});
  for (int i = 0; i < 5; ++i) {
    submit([this](Txn&) -> Result<> {
      writer_.bytes += 50;
      return {};
    });
  }
  EXPECT_EQ(release_and_close().size(), 5U);
  EXPECT_THAT(writer_.groups, ElementsAre(1, 2, 2, 1));
}

TEST_F(CommitterTest, AFailedCommitIsEveryonesFailureAlsoOfThoseWhoFailedThemselves) {
  hold({});
  submit(nothing);
  submit([](Txn&) -> Result<> { return fail(conflict("it is there already")); });
  writer_.outcome = fail(unavailable("the disk is full"));
  EXPECT_THAT(release_and_close(), ElementsAre("the disk is full", "the disk is full"));
}

TEST_F(CommitterTest, AFailedClosureIsToldItsOwnErrorAfterTheCommit) {
  hold({});
  submit([](Txn&) -> Result<> { return fail(conflict("it is there already")); });
  submit(nothing);
  EXPECT_THAT(release_and_close(), ElementsAre("it is there already", "ok"));
  EXPECT_THAT(writer_.groups, ElementsAre(1, 2));
}

TEST_F(CommitterTest, AClosureIsReleasedBeforeItsCallerIsTold) {
  hold({});
  auto captured = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = captured;
  bool released = false;
  committer_->submit([captured = std::move(captured)](Txn&) -> Result<> { return {}; },
                     [&](Result<>) { released = watch.expired(); });
  release_and_close();
  EXPECT_TRUE(released);
}

}  // namespace
}  // namespace warifu::store
