#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "api/call.h"
#include "api/event_source.h"
#include "base/body_stream.h"
#include "base/check.h"
#include "base/http.h"
#include "wire/encode.h"
#include "wire/operation.h"

namespace warifu::api {

/// An output, and the bytes that are its payload.
template <class Output>
struct Download {
  Output output;
  std::shared_ptr<http::BodyStream> bytes;
  std::uint64_t size = 0;
  int status = 200;
};
/// What a caller within the server may be given whole.
inline constexpr std::uint64_t kInsideBytesMax = std::uint64_t{512} << 20U;
/// kTooLarge past that; what the stream fails with; kInternal: it is not as long as it said.
[[nodiscard]] Task<Result<std::string>> read_whole(std::shared_ptr<http::BodyStream> bytes, std::uint64_t size);

/// Which operations have handlers. Filled once at start, then read by all threads.
class Registry {
 public:
  /// A handler behind its type: moves out of `input`, answers the encoded response.
  using Erased = std::function<Task<Result<http::Response>>(Call& call, void* input)>;

  /// The same for a caller within the server: moves out of `input`, moves into `output`.
  using Inside = std::function<Task<Result<>>(Call& call, void* input, void* output)>;

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
      call.answered(*operation, &*output);
      co_return wire::encode(*operation, &*output, call.request_id());
    });
    inside_.emplace(operation, [operation, handler](Call& call, void* input, void* output) -> Task<Result<>> {
      Result<Output> made = co_await handler(call, std::move(*static_cast<Input*>(input)));
      if (!made) co_return std::unexpected(std::move(made).error());
      call.answered(*operation, &*made);
      *static_cast<Output*>(output) = std::move(*made);
      co_return Result<>{};
    });
  }

  /// The same for an operation whose output has bytes of any length (its payload): the handler gives
  /// `Task<Result<Download<Output>>>`. Outside the bytes go out as they come; a caller within the server gets them
  /// whole, up to kInsideBytesMax.
  template <class Input, class Output, class Handler>
    requires std::is_invocable_r_v<Task<Result<Download<Output>>>, const Handler&, Call&, Input>
  void bind_bytes(const wire::TypedOperation<Input, Output>& typed, Handler handler) {
    const wire::Operation* operation = typed.operation;
    add(operation, [operation, handler](Call& call, void* input) -> Task<Result<http::Response>> {
      Result<Download<Output>> made = co_await handler(call, std::move(*static_cast<Input*>(input)));
      if (!made) co_return std::unexpected(std::move(made).error());
      call.answered(*operation, &made->output);
      http::Response response = wire::encode(*operation, &made->output, call.request_id());
      response.status = made->status;
      response.stream = std::move(made->bytes);
      response.stream_bytes = made->size;
      co_return response;
    });
    inside_.emplace(operation, [operation, handler](Call& call, void* input, void* output) -> Task<Result<>> {
      Result<Download<Output>> made = co_await handler(call, std::move(*static_cast<Input*>(input)));
      if (!made) co_return std::unexpected(std::move(made).error());
      call.answered(*operation, &made->output);
      Result<std::string> whole = co_await read_whole(std::move(made->bytes), made->size);
      if (!whole) co_return std::unexpected(std::move(whole).error());
      made->output.body = std::move(*whole);
      *static_cast<Output*>(output) = std::move(made->output);
      co_return Result<>{};
    });
  }

  /// The same for an operation that answers with a stream of events; the handler gives
  /// `Task<Result<std::unique_ptr<EventSource<Event>>>>`, `Event` being the stream's union. What it fails with before
  /// that is an error like any other operation's. REQUIRES: the operation streams.
  template <class Event, class Input, class Output, class Handler>
    requires std::is_invocable_r_v<Task<Result<std::unique_ptr<EventSource<Event>>>>, const Handler&, Call&, Input>
  void bind_stream(const wire::TypedOperation<Input, Output>& typed, Handler handler) {
    const wire::Operation* operation = typed.operation;
    CHECK(wire::stream_member(*operation) != nullptr, operation->name);
    add(operation, [operation, handler](Call& call, void* input) -> Task<Result<http::Response>> {
      auto source = co_await handler(call, std::move(*static_cast<Input*>(input)));
      if (!source) co_return std::unexpected(std::move(source).error());
      http::Response response = wire::begin_event_stream(*operation, call.request_id());
      response.stream = std::make_shared<EventBody<Event>>(*operation, std::move(*source));
      co_return response;
    });
  }

  /// nullptr: modelled, without a handler.
  [[nodiscard]] const Erased* find(const wire::Operation* operation) const;
  /// nullptr: without a handler, or one that answers with a stream.
  [[nodiscard]] const Inside* find_inside(const wire::Operation* operation) const;

 private:
  void add(const wire::Operation* operation, Erased handler);

  std::unordered_map<const wire::Operation*, Erased> handlers_;
  std::unordered_map<const wire::Operation*, Inside> inside_;
};

/// What a modelled operation without a handler answers.
[[nodiscard]] Error not_implemented(const wire::Operation& operation);

}  // namespace warifu::api
