#pragma once

#include "api/registry.h"
#include "audit/denials.h"

namespace warifu::services::accounts {

/// Binds the operations that explain decisions: ExplainDenial, ExplainRequest and WhoCan. For principals of every
/// account; each sees its own account's half, the management account's both. `book` must outlive the registry.
void bind_why(api::Registry& registry, audit::DenialBook& book);

}  // namespace warifu::services::accounts
