#include "cli/why.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>

#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/caller.h"
#include "cli/client.h"
#include "cli/profile.h"
#include "lint/lint.h"

namespace warifu::cli {
namespace {

using json::Value;

struct WhyOptions {
  Target target;
  std::string profile;
  bool management = false;
  bool json = false;
  bool principals = false;
  std::string request_id, principal, action, resource;
  std::vector<std::string> context;
  std::string file, for_arn;
};

int report(const Error& error) {
  fmt::print(stderr, "warifu: {}\n", error.message);
  return 1;
}

void add_target(CLI::App& command, WhyOptions& options) {
  command.add_option("--endpoint-url", options.target.endpoint_url, "the server's address")
      ->envname("AWS_ENDPOINT_URL")
      ->capture_default_str();
  command.add_option("--data", options.target.data, "the server's data folder, where the management credentials lie")
      ->envname("WARIFU_DATA")
      ->capture_default_str();
  command.add_option("--ca-bundle", options.target.ca_bundle, "certificate authorities to trust (PEM)")
      ->envname("AWS_CA_BUNDLE");
  command.add_option("--profile", options.profile, "whose keys ask (default: AWS's environment, then the management)");
  command.add_flag("--management", options.management, "ask with the management credentials");
  command.add_flag("--json", options.json, "print JSON");
}

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

Result<Caller> caller_of(const WhyOptions& options) {
  const CallerOptions asked{.profile = options.profile,
                            .region = {},
                            .endpoint_url = options.target.endpoint_url,
                            .ca_bundle = options.target.ca_bundle};
  return find_caller(asked, profile_files());
}

/// As AWS's tools would call, where they know somebody; else with the management credentials.
Result<Value> ask(const WhyOptions& options, std::string_view method, const std::string& path, const Value& body = {}) {
  const bool known = !options.profile.empty() || is_set("AWS_ACCESS_KEY_ID") || is_set("AWS_PROFILE");
  if (options.management || !known) return call(options.target, method, path, body);
  const Caller caller = TRY(caller_of(options));
  return call_as(caller, "warifu", method, path, body);
}

/// `k=v` each; a key that is given again has several values.
Result<Value> context_of(const std::vector<std::string>& pairs) {
  std::vector<std::pair<std::string, std::vector<Value>>> keys;
  for (const std::string& pair : pairs) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(validation_error(fmt::format("--context takes KEY=VALUE, not `{}`", pair)));
    }
    const std::string name = pair.substr(0, equals);
    if (keys.empty() || keys.back().first != name) keys.emplace_back(name, std::vector<Value>{});
    keys.back().second.push_back(Value::string(pair.substr(equals + 1)));
  }
  Value out = Value::object();
  for (auto& [name, values] : keys) out.set(name, Value::array(std::move(values)));
  return out;
}

Result<Value> question(const WhyOptions& options) {
  Value body = Value::object();
  body.set("Action", Value::string(options.action)).set("Resource", Value::string(options.resource));
  if (!options.principal.empty()) body.set("Principal", Value::string(options.principal));
  if (!options.context.empty()) body.set("Context", TRY(context_of(options.context)));
  return body;
}

Result<Value> explanation(const WhyOptions& options) {
  if (!options.request_id.empty()) return ask(options, "GET", "/denials/" + percent_encode(options.request_id));
  if (options.principal.empty() || options.action.empty() || options.resource.empty()) {
    return fail(validation_error("explain takes a request id, or --principal, --action and --resource"));
  }
  const Value body = TRY(question(options));
  return ask(options, "POST", "/explanations", body);
}

int explain(const WhyOptions& options) {
  const auto answer = explanation(options);
  if (!answer) return report(answer.error());
  fmt::print("{}", options.json ? answer->dump() + "\n" : explanation_text(*answer));
  return 0;
}

/// Every page of the answer, in order.
Result<std::vector<Value>> grantees(const WhyOptions& options) {
  const Value asked = TRY(question(options));
  std::vector<Value> out;
  for (std::optional<std::string> token; !token || !token->empty();) {
    Value body = asked;
    if (token) body.set("NextToken", Value::string(*token));
    const Value answer = TRY(ask(options, "POST", "/who-can", body));
    const Value* principals = answer.find("Principals");
    if (principals == nullptr || !principals->is_array()) return fail(internal_error("the server's answer is no list"));
    out.insert(out.end(), principals->items().begin(), principals->items().end());
    token = answer.find_string("NextToken").value_or("");
  }
  return out;
}

int who_can(const WhyOptions& options) {
  auto principals = grantees(options);
  if (!principals) return report(principals.error());
  if (options.json) {
    Value all = Value::object();
    all.set("Principals", Value::array(*std::move(principals)));
    fmt::print("{}\n", all.dump());
    return 0;
  }
  for (const Value& one : *principals) {
    const std::string policy = one.find_string("Policy").value_or("");
    const std::string sid = one.find_string("Sid").value_or("");
    fmt::print("{}  by {}{}{}\n", one.find_string("Arn").value_or("?"), one.find_string("Layer").value_or("?"),
               policy.empty() ? "" : ": " + policy, sid.empty() ? "" : " (" + sid + ")");
  }
  return 0;
}

Value shown(const lint::Finding& finding) {
  Value out = Value::object();
  out.set("Severity", Value::string(std::string(lint::name_of(finding.severity))))
      .set("Code", Value::string(finding.code))
      .set("Details", Value::string(finding.details))
      .set("Path", Value::string(lint::path_text(finding.path)));
  if (!finding.span) return out;
  out.set("Line", Value::number(static_cast<std::int64_t>(finding.span->start.line)))
      .set("Column", Value::number(static_cast<std::int64_t>(finding.span->start.column)));
  return out;
}

/// Whether the server knows the principals of a policy: what ValidatePolicy says of them, by the text of each.
Result<std::set<std::string>> missing_principals(const WhyOptions& options, const std::string& document) {
  Value body = Value::object();
  body.set("policyDocument", Value::string(document)).set("policyType", Value::string("RESOURCE_POLICY"));
  if (policy::parse(document, policy::Kind::kTrust)) {
    body.set("validatePolicyResourceType", Value::string("AWS::IAM::AssumeRolePolicyDocument"));
  }
  const Caller caller = TRY(caller_of(options));
  const Value answer = TRY(call_as(caller, "access-analyzer", "POST", "/policy/validation", body));
  std::set<std::string> details;
  const Value* findings = answer.find("findings");
  if (findings == nullptr || !findings->is_array()) return fail(internal_error("the server's answer is no list"));
  for (const Value& one : findings->items()) {
    if (one.find_string("issueCode") == "PRINCIPAL_NOT_FOUND")
      details.insert(one.find_string("findingDetails").value_or(""));
  }
  return details;
}

/// 0: nothing found; 1: no file; 2: findings.
int lint_file(const WhyOptions& options) {
  std::ifstream file(options.file, std::ios::binary);
  if (!file) return report(unavailable(fmt::format("cannot read {}", options.file)));
  const std::string document{std::istreambuf_iterator<char>(file), {}};
  lint::Options asked{.kind = {}, .attached_to = options.for_arn, .principal_exists = {}};
  std::set<std::string> missing;
  if (options.principals) {
    auto told = missing_principals(options, document);
    if (!told) return report(told.error());
    missing = *std::move(told);
    asked.principal_exists = [&missing](std::string_view name) {
      const std::string quoted = fmt::format("`{}`", name);
      return std::ranges::none_of(missing, [&](const std::string& one) { return one.find(quoted) != one.npos; });
    };
  }
  const std::vector<lint::Finding> findings = lint::lint(document, asked);
  std::vector<Value> all;
  for (const lint::Finding& finding : findings) {
    all.push_back(shown(finding));
    if (options.json) continue;
    const policy::Position start = finding.span ? finding.span->start : policy::Position{};
    fmt::print("{}:{}:{}: {} {}: {}\n", options.file, start.line, start.column, lint::name_of(finding.severity),
               finding.code, finding.details);
  }
  if (options.json) fmt::print("{}\n", Value::array(std::move(all)).dump());
  return findings.empty() ? 0 : 2;
}

}  // namespace

void add_why_commands(CLI::App& app, int& exit_status) {
  const auto options = std::make_shared<WhyOptions>();
  CLI::App* explain_command = app.add_subcommand("explain", "why a request was denied, or what would be decided");
  explain_command->add_option("request-id", options->request_id, "of the denial: x-amzn-RequestId");
  explain_command->add_option("--principal", options->principal, "instead: ARN of who would ask");
  explain_command->add_option("--action", options->action, "`service:Name`");
  explain_command->add_option("--resource", options->resource, "ARN, or `*`");
  explain_command->add_option("--context", options->context, "KEY=VALUE; several times for several");
  add_target(*explain_command, *options);
  explain_command->callback([options, &exit_status] { exit_status = explain(*options); });

  CLI::App* who = app.add_subcommand("who-can", "the principals that could, and by which policy each can");
  who->add_option("action", options->action, "`service:Name`")->required();
  who->add_option("resource", options->resource, "ARN, or `*`")->required();
  who->add_option("--context", options->context, "KEY=VALUE; several times for several");
  add_target(*who, *options);
  who->callback([options, &exit_status] { exit_status = who_can(*options); });

  CLI::App* lint_command = app.add_subcommand("lint", "warn of what a policy does not do; exit status 2: findings");
  lint_command->add_option("file", options->file, "a policy document")->required();
  lint_command->add_option("--for", options->for_arn, "ARN of the resource that it is for");
  lint_command->add_flag("--principals", options->principals, "ask the server whether its principals exist");
  add_target(*lint_command, *options);
  lint_command->callback([options, &exit_status] { exit_status = lint_file(*options); });
}

}  // namespace warifu::cli
