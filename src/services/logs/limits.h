#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

/// CloudWatch Logs' quotas (user guide, "CloudWatch Logs service quotas"; PutLogEvents) as named constants.
namespace warifu::services::logs {

inline constexpr std::size_t kBatchBytesMax = 1'048'576;  // of messages, with kEventOverhead for each
inline constexpr std::size_t kEventOverhead = 26;
inline constexpr std::int64_t kBatchSpanMs = 24 * 3'600'000LL;
inline constexpr std::int64_t kTooNewMs = 2 * 3'600'000LL;
inline constexpr std::int64_t kTooOldMs = 14 * 24 * 3'600'000LL;
inline constexpr std::int64_t kDayMs = 24 * 3'600'000LL;
inline constexpr std::size_t kAnswerEventsMax = 10'000;
inline constexpr std::size_t kAnswerBytesMax = 1'048'576;
/// Events that one FilterLogEvents looks at before it answers what it has, with a token to go on.
inline constexpr std::size_t kFilterEventsMax = 50'000;
inline constexpr std::size_t kLiveTailsMax = 15;        // at once, of an account in a region
inline constexpr std::size_t kLiveTailEventsMax = 500;  // of one update; more are sampled
inline constexpr std::chrono::hours kLiveTailLasts{3};
inline constexpr std::chrono::milliseconds kLiveTailEvery{1'000};
inline constexpr std::int32_t kDescribeDefault = 50;
inline constexpr std::size_t kFilterPatternDepthMax = 32;
inline constexpr std::size_t kFilterTermsMax = 256;
inline constexpr std::size_t kRegexBytesMax = 1 << 18;  // memory of a compiled expression

inline constexpr std::array<std::int32_t, 22> kRetentionDays{
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};

}  // namespace warifu::services::logs
