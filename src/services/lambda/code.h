#pragma once

#include <string_view>

#include "hosting/archive.h"
#include "hosting/code_store.h"
#include "services/lambda/limits.h"

/// The archives of functions and layers, in the store that all hosted code shares.
namespace warifu::services::lambda::code {

inline constexpr std::string_view kService = "lambda";
inline constexpr hosting::archive::Bounds kBounds{.zip_bytes_max = kZipBytesMax,
                                                  .unzipped_bytes_max = kUnzippedBytesMax,
                                                  .refused_as = "InvalidParameterValueException"};

[[nodiscard]] inline Result<> adopt(store::Txn& txn, const AccountId& owner, std::string_view code_id) {
  return hosting::CodeStore::adopt(txn, kService, owner, code_id);
}
[[nodiscard]] inline Result<> discard(store::Txn& txn, const AccountId& owner, std::string_view code_id) {
  return hosting::CodeStore::discard(txn, kService, owner, code_id);
}

}  // namespace warifu::services::lambda::code
