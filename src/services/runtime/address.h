#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/http.h"

/// Which runtime a request of the data plane is for, and what of it. Pure.
namespace warifu::services::runtime {

enum class Verb : std::uint8_t { kInvoke, kCommand, kStop, kCard, kMetadata };

/// Nothing of it is proven.
struct Addressee {
  Verb verb = Verb::kInvoke;
  std::string runtime;  // as named: an ARN, or a bare id
  std::string qualifier = "DEFAULT";
  std::string account;  // of `accountId`; empty: not given
};

/// nullopt: the request is not of the data plane. The name may be percent-encoded or not: an ARN's slash too.
[[nodiscard]] std::optional<Addressee> addressee_of(const http::Request& request);

/// The value of a query parameter, decoded; nullopt: not there.
[[nodiscard]] std::optional<std::string> query_value(const http::Request& request, std::string_view name);

}  // namespace warifu::services::runtime
