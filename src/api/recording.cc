#include "api/recording.h"

#include <atomic>

#include "api/recorded_shape.h"
#include "api/resource.h"
#include "audit/rows.h"
#include "base/log.h"

namespace warifu::api {
namespace {

using access::Principal;
using access::PrincipalKind;

constexpr std::string_view kGlobalRegion = "us-east-1";  // where AWS records calls of global services
constexpr std::string_view kInside = "AWS Internal";

audit::SessionIssuer issuer_of(const Principal& who, std::string_view type) {
  return {.type = std::string(type),
          .principal_id = who.unique_id,
          .arn = who.identity_arn,
          .account = who.account.str(),
          .user_name = who.name};
}

audit::UserIdentity identity_of(const Principal& who) {
  audit::UserIdentity out;
  out.principal_id = who.user_id;
  out.arn = who.arn;
  out.account = who.account.str();
  out.access_key_id = who.access_key_id;
  if (who.session) {
    out.session_created = who.session->issued;
    out.mfa = who.session->mfa;
    out.source_identity = who.session->source_identity;
    out.known_as = who.session->name;
  }
  switch (who.kind) {
    case PrincipalKind::kRoot:
      out.type = "Root";
      out.known_as = "root";
      return out;
    case PrincipalKind::kUser:
      out.type = "IAMUser";
      out.known_as = out.user_name = who.name;
      return out;
    case PrincipalKind::kAssumedRole:
      out.type = "AssumedRole";
      out.issuer = issuer_of(who, "Role");
      return out;
    case PrincipalKind::kFederatedUser:
      out.type = "FederatedUser";
      out.issuer = issuer_of(who, "IAMUser");
      return out;
    case PrincipalKind::kService: {
      audit::UserIdentity service;
      service.type = "AWSService";
      service.invoked_by = who.service;
      return service;
    }
    case PrincipalKind::kAnonymous: {
      audit::UserIdentity nobody;
      nobody.type = "AWSAccount";
      nobody.account = "anonymous";
      return nobody;
    }
  }
  return out;
}

audit::Record record_of(const RecordedCall& call, const wire::Operation& operation, const void* input) {
  const wire::Service& service = *operation.service;
  audit::Record out;
  out.when = call.now;
  out.identity = identity_of(call.principal);
  if (!call.via.empty()) out.identity.invoked_by = call.via.back();
  out.event_source = service.event_source;
  out.event_name = operation.name;
  // STS answers in each region for itself.
  out.region = service.global && service.signing_name != "sts" ? kGlobalRegion : call.region;
  out.user_agent = call.request.headers.get("user-agent").value_or("");
  out.source_ip = call.request.peer_ip.empty() ? kInside : std::string_view(call.request.peer_ip);
  if (!out.identity.invoked_by.empty()) out.source_ip = out.user_agent = out.identity.invoked_by;
  out.request_id = call.request_id;
  out.read_only = operation.read_only;
  if (input != nullptr) {
    out.request_parameters = recorded(service, *operation.input, input, operation.recorded);
    add_resources(out.resources, *operation.input, input);
  }
  return out;
}

/// Reads answer what they read, which is not recorded; but that somebody was given credentials is.
bool answer_is_recorded(const wire::Operation& operation) {
  if (!operation.read_only) return true;
  for (const wire::Member& member : operation.output->members) {
    if (member.name == "Credentials") return true;
  }
  return false;
}

}  // namespace

/// The database of a call: what it commits first carries the call's record with it.
class Recording::RecordedDb final : public store::Db {
 public:
  RecordedDb(store::Db& plain, State& state) : plain_(plain), state_(state) {}
  [[nodiscard]] Result<> read_with(const ReadBody& body) override { return plain_.read_with(body); }
  void write_with(WriteBody body, Done done) override;

 private:
  store::Db& plain_;
  State& state_;
};

struct Recording::State : std::enable_shared_from_this<State> {
  State(audit::Trail& to, store::Db& plain, audit::Record what, audit::Copies ids)
      : trail(to), record(std::move(what)), copies(std::move(ids)), db(plain, *this) {}

  audit::Trail& trail;
  audit::Record record;
  audit::Copies copies;
  RecordedDb db;
  Random* random = nullptr;
  bool change = false;
  std::atomic<bool> kept = false;  // durable already, with the change
};

void Recording::RecordedDb::write_with(WriteBody body, Done done) {
  if (state_.kept) return plain_.write_with(std::move(body), std::move(done));
  auto rows = std::make_shared<const std::vector<audit::Row>>(audit::rows_of(state_.record, state_.copies));
  const auto with_record = [body = std::move(body), rows](store::Txn& txn) -> Result<> {
    TRY(body(txn));
    for (const audit::Row& row : *rows) TRY(audit::rows::put(txn, row));
    return {};
  };
  plain_.write_with(with_record, [state = state_.shared_from_this(), done = std::move(done)](Result<> outcome) mutable {
    if (outcome) state->kept = true;
    done(std::move(outcome));
  });
}

void Recording::begin(audit::Trail* trail, store::Db& plain, Random& random, const RecordedCall& call,
                      const wire::Operation& operation, const void* input) {
  // Data events are kept only where a trail selects them.
  if (trail == nullptr || operation.data_event) return;
  audit::Copies copies{.caller = call.principal.account, .callers_id = audit::EventId::make(call.now, random)};
  state_ = std::make_shared<State>(*trail, plain, record_of(call, operation, input), std::move(copies));
  state_->random = &random;
  state_->change = !operation.read_only;
}

void Recording::about(const Target& target) {
  if (!state_) return;
  auto resource = resource_of(target.arn);
  if (resource) {
    resource->account = target.account;
    std::erase_if(state_->record.resources, [&](const audit::Resource& one) { return one.arn == resource->arn; });
    state_->record.resources.insert(state_->record.resources.begin(), std::move(*resource));
  }
  audit::Copies& copies = state_->copies;
  auto owner = AccountId::parse(target.account);
  if (!owner || *owner == copies.caller || copies.owner) return;
  copies.owner = std::move(owner);
  copies.owners_id = audit::EventId::make(state_->record.when, *state_->random);
  copies.shared_id = state_->random->uuid();
}

store::Db& Recording::db(store::Db& plain) const {
  return state_ && state_->change ? static_cast<store::Db&>(state_->db) : plain;
}

void Recording::answered(const wire::Operation& operation, const void* output) {
  if (!state_ || !answer_is_recorded(operation)) return;
  state_->record.response_elements = recorded(*operation.service, *operation.output, output);
  add_resources(state_->record.resources, *operation.output, output);
}

Task<Result<>> Recording::finish(std::string error_code, std::string message) {
  audit::Record& record = state_->record;
  record.denied = error_code.starts_with("AccessDenied");
  record.error_code = std::move(error_code);
  record.error_message = std::move(message);
  if (!record.error_code.empty()) record.response_elements.clear();
  const bool said_all = record.error_code.empty() && record.response_elements.empty();
  if (state_->kept && said_all) co_return Result<>{};
  Result<> noted = co_await state_->trail.note(audit::rows_of(record, state_->copies));
  if (noted || !state_->kept) co_return noted;
  log::warn("what a change answered is not in its record", {{"request_id", record.request_id}});
  co_return Result<>{};
}

}  // namespace warifu::api
