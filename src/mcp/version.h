#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"

/// What differs between the versions of MCP. Pure.
namespace warifu::mcp {

/// Oldest first. Up to 2025-11-25 a client shakes hands (`initialize`); from 2026-07-28 each request says all of
/// itself.
enum class Version : std::uint8_t { k2025_03_26, k2025_06_18, k2025_11_25, k2026_07_28 };

inline constexpr std::string_view kVersionMeta = "io.modelcontextprotocol/protocolVersion";
inline constexpr std::string_view kClientInfoMeta = "io.modelcontextprotocol/clientInfo";
inline constexpr std::string_view kClientCapabilitiesMeta = "io.modelcontextprotocol/clientCapabilities";
inline constexpr std::string_view kServerInfoMeta = "io.modelcontextprotocol/serverInfo";
inline constexpr std::string_view kLogLevelMeta = "io.modelcontextprotocol/logLevel";

/// All that we speak, oldest first.
[[nodiscard]] std::span<const Version> all_versions();
[[nodiscard]] std::string_view name(Version version);
[[nodiscard]] std::optional<Version> version_named(std::string_view name);
/// No handshake, no sessions.
[[nodiscard]] inline bool is_stateless(Version version) { return version >= Version::k2026_07_28; }
/// Several messages in one body.
[[nodiscard]] inline bool has_batches(Version version) { return version == Version::k2025_03_26; }
/// Tools may have outputSchema and results structuredContent; elicitation exists.
[[nodiscard]] inline bool has_structured_content(Version version) { return version >= Version::k2025_06_18; }

/// Methods that the protocol has taken away again in this version: `initialize`, `ping` …
[[nodiscard]] bool is_removed(Version version, std::string_view method);
/// `tools/call`, `prompts/get`, `resources/read`: what names one thing. The params member that holds its name, empty
/// for other methods.
[[nodiscard]] std::string_view name_member(std::string_view method);
/// Results that carry `ttlMs` and `cacheScope` where stateless.
[[nodiscard]] bool is_cacheable(std::string_view method);
/// The code for a resource that is not there.
[[nodiscard]] int resource_not_found(Version version);

/// How long, and by whom, a result may be kept.
struct CacheHint {
  std::int64_t ttl_ms = 0;
  bool shared = false;  // cacheScope "public": it is the same for everyone
};

/// Makes a result fit the version that its reader speaks. Stateless: adds what is missing of `resultType`, `ttlMs`,
/// `cacheScope` (cacheable methods), and sets `_meta[serverInfo]` (unless null). Earlier: takes the first three away.
/// REQUIRES: `result` is an object.
void fit_result(json::Value& result, Version version, std::string_view method, const CacheHint& hint,
                const json::Value& server_info);

}  // namespace warifu::mcp
