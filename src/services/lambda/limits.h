#pragma once

#include <cstddef>
#include <cstdint>

/// Lambda's quotas (developer guide, "Lambda quotas") as named constants; a test stands at each limit and one past it.
namespace warifu::services::lambda {

/// An archive as it is uploaded: 50 MB; a request that carries one in base 64 has at most kUploadBodyBytesMax.
inline constexpr std::size_t kZipBytesMax = 52'428'800;
inline constexpr std::size_t kUploadBodyBytesMax = 70'167'211;
/// All files of an archive, unpacked.
inline constexpr std::uint64_t kUnzippedBytesMax = 262'144'000;

inline constexpr std::size_t kPayloadBytesMax = 6'291'456;       // RequestResponse
inline constexpr std::size_t kEventPayloadBytesMax = 1'048'576;  // Event
inline constexpr std::size_t kClientContextBytesMax = 3'583;     // in base 64
inline constexpr std::size_t kEnvironmentBytesMax = 4'096;
inline constexpr std::size_t kPolicyBytesMax = 20'480;
inline constexpr std::size_t kLayersMax = 5;
inline constexpr std::int32_t kTimeoutMax = 900;
inline constexpr std::int32_t kMemoryMax = 10'240;
inline constexpr std::int32_t kTimeoutDefault = 3;
inline constexpr std::int32_t kMemoryDefault = 128;
inline constexpr std::int32_t kTmpDefault = 512;
inline constexpr std::int32_t kTmpMax = 10'240;
inline constexpr std::size_t kFunctionNameCharsMax = 64;
inline constexpr std::int32_t kPageMax = 50;
inline constexpr std::int32_t kConcurrencyOfAccount = 1'000;
inline constexpr std::int32_t kConcurrencyUnreservedMin = 100;
inline constexpr std::int64_t kCodeBytesOfAccount = 80'530'636'800;
/// Events of one function that wait at once. Ours: AWS keeps them for six hours however many there are.
inline constexpr std::size_t kEventsWaitingMax = 100'000;
inline constexpr std::uint32_t kEventRetries = 2;
inline constexpr std::int64_t kEventAgeMs = 6 * 3'600'000LL;

}  // namespace warifu::services::lambda
