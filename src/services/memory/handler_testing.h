#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "api/testing.h"
#include "services/memory/long_term.h"
#include "services/memory/operations.h"
#include "services/memory/record_operations.h"

/// For tests of the handlers: requests as clients send them, through the whole pipeline.
namespace warifu::services::memory::testing {

inline constexpr std::string_view kAccountA = "111111111111";
inline constexpr std::string_view kAccountB = "222222222222";

struct Answer {
  int status = 0;
  json::Value body;

  /// The value at a path of member names and indices (`memory.strategies.0.name`); null when there is none.
  [[nodiscard]] json::Value at(std::string_view path) const {
    const json::Value* value = &body;
    while (!path.empty()) {
      const std::string_view step = path.substr(0, path.find('.'));
      path.remove_prefix(std::min(step.size() + 1, path.size()));
      if (value->is_array()) {
        const auto index = static_cast<std::size_t>(std::stoul(std::string(step)));
        if (index >= value->items().size()) return {};
        value = &value->items()[index];
      } else {
        value = value->find(step);
        if (value == nullptr) return {};
      }
    }
    return *value;
  }
  [[nodiscard]] std::string text(std::string_view path) const {
    const json::Value value = at(path);
    return value.is_string() ? value.as_string() : value.dump();
  }
  [[nodiscard]] std::size_t size(std::string_view path) const {
    const json::Value value = at(path);
    return value.is_array() ? value.items().size() : 0;
  }
  [[nodiscard]] std::string message() const { return text("message"); }
};

/// The table that every server has.
inline std::vector<std::unique_ptr<search::Embedder>> one_embedder() {
  std::vector<std::unique_ptr<search::Embedder>> out;
  out.push_back(search::static_embedder());
  return out;
}

class HandlerTest : public ::testing::Test {
 protected:
  Answer call(const api::testing::Keys& keys, std::string method, std::string target, std::string body = "",
              std::string region = "us-east-1") {
    const http::Response response = server.send(keys, {.region = std::move(region),
                                                       .method = std::move(method),
                                                       .target = std::move(target),
                                                       .body = std::move(body)});
    error_type = std::string(response.headers.get("x-amzn-errortype").value_or(""));
    error_type = error_type.substr(0, error_type.find(':'));
    return {.status = response.status, .body = response.body.empty() ? json::Value() : api::testing::body_of(response)};
  }
  Answer call(std::string method, std::string target, std::string body = "") {
    return call(a, std::move(method), std::move(target), std::move(body));
  }
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

  // Before the server, whose handlers hold it.
  LongTerm long_term{one_embedder()};
  api::testing::TestServer server{[this](api::Registry& registry) {
    bind(registry);
    bind_records(registry, long_term);
  }};
  api::testing::Keys a = server.account(kAccountA);
  std::string error_type;  // of the last answer
};

}  // namespace warifu::services::memory::testing
