#include "jwt/jwt.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/encoding.h"

namespace warifu::jwt {
namespace {

constexpr json::Limits kTokenLimits{.bytes_max = kTokenBytesMax, .depth_max = 16};

/// base64url without padding: a token that can be written in two ways would have two names.
std::optional<std::string> decode(std::string_view text) {
  if (text.find('=') != std::string_view::npos) return std::nullopt;
  return base64url_decode(text);
}

Result<json::Value> object_of(std::string_view part, std::string_view what) {
  const auto bytes = decode(part);
  if (!bytes) return fail(validation_error(fmt::format("the token's {} is not base64url", what)));
  auto value = json::parse(*bytes, kTokenLimits);
  if (!value || !value->is_object()) {
    return fail(validation_error(fmt::format("the token's {} is not a JSON object", what)));
  }
  if (value->duplicate_member()) {
    return fail(validation_error(fmt::format("the token's {} names a member twice", what)));
  }
  return value;
}

/// A NumericDate (RFC 7519 §2) in seconds; nullopt: absent. kValidation: no number, or one beyond any date.
Result<std::optional<double>> date_of(const json::Value& claims, std::string_view name) {
  const json::Value* value = claims.find(name);
  if (value == nullptr) return std::optional<double>{};
  const auto seconds = value->as_double();
  if (!seconds || !std::isfinite(*seconds)) {
    return fail(validation_error(fmt::format("the token's `{}` is not a number", name)));
  }
  return std::optional(*seconds);
}

std::vector<std::string> words_of(const json::Value* value) {
  std::vector<std::string> out;
  if (value == nullptr) return out;
  if (value->is_array()) {
    for (const json::Value& item : value->items()) {
      if (item.is_string()) out.push_back(item.as_string());
    }
    return out;
  }
  if (!value->is_string()) return out;
  std::string_view rest = value->as_string();
  while (!rest.empty()) {
    const std::size_t space = rest.find(' ');
    if (space != 0) out.emplace_back(rest.substr(0, space));
    if (space == std::string_view::npos) break;
    rest.remove_prefix(space + 1);
  }
  return out;
}

bool has_any(const std::vector<std::string>& has, const std::vector<std::string>& wanted) {
  return std::ranges::any_of(wanted, [&](const std::string& one) { return std::ranges::find(has, one) != has.end(); });
}

std::vector<std::string> audiences_of(const json::Value& claims) {
  const json::Value* value = claims.find("aud");
  if (value != nullptr && value->is_string()) return {value->as_string()};
  return words_of(value);
}

bool holds(const ClaimRule& rule, const json::Value& claims) {
  const json::Value* value = claims.find(rule.name);
  if (value == nullptr || rule.values.empty()) return false;
  if (!rule.is_array)
    return value->is_string() && std::ranges::find(rule.values, value->as_string()) != rule.values.end();
  if (!value->is_array()) return false;
  const std::vector<std::string> has = words_of(value);
  if (rule.comparison == ClaimRule::Operator::kContainsAny) return has_any(has, rule.values);
  return std::ranges::all_of(rule.values,
                             [&](const std::string& one) { return std::ranges::find(has, one) != has.end(); });
}

std::expected<void, Refusal> refuse(std::string message) {
  return std::unexpected(Refusal{.insufficient_scope = false, .message = std::move(message)});
}

std::expected<void, Refusal> check_dates(const json::Value& claims, Timestamp now) {
  const auto expires = date_of(claims, "exp");
  const auto begins = date_of(claims, "nbf");
  const auto issued = date_of(claims, "iat");
  for (const auto* date : {&expires, &begins, &issued}) {
    if (!*date) return refuse(date->error().message);
  }
  const double seconds = static_cast<double>(now.ms) / 1000;
  const auto leeway = static_cast<double>(kLeewaySeconds);
  if (!*expires) return refuse("the token has no `exp`");
  if (seconds >= **expires + leeway) return refuse("the token has expired");
  if (*begins && seconds < **begins - leeway) return refuse("the token is not valid yet");
  if (*issued && seconds < **issued - leeway) return refuse("the token was issued in the future");
  return {};
}

std::optional<crypto::PublicKey> key_of(const json::Value& jwk) {
  const auto kind = jwk.find_string("kty").value_or("");
  const auto bytes = [&](std::string_view name) { return decode(jwk.find_string(name).value_or("")).value_or(""); };
  if (kind == "RSA") return crypto::PublicKey::rsa(bytes("n"), bytes("e"));
  const auto curve = jwk.find_string("crv").value_or("");
  if (kind == "EC" && curve == "P-256") return crypto::PublicKey::ec(crypto::Curve::kP256, bytes("x"), bytes("y"));
  if (kind == "EC" && curve == "P-384") return crypto::PublicKey::ec(crypto::Curve::kP384, bytes("x"), bytes("y"));
  if (kind == "EC" && curve == "P-521") return crypto::PublicKey::ec(crypto::Curve::kP521, bytes("x"), bytes("y"));
  if (kind == "OKP" && curve == "Ed25519") return crypto::PublicKey::ed25519(bytes("x"));
  return std::nullopt;
}

}  // namespace

Result<Token> parse(std::string_view text) {
  if (text.size() > kTokenBytesMax) return fail(validation_error("the token is too long"));
  const std::size_t first = text.find('.');
  const std::size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos || text.find('.', second + 1) != std::string_view::npos) {
    return fail(validation_error("the token is not a signed JSON Web Token"));
  }
  const json::Value header = TRY(object_of(text.substr(0, first), "header"));
  const auto algorithm = crypto::signature_algorithm(header.find_string("alg").value_or(""));
  if (!algorithm) return fail(validation_error("the token's algorithm is not accepted"));
  if (header.find("crit") != nullptr) return fail(validation_error("the token has critical extensions"));
  json::Value claims = TRY(object_of(text.substr(first + 1, second - first - 1), "payload"));
  auto signature = decode(text.substr(second + 1));
  if (!signature || signature->empty()) return fail(validation_error("the token has no signature"));
  return Token{.algorithm = *algorithm,
               .key_id = header.find_string("kid").value_or(""),
               .claims = std::move(claims),
               .signed_part = std::string(text.substr(0, second)),
               .signature = std::move(*signature)};
}

Result<KeySet> KeySet::parse(std::string_view text) {
  const json::Value document = TRY(json::parse(text, {.bytes_max = 1024 * 1024, .depth_max = 16}));
  const json::Value* keys = document.find("keys");
  if (keys == nullptr || !keys->is_array()) return fail(validation_error("the key document has no array `keys`"));
  KeySet out;
  for (const json::Value& jwk : keys->items()) {
    if (out.keys_.size() == kKeysMax) break;
    if (!jwk.is_object() || jwk.find_string("use").value_or("sig") != "sig") continue;
    std::optional<crypto::SignatureAlgorithm> only;
    if (const auto name = jwk.find_string("alg")) {
      only = crypto::signature_algorithm(*name);
      if (!only) continue;
    }
    if (auto key = key_of(jwk)) {
      out.keys_.push_back({.id = jwk.find_string("kid").value_or(""), .only = only, .key = std::move(*key)});
    }
  }
  return out;
}

bool KeySet::could_be(const Key& key, const Token& token) {
  if (!token.key_id.empty() && key.id != token.key_id) return false;
  if (key.only && *key.only != token.algorithm) return false;
  return key.key.fits(token.algorithm);
}

bool KeySet::knows(const Token& token) const {
  return std::ranges::any_of(keys_, [&](const Key& key) { return could_be(key, token); });
}

bool KeySet::verifies(const Token& token) const {
  return std::ranges::any_of(keys_, [&](const Key& key) {
    return could_be(key, token) && key.key.verify(token.algorithm, token.signed_part, token.signature);
  });
}

std::expected<void, Refusal> check(const Token& token, const Rules& rules, Timestamp now) {
  const json::Value& claims = token.claims;
  if (auto dated = check_dates(claims, now); !dated) return dated;
  if (rules.issuer.empty() || claims.find_string("iss") != rules.issuer) {
    return refuse("the token is of another issuer");
  }
  if (!rules.audiences.empty() && !has_any(audiences_of(claims), rules.audiences)) {
    return refuse("the token is for another audience");
  }
  if (!rules.clients.empty() && !has_any({claims.find_string("client_id").value_or("")}, rules.clients)) {
    return refuse("the token is of a client that is not allowed");
  }
  for (const ClaimRule& rule : rules.claims) {
    if (!holds(rule, claims)) return refuse(fmt::format("the token's claim `{}` does not match", rule.name));
  }
  if (rules.scopes.empty()) return {};
  std::vector<std::string> scopes = words_of(claims.find("scope"));
  for (std::string& one : words_of(claims.find("scp"))) scopes.push_back(std::move(one));
  if (has_any(scopes, rules.scopes)) return {};
  return std::unexpected(Refusal{.insufficient_scope = true, .message = "the token has none of the required scopes"});
}

}  // namespace warifu::jwt
