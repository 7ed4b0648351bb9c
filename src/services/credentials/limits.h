#pragma once

#include <cstddef>
#include <cstdint>

/// Bounds of AgentCore Identity beside those of the model; all of them are ours.
namespace warifu::services::credentials {

inline constexpr std::size_t kProvidersMax = 500;  // of a kind, of an account in a region
inline constexpr std::size_t kPageDefault = 20;
inline constexpr std::int64_t kWorkloadTokenMs = 60LL * 60 * 1000;

}  // namespace warifu::services::credentials
