#include "cli/logs_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/time.h"
#include "cli/client.h"

namespace warifu::cli {
namespace {

constexpr std::chrono::milliseconds kFollowEvery{500};
/// Events may be stored out of order, by hosts whose clocks differ: what is a little older is asked for again.
constexpr std::int64_t kLookBackMs = 60'000;

struct LogsOptions {
  CallerOptions caller;
  std::string group, pattern, stream_prefix;
  std::string since = "10m";
  bool follow = false;
  bool plain = false;
};

int report(const Error& error) {
  (void)std::fputs(fmt::format("warifu: {}\n", error.message).c_str(), stderr);
  return 1;
}

/// Milliseconds of `90s`, `10m`, `2h`, `7d`.
Result<std::int64_t> milliseconds_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const std::int64_t of_unit = unit == "s"   ? 1'000
                               : unit == "m" ? 60'000
                               : unit == "h" ? 3'600'000
                               : unit == "d" ? 86'400'000
                                             : 0;
  constexpr std::int64_t kMost = 1'000'000;
  if (error != std::errc{} || of_unit == 0 || number < 0 || number > kMost) {
    return fail(validation_error(fmt::format("`{}` is no time such as 90s, 10m, 2h or 7d", text)));
  }
  return number * of_unit;
}

json::Value request_of(const LogsOptions& options, std::int64_t from) {
  json::Value body = json::Value::object();
  body.set("logGroupName", json::Value::string(options.group));
  body.set("startTime", json::Value::number(from));
  if (!options.pattern.empty()) body.set("filterPattern", json::Value::string(options.pattern));
  if (!options.stream_prefix.empty()) body.set("logStreamNamePrefix", json::Value::string(options.stream_prefix));
  return body;
}

std::int64_t time_of(const json::Value& event) {
  const json::Value* time = event.find("timestamp");
  return time == nullptr ? 0 : time->as_int64().value_or(0);
}

void print(const json::Value& event, bool plain) {
  std::string line = event.find_string("message").value_or("");
  while (line.ends_with('\n')) line.pop_back();
  if (!plain) {
    const std::string time = iso8601_ms({.ms = time_of(event)});
    line = fmt::format("{} {} {}", time, event.find_string("logStreamName").value_or("?"), line);
  }
  line += '\n';
  (void)std::fwrite(line.data(), 1, line.size(), stdout);
}

/// What was printed of the last minute, so that asking for it again prints nothing twice.
class Seen {
 public:
  /// False: it was there before.
  bool add(std::int64_t time, const std::string& id) { return known_.emplace(time, id).second; }
  /// From when to ask next.
  [[nodiscard]] std::int64_t forget_old(std::int64_t from) {
    if (!known_.empty()) from = std::max(from, known_.rbegin()->first - kLookBackMs);
    known_.erase(known_.begin(), known_.lower_bound({from, std::string()}));
    return from;
  }

 private:
  std::set<std::pair<std::int64_t, std::string>> known_;
};

/// Prints every page from `from` on.
Result<> print_from(const LogsOptions& options, const Caller& caller, std::int64_t from, Seen& seen) {
  std::optional<std::string> token;
  do {
    json::Value body = request_of(options, from);
    if (token) body.set("nextToken", json::Value::string(*token));
    const json::Value page = TRY(call_target_as(caller, "logs", "Logs_20140328.FilterLogEvents", body));
    const json::Value* events = page.find("events");
    if (events == nullptr || !events->is_array()) return fail(internal_error("the server's answer is not a list"));
    for (const json::Value& event : events->items()) {
      const std::int64_t time = time_of(event);
      if (seen.add(time, event.find_string("eventId").value_or(""))) print(event, options.plain);
    }
    (void)std::fflush(stdout);
    token = page.find_string("nextToken");
  } while (token);
  return {};
}

int logs(const LogsOptions& options) {
  const auto caller = find_caller(options.caller, profile_files());
  if (!caller) return report(caller.error());
  const auto since = milliseconds_of(options.since);
  if (!since) return report(since.error());
  std::int64_t from = std::max<std::int64_t>(0, SystemClock{}.now().ms - *since);
  Seen seen;
  for (;;) {
    const Result<> printed = print_from(options, *caller, from, seen);
    if (!printed) return report(printed.error());
    if (!options.follow) return 0;
    from = seen.forget_old(from);
    std::this_thread::sleep_for(kFollowEvery);
  }
}

}  // namespace

void add_logs(CLI::App& app, int& exit_status) {
  const auto options = std::make_shared<LogsOptions>();
  CLI::App* command = app.add_subcommand("logs", "print a log group's events");
  command->add_option("group", options->group, "the log group, such as /aws/lambda/NAME")->required();
  command->add_flag("-f,--follow", options->follow, "go on with what comes, until interrupted");
  command->add_option("--since", options->since, "how far back: 90s, 10m, 2h, 7d")->capture_default_str();
  command->add_option("--filter", options->pattern, "a filter pattern of CloudWatch Logs");
  command->add_option("--stream-prefix", options->stream_prefix, "only streams whose names begin so");
  command->add_flag("--plain", options->plain, "messages alone, without their time and stream");
  command->add_option("--profile", options->caller.profile, "the AWS profile to ask as");
  command->add_option("--region", options->caller.region, "the log group's region");
  command->add_option("--endpoint-url", options->caller.endpoint_url, "the server's address");
  command->add_option("--ca-bundle", options->caller.ca_bundle, "certificate authorities to trust (PEM)");
  command->callback([options, &exit_status] { exit_status = logs(*options); });
}

}  // namespace warifu::cli
