#pragma once

#include <array>
#include <vector>

#include "base/http.h"
#include "base/result.h"
#include "wire/operation.h"
#include "wire/route.h"

/// Internal to the router: rest-xml, which is S3's.
namespace warifu::wire {

/// The operations of one service by what they are on: the service (`/`), a bucket (`/{Bucket}`), an object
/// (`/{Bucket}/{Key+}`, the key being all that follows, slashes included).
///
/// Among those of one method the request's query and headers choose: an operation fits when every field that its path
/// asks for (`?uploads`), every query parameter that it requires, and the copy source, if it requires one, is there; of
/// several the one that asks for most. A request that names a part of a bucket or object of which the chosen operation
/// does not speak (`DELETE /bucket?lifecycle`) is refused: it must never be taken for the whole.
class XmlRoutes {
 public:
  void add(const Operation& operation);
  /// kUnsupported (NotImplemented), kValidation (MethodNotAllowed, InvalidURI).
  [[nodiscard]] Result<Routed> route(const http::Request& request) const;

 private:
  std::array<std::vector<const Operation*>, 3> levels_;
};

}  // namespace warifu::wire
