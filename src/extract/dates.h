#pragma once

#include <string>
#include <string_view>

#include "base/time.h"

namespace warifu::extract {

/// `7 May 2023`, in UTC.
[[nodiscard]] std::string long_date(Timestamp time);

/// An English sentence with its relative dates made absolute, seen from `said`: days (`yesterday` → `on 6 May 2023`),
/// weekdays
/// (`last Friday`), weeks and weekends (`last week` → `the week before 7 May 2023`), months (`next month` → `in August
/// 2026`), seasons and years, named months (`last October`), counts (`three days ago`, `in two weeks`, a couple or a
/// few of them). A preposition is added where the phrase needs one. What is no date stays: durations (`3 nights and 4
/// days`), `the last week of June`, `in two weeks` in the past tense. All arithmetic is by calendar in UTC.
[[nodiscard]] std::string with_absolute_dates(std::string_view sentence, Timestamp said);

}  // namespace warifu::extract
