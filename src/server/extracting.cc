#include "server/extracting.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace warifu::server {
namespace {

namespace extraction = services::memory::extraction;

constexpr std::string_view kAuto = "auto";
constexpr std::string_view kBuiltin = "builtin";
constexpr std::string_view kModel = "model";
/// A run that asks a model waits most of its time; one that does not, never.
constexpr std::size_t kModelThreads = 8;
constexpr std::size_t kBuiltinThreads = 2;
constexpr int kStreamFactor = 10;  // a stream of events holds a run up so many pauses at most

bool asks_model(const ServeOptions& options, const llm::ChatModel* chat) {
  return chat != nullptr && options.extractor != kBuiltin;
}

jobs::Schedule schedule_of(const ServeOptions& options, bool model) {
  const std::chrono::milliseconds quiet(options.extraction_quiet_ms);
  return {.quiet = quiet, .at_most = quiet * kStreamFactor, .threads = model ? kModelThreads : kBuiltinThreads};
}

}  // namespace

Extracting::Extracting(const ServeOptions& options, store::Db& db, services::memory::LongTerm& long_term,
                       llm::ChatModel* chat, const Clock& clock)
    : budget_(options.llm_tokens_per_minute > 0 ? std::make_unique<llm::TokenBudget>(options.llm_tokens_per_minute)
                                                : nullptr),
      builtin_(extraction::builtin_extractor()),
      model_(asks_model(options, chat)
                 ? extraction::model_extractor(*chat, options.extractor_fallback ? builtin_.get() : nullptr,
                                               budget_.get(), stop_.get_token())
                 : nullptr),
      extraction_({.db = db,
                   .index = long_term.index(),
                   .embedder = long_term.embedder(),
                   .extractor = model_ ? *model_ : *builtin_,
                   .clock = clock},
                  schedule_of(options, model_ != nullptr)) {}

void Extracting::stop() {
  stop_.request_stop();
  extraction_.stop();
}

Result<> check_extracting(const ServeOptions& options) {
  if (options.extractor != kAuto && options.extractor != kBuiltin && options.extractor != kModel) {
    return fail(
        validation_error(fmt::format("--extractor is `auto`, `builtin` or `model`, not `{}`", options.extractor)));
  }
  if (options.extractor == kModel && options.llm_url.empty()) {
    return fail(validation_error("--extractor model needs a model: give --llm-url and --llm-model"));
  }
  if (options.llm_tokens_per_minute < 0) {
    return fail(validation_error("--llm-tokens-per-minute cannot be negative"));
  }
  return {};
}

}  // namespace warifu::server
