#include "server/models.h"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <utility>

namespace warifu::server {
namespace {

constexpr std::size_t kKeyBytesMax = 8 * 1024;

Result<std::map<std::string, std::string, std::less<>>> model_map(const std::vector<std::string>& entries) {
  std::map<std::string, std::string, std::less<>> map;
  for (const std::string& entry : entries) {
    // A Bedrock id holds no `=`; an endpoint's name may.
    const std::size_t mark = entry.find('=');
    if (mark == std::string::npos || mark == 0 || mark + 1 == entry.size()) {
      return fail(validation_error(fmt::format("--llm-model-map is BEDROCK_ID=NAME, not `{}`", entry)));
    }
    map[entry.substr(0, mark)] = entry.substr(mark + 1);
  }
  return map;
}

/// The first line of the file, or the variable's value; empty where neither is there.
Result<std::string> read_key(const std::string& file, const char* variable) {
  if (file.empty()) {
    const char* value = std::getenv(variable);
    return std::string(value == nullptr ? "" : value);
  }
  std::ifstream in(file, std::ios::binary);
  std::string text(kKeyBytesMax + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.gcount() == 0)
    return fail(validation_error(fmt::format("the key file `{}` cannot be read or is empty", file)));
  text.resize(static_cast<std::size_t>(in.gcount()));
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  if (text.size() > kKeyBytesMax) return fail(validation_error(fmt::format("the key in `{}` is too long", file)));
  return text;
}

Result<> check_pair(std::string_view url_flag, const std::string& url, bool others_given, std::string_view others) {
  if (url.empty() && others_given) return fail(validation_error(fmt::format("{} need {}", others, url_flag)));
  if (url.empty()) return {};
  const Result<> checked = llm::check({.url = url});
  if (checked) return {};
  return fail(validation_error(fmt::format("{}: {}", url_flag, checked.error().message)));
}

Result<std::optional<llm::EndpointOptions>> checked(llm::EndpointOptions endpoint) {
  TRY(llm::check(endpoint));
  return std::optional(std::move(endpoint));
}

}  // namespace

Result<> check_models(const ServeOptions& options) {
  const bool llm = !options.llm_model.empty() || !options.llm_model_map.empty() || !options.llm_key_file.empty();
  TRY(check_pair("--llm-url", options.llm_url, llm, "--llm-model, --llm-model-map and --llm-key-file"));
  const bool embedding = !options.embedding_model.empty() || !options.embedding_key_file.empty();
  TRY(check_pair("--embedding-url", options.embedding_url, embedding, "--embedding-model and --embedding-key-file"));
  TRY(model_map(options.llm_model_map));
  if (!options.llm_url.empty() && options.llm_model.empty() && options.llm_model_map.empty()) {
    return fail(validation_error("--llm-url needs --llm-model (or --llm-model-map)"));
  }
  if (!options.embedding_url.empty() && options.embedding_model.empty()) {
    return fail(validation_error("--embedding-url needs --embedding-model"));
  }
  return {};
}

Result<std::optional<llm::EndpointOptions>> chat_endpoint(const ServeOptions& options) {
  if (options.llm_url.empty()) return std::nullopt;
  llm::EndpointOptions endpoint{.url = options.llm_url, .model = options.llm_model};
  endpoint.timeout = std::chrono::seconds(options.llm_timeout_seconds);
  endpoint.model_map = TRY(model_map(options.llm_model_map));
  endpoint.key = TRY(read_key(options.llm_key_file, "WARIFU_LLM_KEY"));
  return checked(std::move(endpoint));
}

Result<std::optional<llm::EndpointOptions>> embedding_endpoint(const ServeOptions& options) {
  if (options.embedding_url.empty()) return std::nullopt;
  llm::EndpointOptions endpoint{.url = options.embedding_url, .model = options.embedding_model};
  endpoint.key = TRY(read_key(options.embedding_key_file, "WARIFU_EMBEDDING_KEY"));
  return checked(std::move(endpoint));
}

Result<std::unique_ptr<llm::ChatModel>> open_chat_model(const ServeOptions& options) {
  auto endpoint = TRY(chat_endpoint(options));
  if (!endpoint) return nullptr;
  return llm::open_chat_model(std::move(*endpoint));
}

}  // namespace warifu::server
