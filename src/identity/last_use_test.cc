#include "identity/last_use.h"

#include <thread>

#include "identity/access_keys.h"
#include "identity/test_world.h"

namespace warifu::identity {
namespace {

class LastUseTest : public World {
 protected:
  void flush() {
    const Uses uses = book.take();
    expect_ok([&](store::Txn& txn) { return write_uses(txn, uses); });
  }
  LastUsed written(const AccountId& account, std::string_view id) {
    return read([&](store::Reader& reader) { return last_used(reader, account, id); });
  }

  LastUseBook book;
};

TEST_F(LastUseTest, UsesAreWrittenWhenFlushedAndTheLaterWins) {
  book.note(a, "AKIA1", {Timestamp{60'000}, "iam", "us-east-1"});
  book.note(a, "AKIA1", {Timestamp{240'000}, "sts", "eu-west-1"});
  book.note(a, "AKIA1", {Timestamp{120'000}, "s3", "eu-west-1"});
  book.note(b, "AROA1", {Timestamp{60'000}, "lambda", "us-east-1"});
  EXPECT_EQ(written(a, "AKIA1").when.ms, 0) << "nothing before the flush";
  flush();
  EXPECT_EQ(written(a, "AKIA1").when.ms, 240'000);
  EXPECT_EQ(written(a, "AKIA1").service, "sts");
  EXPECT_EQ(written(b, "AROA1").service, "lambda");
  EXPECT_EQ(written(b, "AKIA1").when.ms, 0) << "each in its own account";
  EXPECT_EQ(book.pending(), 0U);
  flush();
}

TEST_F(LastUseTest, OneCredentialIsNotedOnceAMinute) {
  book.note(a, "AKIA1", {Timestamp{60'001}, "iam", "us-east-1"});
  flush();
  book.note(a, "AKIA1", {Timestamp{119'999}, "iam", "us-east-1"});
  EXPECT_EQ(book.pending(), 0U);
  book.note(a, "AKIA1", {Timestamp{120'000}, "iam", "us-east-1"});
  EXPECT_EQ(book.pending(), 1U);
}

TEST_F(LastUseTest, WhatIsPendingIsBounded) {
  for (std::size_t i = 0; i < LastUseBook::kPendingMax + 10; ++i) {
    book.note(a, "AKIA" + std::to_string(i), {Timestamp{60'000}, "iam", "us-east-1"});
  }
  EXPECT_EQ(book.pending(), LastUseBook::kPendingMax);
}

TEST_F(LastUseTest, ThreadsMayNoteWhileOneFlushes) {
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 1'000; ++i) {
        book.note(a, "AKIA" + std::to_string(thread), {Timestamp{60'000 * (i + 1)}, "iam", "us-east-1"});
      }
    });
  }
  flush();
  threads.clear();
  flush();
  for (int thread = 0; thread < 4; ++thread) {
    EXPECT_EQ(written(a, "AKIA" + std::to_string(thread)).when.ms, 60'000'000);
  }
}

}  // namespace
}  // namespace warifu::identity
