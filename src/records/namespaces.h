#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

/// Namespaces: paths that records are filed under. Stored with one slash before, after and between segments, so that
/// whole segments are compared: `/actors/al/` is no path to `/actors/alice/`. Pure.
namespace warifu::records {

/// `actors//alice` → `/actors/alice/`; nothing but slashes → `/`. Nothing else is special: no `.`, no `*`.
[[nodiscard]] std::string normalise_namespace(std::string_view text);

/// True when `name_space` is `path` or lies under it. Both normalised.
[[nodiscard]] bool under(std::string_view path, std::string_view name_space);

/// What braces in a template stand for. Views must live through the call.
struct Variables {
  std::string_view actor, session, strategy;
  std::span<const std::pair<std::string, std::string>> flexible{};  // namespaceVariables of the event
};

/// The namespace that `text` (a strategy's template) names, normalised; a value's own slashes stay its own segments.
/// nullopt when a variable has no value. A value is put in as it is: braces in it are not looked at again.
[[nodiscard]] std::optional<std::string> resolve(std::string_view text, const Variables& variables);

}  // namespace warifu::records
