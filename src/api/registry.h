#pragma once

#include <functional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "api/call.h"
#include "base/http.h"
#include "wire/encode.h"
#include "wire/operation.h"

namespace warifu::api {

/// What a handler looks like: a coroutine from decoded input to output. Its `Call` outlives it.
template <class Input, class Output>
using Handler = Task<Result<Output>> (*)(Call& call, Input input);

/// Which operations have handlers. Filled once at start, then read by all threads.
class Registry {
 public:
  /// A handler behind its type: moves out of `input`, answers the encoded response.
  using Erased = std::function<Task<Result<http::Response>>(Call& call, void* input)>;

  /// Binds a generated operation to its handler. REQUIRES: not bound before.
  template <class Input, class Output>
  void bind(const wire::TypedOperation<Input, Output>& typed, Handler<Input, Output> handler) {
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
