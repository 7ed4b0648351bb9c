#pragma once

#include "api/registry.h"

/// AWS Security Token Service (query protocol, version 2011-06-15).
namespace warifu::services::sts {

void bind(api::Registry& registry);

}  // namespace warifu::services::sts
