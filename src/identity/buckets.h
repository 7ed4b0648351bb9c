#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "store/store.h"

/// Names of S3 buckets, which all accounts share: who owns which. A bucket's ARN names no account, so every decision on
/// one starts here. What a bucket holds is the S3 service's own.
namespace warifu::identity {

struct BucketOwner {
  AccountId account;
  std::string region;
  /// The owner restricts a public bucket (Block Public Access): nobody from elsewhere but AWS's services comes in.
  bool owner_only = false;
};

/// nullopt: no such bucket.
[[nodiscard]] Result<std::optional<BucketOwner>> find_bucket(store::Reader& reader, std::string_view name);
/// Writes who owns `name`. The caller has looked whether it is somebody else's.
[[nodiscard]] Result<> put_bucket(store::Txn& txn, std::string_view name, const BucketOwner& owner);
[[nodiscard]] Result<> erase_bucket(store::Txn& txn, std::string_view name);

/// 3 to 63 of `[a-z0-9.-]`, labels that begin and end with a letter or digit, not an IP address, none of AWS's reserved
/// prefixes and suffixes (S3 user guide, "General purpose bucket naming rules").
[[nodiscard]] bool is_bucket_name(std::string_view name);

/// `arn:aws:s3:::bucket` of a bucket's or object's ARN; nullopt: it is neither.
[[nodiscard]] std::optional<std::string_view> bucket_arn_of(std::string_view arn);
/// The bucket's name in such an ARN; empty: it is neither.
[[nodiscard]] std::string_view bucket_in(std::string_view arn);

}  // namespace warifu::identity
