#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/testing.h"
#include "services/iam/operations.h"

/// IAM behind the real pipeline, spoken to in signed query-protocol requests. For tests only.
namespace warifu::services::iam {

using Parameters = std::vector<std::pair<std::string, std::string>>;

inline std::string between(std::string_view text, std::string_view before, std::string_view after) {
  const std::size_t begin = text.find(before);
  if (begin == std::string_view::npos) return {};
  const std::string_view rest = text.substr(begin + before.size());
  return std::string(rest.substr(0, rest.find(after)));
}

/// XML text with its entities undone.
inline std::string plain(std::string text) {
  constexpr std::pair<std::string_view, std::string_view> kEntities[] = {
      {"&quot;", "\""}, {"&apos;", "'"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"}};
  for (const auto& [entity, character] : kEntities) {
    for (std::size_t at = text.find(entity); at != std::string::npos; at = text.find(entity, at)) {
      text.replace(at, entity.size(), character);
    }
  }
  return text;
}

struct Answer {
  http::Response response;

  /// The text of the first element of that name; empty when there is none.
  [[nodiscard]] std::string field(std::string_view name) const {
    return plain(between(response.body, "<" + std::string(name) + ">", "</" + std::string(name) + ">"));
  }
  /// As `field`, percent-decoded: a policy document.
  [[nodiscard]] std::string document(std::string_view name) const {
    return percent_decode(field(name)).value_or("not percent-encoded");
  }
  /// How often an element of that name stands in the body.
  [[nodiscard]] std::size_t count(std::string_view name) const {
    const std::string element = "<" + std::string(name) + ">";
    std::size_t n = 0;
    std::size_t at = response.body.find(element);
    for (; at != std::string::npos; at = response.body.find(element, at + 1)) ++n;
    return n;
  }
  /// `404 NoSuchEntity: text`; `200` on success.
  [[nodiscard]] std::string outcome() const {
    if (response.status == 200) return "200";
    return std::to_string(response.status) + " " + field("Code") + ": " + field("Message");
  }
};

inline const std::string kTrust =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
    R"("Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"sts:AssumeRole"}]})";
inline const std::string kAllow =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]})";
inline const std::string kReadOnlyArn = "arn:aws:iam::aws:policy/ReadOnlyAccess";

class IamTest : public ::testing::Test {
 protected:
  Answer call(std::string_view action, const Parameters& parameters = {}) { return call_as(admin, action, parameters); }

  Answer call_as(const api::testing::Keys& keys, std::string_view action, const Parameters& parameters = {}) {
    std::string body = "Action=" + std::string(action) + "&Version=2010-05-08";
    for (const auto& [name, value] : parameters) body += "&" + name + "=" + percent_encode(value);
    return {server.send(keys, {.service = "iam",
                               .body = body,
                               .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}}})};
  }

  /// A call that must succeed.
  Answer ok(std::string_view action, const Parameters& parameters = {}) {
    Answer answer = call(action, parameters);
    EXPECT_EQ(answer.outcome(), "200") << action;
    return answer;
  }
  /// A call's outcome, for one that must fail.
  std::string fails(std::string_view action, const Parameters& parameters = {}) {
    return call(action, parameters).outcome();
  }

  std::string make_policy(const std::string& name, const std::string& document = kAllow) {
    return ok("CreatePolicy", {{"PolicyName", name}, {"PolicyDocument", document}}).field("Arn");
  }
  void make_role(const std::string& name) {
    ok("CreateRole", {{"RoleName", name}, {"AssumeRolePolicyDocument", kTrust}});
  }

  api::testing::TestServer server{[](api::Registry& registry) { bind(registry); }};
  api::testing::Keys admin = server.account("111111111111");
};

}  // namespace warifu::services::iam
