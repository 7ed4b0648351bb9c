#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/body_stream.h"
#include "base/result.h"
#include "base/task.h"
#include "wire/event_stream.h"
#include "wire/operation.h"

namespace warifu::api {

/// The events of a streaming operation's answer while they are made: what its handler gives back. `Event` is the
/// operation's generated union of events. Used by one coroutine on one event loop; destroying it ends what makes them.
/// It outlives the handler's Call, so it copies what it needs of that.
template <class Event>
class EventSource {
 public:
  virtual ~EventSource() = default;
  /// The next event, one member set; nullopt: the answer is whole. An error goes to the reader as the stream's last
  /// message. While nobody asks for the next event none is made.
  virtual Task<Result<std::optional<Event>>> next() = 0;
  /// The reader has gone: makes a `next` that waits fail soon. Called on the same event loop, at any time, repeatedly.
  virtual void cancel() = 0;
};

/// How a streamed answer has ended, for who reports it.
class EventBodyBase : public http::BodyStream {
 public:
  /// The error that was its last message, if one was.
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }
  /// The reader has all of it.
  [[nodiscard]] bool whole() const { return whole_; }

 protected:
  std::optional<Error> failure_;
  bool whole_ = false;
};

/// A source's events as the bytes of an answer's body.
template <class Event>
class EventBody final : public EventBodyBase {
 public:
  EventBody(const wire::Operation& operation, std::unique_ptr<EventSource<Event>> source)
      : operation_(operation), source_(std::move(source)) {}

  Task<Result<std::optional<std::string>>> next() override {
    if (failure_ || whole_) {
      whole_ = true;
      co_return std::nullopt;
    }
    Result<std::optional<Event>> event = co_await source_->next();
    std::string bytes;
    if (!event) {
      failure_ = std::move(event).error();
      wire::append_event_error(bytes, operation_, *failure_);
    } else if (*event) {
      wire::append_event(bytes, *wire::stream_member(operation_)->shape, &**event);
    } else {
      whole_ = true;
      co_return std::nullopt;
    }
    co_return std::optional(std::move(bytes));
  }
  void cancel() override { source_->cancel(); }

 private:
  const wire::Operation& operation_;
  std::unique_ptr<EventSource<Event>> source_;
};

}  // namespace warifu::api
