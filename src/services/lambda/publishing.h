#pragma once

#include <optional>
#include <string>

#include "services/lambda/rows.h"

/// Versions of functions. Functions over a transaction.
namespace warifu::services::lambda::publishing {

/// Makes the next version of `latest` and writes both rows; the configuration as the version shows it. When nothing has
/// changed since the last version, that one again, and nothing but `latest` is written. `revision`: RevisionId of the
/// new version, drawn before the transaction.
[[nodiscard]] Result<m::FunctionConfiguration> publish(store::Txn& txn, const FunctionRef& ref, FunctionRow& latest,
                                                       const std::optional<std::string>& description,
                                                       const std::string& revision);

/// True when a version of the function other than `except` (or $LATEST, when `latest_counts`) runs on that code.
[[nodiscard]] Result<bool> code_in_use(store::Reader& reader, const FunctionRef& ref, std::string_view code_id,
                                       std::int64_t except, bool latest_counts);

}  // namespace warifu::services::lambda::publishing
