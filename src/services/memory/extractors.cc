#include "services/memory/extractors.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <tuple>

#include "base/log.h"
#include "extract/prompts.h"
#include "llm/error.h"

namespace warifu::services::memory::extraction {
namespace {

using extract::Conversation;
using extract::Decision;
using extract::Existing;
using extract::Kind;
using extract::Memory;

class Builtin final : public Extractor {
 public:
  Result<std::vector<Memory>> extract(const Part& part, const Conversation& conversation) override {
    std::vector<Memory> memories = TRY(by_kind(part.kind, conversation));
    for (Memory& memory : memories) memory.metadata = named(part.inferred, conversation, memory);
    return memories;
  }

  Result<std::vector<Memory>> reflect(const Part& part, const Conversation& conversation,
                                      std::span<const Memory> episodes) override {
    std::vector<Memory> made = extract::reflections(episodes);
    for (Memory& memory : made) memory.metadata = named(part.reflection_inferred, conversation, memory);
    return made;
  }

  Result<Decision> consolidate(const Part&, Kind kind, const Memory& memory,
                               std::span<const Existing> existing) override {
    return extract::consolidate(kind, memory, existing);
  }

 private:
  static Result<std::vector<Memory>> by_kind(Kind kind, const Conversation& conversation) {
    switch (kind) {
      case Kind::kSemantic:
        return extract::facts(conversation);
      case Kind::kPreference:
        return extract::preferences(conversation);
      case Kind::kSummary:
        return extract::topics(conversation);
      case Kind::kEpisode:
        return extract::episodes(conversation);
      case Kind::kReflection:
        break;
    }
    return fail(internal_error("reflections are made of episodes"));
  }

  /// Values that stand in the turns as the schema lists them; what has no list needs a model.
  static extract::Metadata named(std::span<const extract::MetadataField> fields, const Conversation& conversation,
                                 const Memory& memory) {
    extract::Metadata metadata;
    for (const extract::MetadataField& field : fields) {
      if (field.type == extract::ValueType::kNumber || field.allowed.empty()) continue;
      std::vector<std::string> values = extract::values_named(conversation, memory.sources, field.allowed);
      if (values.empty()) continue;
      if (field.type == extract::ValueType::kString) {
        metadata.emplace_back(field.key, std::move(values.back()));
        continue;
      }
      values.resize(std::min(values.size(), field.items_max));
      metadata.emplace_back(field.key, std::move(values));
    }
    return metadata;
  }
};

class Model final : public Extractor {
 public:
  Model(llm::ChatModel& model, Extractor* fall_back, llm::TokenBudget* budget, std::stop_token stop)
      : model_(model), fall_back_(fall_back), budget_(budget), stop_(std::move(stop)) {}

  Result<std::vector<Memory>> extract(const Part& part, const Conversation& conversation) override {
    auto made = ask_for_memories(part, conversation);
    if (made || !may_fall_back(made.error())) return made;
    warn(made.error());
    return fall_back_->extract(part, conversation);
  }

  Result<std::vector<Memory>> reflect(const Part& part, const Conversation& conversation,
                                      std::span<const Memory> episodes) override {
    auto made = ask_for_reflections(part, episodes);
    if (made || !may_fall_back(made.error())) return made;
    warn(made.error());
    return fall_back_->reflect(part, conversation, episodes);
  }

  Result<Decision> consolidate(const Part& part, Kind kind, const Memory& memory,
                               std::span<const Existing> existing) override {
    const Decision by_rule = extract::consolidate(kind, memory, existing);
    // Nothing to compare with, or the very same again: no model is needed to see it. Summaries and episodes tell of
    // their own stretch of a session: none of them says another anew.
    const bool told = kind == Kind::kSummary || kind == Kind::kEpisode;
    if (told || existing.empty() || by_rule.action == extract::Action::kSkip) return by_rule;
    auto made = kind == Kind::kReflection ? ask_beside_reflections(part, memory, existing, by_rule)
                                          : ask_for_decision(part, kind, memory, existing);
    if (made || !may_fall_back(made.error())) return made;
    warn(made.error());
    return by_rule;
  }

  bool slow() const override { return true; }

 private:
  [[nodiscard]] bool may_fall_back(const Error& error) const {
    return fall_back_ != nullptr && is_model_failure(error);
  }
  static void warn(const Error& error) {
    log::warn("the model failed; the built-in extractor stands in", {{"why", error.message}});
  }

  Result<std::string> ask(const extract::Prompt& prompt, std::string_view model) {
    llm::ChatRequest request{.model = std::string(model), .system = prompt.system};
    request.messages.push_back({.role = llm::Role::kUser, .parts = {llm::Text{prompt.user}}});
    request.response_schema = llm::ResponseSchema{.name = prompt.schema_name, .schema = prompt.schema};
    request.temperature = 0;
    const std::int64_t asked = tokens_of(prompt.system) + tokens_of(prompt.user);
    TRY(wait_for(asked));
    llm::ChatAnswer answer = TRY(model_.complete_blocking(std::move(request), stop_));
    if (budget_ != nullptr) {
      const std::int64_t counted = answer.usage.input_tokens + answer.usage.output_tokens;
      budget_->settle(asked, counted > 0 ? counted : asked + tokens_of(answer.text));
    }
    return std::move(answer.text);
  }

  /// Before the endpoint has counted them: a token of English is about four bytes.
  static std::int64_t tokens_of(std::string_view text) { return static_cast<std::int64_t>(text.size() / 4 + 1); }

  /// Until the budget has room for so many tokens.
  Result<> wait_for(std::int64_t tokens) {
    if (budget_ == nullptr) return {};
    const auto may = budget_->reserve(tokens, std::chrono::steady_clock::now());
    if (!may) {
      return fail(
          Error{.code = ErrorCode::kThrottled,
                .message = fmt::format("a prompt of about {} tokens is more than the {} a minute leave room for",
                                       tokens, budget_->per_minute()),
                .aws_name = kRateExceeded,
                .reason = {},
                .fields = {}});
    }
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any never;
    never.wait_until(lock, stop_, *may, [] { return false; });
    if (stop_.stop_requested()) return fail(unavailable("the call was stopped"));
    return {};
  }

  /// An answer that is not what was asked for is the model's failure, whatever the parser calls it.
  template <class T>
  static Result<T> as_model_error(Result<T> parsed) {
    if (parsed) return parsed;
    return fail(llm::failure_error(llm::Failure::kModelError, parsed.error().message));
  }

  Result<std::vector<Memory>> ask_for_memories(const Part& part, const Conversation& conversation) {
    const Override words = words_of_extraction(part);
    const extract::PromptOptions options{.instructions = words.instructions, .fields = part.inferred};
    const std::string answer = TRY(ask(extract::extraction_prompt(part.kind, conversation, options), words.model));
    return as_model_error(extract::memories_from_answer(part.kind, answer, conversation, part.inferred));
  }

  Result<std::vector<Memory>> ask_for_reflections(const Part& part, std::span<const Memory> episodes) {
    const extract::PromptOptions options{.instructions = part.reflection.instructions,
                                         .fields = part.reflection_inferred};
    const std::string answer = TRY(ask(extract::reflection_prompt(episodes, {}, options), part.reflection.model));
    auto operations = TRY(as_model_error(
        extract::operations_from_answer(Kind::kReflection, answer, episodes, 0, part.reflection_inferred)));
    std::vector<Memory> made;
    for (extract::Operation& operation : operations) {
      if (operation.decision.action == extract::Action::kSkip) continue;
      Memory& memory = made.emplace_back(episodes.front());
      memory.text = operation.decision.text;
      memory.index_text = operation.decision.text;
      memory.metadata = std::move(operation.metadata);
    }
    return made;
  }

  /// A summary is written, and an episode finished, in the step that the service calls consolidation; here one step
  /// does both.
  static Override words_of_extraction(const Part& part) {
    const bool one_step = part.kind == Kind::kSummary || part.kind == Kind::kEpisode;
    if (!one_step || part.consolidation.instructions.empty()) return part.extraction;
    if (part.extraction.instructions.empty()) return part.consolidation;
    return {.instructions = part.extraction.instructions + "\n" + part.consolidation.instructions,
            .model = part.extraction.model};
  }

  /// A new reflection beside those that are there: one of them may be improved instead.
  Result<Decision> ask_beside_reflections(const Part& part, const Memory& memory, std::span<const Existing> existing,
                                          const Decision& by_rule) {
    const extract::PromptOptions options{.instructions = part.reflection.instructions};
    const std::span<const Memory> one(&memory, 1);
    const std::string answer = TRY(ask(extract::reflection_prompt(one, existing, options), part.reflection.model));
    const auto operations =
        TRY(as_model_error(extract::operations_from_answer(Kind::kReflection, answer, one, existing.size())));
    return operations.empty() ? by_rule : operations.front().decision;
  }

  Result<Decision> ask_for_decision(const Part& part, Kind kind, const Memory& memory,
                                    std::span<const Existing> existing) {
    const extract::PromptOptions options{.instructions = part.consolidation.instructions};
    const std::span<const Memory> one(&memory, 1);
    const std::string answer =
        TRY(ask(extract::consolidation_prompt(kind, one, existing, options), part.consolidation.model));
    const auto operations = TRY(as_model_error(extract::operations_from_answer(kind, answer, one, existing.size())));
    if (operations.empty()) return Decision{.action = extract::Action::kSkip};
    return operations.front().decision;
  }

  llm::ChatModel& model_;
  Extractor* fall_back_;
  llm::TokenBudget* budget_;
  std::stop_token stop_;
};

}  // namespace

Result<std::optional<Decision>> Decisions::decide(const Part& part, Kind kind, const Memory& memory,
                                                  std::span<const Existing> existing, bool may_ask) {
  std::vector<std::size_t> order(existing.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return std::tie(existing[i].time, existing[i].text); });
  std::vector<Existing> sorted;
  std::string key = fmt::format("{} {} {} {} {}:{}", part.strategy, part.name_space, static_cast<int>(kind),
                                memory.time.ms, memory.text.size(), memory.text);
  for (const std::size_t i : order) {
    sorted.push_back(existing[i]);
    key += fmt::format(" {} {}:{}", existing[i].time.ms, existing[i].text.size(), existing[i].text);
  }
  auto known = known_.find(key);
  if (known == known_.end()) {
    if (!may_ask) return std::nullopt;
    known = known_.emplace(std::move(key), TRY(extractor_.consolidate(part, kind, memory, sorted))).first;
  }
  Decision decision = known->second;
  if (decision.existing < order.size()) decision.existing = order[decision.existing];
  return decision;
}

bool is_model_failure(const Error& error) { return !error.aws_name.empty(); }

std::unique_ptr<Extractor> builtin_extractor() { return std::make_unique<Builtin>(); }

std::unique_ptr<Extractor> model_extractor(llm::ChatModel& model, Extractor* fall_back, llm::TokenBudget* budget,
                                           std::stop_token stop) {
  return std::make_unique<Model>(model, fall_back, budget, std::move(stop));
}

std::string failure_reason(const Error& error) {
  if (error.aws_name == kRateExceeded) return std::string(kRateExceeded);
  return fmt::format("CUSTOM_MODEL_BEDROCK_{}", llm::failure_code(error));
}

}  // namespace warifu::services::memory::extraction
