#include "api/function_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "base/arn.h"
#include "base/ids.h"
#include "wire/member.h"

namespace warifu::api {
namespace {

constexpr std::size_t kPartsMax = 8;  // `arn:aws:lambda:region:account:function:name:qualifier`
constexpr std::string_view kMismatch =
    "The derived qualifier from the function name does not match the specified qualifier.";

bool is_region(std::string_view text) {
  return std::ranges::count(text, '-') >= 2 && !text.empty() && text.back() >= '0' && text.back() <= '9' &&
         std::ranges::all_of(text, [](char c) { return c == '-' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

Error invalid(std::string message) {
  return {.code = ErrorCode::kValidation,
          .message = std::move(message),
          .aws_name = "InvalidParameterValueException",
          .reason = {},
          .fields = {}};
}

Result<std::string> function_resource(const wire::Operation& operation, bool qualified, const void* input,
                                      std::string_view region, std::string_view account) {
  const std::string_view text = wire::text_at(operation, input, "FunctionName").value_or(std::string_view{});
  const auto name = FunctionName::parse(text);
  if (!name) return fail(invalid(fmt::format("`{}` names no function", text)));
  std::string arn = fmt::format("arn:{}:lambda:{}:{}:function:{}", name->partition.empty() ? "aws" : name->partition,
                                name->region.empty() ? region : name->region,
                                name->account.empty() ? account : name->account, name->name);
  if (!qualified) return arn;
  const bool has_qualifier = std::ranges::find(operation.input->members, std::string_view("Qualifier"),
                                               &wire::Member::name) != operation.input->members.end();
  const std::string_view given =
      has_qualifier ? wire::text_at(operation, input, "Qualifier").value_or(std::string_view{}) : std::string_view{};
  if (!given.empty() && !name->qualifier.empty() && given != name->qualifier) {
    return fail(invalid(std::string(kMismatch)));
  }
  const std::string_view qualifier = given.empty() ? name->qualifier : given;
  if (!qualifier.empty()) arn.append(":").append(qualifier);
  return arn;
}

Result<std::string> layer_version_resource(const wire::Operation& operation, const void* input, std::string_view region,
                                           std::string_view account) {
  const std::string_view layer = wire::text_at(operation, input, "LayerName").value_or(std::string_view{});
  const std::int64_t version = wire::long_at(operation, input, "VersionNumber").value_or(0);
  if (layer.starts_with("arn:")) return fmt::format("{}:{}", layer, version);
  return fmt::format("arn:aws:lambda:{}:{}:layer:{}:{}", region, account, layer, version);
}

/// The first of `members` that the operation has and the request gives.
std::string_view first_text(const wire::Operation& operation, const void* input,
                            std::span<const std::string_view> members) {
  for (const std::string_view member : members) {
    const auto& known = operation.input->members;
    if (std::ranges::find(known, member, &wire::Member::name) == known.end()) continue;
    if (const auto text = wire::text_at(operation, input, member)) return *text;
  }
  return {};
}

Result<std::string> log_group_resource(const wire::Operation& operation, const void* input, std::string_view region,
                                       std::string_view account) {
  constexpr std::array<std::string_view, 3> kGroups{"logGroupName", "logGroupIdentifier", "logGroupIdentifiers"};
  constexpr std::array<std::string_view, 1> kStreams{"logStreamName"};
  std::string_view group = first_text(operation, input, kGroups);
  if (group.empty()) return fail(validation_error("the request names no log group"));
  const std::string_view stream = first_text(operation, input, kStreams);
  if (!group.starts_with("arn:")) {
    return fmt::format("arn:aws:logs:{}:{}:log-group:{}:log-stream:{}", region, account, group, stream);
  }
  // Both forms of a group's ARN name it.
  if (group.ends_with(":*")) group.remove_suffix(2);
  constexpr std::string_view kType = "log-group:";
  const auto arn = ArnView::parse(group);
  if (!arn || arn->service != "logs" || !arn->resource.starts_with(kType) ||
      arn->resource.find(':', kType.size()) != std::string_view::npos) {
    return fail(validation_error(fmt::format("`{}` is no ARN of a log group", group)));
  }
  return fmt::format("{}:log-stream:{}", group, stream);
}

}  // namespace

std::optional<FunctionName> FunctionName::parse(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::string_view rest = text;;) {
    const std::size_t colon = rest.find(':');
    parts.push_back(rest.substr(0, colon));
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
    if (parts.size() == kPartsMax) return std::nullopt;
  }
  std::size_t at = 0;
  const auto more = [&] { return at + 1 < parts.size(); };
  FunctionName out;
  if (parts.size() > 3 && parts[0] == "arn" && parts[2] == "lambda") {
    out.partition = parts[1];
    at = 3;
  }
  if (more() && is_region(parts[at])) out.region = parts[at++];
  if (more() && AccountId::parse(parts[at])) out.account = parts[at++];
  if (more() && parts[at] == "function") ++at;
  out.name = parts[at++];
  if (at < parts.size()) out.qualifier = parts[at++];
  if (at != parts.size() || out.name.empty()) return std::nullopt;
  return out;
}

bool has_named_resource(wire::Lookup lookup) {
  return lookup == wire::Lookup::kLambdaFunction || lookup == wire::Lookup::kLambdaUnqualified ||
         lookup == wire::Lookup::kLambdaLayerVersion || lookup == wire::Lookup::kLogGroup;
}

Result<std::string> named_resource(const wire::Operation& operation, wire::Lookup lookup, const void* input,
                                   std::string_view region, std::string_view account) {
  if (lookup == wire::Lookup::kLambdaLayerVersion) return layer_version_resource(operation, input, region, account);
  if (lookup == wire::Lookup::kLogGroup) return log_group_resource(operation, input, region, account);
  return function_resource(operation, lookup == wire::Lookup::kLambdaFunction, input, region, account);
}

}  // namespace warifu::api
