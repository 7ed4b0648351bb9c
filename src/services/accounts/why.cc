#include "services/accounts/why.h"

#include <memory>

#include "access/authenticate.h"
#include "access/simulated.h"
#include "api/denial.h"
#include "base/arn.h"
#include "base/hop.h"
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

/// Principals that one page of WhoCan looks at; each costs a decision.
constexpr std::size_t kPrincipalsAPage = 1'000;

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

/// Where a page of WhoCan begins: accounts by their numbers; in each its root user, then users, then roles by name.
struct Position {
  enum Stage : char { kRoot = 'a', kUsers = 'u', kRoles = 'r' };
  std::string account;  // empty: before the first
  char stage = kRoot;
  std::string after;  // within the stage

  [[nodiscard]] std::string text() const { return account + stage + after; }
};

Position position_from(std::string_view text) {
  constexpr std::size_t kDigits = 12;
  if (text.size() <= kDigits) return {};
  return {.account = std::string(text.substr(0, kDigits)),
          .stage = text[kDigits],
          .after = std::string(text.substr(kDigits + 1))};
}

/// What a page found, and where the next begins; empty: nowhere.
struct Page {
  std::vector<shapes::Grantee> principals;
  std::string next;
};

class Search {
 public:
  Search(store::Reader& reader, const access::CacheScope& scope, const access::SimulatedAsk& asked)
      : reader_(reader), scope_(scope), asked_(asked) {}

  Result<Page> run(const std::vector<AccountId>& accounts, Position from) {
    for (const AccountId& account : accounts) {
      if (account.str() < from.account) continue;
      if (account.str() != from.account) from = {.account = account.str(), .stage = Position::kRoot, .after = {}};
      TRY(look_in(account, from));
      if (!page_.next.empty()) break;
    }
    return std::move(page_);
  }

 private:
  Result<> look_in(const AccountId& account, Position& from) {
    if (from.stage == Position::kRoot) {
      TRY(look_at(identity::root_arn(account)));
      from.stage = Position::kUsers;
    }
    if (from.stage == Position::kUsers) {
      TRY(look_through(from, [&](const auto& query) { return identity::list_users(reader_, account, query); }));
      if (!page_.next.empty()) return {};
      from = {.account = account.str(), .stage = Position::kRoles, .after = {}};
    }
    return look_through(from, [&](const auto& query) { return identity::list_roles(reader_, account, query); });
  }

  /// As many as the page has room for.
  template <class List>
  Result<> look_through(Position& from, List list) {
    if (seen_ >= kPrincipalsAPage) {
      page_.next = from.text();
      return {};
    }
    const auto slice = TRY(list(identity::SliceQuery{.after = from.after, .items_max = kPrincipalsAPage - seen_}));
    for (const auto& one : slice.items) TRY(look_at(one.arn));
    from.after = slice.next;
    if (!slice.next.empty()) page_.next = from.text();
    return {};
  }

  Result<> look_at(std::string_view arn) {
    ++seen_;
    const auto principal = TRY(access::principal_of_arn(reader_, arn, asked_.now));
    if (!principal) return {};
    const auto outcome = TRY(access::simulate(reader_, scope_, *principal, asked_));
    if (outcome && outcome->decision.allowed) page_.principals.push_back(grantee(*principal, *outcome));
    return {};
  }

  store::Reader& reader_;
  const access::CacheScope& scope_;
  const access::SimulatedAsk& asked_;
  std::size_t seen_ = 0;
  Page page_;
};

Result<std::vector<AccountId>> accounts_of(store::Reader& reader, const AccountId& asker, bool all) {
  if (!all) return std::vector<AccountId>{asker};
  std::vector<AccountId> accounts;
  for (const identity::Account& account : TRY(identity::list_accounts(reader))) {
    if (auto id = AccountId::parse(account.id)) accounts.push_back(*std::move(id));
  }
  return accounts;
}

/// A page takes many decisions' time: away from the loop that answers requests.
Task<Result<shapes::WhoCanOutput>> who_can(api::Call& call, const access::CacheScope& scope, Workers& workers,
                                           shapes::WhoCanInput input) {
  const std::string from = input.next_token ? CO_TRY(call.page_position(*input.next_token)) : std::string{};
  auto search = [&db = call.db(), &scope, asker = call.account(), all = is_management(call), now = call.now(), from,
                 input]() -> Result<Page> {
    const access::SimulatedAsk asked{
        .action = input.action, .resource = input.resource, .keys = keys_of(input.context), .now = now};
    return db.read([&](store::Reader& reader) -> Result<Page> {
      const std::vector<AccountId> accounts = TRY(accounts_of(reader, asker, all));
      return Search(reader, scope, asked).run(accounts, position_from(from));
    });
  };
  Page page = CO_TRY(co_await on(workers, std::move(search)));
  shapes::WhoCanOutput output{.principals = std::move(page.principals), .next_token = {}};
  if (!page.next.empty()) output.next_token = call.page_token(page.next);
  co_return output;
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
  // The binding's own: it is joined when the registry goes, which is before the store.
  auto workers = std::make_shared<Workers>(1);
  registry.bind(shapes::ops::kWhoCan, [workers](api::Call& call, shapes::WhoCanInput input) {
    return who_can(call, scope, *workers, std::move(input));
  });
}

}  // namespace warifu::services::accounts
