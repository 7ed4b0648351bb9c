#include "identity/buckets.h"

#include <algorithm>

#include "identity/table.h"

namespace warifu::identity {
namespace {

constexpr std::string_view kBucket = "id/b/";  // in `system`: bucket name → account, region
constexpr std::string_view kArnPrefix = "arn:aws:s3:::";

bool is_plain(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool looks_like_address(std::string_view name) {
  return std::ranges::count(name, '.') == 3 &&
         std::ranges::all_of(name, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

}  // namespace

struct BucketRow {
  std::string account, region;
  bool owner_only = false;
};
template <class A>
void fields(A& a, BucketRow& row) {
  a(row.account), a(row.region), a(row.owner_only);
}

Result<std::optional<BucketOwner>> find_bucket(store::Reader& reader, std::string_view name) {
  std::optional<BucketRow> row =
      TRY(get_kept_row<BucketRow>(reader, store::Partition::system(), key_of(kBucket, name)));
  if (!row) return std::nullopt;
  std::optional<AccountId> account = AccountId::parse(row->account);
  if (!account) return fail(internal_error("a bucket leads to no account"));
  return BucketOwner{.account = std::move(*account), .region = std::move(row->region), .owner_only = row->owner_only};
}

Result<> put_bucket(store::Txn& txn, std::string_view name, const BucketOwner& owner) {
  return put_row(txn, store::Partition::system(), key_of(kBucket, name),
                 BucketRow{owner.account.str(), owner.region, owner.owner_only});
}

Result<> erase_bucket(store::Txn& txn, std::string_view name) {
  return txn.erase(store::Partition::system(), key_of(kBucket, name));
}

bool is_bucket_name(std::string_view name) {
  if (name.size() < 3 || name.size() > 63 || !is_plain(name.front()) || !is_plain(name.back())) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!is_plain(name[i]) && name[i] != '-' && name[i] != '.') return false;
    if (name[i] == '.' && (!is_plain(name[i + 1]) || !is_plain(name[i - 1]))) return false;
  }
  for (const std::string_view prefix : {"xn--", "sthree-"}) {
    if (name.starts_with(prefix)) return false;
  }
  for (const std::string_view suffix : {"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"}) {
    if (name.ends_with(suffix)) return false;
  }
  return !looks_like_address(name);
}

std::optional<std::string_view> bucket_arn_of(std::string_view arn) {
  if (!arn.starts_with(kArnPrefix)) return std::nullopt;
  return arn.substr(0, arn.find('/', kArnPrefix.size()));
}

std::string_view bucket_in(std::string_view arn) {
  const auto bucket = bucket_arn_of(arn);
  return bucket ? bucket->substr(kArnPrefix.size()) : std::string_view{};
}

}  // namespace warifu::identity
