#include "policy/grammar.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/arn.h"
#include "base/ids.h"
#include "policy/keys.h"
#include "policy/pattern.h"

namespace warifu::policy {
namespace {

std::unexpected<Error> refuse(std::string text) { return fail(validation_error(std::move(text))); }

bool has_wildcard(std::string_view text) { return text.find_first_of("*?") != std::string_view::npos; }

bool is_unique_id(std::string_view text) {
  if (text.size() < 16 || text.size() > 128 || !(text.starts_with("AIDA") || text.starts_with("AROA"))) return false;
  return std::ranges::all_of(text, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

/// A type and a non-empty rest: `role/path/Name`.
bool is_under(std::string_view resource, std::string_view type) {
  return resource.starts_with(type) && resource.size() > type.size() && !resource.ends_with('/');
}

bool is_aws_principal(std::string_view value) {
  if (AccountId::parse(value) || is_unique_id(value)) return true;
  const auto arn = ArnView::parse(value);
  if (!arn || has_wildcard(value) || !arn->region.empty() || !AccountId::parse(arn->account)) return false;
  if (arn->service == "iam") {
    return arn->resource == "root" || is_under(arn->resource, "user/") || is_under(arn->resource, "role/");
  }
  if (arn->service != "sts") return false;
  if (is_under(arn->resource, "federated-user/")) return true;
  const std::string_view session = arn->resource;
  return is_under(session, "assumed-role/") && std::ranges::count(session, '/') == 2 &&
         session.find("//") == std::string_view::npos;
}

bool is_host_name(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
  };
  return text.size() <= 255 && text.find('.') != std::string_view::npos && std::ranges::all_of(text, allowed);
}

bool is_federated_principal(std::string_view value) {
  const auto arn = ArnView::parse(value);
  if (!arn) return is_host_name(value.substr(0, value.find('/'))) && !has_wildcard(value);
  return arn->service == "iam" && !has_wildcard(value) && AccountId::parse(arn->account) &&
         (is_under(arn->resource, "oidc-provider/") || is_under(arn->resource, "saml-provider/"));
}

constexpr std::string_view type_name(PrincipalType type) {
  switch (type) {
    case PrincipalType::kAnyone:
    case PrincipalType::kAws:
      return "AWS";
    case PrincipalType::kService:
      return "Service";
    case PrincipalType::kFederated:
      return "Federated";
    case PrincipalType::kCanonicalUser:
      return "CanonicalUser";
  }
  return "AWS";
}

/// Where the first five fields end, colons inside `${…}` not counted; npos when the ARN is short.
std::size_t fifth_colon(std::string_view text, bool variables) {
  int colons = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (variables && text.substr(i).starts_with("${")) {
      i = std::min(text.find('}', i), text.size() - 1);
    } else if (text[i] == ':' && ++colons == 5) {
      return i;
    }
  }
  return std::string_view::npos;
}

}  // namespace

Result<> check_action(std::string_view action) {
  if (action.size() > kPatternBytesMax) return refuse("longer than 4096 bytes");
  if (action == "*") return {};
  const std::size_t colon = action.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == action.size()) {
    return refuse("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
  }
  if (action.find(':', colon + 1) != std::string_view::npos) {
    return refuse("Actions/Condition can contain only one colon.");
  }
  return {};
}

Result<> check_resource(std::string_view resource, bool variables, bool may_be_short) {
  TRY(read_segments(resource, {.wildcards = true, .variables = variables}));
  if (!resource.empty() && resource.find_first_not_of('*') == std::string_view::npos) return {};
  const std::string quoted = "Resource " + std::string(resource);
  const std::size_t end = fifth_colon(resource, variables);
  if (!resource.starts_with("arn:") || (end == std::string_view::npos && !may_be_short)) {
    return refuse(quoted + " must be in ARN format or \"*\".");
  }
  const std::string_view fields = resource.substr(0, end);
  if (variables && fields.find("${") != std::string_view::npos) {
    return refuse(quoted + " has a policy variable outside of the resource portion of the ARN.");
  }
  const std::string_view after_partition = fields.substr(std::min(fields.find(':', 4), fields.size() - 1) + 1);
  const std::string_view service = after_partition.substr(0, after_partition.find(':'));
  if (fields.size() == 4 || fields[4] == ':' || service.empty() || has_wildcard(service)) {
    return refuse("Resource vendor must be fully qualified and cannot contain regexes. " + quoted);
  }
  if (end != std::string_view::npos && end + 1 == resource.size()) {
    return refuse(quoted + " must be in ARN format or \"*\".");
  }
  return {};
}

Result<> check_principal(PrincipalType type, std::string_view value) {
  const bool sound = value.size() <= 2048 && [&] {
    switch (type) {
      case PrincipalType::kAnyone:
        return true;
      case PrincipalType::kAws:
        return is_aws_principal(value);
      case PrincipalType::kService:
        return is_host_name(value);
      case PrincipalType::kFederated:
        return is_federated_principal(value);
      case PrincipalType::kCanonicalUser:
        return !value.empty() && std::ranges::all_of(value, [](char c) {
          return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        });
    }
    return false;
  }();
  if (sound) return {};
  return refuse("Invalid principal in policy: \"" + std::string(type_name(type)) + "\":\"" + std::string(value) + "\"");
}

Result<> check_condition_key(std::string_view key) {
  if (key.size() > kKeyBytesMax) return refuse("a condition key is longer than 512 bytes");
  const std::size_t colon = key.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == key.size()) {
    return refuse("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
  }
  return {};
}

}  // namespace warifu::policy
