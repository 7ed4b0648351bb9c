#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "wire/operation.h"

/// Reads of a decoded input by member path, for code that does not know its type: authorization and audit.
/// Paths are the model's names joined by dots (`filter.branch.name`, `Tags`); lists on the way are flattened. A path
/// that the shape does not have is CHECKed: paths come from tables, never from outside. Views live as long as `input`.
namespace warifu::wire {

/// The text at `path`; nullopt when absent. Numbers and booleans are not text. Of a list: its first element.
[[nodiscard]] std::optional<std::string_view> text_at(const Operation& operation, const void* input,
                                                      std::string_view path);
/// The whole number at `path`; nullopt when absent.
[[nodiscard]] std::optional<std::int64_t> long_at(const Operation& operation, const void* input, std::string_view path);
/// True when the member is present (a plain required member always is).
[[nodiscard]] bool has_member(const Operation& operation, const void* input, std::string_view path);

/// Calls `visit` for each string at `path`.
void each_text(const Operation& operation, const void* input, std::string_view path,
               const std::function<void(std::string_view)>& visit);
/// Calls `visit(key, value)` for each tag at `path`: a map of strings, or a list of `Key`/`Value` structures. A list
/// of strings counts as keys with empty values.
void each_tag(const Operation& operation, const void* input, std::string_view path,
              const std::function<void(std::string_view key, std::string_view value)>& visit);

/// One value of one condition key that the request supplies.
struct ContextValue {
  std::string_view key;     // `bedrock-agentcore:actorId`, or the prefix `aws:RequestTag/`
  std::string_view suffix;  // the tag's key after that prefix; empty otherwise
  std::string_view value;
  bool multivalued = false;
  bool path = false;      // ContextKey::path
  bool separate = false;  // one of several requests in one: the call must be allowed with each of them
  bool brief = false;     // made for this visit: `suffix` and `value` must be copied to be kept
  bool absent = false;    // of those, one that does not supply the key; `value` means nothing
};
/// Calls `visit` for every value of the operation's condition keys and of those of `permission` (may be nullptr).
void each_context_value(const Operation& operation, const Permission* permission, const void* input,
                        const std::function<void(const ContextValue&)>& visit);

/// What a resource template needs beside the input. Views must live through the call.
struct ResourceScope {
  std::string_view partition = "aws";
  std::string_view region;
  std::string_view account;  // the caller's
};
/// The permission's resource ARN for this input: the template expanded, or the ARN itself where the member holds a
/// whole one. nullopt when a member that the template needs is absent (IAM without UserName: see
/// `Permission::caller_when_absent`). For `lookup` the ARN is without path (`…:user/alice`).
[[nodiscard]] std::optional<std::string> resource_arn(const Operation& operation, const Permission& permission,
                                                      const void* input, const ResourceScope& scope);
/// True when the permission applies to this input: its `when` member is present and its `unless` member is not, as far
/// as it has them.
[[nodiscard]] bool applies(const Operation& operation, const Permission& permission, const void* input);

}  // namespace warifu::wire
