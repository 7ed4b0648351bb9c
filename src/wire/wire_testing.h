#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gen/model/services.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "wire/route.h"

/// Helpers that the tests of this module share. No test of another module includes them.
namespace warifu::wire::testing {

inline const Router& router() {
  static const Router instance(model::services());
  return instance;
}

inline http::Request make_request(std::string method, std::string target, std::string body = {}) {
  http::Request request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.body = std::move(body);
  return request;
}

/// A query-protocol POST.
inline http::Request form_request(std::string body) { return make_request("POST", "/", std::move(body)); }

inline const Service& service_of(std::string_view signing_name) { return *router().service(signing_name); }

inline const Operation& operation_of(std::string_view signing_name, std::string_view name) {
  for (const Operation* operation : service_of(signing_name).operations) {
    if (operation->name == name) return *operation;
  }
  std::abort();
}

/// Routes and decodes into `Input`; the Error as its message where it fails.
template <class Input>
std::pair<Input, Result<>> decode_as(std::string_view signing_name, const http::Request& request) {
  Input input;
  Result<Routed> routed = router().route(service_of(signing_name), request);
  if (!routed) return {std::move(input), fail(std::move(routed).error())};
  Result<> decoded = decode(*routed->operation, request, *routed, &input);
  return {std::move(input), std::move(decoded)};
}

/// The message of the error; `ok` where there is none.
inline std::string message_of(const Result<>& result) { return result ? "ok" : result.error().message; }

}  // namespace warifu::wire::testing
