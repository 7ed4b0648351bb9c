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

Task<Result<std::string>> read_whole(std::shared_ptr<http::BodyStream> bytes, std::uint64_t size) {
  if (size > kInsideBytesMax) {
    co_return fail(Error{.code = ErrorCode::kTooLarge, .message = "the object is too large to be read at once"});
  }
  std::string out;
  while (bytes) {
    auto piece = CO_TRY(co_await bytes->next());
    if (!piece) break;
    if (piece->size() > size - out.size()) break;
    out += *piece;
  }
  if (out.size() != size) co_return fail(internal_error("the bytes are not as long as they said"));
  co_return out;
}

}  // namespace warifu::api
