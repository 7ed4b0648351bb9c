#include <algorithm>
#include <limits>

#include "base/check.h"
#include "policy/decide.h"
#include "policy/program.h"

namespace warifu::policy {
namespace {

/// Walks the statements that the index leaves, ascending: those of the service merged with those always tried.
class Candidates {
 public:
  Candidates(const Program& program, const Question& question, bool use_index)
      : always_(program.index.always()),
        named_(program.index.of(question.service, question.service_hash)),
        all_(!use_index),
        count_(program.statements.size()) {}

  /// kEnd past the last.
  std::size_t next() {
    if (all_) return at_ < count_ ? at_++ : kEnd;
    if (always_.empty() && named_.empty()) return kEnd;
    const bool take_always = named_.empty() || (!always_.empty() && always_.front() < named_.front());
    std::span<const std::uint16_t>& from = take_always ? always_ : named_;
    const std::size_t statement = from.front();
    from = from.subspan(1);
    return statement;
  }

  static constexpr std::size_t kEnd = std::numeric_limits<std::size_t>::max();

 private:
  std::span<const std::uint16_t> always_, named_;
  bool all_;
  std::size_t count_, at_ = 0;
};

StatementRef reference(std::size_t policy, std::size_t statement) {
  return {.layer = 0, .policy = static_cast<std::uint16_t>(policy), .statement = static_cast<std::uint16_t>(statement)};
}

/// Adds what one policy says; true when it denies.
bool read_policy(const Program& program, std::size_t number, const Question& question, bool use_index,
                 Verdict& verdict) {
  Candidates candidates(program, question, use_index);
  for (std::size_t i = candidates.next(); i != Candidates::kEnd; i = candidates.next()) {
    const CompiledStatement& statement = program.statements[i];
    // An allow that names the caller no more strongly than one already found changes nothing.
    if (statement.effect == Effect::kAllow && verdict.named == NamedBy::kAnyone) continue;
    const NamedBy named = statement.applies(question);
    if (named == NamedBy::kNone) continue;
    if (statement.effect == Effect::kDeny) {
      verdict.deny = reference(number, i);
      return true;
    }
    if (named > verdict.named) {
      verdict.named = named;
      verdict.allow = reference(number, i);
    }
  }
  return false;
}

}  // namespace

FoldedAction::FoldedAction(std::string_view action) {
  const std::size_t at = action.find(':');
  if (action.size() > bytes.size() || at == std::string_view::npos || at + 1 == action.size()) return;
  if (action.find(':', at + 1) != std::string_view::npos) return;
  size = action.size();
  colon = at;
  std::ranges::transform(action, bytes.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
}

bool speaks_for_resource(LayerKind kind) {
  return kind == LayerKind::kResource || kind == LayerKind::kTrust || kind == LayerKind::kKey ||
         kind == LayerKind::kRcp;
}

void evaluate(std::span<const std::shared_ptr<const CompiledPolicy>> policies, const Question& question,
              DecideOptions options, Verdict& verdict) {
  for (std::size_t i = 0; i < policies.size(); ++i) {
    CHECK(policies[i] != nullptr, "a layer has a hole where a policy should be");
    if (read_policy(policies[i]->program(), i, question, options.use_index, verdict)) break;
  }
}

Question question_of(const Request& request, const FoldedAction& action, LayerKind kind, bool has_boundary) {
  return {.principal = request.principal,
          .action = action.text(),
          .service = action.service(),
          .service_hash = ServiceIndex::hash(action.service()),
          .resource = Subject::arn(request.resource),
          .context = request.context,
          .has_boundary = has_boundary,
          .needs_principal = speaks_for_resource(kind)};
}

Verdict evaluate(const Layer& layer, const Request& request, bool has_boundary, DecideOptions options) {
  const FoldedAction action(request.action);
  if (!action.usable()) return {};
  Verdict verdict;
  evaluate(layer.policies, question_of(request, action, layer.kind, has_boundary), options, verdict);
  return verdict;
}

}  // namespace warifu::policy
