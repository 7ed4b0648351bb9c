#include "api/registry.h"

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

}  // namespace warifu::api
