#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/http.h"
#include "base/result.h"
#include "wire/operation.h"

namespace warifu::wire {

/// Which operation a request asks for, and the labels of its path, decoded.
struct Routed {
  const Operation* operation = nullptr;
  std::vector<std::pair<std::string_view, std::string>> labels{};  // (label name, decoded value); names live in tables
};

/// Finds the operation within the service that the credential scope names. Immutable after construction: any thread.
///
/// rest-json: by method and raw path, split at `/` before decoding (`+` stays plus); a literal segment beats a label;
/// a trailing slash matters as the model writes it. query: `Action` (and `Version`, when sent) in the form body, or in
/// the query string of a GET. json 1.x: `X-Amz-Target`. rest-xml: route_xml.h.
class Router {
 public:
  /// `services` and all they point to must outlive the router.
  explicit Router(std::span<const Service* const> services);
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  /// nullptr when no service has that signing name.
  [[nodiscard]] const Service* service(std::string_view signing_name) const;
  /// kNotFound/kValidation with `aws_name` UnknownOperationException, InvalidAction or the like, ready for
  /// `encode_error`. A label with a broken escape or invalid UTF-8 is kValidation.
  [[nodiscard]] Result<Routed> route(const Service& service, const http::Request& request) const;
  /// For a request without credentials: its operation, if it is one of the few that may come unsigned
  /// (AssumeRoleWithWebIdentity, AssumeRoleWithSAML). nullptr otherwise.
  [[nodiscard]] const Operation* unsigned_operation(const http::Request& request) const;
  /// For a request whose credentials name no service: the one whose protocol it speaks, by `X-Amz-Target` or by
  /// `Action` and `Version`, so that it is refused in its own form. nullptr when it names none.
  [[nodiscard]] const Service* spoken_service(const http::Request& request) const;

 private:
  struct Tables;
  std::unique_ptr<const Tables> tables_;
};

}  // namespace warifu::wire
