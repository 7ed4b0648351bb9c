#include "services/accounts/element.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"

namespace warifu::services::accounts {

Error Element::error(std::string_view what) const {
  return validation_error(path_.empty() ? std::string(what) : fmt::format("{}: {}", path_, what));
}

Result<> Element::require_object() const {
  if (!value_->is_object()) return fail(error("is no object"));
  if (const auto twice = value_->duplicate_member()) return fail(error(fmt::format("has `{}` twice", *twice)));
  return {};
}

Element Element::at(std::string_view name, const json::Value& value) const {
  return {value, path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name)};
}

std::optional<Element> Element::member(std::string_view name) const {
  const json::Value* found = value_->find(name);
  if (found == nullptr || found->is_null()) return std::nullopt;
  return at(name, *found);
}

std::optional<Element> Element::member(std::initializer_list<std::string_view> names) const {
  for (const std::string_view name : names) {
    if (auto found = member(name)) return found;
  }
  return std::nullopt;
}

Result<Element> Element::require(std::string_view name) const {
  TRY(require_object());
  auto found = member(name);
  if (!found) return fail(error(fmt::format("has no {}", name)));
  return *std::move(found);
}

Result<std::vector<Element>> Element::items() const {
  if (!value_->is_array()) return fail(error("is no list"));
  std::vector<Element> out;
  std::size_t number = 0;
  for (const json::Value& item : value_->items()) out.push_back({item, fmt::format("{}[{}]", path_, number++)});
  return out;
}

Result<std::vector<Element>> Element::list(std::string_view name) const {
  TRY(require_object());
  const auto found = member(name);
  return found ? found->items() : std::vector<Element>{};
}

Result<std::string> Element::as_text(std::size_t bytes_max) const {
  if (!value_->is_string()) return fail(error("is no text"));
  const std::string& text = value_->as_string();
  if (text.empty()) return fail(error("is empty"));
  if (text.size() > bytes_max) return fail(error(fmt::format("is longer than {} bytes", bytes_max)));
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::ranges::any_of(text, is_control)) return fail(error("holds a control character"));
  return text;
}

Result<std::string> Element::text(std::string_view name) const {
  const Element found = TRY(require(name));
  return found.as_text();
}

Result<std::string> Element::text_or_empty(std::string_view name) const {
  const auto found = member(name);
  if (!found || (found->value().is_string() && found->value().as_string().empty())) return std::string{};
  return found->as_text();
}

Result<Timestamp> Element::time(std::string_view name) const {
  const Element found = TRY(require(name));
  if (found.value().is_number()) {
    const auto seconds = found.value().as_double();
    if (!seconds || *seconds < 0 || *seconds > 1e11) return fail(found.error("is no time"));
    return Timestamp{static_cast<std::int64_t>(*seconds * 1'000)};
  }
  const std::string text = TRY(found.as_text());
  const auto time = parse_iso8601(text);
  if (!time) return fail(found.error("is no time"));
  return *time;
}

Result<std::string> Element::as_policy(policy::Kind kind) const {
  std::string document;
  if (value_->is_object()) {
    document = value_->dump();
  } else if (!value_->is_string()) {
    return fail(error("is no policy document"));
  } else if (value_->as_string().starts_with('%')) {
    auto decoded = percent_decode(value_->as_string());
    if (!decoded) return fail(error("is neither JSON nor percent-encoded JSON"));
    document = *std::move(decoded);
  } else {
    document = value_->as_string();
  }
  const auto parsed = policy::parse(document, kind);
  if (!parsed) return fail(error(parsed.error().message));
  return document;
}

}  // namespace warifu::services::accounts
