#include "services/memory/extractors.h"

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
    switch (part.kind) {
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

  Result<std::vector<Memory>> reflect(const Part&, std::span<const Memory> episodes) override {
    return extract::reflections(episodes);
  }

  Result<Decision> consolidate(const Part&, Kind kind, const Memory& memory,
                               std::span<const Existing> existing) override {
    return extract::consolidate(kind, memory, existing);
  }
};

class Model final : public Extractor {
 public:
  Model(llm::ChatModel& model, Extractor* fall_back, std::stop_token stop)
      : model_(model), fall_back_(fall_back), stop_(std::move(stop)) {}

  Result<std::vector<Memory>> extract(const Part& part, const Conversation& conversation) override {
    auto made = ask_for_memories(part, conversation);
    if (made || !may_fall_back(made.error())) return made;
    warn(made.error());
    return fall_back_->extract(part, conversation);
  }

  Result<std::vector<Memory>> reflect(const Part& part, std::span<const Memory> episodes) override {
    auto made = ask_for_reflections(part, episodes);
    if (made || !may_fall_back(made.error())) return made;
    warn(made.error());
    return fall_back_->reflect(part, episodes);
  }

  Result<Decision> consolidate(const Part& part, Kind kind, const Memory& memory,
                               std::span<const Existing> existing) override {
    const Decision by_rule = extract::consolidate(kind, memory, existing);
    // Nothing to compare with, or the very same again: no model is needed to see it.
    if (existing.empty() || by_rule.action == extract::Action::kSkip) return by_rule;
    auto made = ask_for_decision(part, kind, memory, existing);
    if (made || !may_fall_back(made.error())) return made;
    warn(made.error());
    return by_rule;
  }

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
    llm::ChatAnswer answer = TRY(model_.complete_blocking(std::move(request), stop_));
    return std::move(answer.text);
  }

  /// An answer that is not what was asked for is the model's failure, whatever the parser calls it.
  template <class T>
  static Result<T> as_model_error(Result<T> parsed) {
    if (parsed) return parsed;
    return fail(llm::failure_error(llm::Failure::kModelError, parsed.error().message));
  }

  Result<std::vector<Memory>> ask_for_memories(const Part& part, const Conversation& conversation) {
    const extract::PromptOptions options{.instructions = part.extraction.instructions};
    const std::string answer =
        TRY(ask(extract::extraction_prompt(part.kind, conversation, options), part.extraction.model));
    return as_model_error(extract::memories_from_answer(part.kind, answer, conversation));
  }

  Result<std::vector<Memory>> ask_for_reflections(const Part& part, std::span<const Memory> episodes) {
    const extract::PromptOptions options{.instructions = part.reflection.instructions};
    const std::string answer = TRY(ask(extract::reflection_prompt(episodes, {}, options), part.reflection.model));
    const auto operations =
        TRY(as_model_error(extract::operations_from_answer(Kind::kReflection, answer, episodes, 0)));
    std::vector<Memory> made;
    for (const extract::Operation& operation : operations) {
      if (operation.decision.action == extract::Action::kSkip) continue;
      Memory& memory = made.emplace_back(episodes.front());
      memory.text = operation.decision.text;
      memory.index_text = operation.decision.text;
    }
    return made;
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
  std::stop_token stop_;
};

}  // namespace

bool is_model_failure(const Error& error) { return !error.aws_name.empty(); }

std::unique_ptr<Extractor> builtin_extractor() { return std::make_unique<Builtin>(); }

std::unique_ptr<Extractor> model_extractor(llm::ChatModel& model, Extractor* fall_back, std::stop_token stop) {
  return std::make_unique<Model>(model, fall_back, std::move(stop));
}

}  // namespace warifu::services::memory::extraction
