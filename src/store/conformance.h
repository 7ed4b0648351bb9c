#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "store/store.h"

/// The contract of `store::Db` as tests, the same for every engine and wrapper. Included by exactly one test file of a
/// program (with `conformance_cases.h`), which then says for which engines it holds:
/// `INSTANTIATE_TEST_SUITE_P(Memory, StoreConformance, testing::Values(&make_memory_engine), …)`.
namespace warifu::store::conformance {

/// An open engine and what must outlive it.
struct Engine {
  std::shared_ptr<void> keeps;
  std::unique_ptr<Db> db;
};
using MakeEngine = Engine (*)();

struct Row {
  std::string key, value;
  bool operator==(const Row&) const = default;
};

inline const Error kAbort{.code = ErrorCode::kConflict, .message = "the closure changed its mind"};

/// Runs every closure twice: the first run is rolled back, as an engine may do that detects a conflict late.
class RerunningDb final : public Db {
 public:
  explicit RerunningDb(std::unique_ptr<Db> inner) : inner_(std::move(inner)) {}
  Result<> read_with(const ReadBody& body) override { return inner_->read_with(body); }
  void write_with(WriteBody body, Done done) override {
    auto shared = std::make_shared<WriteBody>(std::move(body));
    auto first_run = [shared](Txn& txn) -> Result<> {
      (void)(*shared)(txn);
      return fail(internal_error("rolled back to run again"));
    };
    auto again = [this, shared, done = std::move(done)](Result<> first) mutable {
      if (first.has_value() || first.error().code != ErrorCode::kInternal) return done(std::move(first));
      inner_->write_with([shared](Txn& txn) { return (*shared)(txn); }, std::move(done));
    };
    inner_->write_with(std::move(first_run), std::move(again));
  }

 private:
  std::unique_ptr<Db> inner_;
};

class StoreConformance : public testing::TestWithParam<MakeEngine> {
 protected:
  StoreConformance() : engine_(GetParam()()) {}

  Db& db() { return *engine_.db; }

  void put(std::string_view key, std::string_view value) { put(here_, key, value); }
  void put(const Partition& partition, std::string_view key, std::string_view value) {
    const Result<> done = db().write_blocking([&](Txn& txn) -> Result<> { return txn.put(partition, key, value); });
    ASSERT_TRUE(done.has_value()) << done.error().message;
  }
  void erase(std::string_view key) {
    ASSERT_TRUE(db().write_blocking([&](Txn& txn) -> Result<> { return txn.erase(here_, key); }).has_value());
  }

  std::optional<std::string> get(std::string_view key) { return get(here_, key); }
  std::optional<std::string> get(const Partition& partition, std::string_view key) {
    auto value = db().read([&](Reader& reader) { return reader.get(partition, key); });
    EXPECT_TRUE(value.has_value());
    return value.value_or(std::nullopt);
  }

  static std::vector<Row> rows(Reader& reader, const Partition& partition, const Range& range = {},
                               std::size_t max = SIZE_MAX) {
    std::vector<Row> out;
    const Result<> done = reader.scan(partition, range, [&](std::string_view key, std::string_view value) {
      out.push_back({std::string(key), std::string(value)});
      return out.size() < max;
    });
    EXPECT_TRUE(done.has_value());
    return out;
  }
  std::vector<Row> rows(const Range& range = {}, std::size_t max = SIZE_MAX) {
    return *db().read([&](Reader& reader) -> Result<std::vector<Row>> { return rows(reader, here_, range, max); });
  }
  std::string keys(const Range& range = {}, std::size_t max = SIZE_MAX) { return joined(rows(range, max)); }
  static std::string joined(const std::vector<Row>& all) {
    std::string out;
    for (const Row& row : all) out += (out.empty() ? "" : " ") + row.key;
    return out;
  }

  const AccountId one_ = *AccountId::parse("111111111111");
  const AccountId two_ = *AccountId::parse("222222222222");
  const Partition here_ = Partition::account(one_);
  Engine engine_;
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StoreConformance);

}  // namespace warifu::store::conformance
