#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lint/lint.h"

/// The single checks. Private to this module.
namespace warifu::lint {

struct Subject {
  const policy::Policy& policy;
  const Options& options;
};

/// What concerns the document as a whole: its version.
void check_document(const Subject& subject, std::vector<Finding>& findings);
/// What holds for every service: actions, principals, condition keys and operators.
void check_statement(const Subject& subject, std::size_t statement, std::vector<Finding>& findings);
/// What is particular to AgentCore: exact resources, endpoints beside runtimes, namespaces.
void check_agentcore(const Subject& subject, std::size_t statement, std::vector<Finding>& findings);

[[nodiscard]] inline policy::DocumentPath at(std::size_t statement) { return {"Statement", statement}; }
[[nodiscard]] inline policy::DocumentPath at(std::size_t statement, std::string element) {
  return {"Statement", statement, std::move(element)};
}
[[nodiscard]] inline policy::DocumentPath at(std::size_t statement, std::string element, std::size_t item) {
  return {"Statement", statement, std::move(element), item};
}
[[nodiscard]] inline policy::DocumentPath at(std::size_t statement, const policy::ConditionEntry& entry) {
  return {"Statement", statement, "Condition", entry.operator_name, entry.key};
}

}  // namespace warifu::lint
