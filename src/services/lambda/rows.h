#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gen/lambda/aliases.h"
#include "gen/lambda/functions.h"
#include "gen/lambda/layers.h"
#include "services/lambda/names.h"
#include "store/store.h"

/// Rows of functions, versions, aliases and layers. Functions over a transaction. A row is a line of what only we need,
/// as JSON, and the JSON that clients see.
namespace warifu::services::lambda {

namespace m = model::lambda;

/// $LATEST, or a published version.
struct FunctionRow {
  m::FunctionConfiguration config;
  std::string code_id;
  // Of $LATEST alone:
  std::int64_t last_version = 0;     // numbers are never used again
  std::string published_revision{};  // RevisionId that last_version was made of; empty: changed since, or none
  std::optional<std::int32_t> reserved{};
};

/// What an invocation needs of a row before it knows whether it has it prepared already.
struct RowHead {
  std::string revision;  // RevisionId
  std::optional<std::int32_t> reserved{};
};

struct LayerRow {
  m::GetLayerVersionResponse version;
  std::string code_id;
  bool deleted = false;  // nobody sees it any more; it goes when the last function that has it does
};

namespace rows {

[[nodiscard]] std::string encode(const FunctionRow& row);
[[nodiscard]] Result<FunctionRow> decode(std::string_view bytes);
[[nodiscard]] Result<RowHead> decode_head(std::string_view bytes);

/// $LATEST. nullopt / kNotFound: there is no such function.
[[nodiscard]] Result<std::optional<FunctionRow>> find(store::Reader& reader, const FunctionRef& ref);
[[nodiscard]] Result<FunctionRow> require(store::Reader& reader, const FunctionRef& ref);
[[nodiscard]] Result<> put(store::Txn& txn, const FunctionRef& ref, const FunctionRow& row);

/// `version`: `$LATEST` or a number. nullopt: there is none such. Bytes, so that a caller may read the head alone.
[[nodiscard]] Result<std::optional<std::string>> find_version(store::Reader& reader, const FunctionRef& ref,
                                                              std::string_view version);
[[nodiscard]] Result<> put_version(store::Txn& txn, const FunctionRef& ref, std::int64_t version,
                                   const FunctionRow& row);
/// The version that has this ARN goes, or has gone: its layers are not its any more. Before its row is erased.
[[nodiscard]] Result<> drop_layers(store::Txn& txn, const std::string& version_arn, const FunctionRow& row);
/// Published versions after `after`, in order, until `visit` answers false.
[[nodiscard]] Result<> each_version(store::Reader& reader, const FunctionRef& ref, std::int64_t after,
                                    const std::function<bool(std::int64_t, const FunctionRow&)>& visit);

[[nodiscard]] Result<std::optional<m::AliasConfiguration>> find_alias(store::Reader& reader, const FunctionRef& ref,
                                                                      std::string_view name);
[[nodiscard]] Result<> put_alias(store::Txn& txn, const FunctionRef& ref, const m::AliasConfiguration& alias);
[[nodiscard]] Result<> each_alias(store::Reader& reader, const FunctionRef& ref, std::string_view after,
                                  const std::function<bool(const m::AliasConfiguration&)>& visit);

/// The row that the reference's qualifier names: $LATEST where it has none, an alias' first version.
/// kNotFound: `Function not found: <arn>`.
[[nodiscard]] Result<FunctionRow> require_qualified(store::Reader& reader, const FunctionRef& ref);

/// Functions of the region after name `after`, in order, until `visit` answers false.
[[nodiscard]] Result<> each_function(store::Reader& reader, const AccountId& owner, std::string_view region,
                                     std::string_view after, const std::function<bool(const FunctionRow&)>& visit);

[[nodiscard]] Result<std::optional<LayerRow>> find_layer_version(store::Reader& reader, const LayerRef& ref);
[[nodiscard]] Result<> put_layer_version(store::Txn& txn, const LayerRef& ref, const LayerRow& row);
/// Discards the code of a version that is deleted, and its row, once no function has it; the code's id, empty when it
/// stays.
[[nodiscard]] Result<std::string> free_layer_version(store::Txn& txn, const LayerRef& ref);
/// Names of the region's layers after `after`, in order.
[[nodiscard]] Result<std::vector<std::string>> layer_names(store::Reader& reader, const AccountId& owner,
                                                           std::string_view region, std::string_view after);
/// Versions of a layer, newest first, those before `before` (0: from the newest).
[[nodiscard]] Result<> each_layer_version(store::Reader& reader, const LayerRef& ref, std::int64_t before,
                                          const std::function<bool(const LayerRow&)>& visit);

}  // namespace rows
}  // namespace warifu::services::lambda
