#include <fmt/format.h>

#include <algorithm>

#include "identity/holders.h"
#include "identity/table.h"

namespace warifu::identity {
namespace {

struct KindLimits {
  std::string_view word;
  std::size_t characters_max;
};

/// Of all inline policies of one holder together (facts: IAM quotas).
KindLimits limits_of(EntityKind kind) {
  switch (kind) {
    case EntityKind::kUser:
      return {"user", 2'048};
    case EntityKind::kGroup:
      return {"group", 5'120};
    case EntityKind::kRole:
      return {"role", 10'240};
    case EntityKind::kPolicy:
    case EntityKind::kInstanceProfile:
      break;
  }
  CHECK(false, "only users, groups and roles hold policies");
}

}  // namespace

std::size_t policy_characters(std::string_view document) {
  return static_cast<std::size_t>(std::ranges::count_if(document, [](char c) {
    const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    const bool continuation = (static_cast<unsigned char>(c) & 0xc0) == 0x80;
    return !space && !continuation;
  }));
}

Result<> put_inline_policy(store::Txn& txn, const AccountId& account, const Holder& holder,
                           const InlinePolicy& policy) {
  const KindLimits limits = limits_of(holder.kind);
  std::size_t characters = policy_characters(policy.document);
  const Edges held = TRY(edges_of(txn, account, kInline, holder.id));
  for (const auto& [name, value] : held) {
    if (name == policy.name) continue;
    const InlineRow row = TRY(decode_row<InlineRow>(value));
    characters += policy_characters(row.document);
  }
  if (characters > limits.characters_max) {
    return fail(limit_exceeded(fmt::format("Maximum policy size of {} bytes exceeded for {} {}", limits.characters_max,
                                           limits.word, holder.name)));
  }
  TRY(put_row(txn, store::Partition::account(account), edge_key(kInline, holder.id, policy.name),
              InlineRow{policy.document}));
  return bump_identity_version(txn, account);
}

Result<std::optional<InlinePolicy>> find_inline_policy(store::Reader& reader, const AccountId& account,
                                                       std::string_view holder_id, std::string_view name) {
  std::optional<InlineRow> row =
      TRY(get_row<InlineRow>(reader, store::Partition::account(account), edge_key(kInline, holder_id, name)));
  if (!row) return std::nullopt;
  return InlinePolicy{std::string(name), std::move(row->document)};
}

Result<> delete_inline_policy(store::Txn& txn, const AccountId& account, const Holder& holder, std::string_view name) {
  if (!TRY(find_inline_policy(txn, account, holder.id, name))) return fail(no_such_inline_policy(holder, name));
  TRY(txn.erase(store::Partition::account(account), edge_key(kInline, holder.id, name)));
  return bump_identity_version(txn, account);
}

Result<Slice<InlinePolicy>> list_inline_policies(store::Reader& reader, const AccountId& account,
                                                 std::string_view holder_id, const SliceQuery& query) {
  return slice_edges<InlinePolicy>(
      reader, account, kInline, holder_id, query,
      [](const std::string& name, const std::string& value) -> Result<std::optional<InlinePolicy>> {
        InlineRow row = TRY(decode_row<InlineRow>(value));
        return InlinePolicy{name, std::move(row.document)};
      });
}

Error no_such_inline_policy(const Holder& holder, std::string_view name) {
  return no_such_entity(fmt::format("The {} policy with name {} cannot be found.", limits_of(holder.kind).word, name));
}

}  // namespace warifu::identity
