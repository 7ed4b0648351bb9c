#include "services/s3/public_policy.h"

#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "json/value.h"

namespace warifu::services::s3 {
namespace {

/// Keys whose fixed values say who may come.
constexpr std::string_view kTies[] = {
    "aws:sourcearn", "aws:sourcevpc",   "aws:sourcevpce",       "aws:sourceaccount",    "aws:sourceowner",
    "aws:sourceip",  "aws:sourceorgid", "aws:principalorgid",   "aws:principalaccount", "aws:principalarn",
    "aws:userid",    "aws:username",    "s3:dataaccesspointarn"};

bool is_everybody(const json::Value& value) {
  if (value.is_string()) return value.as_string() == "*";
  if (value.is_array()) return std::ranges::any_of(value.items(), is_everybody);
  if (!value.is_object()) return true;
  const json::Value* aws = value.find("AWS");
  return aws != nullptr && is_everybody(*aws);
}

bool is_fixed(const json::Value& value) {
  if (value.is_array()) return !value.items().empty() && std::ranges::all_of(value.items(), is_fixed);
  return value.is_string() && value.as_string().find_first_of("*?$") == std::string::npos &&
         value.as_string() != "0.0.0.0/0" && value.as_string() != "::/0";
}

/// "What is considered a public policy": ranges wider than /8, of IPv6 than /32, name nobody in particular.
bool is_narrow(const json::Value& value) {
  if (value.is_array()) return std::ranges::all_of(value.items(), is_narrow);
  const std::string_view text = value.is_string() ? std::string_view(value.as_string()) : std::string_view{};
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return true;
  const std::string_view digits = text.substr(slash + 1);
  int bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  const int least = text.find(':') == std::string_view::npos ? 8 : 32;
  return error == std::errc{} && end == digits.data() + digits.size() && bits >= least;
}

bool is_tied(const json::Value* condition) {
  if (condition == nullptr || !condition->is_object()) return false;
  for (const auto& [op, keys] : condition->members()) {
    const std::string lower = to_lower(op);
    if (!keys.is_object() || lower.find("not") != std::string::npos || lower.ends_with("ifexists") ||
        lower.starts_with("null") || lower.starts_with("forallvalues")) {
      continue;
    }
    for (const auto& [key, value] : keys.members()) {
      const std::string name = to_lower(key);
      if (std::ranges::find(kTies, name) == std::end(kTies) || !is_fixed(value)) continue;
      if (name != "aws:sourceip" || is_narrow(value)) return true;
    }
  }
  return false;
}

bool is_public_statement(const json::Value& statement) {
  if (statement.find_string("Effect") != "Allow") return false;
  const json::Value* principal = statement.find("Principal");
  const bool everybody = principal == nullptr || is_everybody(*principal);  // NotPrincipal names nobody in particular
  return everybody && !is_tied(statement.find("Condition"));
}

template <class F>
bool any_statement(std::string_view document, const F& holds) {
  const auto parsed = json::parse(document);
  const json::Value* statements = parsed ? parsed->find("Statement") : nullptr;
  if (statements == nullptr) return true;
  if (!statements->is_array()) return holds(*statements);
  return std::ranges::any_of(statements->items(), holds);
}

}  // namespace

bool is_public_policy(std::string_view document) { return any_statement(document, is_public_statement); }

std::optional<std::string> stray_resource(std::string_view document, std::string_view bucket_arn) {
  std::optional<std::string> stray;
  const auto check = [&](const json::Value& value) {
    if (!value.is_string()) return;
    const std::string& text = value.as_string();
    const bool within = text == bucket_arn || text.starts_with(std::string(bucket_arn) + "/");
    if (!within && !stray) stray = text;
  };
  any_statement(document, [&](const json::Value& statement) {
    for (const std::string_view name : {"Resource", "NotResource"}) {
      const json::Value* resource = statement.find(name);
      if (resource == nullptr) continue;
      if (resource->is_array()) {
        for (const json::Value& one : resource->items()) check(one);
      } else {
        check(*resource);
      }
    }
    return false;
  });
  return stray;
}

}  // namespace warifu::services::s3
