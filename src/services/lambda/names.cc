#include "services/lambda/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/arn.h"
#include "services/lambda/errors.h"
#include "store/keys.h"

namespace warifu::services::lambda {
namespace {

constexpr std::string_view kFunction = "function:";
constexpr std::string_view kLayer = "layer:";

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string parts(std::string_view family, std::string_view region, std::string_view name) {
  std::string key(family);
  store::append_text(key, region);
  store::append_text(key, name);
  return key;
}

std::string parts(std::string_view family, std::string_view region) {
  std::string key(family);
  store::append_text(key, region);
  return key;
}

std::string numbered(std::string key, std::uint64_t number) {
  store::append_u64(key, number);
  return key;
}

std::string named(std::string key, std::string_view name) {
  store::append_text(key, name);
  return key;
}

}  // namespace

std::string FunctionRef::arn() const {
  return fmt::format("arn:aws:lambda:{}:{}:function:{}", region, owner.str(), name);
}
std::string FunctionRef::qualified_arn() const { return qualifier.empty() ? arn() : version_arn(qualifier); }
std::string FunctionRef::version_arn(std::string_view version) const { return fmt::format("{}:{}", arn(), version); }
bool FunctionRef::names_version() const { return qualifier == kLatest || all_digits(qualifier); }

std::optional<FunctionRef> FunctionRef::parse(std::string_view arn) {
  const auto view = ArnView::parse(arn);
  if (!view || view->service != "lambda" || !view->resource.starts_with(kFunction)) return std::nullopt;
  const auto owner = AccountId::parse(view->account);
  if (!owner || view->region.empty()) return std::nullopt;
  const std::string_view rest = view->resource.substr(kFunction.size());
  const std::size_t colon = rest.find(':');
  FunctionRef ref{.owner = *owner, .region = std::string(view->region), .name = std::string(rest.substr(0, colon))};
  if (colon != std::string_view::npos) ref.qualifier = rest.substr(colon + 1);
  if (ref.name.empty() || (colon != std::string_view::npos && ref.qualifier.empty()) ||
      ref.qualifier.find(':') != std::string::npos) {
    return std::nullopt;
  }
  return ref;
}

Result<FunctionRef> FunctionRef::of(const api::Call& call) {
  auto ref = parse(call.resource());
  if (!ref) return fail(invalid_parameter(fmt::format("`{}` names no function", call.resource())));
  return std::move(*ref);
}

std::string LayerRef::arn() const { return fmt::format("arn:aws:lambda:{}:{}:layer:{}", region, owner.str(), name); }
std::string LayerRef::version_arn() const { return fmt::format("{}:{}", arn(), version); }

std::optional<LayerRef> LayerRef::parse(std::string_view arn) {
  const auto view = ArnView::parse(arn);
  if (!view || view->service != "lambda" || !view->resource.starts_with(kLayer)) return std::nullopt;
  const auto owner = AccountId::parse(view->account);
  if (!owner || view->region.empty()) return std::nullopt;
  const std::string_view rest = view->resource.substr(kLayer.size());
  const std::size_t colon = rest.find(':');
  LayerRef ref{.owner = *owner, .region = std::string(view->region), .name = std::string(rest.substr(0, colon))};
  if (ref.name.empty()) return std::nullopt;
  if (colon == std::string_view::npos) return ref;
  const std::string_view number = rest.substr(colon + 1);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), ref.version);
  if (error != std::errc{} || end != number.data() + number.size() || ref.version < 1) return std::nullopt;
  return ref;
}

Result<LayerRef> LayerRef::of(const api::Call& call) {
  auto ref = parse(call.resource());
  if (!ref) return fail(invalid_parameter(fmt::format("`{}` names no layer", call.resource())));
  return std::move(*ref);
}

namespace keys {

std::string functions(std::string_view region) { return parts("f", region); }
std::string function(const FunctionRef& ref) { return parts("f", ref.region, ref.name); }
std::string versions(const FunctionRef& ref) { return parts("v", ref.region, ref.name); }
std::string version(const FunctionRef& ref, std::int64_t version) {
  return numbered(versions(ref), static_cast<std::uint64_t>(version));
}
std::string aliases(const FunctionRef& ref) { return parts("a", ref.region, ref.name); }
std::string alias(const FunctionRef& ref, std::string_view name) { return named(aliases(ref), name); }
std::string layers(std::string_view region) { return parts("n", region); }
std::string layer(const LayerRef& ref) { return parts("n", ref.region, ref.name); }
std::string layer_versions(const LayerRef& ref) { return parts("l", ref.region, ref.name); }
std::string layer_version(const LayerRef& ref) {
  return numbered(layer_versions(ref), static_cast<std::uint64_t>(ref.version));
}
std::string layer_uses(const LayerRef& ref) {
  return numbered(parts("u", ref.region, ref.name), static_cast<std::uint64_t>(ref.version));
}
std::string layer_use(const LayerRef& ref, std::string_view arn) { return named(layer_uses(ref), arn); }
std::string events(const FunctionRef& ref) { return parts("e", ref.region, ref.name); }
std::string event(const FunctionRef& ref, std::string_view id) { return named(events(ref), id); }

std::string waiting() { return "lambda-waiting/"; }
std::string waiting(const FunctionRef& ref) { return waiting().append(ref.arn()); }

}  // namespace keys
}  // namespace warifu::services::lambda
