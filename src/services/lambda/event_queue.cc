#include "services/lambda/event_queue.h"

#include <fmt/format.h>

#include "base/log.h"
#include "json/value.h"
#include "json/writer.h"
#include "services/lambda/errors.h"
#include "services/lambda/limits.h"
#include "store/keys.h"

namespace warifu::services::lambda {
namespace {

/// Each thread waits for one function: as many events run at once.
constexpr std::size_t kThreads = 16;

std::string encode(const Event& event) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("qualifier").string(event.qualifier).key("request").string(event.request_id);
  writer.key("received").integer(event.received.ms).key("attempts").integer(event.attempts);
  if (!event.client_context.empty()) writer.key("context").string(event.client_context);
  writer.end_object();
  return out.append("\n").append(event.payload);
}

Result<Event> decode(std::string_view bytes) {
  const std::size_t line = bytes.find('\n');
  const auto head = json::parse(bytes.substr(0, line));
  if (line == std::string_view::npos || !head || !head->is_object()) return fail(bad_row("an event"));
  const auto number = [&](std::string_view name) {
    const json::Value* value = head->find(name);
    return value == nullptr ? 0 : value->as_int64().value_or(0);
  };
  return Event{.qualifier = head->find_string("qualifier").value_or(""),
               .request_id = head->find_string("request").value_or(""),
               .client_context = head->find_string("context").value_or(""),
               .payload = std::string(bytes.substr(line + 1)),
               .received = {number("received")},
               .attempts = static_cast<std::uint32_t>(number("attempts"))};
}

/// What the scheduler calls an event: its function's ARN, `#`, its id.
std::string key_of(const FunctionRef& ref, std::string_view id) { return ref.arn().append("#").append(id); }

}  // namespace

EventQueue::EventQueue(const api::Environment& environment, Background& background, std::chrono::milliseconds retry,
                       Run run)
    : environment_(environment),
      background_(background),
      run_(std::move(run)),
      scheduler_({.quiet = std::chrono::milliseconds(0),
                  .at_most = std::chrono::milliseconds(0),
                  .first_retry = retry,
                  .last_retry = retry * 2,
                  .threads = kThreads},
                 [this](std::string_view key, std::uint32_t, const std::stop_token&) { return this->run(key); }) {}

Task<Result<>> EventQueue::put(FunctionRef ref, Event event) {
  if (scheduler_.size() >= kEventsWaitingMax) co_return fail(throttled(false));
  const std::string id = event.request_id;
  const auto body = [ref, id, row = encode(event)](store::Txn& txn) -> Result<bool> {
    TRY(txn.put(store::Partition::system(), keys::waiting(ref), ""));
    TRY(txn.put(ref.partition(), keys::event(ref, id), row));
    return true;
  };
  CO_TRY(co_await environment_.db.write(body));
  scheduler_.notify_now(key_of(ref, id));
  co_return Result<>{};
}

Result<> EventQueue::resume() {
  std::vector<std::string> found;
  TRY(environment_.db.read([&](store::Reader& reader) -> Result<> {
    const std::string prefix = keys::waiting();
    std::vector<FunctionRef> functions;
    TRY(reader.scan(store::Partition::system(), store::prefix_range(prefix),
                    [&](std::string_view key, std::string_view) {
                      key.remove_prefix(prefix.size());
                      if (auto ref = FunctionRef::parse(key)) functions.push_back(std::move(*ref));
                      return true;
                    }));
    for (const FunctionRef& ref : functions) {
      const std::string family = keys::events(ref);
      TRY(reader.scan(ref.partition(), store::prefix_range(family), [&](std::string_view key, std::string_view) {
        key.remove_prefix(family.size());
        if (const auto id = store::take_text(key)) found.push_back(key_of(ref, *id));
        return found.size() < kEventsWaitingMax;
      }));
    }
    return {};
  }));
  for (const std::string& key : found) scheduler_.notify_now(key);
  return {};
}

Result<> EventQueue::erase_all(store::Txn& txn, const FunctionRef& ref) {
  Result<> erased;
  TRY(txn.scan(ref.partition(), store::prefix_range(keys::events(ref)), [&](std::string_view key, std::string_view) {
    erased = txn.erase(ref.partition(), key);
    return erased.has_value();
  }));
  if (!erased) return erased;
  return txn.erase(store::Partition::system(), keys::waiting(ref));
}

/// Erases the event, or writes it as it is to be tried again. One that was erased meanwhile stays so.
Result<> EventQueue::finish(const FunctionRef& ref, const std::string& id, const Event* again) {
  return environment_.db.write_blocking([&](store::Txn& txn) -> Result<> {
    const std::string key = keys::event(ref, id);
    if (again == nullptr) return txn.erase(ref.partition(), key);
    const auto present = TRY(txn.get(ref.partition(), key));
    return present ? txn.put(ref.partition(), key, encode(*again)) : Result<>{};
  });
}

Result<bool> EventQueue::run(std::string_view key) {
  const std::size_t mark = key.rfind('#');
  auto ref = FunctionRef::parse(key.substr(0, mark));
  if (!ref || mark == std::string_view::npos) return false;
  const std::string id(key.substr(mark + 1));
  const auto row =
      TRY(environment_.db.read([&](store::Reader& r) { return r.get(ref->partition(), keys::event(*ref, id)); }));
  if (!row) return false;
  Event event = TRY(decode(*row));
  ref->qualifier = event.qualifier;
  const auto answer = background_.wait_for(run_(*ref, event));
  const bool gone = !answer && answer.error().code == ErrorCode::kNotFound;
  const bool late = environment_.clock.now().ms - event.received.ms > kEventAgeMs;
  const bool failed = answer && !answer->function_error.empty();
  if (failed) ++event.attempts;
  if ((answer && !failed) || gone || late || event.attempts > kEventRetries) {
    if (failed || late)
      log::info("an event was given up", {{"function", ref->arn()}, {"request_id", event.request_id}});
    TRY(finish(*ref, id, nullptr));
    return false;
  }
  TRY(finish(*ref, id, &event));
  return fail(failed ? unavailable("the function failed") : answer.error());
}

}  // namespace warifu::services::lambda
