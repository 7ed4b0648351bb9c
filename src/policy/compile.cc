#include "policy/compile.h"

#include <algorithm>

#include "base/check.h"
#include "base/encoding.h"
#include "policy/program.h"
#include "policy/same_text.h"

namespace warifu::policy {
namespace {

/// An ARN's missing trailing fields stand for anything where the policy speaks of many resources.
bool pads_short_arns(Kind kind) { return kind != Kind::kResource && kind != Kind::kRcp && kind != Kind::kTrust; }

std::vector<CompiledStatement> compile_statements(const Policy& policy) {
  std::vector<CompiledStatement> compiled;
  compiled.reserve(policy.statements().size());
  for (const Statement& statement : policy.statements()) {
    compiled.emplace_back(statement, policy.kind(), policy.has_variables());
  }
  return compiled;
}

/// Empty when the pattern may match actions of more than one service.
std::string service_of(std::string_view action_pattern) {
  const std::string_view service = action_pattern.substr(0, action_pattern.find(':'));
  return service.find_first_of("*?") == std::string_view::npos ? to_lower(service) : std::string{};
}

}  // namespace

CompiledStatement::CompiledStatement(const Statement& statement, Kind kind, bool variables)
    : sid(statement.sid),
      effect(statement.effect),
      actions(statement.actions, statement.not_action),
      resources(statement, variables, pads_short_arns(kind)),
      principals(statement) {
  for (const ConditionEntry& entry : statement.conditions) conditions.emplace_back(entry, variables);
}

NamedBy CompiledStatement::applies(const Question& question) const {
  if (!actions.matches(question) || !resources.matches(question)) return NamedBy::kNone;
  const NamedBy named = principals.matches(question);
  if (named == NamedBy::kNone) return named;
  const bool hold = std::ranges::all_of(conditions, [&](const Condition& c) { return c.holds(question.context); });
  return hold ? named : NamedBy::kNone;
}

ServiceIndex::ServiceIndex(const std::vector<Statement>& statements) {
  std::vector<std::pair<std::string, std::uint16_t>> named;
  for (std::size_t i = 0; i < statements.size(); ++i) {
    const Statement& statement = statements[i];
    const auto number = static_cast<std::uint16_t>(i);
    const bool any_service =
        std::ranges::any_of(statement.actions, [](const auto& a) { return service_of(a).empty(); });
    if (statement.not_action || any_service) {
      always_.push_back(number);
      continue;
    }
    for (const std::string& action : statement.actions) named.emplace_back(service_of(action), number);
  }
  std::ranges::sort(named);
  const auto repeated = std::ranges::unique(named);
  named.erase(repeated.begin(), repeated.end());
  for (const auto& [service, number] : named) {
    if (rows_.empty() || rows_.back().service != service) rows_.push_back({hash(service), service, {}});
    rows_.back().statements.push_back(number);
  }
  std::ranges::sort(rows_, {}, &Row::hash);
}

std::uint64_t ServiceIndex::hash(std::string_view service) {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15ULL;
  std::uint64_t value = service.size();
  const auto add = [&](std::uint64_t bytes) { value = ((value ^ bytes) * kOdd) ^ (value >> 32U); };
  const char* at = service.data();
  std::size_t left = service.size();
  for (; left > 8; left -= 8, at += 8) add(eight_bytes(at));
  if (service.size() >= 8) {
    add(eight_bytes(at + left - 8));
  } else {
    for (; left > 0; --left) add(static_cast<unsigned char>(*at++));
  }
  return value;
}

std::span<const std::uint16_t> ServiceIndex::of(std::string_view service, std::uint64_t hash) const {
  auto row = std::ranges::lower_bound(rows_, hash, {}, &Row::hash);
  // Services that hash alike stand side by side.
  for (; row != rows_.end() && row->hash == hash; ++row) {
    if (same_text(row->service, service)) return row->statements;
  }
  return {};
}

Program::Program(const Policy& policy) : statements(compile_statements(policy)), index(policy.statements()) {}

std::shared_ptr<const CompiledPolicy> CompiledPolicy::compile(const Policy& policy) {
  return std::make_shared<const CompiledPolicy>(std::make_unique<const Program>(policy), policy.kind(), std::string{});
}

Result<std::shared_ptr<const CompiledPolicy>> CompiledPolicy::compile(std::string_view document, Kind kind) {
  const Policy policy = TRY(parse(document, kind));
  return std::make_shared<const CompiledPolicy>(std::make_unique<const Program>(policy), kind, std::string(document));
}

CompiledPolicy::CompiledPolicy(std::unique_ptr<const Program> program, Kind kind, std::string document)
    : program_(std::move(program)), kind_(kind), document_(std::move(document)) {}
CompiledPolicy::~CompiledPolicy() = default;

std::size_t CompiledPolicy::statement_count() const { return program_->statements.size(); }

std::string_view CompiledPolicy::sid(std::size_t statement) const {
  CHECK(statement < statement_count(), "no such statement");
  return program_->statements[statement].sid;
}

}  // namespace warifu::policy
