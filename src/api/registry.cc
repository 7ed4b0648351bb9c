#include "api/registry.h"

#include <fmt/format.h>

#include "base/check.h"

namespace warifu::api {

void Registry::add(const wire::Operation* operation, Erased handler) {
  const bool added = handlers_.emplace(operation, std::move(handler)).second;
  CHECK(added, operation->name);
}

const Registry::Erased* Registry::find(const wire::Operation* operation) const {
  const auto found = handlers_.find(operation);
  return found == handlers_.end() ? nullptr : &found->second;
}

const Registry::Inside* Registry::find_inside(const wire::Operation* operation) const {
  const auto found = inside_.find(operation);
  return found == inside_.end() ? nullptr : &found->second;
}

Error not_implemented(const wire::Operation& operation) {
  return {.code = ErrorCode::kUnsupported,
          .message = fmt::format("{} is not implemented by this server yet", operation.name),
          .aws_name = {},
          .reason = {},
          .fields = {}};
}

}  // namespace warifu::api
