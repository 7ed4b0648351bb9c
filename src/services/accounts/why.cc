#include "services/accounts/why.h"

#include <limits>

#include "access/authenticate.h"
#include "access/simulated.h"
#include "api/denial.h"
#include "base/arn.h"
#include "gen/accounts/why.h"
#include "identity/accounts.h"
#include "identity/principals.h"
#include "identity/roles.h"
#include "identity/users.h"
#include "policy/explain.h"

namespace warifu::services::accounts {
namespace {

namespace shapes = model::accounts;
using policy::View;

/// Principals that one WhoCan looks at; each costs a decision.
constexpr std::size_t kPrincipalsMax = 5'000;

bool is_management(const api::Call& call) { return call.account().str() == access::kManagementAccount; }

std::string_view view_name(View view) {
  switch (view) {
    case View::kWhole:
      return "whole";
    case View::kCaller:
      return "caller";
    case View::kOwner:
      return "owner";
  }
  return "caller";
}

struct Told {
  View view;
  wire::Document document;
};

/// Stored policies hold principals by their ids; people know them by their names. Who was deleted keeps the id.
Result<policy::Evidence> with_names(store::Reader& reader, policy::Evidence evidence) {
  for (policy::EvidenceLayer& layer : evidence.layers) {
    if (policy::side_of(layer.kind) != policy::Side::kOwner) continue;
    for (policy::EvidencePolicy& one : layer.policies) {
      one.document = TRY(identity::principals_to_arns(reader, one.document));
    }
  }
  return evidence;
}

Result<Told> told(store::Reader& reader, const policy::Evidence& kept, View asked) {
  const policy::Evidence evidence = TRY(with_names(reader, kept));
  const View view = policy::view_of(evidence, asked);
  const auto explained = TRY(policy::explain(evidence, view));
  return Told{view, wire::Document{policy::to_json(explained, evidence, view).dump()}};
}

Task<Result<shapes::ExplainDenialOutput>> explain_denial(api::Call& call, audit::DenialBook& book,
                                                         shapes::ExplainDenialInput input) {
  const auto denial = book.find(call.account(), input.request_id);
  if (!denial) co_return fail(denial.error());
  if (!*denial) co_return fail(api::no_such_denial());
  const bool callers = (*denial)->caller == call.account();
  Told answer = CO_TRY(call.db().read([&](store::Reader& reader) {
    return told(reader, *(*denial)->evidence, callers ? View::kCaller : View::kOwner);
  }));
  shapes::ExplainDenialOutput output{.request_id = (*denial)->request_id,
                                     .time = (*denial)->when,
                                     .service = (*denial)->service,
                                     .operation = (*denial)->operation,
                                     .message = {},
                                     .view = std::string(view_name(answer.view)),
                                     .explanation = std::move(answer.document)};
  // The sentence names the caller: another account's owner is not told it.
  if (answer.view != View::kOwner) output.message = (*denial)->message;
  co_return output;
}

const access::SimulatedKeys& keys_of(const std::optional<access::SimulatedKeys>& given) {
  static const access::SimulatedKeys kNone;
  return given ? *given : kNone;
}

Task<Result<shapes::ExplainRequestOutput>> explain_request(api::Call& call, const access::CacheScope& scope,
                                                           shapes::ExplainRequestInput input) {
  const auto view = ArnView::parse(input.principal);
  if (!is_management(call) && (!view || view->account != call.account().str())) {
    co_return fail(access::access_denied("asking about another account's principal needs the management credentials"));
  }
  co_return call.db().read([&](store::Reader& reader) -> Result<shapes::ExplainRequestOutput> {
    const auto principal = TRY(access::principal_of_arn(reader, input.principal, call.now()));
    if (!principal) return fail(not_found("there is no user, role or account of that ARN"));
    const access::SimulatedAsk asked{
        .action = input.action, .resource = input.resource, .keys = keys_of(input.context), .now = call.now()};
    const auto outcome = TRY(access::simulate(reader, scope, *principal, asked));
    if (!outcome) return fail(not_found("there is no user, role or account of that ARN"));
    Told answer = TRY(told(reader, *outcome->evidence, is_management(call) ? View::kWhole : View::kCaller));
    shapes::ExplainRequestOutput output{.allowed = outcome->decision.allowed,
                                        .message = {},
                                        .view = std::string(view_name(answer.view)),
                                        .explanation = std::move(answer.document)};
    if (!output.allowed) output.message = outcome->message;
    return output;
  });
}

/// What lets the principal in: the layer, and the policy and statement where there is one.
shapes::Grantee grantee(const access::Principal& principal, const access::Outcome& outcome) {
  const policy::Decision& decision = outcome.decision;
  const bool root = decision.because == policy::Because::kRoot;
  shapes::Grantee out{.account = principal.account.str(),
                      .arn = root ? principal.arn : principal.identity_arn,
                      .layer = root ? "root" : std::string(policy::missing_words(decision.layer)),
                      .policy = {},
                      .sid = {}};
  if (!decision.statement.exists()) return out;
  const policy::EvidencePolicy& held =
      outcome.evidence->layers[decision.statement.layer].policies[decision.statement.policy];
  out.policy = held.name;
  const auto document = policy::parse(held.document, held.kind);
  if (!document) return out;
  const std::string& sid = document->statements()[decision.statement.statement].sid;
  if (!sid.empty()) out.sid = sid;
  return out;
}

class Search {
 public:
  Search(store::Reader& reader, const access::CacheScope& scope, access::SimulatedAsk asked)
      : reader_(reader), scope_(scope), asked_(std::move(asked)) {}

  Result<> look_in(const AccountId& account) {
    static const identity::SliceQuery kAll{.items_max = std::numeric_limits<std::size_t>::max()};
    TRY(look_at(identity::root_arn(account)));
    for (const identity::User& user : TRY(identity::list_users(reader_, account, kAll)).items) TRY(look_at(user.arn));
    for (const identity::Role& role : TRY(identity::list_roles(reader_, account, kAll)).items) TRY(look_at(role.arn));
    return {};
  }
  [[nodiscard]] shapes::WhoCanOutput take() { return std::move(output_); }

 private:
  Result<> look_at(std::string_view arn) {
    if (seen_ == kPrincipalsMax) {
      output_.truncated = true;
      return {};
    }
    ++seen_;
    const auto principal = TRY(access::principal_of_arn(reader_, arn, asked_.now));
    if (!principal) return {};
    const auto outcome = TRY(access::simulate(reader_, scope_, *principal, asked_));
    if (outcome && outcome->decision.allowed) output_.principals.push_back(grantee(*principal, *outcome));
    return {};
  }

  store::Reader& reader_;
  const access::CacheScope& scope_;
  access::SimulatedAsk asked_;
  std::size_t seen_ = 0;
  shapes::WhoCanOutput output_;
};

Task<Result<shapes::WhoCanOutput>> who_can(api::Call& call, const access::CacheScope& scope,
                                           shapes::WhoCanInput input) {
  co_return call.db().read([&](store::Reader& reader) -> Result<shapes::WhoCanOutput> {
    Search search(
        reader, scope,
        {.action = input.action, .resource = input.resource, .keys = keys_of(input.context), .now = call.now()});
    if (!is_management(call)) {
      TRY(search.look_in(call.account()));
      return search.take();
    }
    for (const identity::Account& account : TRY(identity::list_accounts(reader))) {
      const auto id = AccountId::parse(account.id);
      if (id) TRY(search.look_in(*id));
    }
    return search.take();
  });
}

}  // namespace

void bind_why(api::Registry& registry, audit::DenialBook& book) {
  static const access::CacheScope scope;
  registry.bind(shapes::ops::kExplainDenial, [&book](api::Call& call, shapes::ExplainDenialInput input) {
    return explain_denial(call, book, std::move(input));
  });
  registry.bind(shapes::ops::kExplainRequest, [](api::Call& call, shapes::ExplainRequestInput input) {
    return explain_request(call, scope, std::move(input));
  });
  registry.bind(shapes::ops::kWhoCan,
                [](api::Call& call, shapes::WhoCanInput input) { return who_can(call, scope, std::move(input)); });
}

}  // namespace warifu::services::accounts
