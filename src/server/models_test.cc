#include "server/models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace warifu::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kUrl = "http://127.0.0.1:11434/v1";

ServeOptions with(const std::function<void(ServeOptions&)>& change) {
  ServeOptions options;
  change(options);
  return options;
}

TEST(ModelOptionsTest, AreCheckedTogether) {
  struct Case {
    std::string_view name;
    ServeOptions options;
    std::string_view want;  // in the error; empty: accepted
  };
  const Case cases[] = {
      {"nothing", {}, ""},
      {"a model", with([](auto& o) { o.llm_url = kUrl, o.llm_model = "qwen3"; }), ""},
      {"a map alone", with([](auto& o) { o.llm_url = kUrl, o.llm_model_map = {"a.b-v1:0=qwen3:8b"}; }), ""},
      {"a name with an equals sign", with([](auto& o) { o.llm_url = kUrl, o.llm_model_map = {"a=b=c"}; }), ""},
      {"an embedder", with([](auto& o) { o.embedding_url = kUrl, o.embedding_model = "nomic"; }), ""},
      {"a model without an endpoint", with([](auto& o) { o.llm_model = "qwen3"; }), "need --llm-url"},
      {"a key without an endpoint", with([](auto& o) { o.llm_key_file = "key"; }), "need --llm-url"},
      {"an endpoint without a model", with([](auto& o) { o.llm_url = kUrl; }), "needs --llm-model"},
      {"no URL", with([](auto& o) { o.llm_url = "127.0.0.1:11434", o.llm_model = "m"; }), "--llm-url: "},
      {"half an entry", with([](auto& o) { o.llm_url = kUrl, o.llm_model_map = {"a="}; }), "BEDROCK_ID=NAME"},
      {"no entry", with([](auto& o) { o.llm_url = kUrl, o.llm_model_map = {"=a"}; }), "BEDROCK_ID=NAME"},
      {"an embedder without a model", with([](auto& o) { o.embedding_url = kUrl; }), "needs --embedding-model"},
      {"an embedding model alone", with([](auto& o) { o.embedding_model = "m"; }), "need --embedding-url"},
  };
  for (const Case& c : cases) {
    const Result<> checked = check(c.options);
    EXPECT_EQ(checked.has_value(), c.want.empty()) << c.name;
    if (!checked) EXPECT_THAT(checked.error().message, HasSubstr(c.want)) << c.name;
  }
}

TEST(ModelOptionsTest, ReadTheKeyFromAFileOrTheEnvironment) {
  const auto file = std::filesystem::temp_directory_path() / fmt::format("warifu-key-{}", ::getpid());
  std::ofstream(file) << "sk-file\n";
  ServeOptions options = with([](auto& o) { o.llm_url = kUrl, o.llm_model = "m"; });
  ::setenv("WARIFU_LLM_KEY", "sk-env", 1);
  auto endpoint = chat_endpoint(options);
  ASSERT_TRUE(endpoint && *endpoint);
  EXPECT_EQ((*endpoint)->key, "sk-env");
  options.llm_key_file = file;
  endpoint = chat_endpoint(options);
  ASSERT_TRUE(endpoint && *endpoint);
  EXPECT_EQ((*endpoint)->key, "sk-file");
  ::unsetenv("WARIFU_LLM_KEY");

  std::ofstream(file) << "sk-two\nlines";
  endpoint = chat_endpoint(options);
  ASSERT_FALSE(endpoint.has_value());
  EXPECT_THAT(endpoint.error().message, Not(HasSubstr("sk-two")));
  std::filesystem::remove(file);
  EXPECT_FALSE(chat_endpoint(options).has_value()) << "a file that is not there";
}

TEST(ModelOptionsTest, WithoutAnEndpointThereIsNoModel) {
  const auto model = open_chat_model({});
  ASSERT_TRUE(model.has_value());
  EXPECT_EQ(*model, nullptr);
  EXPECT_NE(*open_chat_model(with([](auto& o) { o.llm_url = kUrl, o.llm_model = "m"; })), nullptr);
  EXPECT_FALSE(*embedding_endpoint({}));
}

}  // namespace
}  // namespace warifu::server
