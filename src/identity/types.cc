#include "identity/types.h"

#include <fmt/format.h>

#include "base/arn.h"

namespace warifu::identity {
namespace {

struct KindWords {
  EntityKind kind;
  std::string_view id_prefix, arn_word;
};
constexpr KindWords kKindWords[] = {
    {EntityKind::kUser, "AIDA", "user"},
    {EntityKind::kGroup, "AGPA", "group"},
    {EntityKind::kRole, "AROA", "role"},
    {EntityKind::kPolicy, "ANPA", "policy"},
    {EntityKind::kInstanceProfile, "AIPA", "instance-profile"},
};

const KindWords& words(EntityKind kind) { return kKindWords[static_cast<std::size_t>(kind)]; }

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string new_unique_id(EntityKind kind, Random& random) {
  return fmt::format("{}{}", words(kind).id_prefix, random.text(17, kBase32));
}

std::string new_access_key_id(Random& random) { return "AKIA" + random.text(16, kBase32); }

std::string new_secret_key(Random& random) { return random.text(40, kBase64); }

std::string root_arn(const AccountId& account) { return make_arn("iam", "", account.str(), "root"); }

std::string entity_arn(EntityKind kind, const AccountId& account, std::string_view path, std::string_view name) {
  return make_arn("iam", "", account.str(), fmt::format("{}{}{}", words(kind).arn_word, path, name));
}

std::optional<EntityArn> parse_entity_arn(std::string_view text) {
  const std::optional<ArnView> arn = ArnView::parse(text);
  if (!arn || arn->service != "iam" || !arn->region.empty()) return std::nullopt;
  for (const KindWords& candidate : kKindWords) {
    if (arn->resource_type() != candidate.arn_word) continue;
    const std::string_view rest = arn->resource.substr(candidate.arn_word.size());
    const std::size_t slash = rest.rfind('/');
    const std::string_view name = rest.substr(slash + 1);
    if (name.empty()) return std::nullopt;
    return EntityArn{candidate.kind, arn->account, rest.substr(0, slash + 1), name};
  }
  return std::nullopt;
}

std::string session_arn(const AccountId& account, std::string_view role_name, std::string_view session) {
  return make_arn("sts", "", account.str(), fmt::format("assumed-role/{}/{}", role_name, session));
}

std::string federated_user_arn(const AccountId& account, std::string_view name) {
  return make_arn("sts", "", account.str(), fmt::format("federated-user/{}", name));
}

}  // namespace warifu::identity
