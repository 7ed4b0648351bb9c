#pragma once

#include <cstddef>
#include <cstdint>

/// AgentCore Runtime's quotas (developer guide, "Quotas for Amazon Bedrock AgentCore") as named constants.
namespace warifu::services::runtime {

inline constexpr std::size_t kRuntimesMax = 1'000;  // of an account in a region
inline constexpr std::uint32_t kVersionsMax = 1'000;
inline constexpr std::size_t kEndpointsMax = 10;  // of a runtime, DEFAULT included
inline constexpr std::size_t kPageDefault = 100;

inline constexpr std::size_t kZipBytesMax = 262'144'000;
inline constexpr std::uint64_t kUnzippedBytesMax = 786'432'000;

inline constexpr std::int32_t kIdleDefault = 900;  // seconds
inline constexpr std::int32_t kLifetimeDefault = 28'800;
inline constexpr std::int32_t kLifetimeMax = 28'800;

inline constexpr std::size_t kPayloadBytesMax = 100'000'000;
inline constexpr std::size_t kOtherBodyBytesMax = 1'048'576;  // of requests that carry no payload
inline constexpr std::size_t kHeaderValueBytesMax = 4'096;
inline constexpr std::size_t kSessionIdCharsMin = 33;
inline constexpr std::size_t kSessionIdCharsMax = 256;
inline constexpr std::size_t kUserIdCharsMax = 1'024;
inline constexpr std::size_t kCommandBytesMax = 65'536;
inline constexpr std::int64_t kCommandSecondsMax = 3'600;
inline constexpr std::int64_t kCommandSecondsDefault = 300;
inline constexpr std::size_t kCommandEventBytesMax = 65'536;
inline constexpr std::size_t kCommandAnswerBytesMax = 100'000'000;

}  // namespace warifu::services::runtime
