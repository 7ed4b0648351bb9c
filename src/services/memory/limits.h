#pragma once

#include <cstddef>
#include <cstdint>

/// Every bound that Memory itself enforces, beside those of the model (which the decoder enforces). Sources: the
/// service's quota page, unless a line says that the bound is ours.
namespace warifu::services::memory {

/// Encoded payload of one event.
inline constexpr std::size_t kEventBytesMax = 10 * 1024 * 1024;
/// One conversational text or one `json` item.
inline constexpr std::size_t kMessageBytesMax = 100'000;
/// Encoded payload of one IngestData.
inline constexpr std::size_t kIngestBytesMax = 100'000;
inline constexpr std::size_t kStrategiesMax = 6;
inline constexpr std::size_t kIndexedKeysMax = 10;
inline constexpr std::size_t kNamespaceKeysMax = 5;
inline constexpr std::size_t kStrictKeysMax = 3;
inline constexpr std::size_t kPromptBytesMax = 30'000;
inline constexpr std::size_t kPolicyCharactersMax = 20'480;
inline constexpr std::size_t kPolicyStatementsMax = 100;
inline constexpr std::size_t kTagsMax = 50;
inline constexpr std::uint32_t kPageDefault = 20;

/// Ours: a page of events ends early once its payloads reach this size; it holds one event at least.
inline constexpr std::size_t kPageBytesMax = 10 * 1024 * 1024;
/// Ours: the last millisecond of the year 9999, the latest time that ISO 8601 writes in four digits.
inline constexpr std::int64_t kEventTimestampMax = 253'402'300'799'999;
/// Ours: how many events of one millisecond a replay looks through before it relies on a token row.
inline constexpr std::size_t kReplayScan = 16;
/// Ours: ancestors that `includeParentBranches` follows.
inline constexpr std::size_t kBranchDepthMax = 100;
/// Ours: rows that one transaction of a sweep erases.
inline constexpr std::size_t kSweepRows = 1'000;
/// Ours: transactions of a sweep that one request waits for; the rest is left to the next sweep.
inline constexpr std::size_t kSweepBatches = 50;
/// A session without events stays listed for a day.
inline constexpr std::int64_t kEmptySessionMs = 24LL * 60 * 60 * 1000;

}  // namespace warifu::services::memory
