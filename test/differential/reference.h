#pragma once

#include <string>
#include <vector>

#include "json/value.h"
#include "test/policy/cases.h"

namespace warifu::reference {

/// The IAM policy language once more, as plainly as it can be said: no compilation, no index, no cleverness, and not
/// a line shared with src/policy. It is what the engine is held against, so read it beside docs/policy.md.
class Evaluator {
 public:
  /// The documents must be ones that the engine accepts.
  explicit Evaluator(const std::vector<cases::CaseLayer>& layers);
  [[nodiscard]] cases::Outcome decide(const cases::Query& query) const;

 private:
  struct Layer {
    std::string kind;
    std::vector<json::Value> documents;
  };
  std::vector<Layer> layers_;
};

}  // namespace warifu::reference
