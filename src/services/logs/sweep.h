#pragma once

#include <stop_token>

#include "base/clock.h"
#include "store/store.h"

/// Takes away what nothing shows any more, in bounded transactions. Running one twice does no harm. Blocks.
namespace warifu::services::logs::sweep {

/// Streams and events of groups and streams that were deleted.
[[nodiscard]] Result<> deleted(store::Db& db, const std::stop_token& stop);
/// Events past their group's retention, of all accounts.
[[nodiscard]] Result<> expired(store::Db& db, Timestamp now, const std::stop_token& stop);

}  // namespace warifu::services::logs::sweep
