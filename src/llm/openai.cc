#include "llm/openai.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "llm/error.h"
#include "llm/openai_answer.h"
#include "llm/openai_request.h"
#include "llm/sse.h"
#include "llm/transport.h"
#include "net/blocking.h"

namespace warifu::llm {
namespace {

constexpr std::string_view kCompletions = "/chat/completions";
constexpr std::string_view kEmbeddings = "/embeddings";
constexpr std::array<std::string_view, 6> kGeographies = {"us", "eu", "apac", "jp", "au", "global"};

/// `<url>` without the slashes that a person may leave at its end.
EndpointOptions tidied(EndpointOptions options) {
  while (options.url.ends_with('/')) options.url.pop_back();
  return options;
}

Error no_model(std::string_view model) {
  return failure_error(Failure::kResourceNotFound,
                       fmt::format("no model is configured for `{}`: start warifu with --llm-model NAME or "
                                   "--llm-model-map {}=NAME",
                                   model, model.empty() ? "ID" : model));
}

class OpenAiStream final : public ChatStream {
 public:
  OpenAiStream(std::shared_ptr<Transport> transport, std::unique_ptr<net::ResponseStream> response)
      : transport_(std::move(transport)),
        response_(std::move(response)),
        end_(Transport::Clock::now() + transport_->options().stream_timeout),
        sse_(transport_->options().answer_bytes_max) {}

  Task<Result<std::optional<ChatEvent>>> next() override {
    while (at_ == events_.size()) {
      if (ended_) co_return std::nullopt;
      events_.clear();
      at_ = 0;
      if (Result<> more = co_await fill(); !more) {
        ended_ = true;
        response_.reset();
        co_return fail(transport_->redacted(std::move(more).error()));
      }
    }
    co_return std::optional(std::move(events_[at_++]));
  }

  void cancel() override {
    if (response_) response_->cancel();
  }

 private:
  Task<Result<>> fill() {
    while (events_.empty()) {
      const std::optional<std::string> data = CO_TRY(next_data());
      if (data) {
        CO_TRY(chunks_.feed(*data, events_));
      } else if (Transport::Clock::now() > end_) {
        co_return fail(failure_error(Failure::kModelTimeout, "the model's answer took too long"));
      } else {
        Result<std::optional<std::string>> piece = co_await response_->next();
        if (!piece) co_return fail(transport_->classed(piece.error()));
        if (*piece)
          sse_.feed(**piece);
        else
          CO_TRY(chunks_.finish(events_));
      }
      if (!chunks_.done()) continue;
      ended_ = true;
      response_.reset();
      break;
    }
    co_return Result<>{};
  }

  Result<std::optional<std::string>> next_data() {
    auto data = sse_.next();
    if (!data) return fail(transport_->classed(data.error()));
    return data;
  }

  std::shared_ptr<Transport> transport_;
  std::unique_ptr<net::ResponseStream> response_;
  const Transport::Clock::time_point end_;
  SseReader sse_;
  ChunkReader chunks_;
  std::vector<ChatEvent> events_;
  std::size_t at_ = 0;
  bool ended_ = false;
};

Task<Result<ChatAnswer>> ask(std::shared_ptr<Transport> transport, ChatRequest request) {
  const std::string model = endpoint_model(transport->options(), request.model);
  if (model.empty()) co_return fail(no_model(request.model));
  std::string body = CO_TRY(chat_body(request, model, false));
  const std::string text = CO_TRY(co_await transport->post(std::string(kCompletions), std::move(body)));
  auto answer = read_answer(text);
  if (!answer) co_return fail(transport->redacted(std::move(answer).error()));
  co_return std::move(*answer);
}

Task<Result<std::unique_ptr<ChatStream>>> begin(std::shared_ptr<Transport> transport, ChatRequest request) {
  const std::string model = endpoint_model(transport->options(), request.model);
  if (model.empty()) co_return fail(no_model(request.model));
  std::string body = CO_TRY(chat_body(request, model, true));
  auto response = CO_TRY(co_await transport->open(std::string(kCompletions), std::move(body)));
  co_return std::make_unique<OpenAiStream>(std::move(transport), std::move(response));
}

class OpenAiModel final : public ChatModel {
 public:
  explicit OpenAiModel(EndpointOptions options) : transport_(std::make_shared<Transport>(std::move(options))) {}

  Task<Result<ChatAnswer>> complete(ChatRequest request) override { return ask(transport_, std::move(request)); }
  Task<Result<std::unique_ptr<ChatStream>>> stream(ChatRequest request) override {
    return begin(transport_, std::move(request));
  }
  using ChatModel::complete_blocking;
  Result<ChatAnswer> complete_blocking(ChatRequest request, const std::stop_token& stop) override {
    // Kept connections would belong to a loop that ends with this call.
    return net::run_blocking(ask(std::make_shared<Transport>(transport_->options()), std::move(request)), stop);
  }
  void close() override { transport_->close(); }

 private:
  std::shared_ptr<Transport> transport_;
};

using Vectors = std::vector<std::vector<float>>;

Task<Result<Vectors>> embed_texts(std::shared_ptr<Transport> transport, std::vector<std::string> texts) {
  if (texts.empty()) co_return Vectors{};
  const std::string& model = transport->options().model;
  if (model.empty()) co_return fail(failure_error(Failure::kResourceNotFound, "no embedding model is configured"));
  const std::string text = CO_TRY(co_await transport->post(std::string(kEmbeddings), embeddings_body(texts, model)));
  auto vectors = read_embeddings(text, texts.size());
  if (!vectors) co_return fail(transport->redacted(std::move(vectors).error()));
  co_return std::move(*vectors);
}

class OpenAiEmbeddings final : public EmbeddingClient {
 public:
  explicit OpenAiEmbeddings(EndpointOptions options) : transport_(std::make_shared<Transport>(std::move(options))) {}

  Task<Result<Vectors>> embed(std::vector<std::string> texts) override {
    CHECK(texts.size() <= kEmbeddingTextsMax, "the caller cuts its texts into batches");
    return embed_texts(transport_, std::move(texts));
  }
  using EmbeddingClient::embed_blocking;
  Result<Vectors> embed_blocking(std::vector<std::string> texts, const std::stop_token& stop) override {
    CHECK(texts.size() <= kEmbeddingTextsMax, "the caller cuts its texts into batches");
    return net::run_blocking(embed_texts(std::make_shared<Transport>(transport_->options()), std::move(texts)), stop);
  }
  void close() override { transport_->close(); }

 private:
  std::shared_ptr<Transport> transport_;
};

}  // namespace

Result<> check(const EndpointOptions& options) {
  const net::Url url = TRY(net::Url::parse(options.url));
  if (url.target.find('?') != std::string::npos) {
    return fail(validation_error(fmt::format("`{}` has a query, which a base URL cannot have", options.url)));
  }
  const bool sendable = std::ranges::all_of(options.key, [](char c) { return c > 0x20 && c < 0x7f; });
  if (!sendable) return fail(validation_error("the model endpoint's key holds what no HTTP header can carry"));
  return {};
}

std::string endpoint_model(const EndpointOptions& options, std::string_view model) {
  const auto mapped = [&](std::string_view id) -> const std::string* {
    const auto found = options.model_map.find(id);
    return found == options.model_map.end() ? nullptr : &found->second;
  };
  if (const std::string* name = mapped(model)) return *name;
  if (model.starts_with("arn:")) {
    // What an account made itself stands for a model that only the map can name.
    const bool of_aws = model.find(":foundation-model/") != std::string_view::npos ||
                        model.find(":inference-profile/") != std::string_view::npos;
    if (!of_aws) return {};
    model.remove_prefix(std::min(model.rfind('/') + 1, model.size()));
    if (const std::string* name = mapped(model)) return *name;
  }
  const std::size_t dot = model.find('.');
  if (dot != std::string_view::npos && std::ranges::find(kGeographies, model.substr(0, dot)) != kGeographies.end()) {
    if (const std::string* name = mapped(model.substr(dot + 1))) return *name;
  }
  return options.model;
}

std::unique_ptr<ChatModel> open_chat_model(EndpointOptions options) {
  CHECK(check(options).has_value(), "the options were checked");
  return std::make_unique<OpenAiModel>(tidied(std::move(options)));
}

std::unique_ptr<EmbeddingClient> open_embedding_client(EndpointOptions options) {
  CHECK(check(options).has_value(), "the options were checked");
  return std::make_unique<OpenAiEmbeddings>(tidied(std::move(options)));
}

}  // namespace warifu::llm
