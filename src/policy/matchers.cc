#include <algorithm>

#include "base/arn.h"
#include "base/encoding.h"
#include "policy/program.h"
#include "policy/same_text.h"

namespace warifu::policy {

ActionMatcher::ActionMatcher(const std::vector<std::string>& patterns, bool negated) : negated_(negated) {
  for (const std::string& text : patterns) {
    patterns_.push_back(Pattern::compile(to_lower(text), {.wildcards = true}));
  }
}

bool ActionMatcher::matches(const Question& question) const {
  const Subject subject = Subject::plain(question.action);
  const bool listed = std::ranges::any_of(
      patterns_, [&](const Pattern& pattern) { return pattern.match(subject, question.context) == Match::kYes; });
  return listed != negated_;
}

ResourceMatcher::ResourceMatcher(const Statement& statement, bool variables, bool pad_short)
    : everything_(statement.resources.empty()), negated_(statement.not_resource), effect_(statement.effect) {
  for (std::string text : statement.resources) {
    for (auto colons = std::ranges::count(text, ':'); pad_short && text.starts_with("arn:") && colons < 5; ++colons) {
      text += ":*";
    }
    Pattern pattern = Pattern::compile(text, {.wildcards = true, .variables = variables});
    if (pattern.matches_all()) everything_ = true;
    patterns_.push_back(std::move(pattern));
  }
}

Match ResourceMatcher::listed(const Question& question) const {
  if (everything_) return Match::kYes;
  Match result = Match::kNo;
  // What is not an ARN (`*`, an action without a resource type) is matched by `*` alone.
  if (!question.resource.is_arn()) return result;
  for (const Pattern& pattern : patterns_) {
    const Match match = pattern.match(question.resource, question.context);
    if (match == Match::kYes) return match;
    if (match == Match::kUnresolved) result = match;
  }
  return result;
}

bool ResourceMatcher::matches(const Question& question) const {
  const Match match = listed(question);
  if (!negated_) return match == Match::kYes;
  if (match == Match::kUnresolved) return effect_ == Effect::kDeny;
  return match == Match::kNo;
}

PrincipalMatcher::PrincipalMatcher(const Statement& statement)
    : absent_(statement.principals.empty()), negated_(statement.not_principal), effect_(statement.effect) {
  for (const PrincipalName& name : statement.principals) names_.push_back(read(name));
}

PrincipalMatcher::Name PrincipalMatcher::read(const PrincipalName& name) {
  using enum Name::Kind;
  switch (name.type) {
    case PrincipalType::kAnyone:
      return {kAnyone, {}};
    case PrincipalType::kService:
      return {kService, name.value};
    case PrincipalType::kFederated:
      return {kProvider, name.value};
    case PrincipalType::kCanonicalUser:
      return {kNobody, {}};
    case PrincipalType::kAws:
      break;
  }
  const auto arn = ArnView::parse(name.value);
  if (!arn)
    return {std::ranges::all_of(name.value, [](char c) { return c >= '0' && c <= '9'; }) ? kAccount : kUniqueId,
            name.value};
  // Another partition's root is nobody here, unless the caller's own ARN says so.
  if (arn->resource == "root" && arn->partition == "aws") return {kAccount, std::string(arn->account)};
  return {kArn, name.value};
}

void PrincipalMatcher::look(const Name& name, const PrincipalView& principal, Listed& listed) {
  const auto is = [&](std::string_view own) { return !own.empty() && same_text(own, name.text); };
  const bool is_session =
      principal.kind == PrincipalKind::kRoleSession || principal.kind == PrincipalKind::kFederatedUser;
  switch (name.kind) {
    case Name::Kind::kAnyone:
      listed.anyone = true;
      break;
    case Name::Kind::kAccount:
      if (is(principal.account)) listed.account = true;
      break;
    case Name::Kind::kArn:
      // What a token calls its subject is no ARN, however it looks.
      if (principal.kind == PrincipalKind::kAnonymous) break;
      if (is(principal.arn)) listed.self = true;
      if (is(principal.issuer_arn)) listed.issuer = true;
      break;
    case Name::Kind::kUniqueId:
      if (is(principal.unique_id)) (is_session ? listed.issuer : listed.self) = true;
      break;
    case Name::Kind::kService:
      if (principal.kind == PrincipalKind::kService && std::ranges::any_of(principal.services, is)) listed.self = true;
      break;
    case Name::Kind::kProvider:
      if (principal.kind == PrincipalKind::kWebIdentity && std::ranges::any_of(principal.providers, is)) {
        listed.self = true;
      }
      break;
    case Name::Kind::kNobody:
      break;
  }
}

NamedBy PrincipalMatcher::Listed::strongest() const {
  if (anyone) return NamedBy::kAnyone;
  if (self) return NamedBy::kSelf;
  if (issuer) return NamedBy::kIssuer;
  return account ? NamedBy::kAccount : NamedBy::kNone;
}

/// A NotPrincipal deny lets only those go who are listed at every level that they stand on.
bool PrincipalMatcher::escapes_deny(const Listed& listed, const PrincipalView& principal) {
  if (listed.anyone) return true;
  switch (principal.kind) {
    case PrincipalKind::kAnonymous:
      return false;
    case PrincipalKind::kRoot:
      return listed.account;
    case PrincipalKind::kUser:
    case PrincipalKind::kFederatedUser:
      return listed.account && listed.self;
    case PrincipalKind::kRoleSession:
      return listed.account && listed.issuer && listed.self;
    case PrincipalKind::kService:
    case PrincipalKind::kWebIdentity:
      return listed.self;
  }
  return false;
}

NamedBy PrincipalMatcher::matches(const Question& question) const {
  if (absent_) return question.needs_principal && effect_ == Effect::kAllow ? NamedBy::kNone : NamedBy::kAnyone;
  Listed listed;
  for (const Name& name : names_) look(name, question.principal, listed);
  if (!negated_) return listed.strongest();
  if (effect_ == Effect::kAllow) return listed.strongest() == NamedBy::kNone ? NamedBy::kAnyone : NamedBy::kNone;
  const bool escapes = !question.has_boundary && escapes_deny(listed, question.principal);
  return escapes ? NamedBy::kNone : NamedBy::kAnyone;
}

}  // namespace warifu::policy
