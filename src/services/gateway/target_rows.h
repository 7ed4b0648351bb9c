#pragma once

#include <memory>

#include "services/gateway/directory.h"
#include "services/gateway/target.h"

/// From rows to what is forwarded to.
namespace warifu::services::gateway {

/// `known` as its kind needs it. Never null; a configuration that this server cannot serve has an empty place.
[[nodiscard]] std::shared_ptr<const Target> target_of(const KnownGateway& gateway, const TargetRow& row);

/// The catalogue that `settle` kept, and back. What does not parse is an empty catalogue.
[[nodiscard]] Catalogue read_catalogue(std::string_view text);
[[nodiscard]] std::string write_catalogue(const Catalogue& catalogue);

}  // namespace warifu::services::gateway
