#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "api/handler_testing.h"
#include "services/memory/long_term.h"
#include "services/memory/operations.h"
#include "services/memory/record_operations.h"

/// For tests of the handlers: requests as clients send them, through the whole pipeline.
namespace warifu::services::memory::testing {

using api::testing::Answer;
using api::testing::kAccountA;
using api::testing::kAccountB;

/// The table that every server has.
inline std::vector<std::unique_ptr<search::Embedder>> one_embedder() {
  std::vector<std::unique_ptr<search::Embedder>> out;
  out.push_back(search::static_embedder());
  return out;
}

/// Made before the server, whose handlers hold it.
struct WithLongTerm {
  LongTerm long_term{one_embedder()};
};

class HandlerTest : protected WithLongTerm, public api::testing::HandlerTest {
 protected:
  HandlerTest()
      : api::testing::HandlerTest([this](api::Registry& registry) {
          bind(registry);
          bind_records(registry, long_term);
        }) {}

  /// Creates a memory named `name` and answers its id; `more` is JSON after the two required members.
  std::string create(std::string_view name = "Demo", std::string_view more = "") {
    const Answer made =
        call("POST", "/memories/create", fmt::format(R"({{"name":"{}","eventExpiryDuration":30{}}})", name, more));
    EXPECT_EQ(made.status, 202) << made.body.dump();
    return made.text("memory.id");
  }
  Answer create_event(std::string_view memory, std::string_view more, double timestamp = 1783165130.534) {
    return call("POST", fmt::format("/memories/{}/events", memory),
                fmt::format(R"({{"actorId":"alice","sessionId":"s1","eventTimestamp":{:.3f}{}}})", timestamp, more));
  }
  static std::string arn_of(std::string_view id, std::string_view account = kAccountA) {
    return fmt::format("arn:aws:bedrock-agentcore:us-east-1:{}:memory/{}", account, id);
  }
};

}  // namespace warifu::services::memory::testing
