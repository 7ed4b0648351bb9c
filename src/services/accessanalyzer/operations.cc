#include "services/accessanalyzer/operations.h"

#include <algorithm>

#include "base/arn.h"
#include "gen/accessanalyzer/policies.h"
#include "identity/accounts.h"
#include "identity/principals.h"
#include "lint/lint.h"

namespace warifu::services::accessanalyzer {
namespace {

namespace m = model::accessanalyzer;

constexpr std::size_t kResultsDefault = 100;
constexpr std::string_view kLearnMore =
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html";

policy::Kind kind_of(const m::ValidatePolicyInput& input) {
  if (input.policy_type == "SERVICE_CONTROL_POLICY") return policy::Kind::kScp;
  if (input.policy_type == "RESOURCE_CONTROL_POLICY") return policy::Kind::kRcp;
  if (input.policy_type == "IDENTITY_POLICY") return policy::Kind::kIdentity;
  const bool trust = input.validate_policy_resource_type == "AWS::IAM::AssumeRolePolicyDocument";
  return trust ? policy::Kind::kTrust : policy::Kind::kResource;
}

Result<bool> exists(store::Reader& reader, std::string_view principal) {
  const auto arn = ArnView::parse(principal);
  const auto account = AccountId::parse(arn ? arn->account : principal);
  if (!account) return TRY(identity::principal_by_id(reader, principal)).has_value();
  if (!arn || arn->resource == "root" || arn->service == "sts") {
    return TRY(identity::find_account(reader, *account)).has_value();
  }
  return TRY(identity::principal_by_arn(reader, principal)).has_value();
}

m::Position shown(const policy::Position& position) {
  return {.line = static_cast<std::int32_t>(position.line),
          .column = static_cast<std::int32_t>(position.column - 1),
          .offset = static_cast<std::int32_t>(position.offset)};
}

m::ValidatePolicyFinding shown(const lint::Finding& finding) {
  m::Location location;
  for (const auto& step : finding.path) {
    m::PathElement element;
    if (const auto* item = std::get_if<std::size_t>(&step)) {
      element.index = static_cast<std::int32_t>(*item);
    } else {
      element.value = std::get<std::string>(step);
    }
    location.path.push_back(std::move(element));
  }
  const policy::Span span = finding.span.value_or(policy::Span{});
  location.span = {.start = shown(span.start), .end = shown(span.end)};
  m::ValidatePolicyFinding out{.finding_details = finding.details,
                               .finding_type = std::string(lint::name_of(finding.severity)),
                               .issue_code = finding.code,
                               .learn_more_link = std::string(kLearnMore)};
  out.locations.push_back(std::move(location));
  return out;
}

Result<std::vector<lint::Finding>> findings_of(store::Reader& reader, const m::ValidatePolicyInput& input) {
  Result<> failed;
  lint::Options options{.kind = kind_of(input), .attached_to = {}, .principal_exists = {}};
  options.principal_exists = [&](std::string_view principal) {
    const auto found = exists(reader, principal);
    if (!found) failed = std::unexpected(found.error());
    return found.value_or(true);
  };
  auto findings = lint::lint(input.policy_document, options);
  if (!failed) return std::unexpected(failed.error());
  return findings;
}

Result<std::size_t> position_of(const api::Call& call, const m::ValidatePolicyInput& input) {
  if (!input.next_token) return std::size_t{0};
  std::size_t position = 0;
  const std::string text = TRY(call.page_position(*input.next_token));
  for (const char c : text.substr(0, 9)) position = position * 10 + static_cast<std::size_t>(c - '0');
  return position;
}

Task<Result<m::ValidatePolicyOutput>> validate_policy(api::Call& call, m::ValidatePolicyInput input) {
  const std::size_t begin = CO_TRY(position_of(call, input));
  const auto found = call.db().read([&](store::Reader& reader) { return findings_of(reader, input); });
  if (!found) co_return fail(found.error());
  const std::size_t asked =
      input.max_results && *input.max_results > 0 ? static_cast<std::size_t>(*input.max_results) : kResultsDefault;
  const std::size_t end = std::min(found->size(), std::min(begin, found->size()) + std::min(asked, kResultsDefault));
  m::ValidatePolicyOutput output;
  for (std::size_t i = begin; i < end; ++i) output.findings.push_back(shown((*found)[i]));
  if (end < found->size()) output.next_token = call.page_token(std::to_string(end));
  co_return output;
}

}  // namespace

void bind(api::Registry& registry) { registry.bind(m::ops::kValidatePolicy, validate_policy); }

}  // namespace warifu::services::accessanalyzer
