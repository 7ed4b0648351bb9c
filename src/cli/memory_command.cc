#include "cli/memory_command.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <thread>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/client.h"

namespace warifu::cli {
namespace {

constexpr std::chrono::milliseconds kWatchEvery{250};

struct MemoryOptions {
  CallerOptions caller;
  std::string memory, actor, session, strategy, status;
  bool json = false;
};

int report(const Error& error) {
  (void)std::fputs(fmt::format("warifu: {}\n", error.message).c_str(), stderr);
  return 1;
}

json::Value filter_of(const MemoryOptions& options) {
  json::Value filter = json::Value::object();
  const auto set = [&](std::string name, const std::string& value) {
    if (!value.empty()) filter.set(std::move(name), json::Value::string(value));
  };
  set("actorId", options.actor);
  set("sessionId", options.session);
  set("strategyId", options.strategy);
  set("status", options.status);
  return filter;
}

/// Every page of the list.
Result<std::vector<json::Value>> jobs_of(const MemoryOptions& options, const Caller& caller) {
  const std::string path = fmt::format("/memories/{}/extractionJobs", percent_encode(options.memory));
  std::vector<json::Value> jobs;
  std::optional<std::string> token;
  do {
    json::Value body = json::Value::object();
    body.set("maxResults", json::Value::number(50));
    const json::Value filter = filter_of(options);
    if (!filter.members().empty()) body.set("filter", filter);
    if (token) body.set("nextToken", json::Value::string(*token));
    const json::Value page = TRY(call_as(caller, "bedrock-agentcore", "POST", path, body));
    const json::Value* listed = page.find("jobs");
    if (listed == nullptr || !listed->is_array()) return fail(internal_error("the server's answer is not a list"));
    for (const json::Value& job : listed->items()) jobs.push_back(job);
    token = page.find_string("nextToken");
  } while (token);
  return jobs;
}

std::size_t messages_in(const json::Value& job) {
  const json::Value* messages = job.find("messages");
  const json::Value* list = messages == nullptr ? nullptr : messages->find("messagesList");
  return list != nullptr && list->is_array() ? list->items().size() : 0;
}

std::string line_of(const json::Value& job) {
  const std::string reason = job.find_string("failureReason").value_or("");
  return fmt::format("{:<12} {}  actor {}  session {}  {} message{}{}{}{}", job.find_string("status").value_or("?"),
                     job.find_string("jobID").value_or("?"), job.find_string("actorId").value_or("?"),
                     job.find_string("sessionId").value_or("?"), messages_in(job), messages_in(job) == 1 ? "" : "s",
                     job.find_string("strategyId") ? "  strategy " : "", job.find_string("strategyId").value_or(""),
                     reason.empty() ? "" : "  " + reason);
}

void print(std::string_view line) {
  (void)std::fwrite(line.data(), 1, line.size(), stdout);
  (void)std::fputc('\n', stdout);
  (void)std::fflush(stdout);
}

int list(const MemoryOptions& options) {
  const auto caller = find_caller(options.caller, profile_files());
  if (!caller) return report(caller.error());
  const auto jobs = jobs_of(options, *caller);
  if (!jobs) return report(jobs.error());
  if (options.json) {
    print(json::Value::array(*jobs).dump());
    return 0;
  }
  if (jobs->empty()) print("nothing waits, runs or has failed");
  for (const json::Value& job : *jobs) print(line_of(job));
  return 0;
}

std::string clock_time() {
  return fmt::format("{:%H:%M:%S}",
                     fmt::localtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())));
}

/// A line whenever a job comes, changes or is done.
int watch(const MemoryOptions& options) {
  const auto caller = find_caller(options.caller, profile_files());
  if (!caller) return report(caller.error());
  std::map<std::string, std::string> known;
  while (true) {
    const auto jobs = jobs_of(options, *caller);
    if (!jobs) return report(jobs.error());
    std::map<std::string, std::string> now;
    for (const json::Value& job : *jobs) now.emplace(job.find_string("jobID").value_or("?"), line_of(job));
    for (const auto& [id, line] : now) {
      const auto before = known.find(id);
      if (before == known.end() || before->second != line) print(clock_time() + "  " + line);
    }
    for (const auto& [id, line] : known) {
      if (!now.contains(id)) print(fmt::format("{}  {:<12} {}", clock_time(), "DONE", id));
    }
    known = std::move(now);
    std::this_thread::sleep_for(kWatchEvery);
  }
}

CLI::App* add_options(CLI::App* command, const std::shared_ptr<MemoryOptions>& options) {
  command->add_option("memory", options->memory, "the memory's id, or its ARN in another account")->required();
  command->add_option("--actor", options->actor, "only this actor's");
  command->add_option("--session", options->session, "only this session's");
  command->add_option("--strategy", options->strategy, "only failed jobs of this strategy");
  command->add_option("--status", options->status, "FAILED: only what failed");
  command->add_option("--profile", options->caller.profile, "the AWS profile to ask as");
  command->add_option("--region", options->caller.region, "the memory's region");
  command->add_option("--endpoint-url", options->caller.endpoint_url, "the server's address");
  command->add_option("--ca-bundle", options->caller.ca_bundle, "certificate authorities to trust (PEM)");
  return command;
}

}  // namespace

void add_memory(CLI::App& app, int& exit_status) {
  const auto options = std::make_shared<MemoryOptions>();
  CLI::App* memory = app.add_subcommand("memory", "how a memory's extraction goes");
  memory->require_subcommand(1);
  CLI::App* jobs = add_options(memory->add_subcommand("jobs", "print what waits, runs or has failed"), options);
  jobs->add_flag("--json", options->json, "print one JSON list");
  jobs->callback([options, &exit_status] { exit_status = list(*options); });
  add_options(memory->add_subcommand("watch", "print every change until interrupted"), options)
      ->callback([options, &exit_status] { exit_status = watch(*options); });
}

}  // namespace warifu::cli
