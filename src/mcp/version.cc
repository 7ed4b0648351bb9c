#include "mcp/version.h"

#include <algorithm>
#include <array>

namespace warifu::mcp {
namespace {

constexpr std::array<Version, 4> kAll = {Version::k2025_03_26, Version::k2025_06_18, Version::k2025_11_25,
                                         Version::k2026_07_28};
constexpr std::array<std::string_view, 4> kNames = {"2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"};

/// Gone with the handshake. Source: changelog of 2026-07-28.
constexpr std::array<std::string_view, 7> kRemoved = {"initialize",
                                                      "notifications/initialized",
                                                      "ping",
                                                      "logging/setLevel",
                                                      "resources/subscribe",
                                                      "resources/unsubscribe",
                                                      "notifications/roots/list_changed"};
constexpr std::array<std::string_view, 6> kCacheable = {
    "server/discover", "tools/list", "prompts/list", "resources/list", "resources/templates/list", "resources/read"};
constexpr std::array<std::string_view, 3> kStatelessMembers = {"resultType", "ttlMs", "cacheScope"};

bool has(const auto& list, std::string_view word) { return std::ranges::find(list, word) != list.end(); }

json::Value* member(json::Value& object, std::string_view name) {
  for (auto& [key, value] : object.members()) {
    if (key == name) return &value;
  }
  return nullptr;
}

/// Who answers is the endpoint, whatever a server behind it says of itself.
void set_server_info(json::Value& result, const json::Value& server_info) {
  json::Value* meta = member(result, "_meta");
  if (meta == nullptr) {
    result.set("_meta", json::Value::object());
    meta = member(result, "_meta");
  }
  if (!meta->is_object()) return;
  if (json::Value* said = member(*meta, kServerInfoMeta)) {
    *said = server_info;
  } else {
    meta->set(std::string(kServerInfoMeta), server_info);
  }
}

}  // namespace

std::span<const Version> all_versions() { return kAll; }

std::string_view name(Version version) { return kNames.at(static_cast<std::size_t>(version)); }

std::optional<Version> version_named(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return kAll.at(static_cast<std::size_t>(found - kNames.begin()));
}

bool is_removed(Version version, std::string_view method) {
  if (is_stateless(version)) return has(kRemoved, method);
  return method == "server/discover" || method == "subscriptions/listen";
}

std::string_view name_member(std::string_view method) {
  if (method == "tools/call" || method == "prompts/get") return "name";
  return method == "resources/read" ? "uri" : "";
}

bool is_cacheable(std::string_view method) { return has(kCacheable, method); }

int resource_not_found(Version version) { return is_stateless(version) ? -32602 : -32002; }

void fit_result(json::Value& result, Version version, std::string_view method, const CacheHint& hint,
                const json::Value& server_info) {
  if (!is_stateless(version)) {
    std::erase_if(result.members(), [](const auto& m) { return has(kStatelessMembers, m.first); });
    return;
  }
  if (result.find("resultType") == nullptr) result.set("resultType", json::Value::string("complete"));
  const json::Value* type = result.find("resultType");
  const bool complete = type->is_string() && type->as_string() == "complete";
  if (complete && is_cacheable(method)) {
    if (result.find("ttlMs") == nullptr) result.set("ttlMs", json::Value::number(hint.ttl_ms));
    if (result.find("cacheScope") == nullptr)
      result.set("cacheScope", json::Value::string(hint.shared ? "public" : "private"));
  }
  if (!server_info.is_null()) set_server_info(result, server_info);
}

}  // namespace warifu::mcp
