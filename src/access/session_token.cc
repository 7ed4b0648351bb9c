#include "access/session_token.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/encoding.h"
#include "json/value.h"

namespace warifu::access {
namespace {

constexpr std::string_view kTokenPurpose = "sts-session-token";
constexpr std::string_view kSecretPurpose = "sts-secret-access-key";
constexpr std::size_t kSecretChars = 40;

using json::Value;

Value strings(const std::vector<std::string>& texts) {
  std::vector<Value> items;
  for (const std::string& text : texts) items.push_back(Value::string(text));
  return Value::array(std::move(items));
}

std::vector<std::string> strings_of(const Value* value) {
  std::vector<std::string> out;
  if (value == nullptr || !value->is_array()) return out;
  for (const Value& item : value->items()) {
    if (item.is_string()) out.push_back(item.as_string());
  }
  return out;
}

Value session_value(const Session& session) {
  Value tags = Value::object();
  for (const auto& [key, value] : session.tags) tags.set(key, Value::string(value));
  Value out = Value::object();
  out.set("name", Value::string(session.name))
      .set("issued", Value::number(session.issued.ms))
      .set("expires", Value::number(session.expires.ms))
      .set("tags", std::move(tags))
      .set("transitive", strings(session.transitive_tags))
      .set("source_identity", Value::string(session.source_identity))
      .set("policies", strings(session.inline_policies))
      .set("policy_arns", strings(session.policy_arns))
      .set("mfa", Value::boolean(session.mfa))
      .set("chained", Value::boolean(session.chained));
  return out;
}

std::optional<Session> session_of(const Value& value) {
  const Value* issued = value.find("issued");
  const Value* expires = value.find("expires");
  const Value* tags = value.find("tags");
  const Value* mfa = value.find("mfa");
  const Value* chained = value.find("chained");
  if (issued == nullptr || expires == nullptr || tags == nullptr || !tags->is_object()) return std::nullopt;
  const auto issued_ms = issued->as_int64();
  const auto expires_ms = expires->as_int64();
  if (!issued_ms || !expires_ms) return std::nullopt;

  Session session;
  session.name = value.find_string("name").value_or("");
  session.issued = {*issued_ms};
  session.expires = {*expires_ms};
  for (const auto& [key, tag] : tags->members()) {
    if (tag.is_string()) session.tags.emplace(key, tag.as_string());
  }
  session.transitive_tags = strings_of(value.find("transitive"));
  session.source_identity = value.find_string("source_identity").value_or("");
  session.inline_policies = strings_of(value.find("policies"));
  session.policy_arns = strings_of(value.find("policy_arns"));
  session.mfa = mfa != nullptr && mfa->is_bool() && mfa->as_bool();
  session.chained = chained != nullptr && chained->is_bool() && chained->as_bool();
  return session;
}

/// As AWS's: of the 80 bits after the prefix, 40 from the second on are the account's number, the rest is random.
std::string new_key_id(const AccountId& account, Random& random) {
  std::uint64_t number = 0;
  for (const char c : account.str()) number = number * 10 + static_cast<std::uint64_t>(c - '0');
  const std::uint64_t top = std::uint64_t{1} << 47 | number << 7 | random.below(128);
  std::string text = "ASIA";
  // 48 bits fill nine characters and three bits of the tenth; two more make it whole.
  const std::uint64_t bits = top << 2 | random.below(4);
  for (int shift = 45; shift >= 0; shift -= 5) text.push_back(kBase32[bits >> shift & 31]);
  return text + random.text(6, kBase32);
}

}  // namespace

std::optional<AccountId> account_of_temporary_key(std::string_view access_key_id) {
  if (access_key_id.size() != 20 || !access_key_id.starts_with("ASIA")) return std::nullopt;
  std::uint64_t bits = 0;
  for (const char c : access_key_id.substr(4, 10)) {
    const std::size_t value = kBase32.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 5 | value;
  }
  return AccountId::parse(fmt::format("{:012}", bits >> 9 & ((std::uint64_t{1} << 40) - 1)));
}

std::string temporary_secret(std::string_view access_key_id, const Sealer& sealer) {
  return base64_encode(sealer.derive(kSecretPurpose, access_key_id)).substr(0, kSecretChars);
}

TemporaryCredentials issue(const Principal& principal, const Sealer& sealer, Random& random) {
  CHECK(principal.session.has_value(), "temporary credentials need a session");
  const std::string key_id = new_key_id(principal.account, random);
  Value value = Value::object();
  value.set("key", Value::string(key_id))
      .set("kind", Value::number(static_cast<std::int64_t>(principal.kind)))
      .set("account", Value::string(principal.account.str()))
      .set("arn", Value::string(principal.arn))
      .set("identity_arn", Value::string(principal.identity_arn))
      .set("unique_id", Value::string(principal.unique_id))
      .set("user_id", Value::string(principal.user_id))
      .set("name", Value::string(principal.name))
      .set("session", session_value(*principal.session));
  return {.access_key_id = key_id,
          .secret_access_key = temporary_secret(key_id, sealer),
          .session_token = sealer.seal(kTokenPurpose, value.dump()),
          .expires = principal.session->expires};
}

std::optional<Principal> open_session_token(std::string_view token, std::string_view access_key_id,
                                            const Sealer& sealer) {
  if (token.empty() || token.size() > kSessionTokenCharsMax) return std::nullopt;
  const auto text = sealer.open(kTokenPurpose, token);
  if (!text) return std::nullopt;
  const auto parsed = json::parse(*text);
  if (!parsed || parsed->find_string("key") != access_key_id) return std::nullopt;

  const json::Value* kind = parsed->find("kind");
  const json::Value* session = parsed->find("session");
  const auto account = AccountId::parse(parsed->find_string("account").value_or(""));
  if (kind == nullptr || session == nullptr || !account) return std::nullopt;
  const auto kind_number = kind->as_int64();
  if (!kind_number || *kind_number < 0 || *kind_number > static_cast<std::int64_t>(PrincipalKind::kFederatedUser)) {
    return std::nullopt;
  }
  auto opened = session_of(*session);
  if (!opened) return std::nullopt;
  return Principal{.kind = static_cast<PrincipalKind>(*kind_number),
                   .account = *account,
                   .arn = parsed->find_string("arn").value_or(""),
                   .identity_arn = parsed->find_string("identity_arn").value_or(""),
                   .unique_id = parsed->find_string("unique_id").value_or(""),
                   .user_id = parsed->find_string("user_id").value_or(""),
                   .name = parsed->find_string("name").value_or(""),
                   .access_key_id = std::string(access_key_id),
                   .session = std::move(opened),
                   .service = {}};
}

}  // namespace warifu::access
