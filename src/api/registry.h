#pragma once

#include <functional>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "api/call.h"
#include "base/http.h"
#include "wire/encode.h"
#include "wire/operation.h"

namespace warifu::api {

/// Which operations have handlers. Filled once at start, then read by all threads.
class Registry {
 public:
  /// A handler behind its type: moves out of `input`, answers the encoded response.
  using Erased = std::function<Task<Result<http::Response>>(Call& call, void* input)>;

  /// Binds a generated operation to its handler: a function or function object from a `Call&`, which outlives the
  /// call, and a decoded `Input` to `Task<Result<Output>>`. A lambda that captures is no coroutine itself; it calls one
  /// (`[&state](Call& call, In in) { return handle(call, state, std::move(in)); }`). REQUIRES: not bound before.
  template <class Input, class Output, class Handler>
    requires std::is_invocable_r_v<Task<Result<Output>>, const Handler&, Call&, Input>
  void bind(const wire::TypedOperation<Input, Output>& typed, Handler handler) {
    const wire::Operation* operation = typed.operation;
    add(operation, [operation, handler](Call& call, void* input) -> Task<Result<http::Response>> {
      Result<Output> output = co_await handler(call, std::move(*static_cast<Input*>(input)));
      if (!output) co_return std::unexpected(std::move(output).error());
      co_return wire::encode(*operation, &*output, call.request_id());
    });
  }

  /// nullptr: modelled, without a handler.
  [[nodiscard]] const Erased* find(const wire::Operation* operation) const;

 private:
  void add(const wire::Operation* operation, Erased handler);

  std::unordered_map<const wire::Operation*, Erased> handlers_;
};

}  // namespace warifu::api
