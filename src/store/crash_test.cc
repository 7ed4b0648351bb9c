#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <map>
#include <thread>
#include <vector>

#include "base/random.h"
#include "store/rocksdb.h"
#include "store/test_folder.h"

// A process that writes from many threads is killed: what it reported as acknowledged is there, whole, once.
namespace warifu::store {
namespace {

constexpr int kWriters = 8;
const AccountId kOne = *AccountId::parse("111111111111");
const Partition kRows = Partition::memory(kOne, "arn");
const Partition kCounts = Partition::account(kOne);

std::string row_key(int writer, int n) { return std::to_string(writer) + "/" + std::to_string(n); }
std::string row_value(int writer, int n) {
  return std::string(static_cast<std::size_t>(200 + n % 800), static_cast<char>('a' + writer));
}

Result<int> count_of(Reader& reader, int writer) {
  const auto value = TRY(reader.get(kCounts, std::to_string(writer)));
  return value ? std::stoi(*value) : 0;
}

/// The next row of a writer, and how many it has, in one transaction.
Result<int> write_next(Db& db, int writer) {
  return db.write_blocking([&](Txn& txn) -> Result<int> {
    const int n = TRY(count_of(txn, writer)) + 1;
    TRY(txn.put(kRows, row_key(writer, n), row_value(writer, n)));
    TRY(txn.put(kCounts, std::to_string(writer), std::to_string(n)));
    return n;
  });
}

constexpr const char* kFolderVariable = "WARIFU_CRASH_FOLDER";

/// Writes until it is killed, and reports each acknowledged row as a line on standard output, written at once.
[[noreturn]] void write_for_ever(const std::string& path) {
  auto db = open_rocksdb(path, {.write_buffer_bytes = 256 * 1024});
  if (!db) _exit(1);
  std::vector<std::jthread> threads;
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      for (;;) {
        const auto n = write_next(**db, writer);
        if (!n) _exit(2);
        const std::string line = row_key(writer, *n) + "\n";
        if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) _exit(3);
      }
    });
  }
  threads.clear();
  _exit(4);
}

/// Reads the child's report to its end.
std::map<int, int> read_report(int report) {
  std::string text;
  std::array<char, 65536> buffer;
  for (ssize_t size; (size = ::read(report, buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  std::map<int, int> acknowledged;
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string line = text.substr(begin, end - begin);
    const std::size_t slash = line.find('/');
    if (slash == std::string::npos || line[0] < '0' || line[0] > '9') continue;  // the test framework's own lines
    int& newest = acknowledged[std::stoi(line.substr(0, slash))];
    newest = std::max(newest, std::stoi(line.substr(slash + 1)));
  }
  return acknowledged;
}

void verify(Db& db, const std::map<int, int>& acknowledged) {
  const Result<> done = db.read([&](Reader& reader) -> Result<> {
    std::map<int, int> rows;
    TRY(reader.scan(kRows, {}, [&](std::string_view key, std::string_view value) {
      const std::size_t slash = key.find('/');
      const int writer = std::stoi(std::string(key.substr(0, slash)));
      EXPECT_EQ(value, row_value(writer, std::stoi(std::string(key.substr(slash + 1))))) << key;
      ++rows[writer];
      return true;
    }));
    for (int writer = 0; writer < kWriters; ++writer) {
      const int count = TRY(count_of(reader, writer));
      EXPECT_EQ(rows[writer], count) << "half a transaction of writer " << writer;
      const auto it = acknowledged.find(writer);
      EXPECT_GE(count, it == acknowledged.end() ? 0 : it->second)
          << "an acknowledged row of writer " << writer << " is lost";
    }
    return {};
  });
  EXPECT_TRUE(done.has_value());
}

/// Starts this program again as a writer: a forked copy would lack the engine's background threads.
pid_t spawn_writer(const std::string& path, const int (&report)[2]) {
  const std::string folder = std::string(kFolderVariable) + "=" + path;
  const char* const arguments[] = {"store_test", "--gtest_filter=Crash.DISABLED_WritesUntilItIsKilled",
                                   "--gtest_also_run_disabled_tests", "--gtest_brief=1", nullptr};
  const char* const environment[] = {folder.c_str(), nullptr};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, report[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_addclose(&actions, report[0]);
  pid_t child = -1;
  EXPECT_EQ(::posix_spawn(&child, "/proc/self/exe", &actions, nullptr, const_cast<char* const*>(arguments),
                          const_cast<char* const*>(environment)),
            0);
  ::posix_spawn_file_actions_destroy(&actions);
  return child;
}

/// Runs a writing child for `life` and kills it; what it had acknowledged by then.
std::map<int, int> run_and_kill(const std::string& path, std::chrono::milliseconds life) {
  int report[2];
  EXPECT_EQ(::pipe(report), 0);
  const pid_t child = spawn_writer(path, report);
  ::close(report[1]);
  // Read meanwhile, or a full pipe would hold the child up.
  std::map<int, int> acknowledged;
  std::jthread reader([&] { acknowledged = read_report(report[0]); });
  std::this_thread::sleep_for(life);
  EXPECT_EQ(::kill(child, SIGKILL), 0);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << WEXITSTATUS(status);
  reader.join();
  ::close(report[0]);
  return acknowledged;
}

TEST(Crash, DISABLED_WritesUntilItIsKilled) {
  const char* const folder = ::getenv(kFolderVariable);
  ASSERT_NE(folder, nullptr) << "runs only as the child of the next test";
  write_for_ever(folder);
}

TEST(Crash, AKilledProcessLosesNothingItAcknowledged) {
  const TestFolder folder;
  SeededRandom random(7);
  std::map<int, int> acknowledged;
  for (int round = 0; round < 6; ++round) {
    SCOPED_TRACE(round);
    // Some lives are too short for anything but opening.
    for (const auto& [writer, n] : run_and_kill(folder.path(), std::chrono::milliseconds(random.below(250)))) {
      acknowledged[writer] = n;
    }
    const auto db = open_rocksdb(folder.path());
    ASSERT_TRUE(db.has_value()) << db.error().message;
    verify(**db, acknowledged);
  }
  EXPECT_GT(acknowledged[0], 20) << "the children hardly wrote";
}

}  // namespace
}  // namespace warifu::store
