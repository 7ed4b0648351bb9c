#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace warifu::sigv4 {

/// One parameter of a query string, percent-decoded; `+` is a space. A parameter without `=` has an empty value.
struct QueryParam {
  std::string name;
  std::string value;
};

/// The parameters in their order; empty pieces (`a&&b`) are dropped. REQUIRES: !broken_escape(raw).
[[nodiscard]] std::vector<QueryParam> parse_query(std::string_view raw);

/// AWS's complaint about the first broken percent escape; nullopt when there is none.
[[nodiscard]] std::optional<std::string> broken_escape(std::string_view raw);

/// The first parameter of that name; nullptr when absent.
[[nodiscard]] const QueryParam* find_param(const std::vector<QueryParam>& params, std::string_view name);

}  // namespace warifu::sigv4
