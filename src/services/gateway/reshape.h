#pragma once

#include <string>

#include "base/result.h"
#include "wire/stored.h"

namespace warifu::services::gateway {

/// `from` as another generated struct, member by member of the same names: the answers of Create, Get and Update are of
/// one shape under three names. kInternal when a member of one name differs in kind.
template <class FromInput, class From, class ToInput, class To>
[[nodiscard]] Result<To> reshaped(const wire::TypedOperation<FromInput, From>& of_from, const From& from,
                                  const wire::TypedOperation<ToInput, To>& of_to) {
  To to;
  const std::string text = wire::to_json(*of_from.operation->output, &from);
  TRY(wire::from_json(*of_to.operation, *of_to.operation->output, text, &to));
  return to;
}

}  // namespace warifu::services::gateway
