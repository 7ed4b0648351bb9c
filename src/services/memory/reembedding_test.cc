#include "services/memory/reembedding.h"

#include "search/entry.h"
#include "search/renamed_testing.h"
#include "services/memory/handler_testing.h"

namespace warifu::services::memory {
namespace {

using testing::HandlerTest;

using search::testing::Renamed;

class ReembeddingTest : public HandlerTest {
 protected:
  void put(const std::string& memory, std::string_view text) {
    const auto made =
        call("POST", fmt::format("/memories/{}/memoryRecords/batchCreate", memory),
             fmt::format(R"({{"records":[{{"requestIdentifier":"r","namespaces":["/a/"],"content":{{"text":"{}"}},)"
                         R"("timestamp":1}}]}})",
                         text));
    EXPECT_EQ(made.size("successfulRecords"), 1U);
  }
};

TEST_F(ReembeddingTest, ReachesTheRecordsOfEveryMemoryOnce) {
  const std::string one = create("One"), two = create("Two");
  put(one, "a cat");
  put(two, "a dog");
  put(two, "a bird");
  Renamed first("first"), second("second");
  const std::stop_source go;
  reembed_memories(server.db(), first, go.get_token());
  EXPECT_EQ(first.embedded, 3U);
  reembed_memories(server.db(), first, go.get_token());
  EXPECT_EQ(first.embedded, 3U);
  reembed_memories(server.db(), second, go.get_token());
  EXPECT_EQ(second.embedded, 3U);
  reembed_memories(server.db(), first, go.get_token());
  EXPECT_EQ(first.embedded, 6U) << "and back";
}

TEST_F(ReembeddingTest, GoesOnAfterAStop) {
  put(create("One"), "a cat");
  Renamed first("first");
  std::stop_source stop;
  stop.request_stop();
  reembed_memories(server.db(), first, stop.get_token());
  EXPECT_EQ(first.embedded, 0U);
  reembed_memories(server.db(), first, std::stop_source().get_token());
  EXPECT_EQ(first.embedded, 1U);
}

}  // namespace
}  // namespace warifu::services::memory
