#pragma once

#include "policy/explain.h"

/// What of one statement fits a request and what does not. Private to this module: `explain` is the way in.
namespace warifu::policy {

/// A compiled statement beside its text and the request. Views: everything must outlive it.
struct StatementView {
  const Replay& replay;
  const Evidence& evidence;
  View view;
  LayerKind kind;
  std::size_t layer, policy, statement;
};

/// What failed, in the order in which the engine asks: action, resource, principal, each condition.
[[nodiscard]] std::vector<Finding> failures_of(const StatementView& statement);
/// Every condition, with the request's values: of a statement that applies.
[[nodiscard]] std::vector<Finding> conditions_of(const StatementView& statement);
/// Whether any of its action patterns (or a NotAction) could mean an action of that service.
[[nodiscard]] bool names_service_of(const Statement& statement, std::string_view action);

/// The smallest statement that gives what a layer of that kind lacks, and where it belongs.
[[nodiscard]] Fix fix_of(const Evidence& evidence, View view, LayerKind kind);

}  // namespace warifu::policy
