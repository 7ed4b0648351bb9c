#pragma once

#include <cstddef>
#include <cstdint>

/// Every bound that the control plane itself enforces, beside those of the model (which the decoder enforces). Sources:
/// the service's quota page, unless a line says that the bound is ours.
namespace warifu::services::gateway {

inline constexpr std::size_t kGatewaysMax = 1'000;  // of an account in a region
inline constexpr std::size_t kTargetsMax = 100;     // of a gateway
inline constexpr std::size_t kToolsMax = 1'000;     // of a target
inline constexpr std::size_t kToolNameMax = 256;    // with its target's prefix
inline constexpr std::size_t kInlineSchemaBytesMax = 1024 * 1024;
inline constexpr std::size_t kRulesMax = 20;
/// Ours: of a gateway; a batch puts as many.
inline constexpr std::size_t kRateLimitsMax = 50;
/// Ours: nesting of a tool's schema.
inline constexpr std::size_t kSchemaDepthMax = 32;
inline constexpr std::size_t kPageDefault = 100;

}  // namespace warifu::services::gateway
