#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "extract/answers.h"
#include "extract/consolidate.h"
#include "extract/extract.h"
#include "llm/chat.h"
#include "llm/token_budget.h"
#include "services/memory/extraction_plan.h"

/// Who turns what was said into memories, and decides what becomes of them beside those that are there already.
namespace warifu::services::memory::extraction {

/// Thread-safe. Errors of a model are those of `llm/error.h`; the built-in extractor has none.
class Extractor {
 public:
  virtual ~Extractor() = default;

  /// Memories of the fresh turns, for the part's kind.
  [[nodiscard]] virtual Result<std::vector<extract::Memory>> extract(const Part& part,
                                                                     const extract::Conversation& conversation) = 0;
  /// Reflections on new episodes, which came of the conversation.
  [[nodiscard]] virtual Result<std::vector<extract::Memory>> reflect(const Part& part,
                                                                     const extract::Conversation& conversation,
                                                                     std::span<const extract::Memory> episodes) = 0;
  /// What to do with a memory beside `existing`, the records that a search for it found.
  [[nodiscard]] virtual Result<extract::Decision> consolidate(const Part& part, extract::Kind kind,
                                                              const extract::Memory& memory,
                                                              std::span<const extract::Existing> existing) = 0;
  /// True when answers may take long: nobody is to be kept waiting for them.
  [[nodiscard]] virtual bool slow() const { return false; }
};

/// What an extractor decided in one run, so that it is asked the same only once: a run consolidates while others write,
/// and again when nobody does. Not thread-safe; one for a run.
class Decisions {
 public:
  explicit Decisions(Extractor& extractor) : extractor_(extractor) {}

  /// As Extractor::consolidate. The order and scores of `existing` do not make it another question. nullopt: it has not
  /// been asked, and `may_ask` is false.
  [[nodiscard]] Result<std::optional<extract::Decision>> decide(const Part& part, extract::Kind kind,
                                                                const extract::Memory& memory,
                                                                std::span<const extract::Existing> existing,
                                                                bool may_ask);

 private:
  Extractor& extractor_;
  std::map<std::string, extract::Decision> known_;  // `existing` counts in the order that the key has
};

/// By rule, at once, without a model.
[[nodiscard]] std::unique_ptr<Extractor> builtin_extractor();

/// Asks `model`; custom strategies' words and model ids are used where they are given. What fails is left to
/// `fall_back` (may be null: then the error is the caller's). `budget` (null: none) is what its calls may cost: each
/// waits for its turn there, and one that would wait too long fails (kRateExceeded). All outlive the extractor. Once
/// `stop` is requested, waiting for the model ends with an error that is no model's failure.
[[nodiscard]] std::unique_ptr<Extractor> model_extractor(llm::ChatModel& model, Extractor* fall_back,
                                                         llm::TokenBudget* budget, std::stop_token stop);

/// The failure code of what is past the budget of tokens; also such an error's `aws_name`.
inline constexpr std::string_view kRateExceeded = "LTM_RATE_EXCEEDED";

/// True for what a model did wrong, which another run would meet again; false for what the store did.
[[nodiscard]] bool is_model_failure(const Error& error);
/// Why a job failed, as ListMemoryExtractionJobs says it. REQUIRES: is_model_failure(error).
[[nodiscard]] std::string failure_reason(const Error& error);

}  // namespace warifu::services::memory::extraction
