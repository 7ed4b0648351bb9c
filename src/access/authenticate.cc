#include "access/authenticate.h"

#include <algorithm>

#include "access/bounded_cache.h"
#include "access/cache_scope.h"
#include "access/session_token.h"
#include "identity/access_keys.h"
#include "identity/accounts.h"
#include "identity/policies.h"
#include "identity/users.h"

namespace warifu::access {
namespace {

constexpr std::size_t kKeptCredentials = 1024;
constexpr std::size_t kKeptBytes = std::size_t{4} << 20U;
constexpr std::string_view kDamagedToken = "The security token included in the request is invalid";
constexpr std::string_view kUnknownKey = "The security token included in the request is invalid.";
constexpr std::string_view kExpiredToken = "The security token included in the request is expired";

FoundCredential refused(AuthFailureKind kind, std::string_view message) {
  return std::unexpected(AuthFailure{.kind = kind, .message = std::string(message)});
}

/// A user may have another name or path than when its session began, and the old one may be another user's now.
Result<> follow_user(store::Reader& reader, Principal& principal) {
  const bool own = principal.kind == PrincipalKind::kUser;
  if (!own && principal.kind != PrincipalKind::kFederatedUser) return {};
  const auto user = TRY(identity::user_by_id(reader, principal.account, principal.unique_id));
  if (!user) return {};
  principal.identity_arn = user->arn;
  if (!own) return {};
  principal.arn = user->arn;
  principal.name = user->name;
  return {};
}

Result<FoundCredential> temporary(store::Reader& reader, const CredentialSource& source, std::string_view key_id,
                                  std::string_view token, Timestamp now) {
  auto principal = open_session_token(token, key_id, source.sealer);
  if (!principal || !principal->session) return refused(AuthFailureKind::kInvalidToken, kDamagedToken);
  if (principal->session->expires <= now) return refused(AuthFailureKind::kExpiredToken, kExpiredToken);
  TRY(follow_user(reader, *principal));
  return Credential{.principal = std::move(*principal), .secret = temporary_secret(key_id, source.sealer)};
}

Result<FoundCredential> of_development(store::Reader& reader, const AccountId& account, std::string_view key_id) {
  const auto user = TRY(identity::find_user(reader, account, kDevelopmentUser));
  if (!user) return refused(AuthFailureKind::kInvalidKeyId, kUnknownKey);
  return Credential{.principal = user_principal(account, &*user, key_id), .secret = std::string(kDevelopmentSecret)};
}

/// A long-term credential, and the identity version that it was read at.
struct Kept {
  std::uint64_t version;
  Credential credential;
};

Result<FoundCredential> long_term(store::Reader& reader, const AccessKeyId& key_id) {
  const auto found = TRY(identity::find_access_key(reader, key_id));
  if (!found || !found->key.active) return refused(AuthFailureKind::kInvalidKeyId, kUnknownKey);
  if (found->key.user_id == found->account.str()) {
    return Credential{.principal = user_principal(found->account, nullptr, key_id.str()), .secret = found->key.secret};
  }
  const auto user = TRY(identity::user_by_id(reader, found->account, found->key.user_id));
  if (!user) return refused(AuthFailureKind::kInvalidKeyId, kUnknownKey);
  return Credential{.principal = user_principal(found->account, &*user, key_id.str()), .secret = found->key.secret};
}

/// One get instead of five: every change of the user, its keys or its account moves the version.
Result<FoundCredential> kept_long_term(store::Reader& reader, const CacheScope& scope, const AccessKeyId& key_id) {
  thread_local BoundedCache<Kept, kKeptCredentials, kKeptBytes> cache;
  std::string key = cache_key({key_id.str()}, {scope.id()});
  if (const Kept* kept = cache.find(key)) {
    const AccountId& account = kept->credential.principal.account;
    if (TRY(identity::identity_version(reader, account)) == kept->version) return kept->credential;
  }
  auto found = TRY(long_term(reader, key_id));
  if (!found) return found;
  const std::uint64_t version = TRY(identity::identity_version(reader, found->principal.account));
  found->identity_version = version;
  cache.put(std::move(key), Kept{.version = version, .credential = *found}, sizeof(Kept));
  return found;
}

}  // namespace

Principal user_principal(const AccountId& account, const identity::User* user, std::string_view key_id) {
  Principal principal{.kind = user == nullptr ? PrincipalKind::kRoot : PrincipalKind::kUser,
                      .account = account,
                      .arn = user == nullptr ? identity::root_arn(account) : user->arn,
                      .identity_arn = {},
                      .unique_id = user == nullptr ? account.str() : user->id,
                      .user_id = {},
                      .name = user == nullptr ? std::string() : user->name,
                      .access_key_id = std::string(key_id),
                      .session = {},
                      .service = {}};
  principal.identity_arn = principal.arn;
  principal.user_id = principal.unique_id;
  return principal;
}

Result<FoundCredential> find_credential(store::Reader& reader, const CredentialSource& source, std::string_view key_id,
                                        std::string_view session_token, Timestamp now) {
  if (!session_token.empty()) return temporary(reader, source, key_id, session_token, now);
  if (source.development) {
    if (const auto account = development_account(key_id)) return of_development(reader, *account, key_id);
  }
  const auto parsed = AccessKeyId::parse(key_id);
  // A temporary key means nothing without its token.
  if (!parsed || parsed->temporary()) return refused(AuthFailureKind::kInvalidKeyId, kUnknownKey);
  return kept_long_term(reader, source.scope, *parsed);
}

std::optional<AccountId> development_account(std::string_view key_id) {
  if (key_id == kManagementAccount) return std::nullopt;
  return AccountId::parse(key_id == "test" ? "000000000000" : key_id);
}

Result<> ensure_development_account(store::Txn& txn, const AccountId& account, std::string_view user_id,
                                    Timestamp now) {
  const auto existing = TRY(identity::find_account(txn, account));
  if (!existing) {
    const identity::Account made{
        .id = account.str(), .name = "dev-" + account.str(), .email = {}, .alias = {}, .created = now};
    TRY(identity::create_account(txn, made));
  }
  const auto user = TRY(identity::find_user(txn, account, kDevelopmentUser));
  if (user) return {};
  return create_administrator(txn, account, kDevelopmentUser, user_id, now);
}

Result<> create_administrator(store::Txn& txn, const AccountId& account, std::string_view name,
                              std::string_view user_id, Timestamp now) {
  const identity::User user{.name = std::string(name),
                            .path = "/",
                            .id = std::string(user_id),
                            .arn = {},
                            .created = now,
                            .boundary_arn = {}};
  TRY(identity::create_user(txn, account, user, {}));
  const identity::Holder holder{.kind = identity::EntityKind::kUser, .id = user.id, .name = user.name};
  return identity::attach_policy(txn, account, holder, "arn:aws:iam::aws:policy/AdministratorAccess");
}

}  // namespace warifu::access
