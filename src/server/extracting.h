#pragma once

#include <memory>
#include <stop_token>

#include "base/clock.h"
#include "base/result.h"
#include "llm/chat.h"
#include "server/options.h"
#include "services/memory/extraction.h"
#include "services/memory/long_term.h"
#include "store/store.h"

namespace warifu::server {

/// The extraction of memories with the extractors that the options ask for. Goes before what it is made of.
class Extracting {
 public:
  /// `chat` may be null: then only the built-in extractor is there. Nothing runs yet but what is notified.
  Extracting(const ServeOptions& options, store::Db& db, services::memory::LongTerm& long_term, llm::ChatModel* chat,
             const Clock& clock);

  /// Stops, as `stop`.
  ~Extracting() { stop(); }
  Extracting(const Extracting&) = delete;
  Extracting& operator=(const Extracting&) = delete;

  [[nodiscard]] services::memory::extraction::Extraction& extraction() { return extraction_; }
  /// Lets nothing wait for a model any more, starts nothing more, and waits for what runs. What is not done is done
  /// after the next start.
  void stop();

 private:
  std::stop_source stop_;
  std::unique_ptr<llm::TokenBudget> budget_;  // null: none
  std::unique_ptr<services::memory::extraction::Extractor> builtin_;
  std::unique_ptr<services::memory::extraction::Extractor> model_;  // null: the built-in one does it all
  services::memory::extraction::Extraction extraction_;
};

/// The first thing wrong with the options of the extraction: an unknown extractor, a model's without a model.
[[nodiscard]] Result<> check_extracting(const ServeOptions& options);

}  // namespace warifu::server
