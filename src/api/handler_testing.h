#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>

#include "api/testing.h"

/// For tests of handlers that speak JSON: requests as clients send them, through the whole pipeline.
namespace warifu::api::testing {

inline constexpr std::string_view kAccountA = "111111111111";
inline constexpr std::string_view kAccountB = "222222222222";

struct Answer {
  int status = 0;
  json::Value body;

  /// The value at a path of member names and indices (`items.0.name`); null when there is none.
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

/// A server with one account. What the bound handlers hold must be made before it: a base class before this one, or
/// a member whose address alone `bind` takes.
class HandlerTest : public ::testing::Test {
 protected:
  explicit HandlerTest(const std::function<void(Registry&)>& bind, PipelineOptions options = {})
      : server(bind, std::move(options)) {}

  Answer send(const Keys& keys, const Sent& sent) {
    const http::Response response = server.send(keys, sent);
    error_type = std::string(response.headers.get("x-amzn-errortype").value_or(""));
    error_type = error_type.substr(0, error_type.find(':'));
    return {.status = response.status, .body = response.body.empty() ? json::Value() : body_of(response)};
  }
  Answer call(const Keys& keys, std::string method, std::string target, std::string body = "",
              std::string region = "us-east-1") {
    return send(keys, {.region = std::move(region),
                       .method = std::move(method),
                       .target = std::move(target),
                       .body = std::move(body)});
  }
  Answer call(std::string method, std::string target, std::string body = "") {
    return call(a, std::move(method), std::move(target), std::move(body));
  }

  TestServer server;
  Keys a = server.account(kAccountA);
  std::string error_type;  // of the last answer
};

}  // namespace warifu::api::testing
