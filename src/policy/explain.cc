#include "policy/explain.h"

#include <algorithm>
#include <tuple>

#include "base/encoding.h"
#include "policy/findings.h"
#include "policy/program.h"

namespace warifu::policy {
namespace {

constexpr std::size_t kNotNear = 1'000;

/// How far a statement is from applying: another service is too far to be meant, each condition weighs least.
std::size_t distance(const NearStatement& statement, const Evidence& evidence, const Statement& written) {
  std::size_t sum = 0;
  for (const Finding& finding : statement.findings) {
    switch (finding.element) {
      case Element::kAction:
        if (!names_service_of(written, evidence.action)) return kNotNear;
        sum += 100;
        break;
      case Element::kResource:
      case Element::kPrincipal:
        sum += 10;
        break;
      case Element::kCondition:
        sum += 1;
        break;
    }
  }
  return sum;
}

class LayerReader {
 public:
  LayerReader(const Replay& replay, const Evidence& evidence, View view, std::size_t layer)
      : replay_(replay), evidence_(evidence), view_(view), layer_(layer), kind_(evidence.layers[layer].kind) {}

  [[nodiscard]] LayerReport read(const Decision& decision) const {
    LayerReport report{.layer = layer_, .kind = kind_};
    const Verdict verdict = evaluate(replay_.layers()[layer_], replay_.request(), replay_.has_boundary());
    if (verdict.denies()) {
      report.verdict = LayerVerdict::kDenies;
    } else if (verdict.allows()) {
      report.verdict = LayerVerdict::kAllows;
    }
    const bool silent = report.verdict == LayerVerdict::kSilent;
    report.missing = silent && decision.missing.has(kind_);
    // In one account a resource policy's allow would do as well.
    const bool would_do = kind_ == LayerKind::kResource && decision.because == Because::kNoAllow;
    if (silent && !report.missing && !would_do) return report;
    const bool denies = report.verdict == LayerVerdict::kDenies;
    report.statements = silent ? nearest() : applying_statements(denies ? Effect::kDeny : Effect::kAllow);
    return report;
  }

 private:
  [[nodiscard]] NearStatement about(std::size_t policy, std::size_t statement) const {
    const Statement& written = replay_.document(layer_, policy).statements()[statement];
    return {.policy = policy,
            .statement = statement,
            .policy_name = evidence_.layers[layer_].policies[policy].name,
            .sid = written.sid,
            .effect = written.effect,
            .applies = false,
            .findings = {}};
  }

  [[nodiscard]] StatementView view_of_statement(std::size_t policy, std::size_t statement) const {
    return {.replay = replay_,
            .evidence = evidence_,
            .view = view_,
            .kind = kind_,
            .layer = layer_,
            .policy = policy,
            .statement = statement};
  }

  [[nodiscard]] std::vector<NearStatement> applying_statements(Effect effect) const {
    std::vector<NearStatement> found;
    for (const StatementRef& ref :
         applying(replay_.layers()[layer_], replay_.request(), replay_.has_boundary(), effect)) {
      if (found.size() == kNearestMax) break;
      NearStatement near = about(ref.policy, ref.statement);
      near.applies = true;
      near.findings = conditions_of(view_of_statement(ref.policy, ref.statement));
      found.push_back(std::move(near));
    }
    return found;
  }

  [[nodiscard]] std::vector<NearStatement> nearest() const {
    std::vector<std::pair<std::size_t, NearStatement>> ranked;
    for (std::size_t i = 0; i < evidence_.layers[layer_].policies.size(); ++i) {
      const auto& statements = replay_.document(layer_, i).statements();
      for (std::size_t j = 0; j < statements.size(); ++j) {
        if (statements[j].effect != Effect::kAllow) continue;
        NearStatement near = about(i, j);
        near.findings = failures_of(view_of_statement(i, j));
        const std::size_t far = distance(near, evidence_, statements[j]);
        if (far < kNotNear) ranked.emplace_back(far, std::move(near));
      }
    }
    std::ranges::sort(ranked, {}, [](const auto& entry) {
      return std::tuple(entry.first, entry.second.policy, entry.second.statement);
    });
    std::vector<NearStatement> found;
    for (auto& [far, near] : ranked) {
      if (found.size() < kNearestMax) found.push_back(std::move(near));
    }
    return found;
  }

  const Replay& replay_;
  const Evidence& evidence_;
  View view_;
  std::size_t layer_;
  LayerKind kind_;
};

constexpr std::array kKinds = {LayerKind::kScp, LayerKind::kRcp,      LayerKind::kResource, LayerKind::kTrust,
                               LayerKind::kKey, LayerKind::kBoundary, LayerKind::kSession,  LayerKind::kIdentity};

/// What the other half lacks is its own to know, but for what the message said.
Decision shown(Decision decision, View view) {
  LayerSet missing;
  for (const LayerKind kind : kKinds) {
    if (decision.missing.has(kind) && (shows(view, kind) || kind == decision.layer)) missing.add(kind);
  }
  decision.missing = missing;
  if (!shows(view, decision.layer)) decision.statement = {};
  if (view == View::kCaller) decision.named = NamedBy::kNone;
  return decision;
}

bool is_whole(const Evidence& evidence) {
  return FoldedAction(evidence.action).usable() && !evidence.resource.empty() && !evidence.resource_account.empty();
}

}  // namespace

std::vector<StatementRef> applying(const Layer& layer, const Request& request, bool has_boundary, Effect effect) {
  const FoldedAction action(request.action);
  if (!action.usable()) return {};
  const Question question = question_of(request, action, layer.kind, has_boundary);
  std::vector<StatementRef> found;
  for (std::size_t i = 0; i < layer.policies.size(); ++i) {
    const auto& statements = layer.policies[i]->program().statements;
    for (std::size_t j = 0; j < statements.size(); ++j) {
      if (statements[j].effect != effect || statements[j].applies(question) == NamedBy::kNone) continue;
      found.push_back(
          {.layer = 0, .policy = static_cast<std::uint16_t>(i), .statement = static_cast<std::uint16_t>(j)});
    }
  }
  return found;
}

Result<Explanation> explain(const Evidence& evidence, View asked) {
  const View view = view_of(evidence, asked);
  const auto replay = TRY(Replay::make(evidence));
  const Decision decision = decide(replay->layers(), replay->request());
  Explanation out{.decision = shown(decision, view), .layers = {}, .absent = {}, .fixes = {}};
  LayerSet present;
  for (std::size_t i = 0; i < evidence.layers.size(); ++i) {
    const LayerKind kind = evidence.layers[i].kind;
    present.add(kind);
    if (shows(view, kind)) out.layers.push_back(LayerReader(*replay, evidence, view, i).read(decision));
  }
  for (const LayerKind kind : kKinds) {
    if (!decision.missing.has(kind) || !shows(view, kind)) continue;
    if (!present.has(kind)) out.absent.push_back(kind);
    // Half a question is denied to everybody, and a trust policy speaks of STS alone: no statement answers those.
    const bool speakable = kind != LayerKind::kTrust || to_lower(evidence.action).starts_with("sts:");
    if (is_whole(evidence) && speakable) out.fixes.push_back(fix_of(evidence, view, kind));
  }
  return out;
}

}  // namespace warifu::policy
