#include "cli/import_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>

#include <fmt/format.h>

#include "cli/client.h"

namespace warifu::cli {
namespace {

using json::Value;

struct ImportOptions {
  Target target;
  std::vector<std::string> details, resource_policies;
  std::string organization;
  bool json = false;
};

/// One kind of file: which operation takes it, under which name, and what its answer counts.
struct Kind {
  std::string_view path, member;
  std::vector<std::string_view> counted;
  std::string_view id;  // the answer's member that says what it is
};
const Kind kAccount{"/imports/account", "Details", {"Users", "Groups", "Roles", "Policies"}, "AccountId"};
const Kind kResourcePolicies{"/imports/resource-policies", "Policies", {"Policies"}, ""};
const Kind kOrganization{"/imports/organization", "Organization", {"Accounts", "Units", "Policies"}, "OrganizationId"};

/// Every error begins with the file's name.
Error in_file(const std::string& file, Error error) {
  error.message = fmt::format("{}: {}", file, error.message);
  return error;
}

Result<Value> read_json(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(unavailable("cannot be read"));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return json::parse(text);
}

std::string summary(const std::string& file, const Kind& kind, const Value& answer) {
  std::string counts;
  for (const std::string_view name : kind.counted) {
    const Value* count = answer.find(name);
    if (count == nullptr || !count->is_number()) continue;
    counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", count->number_text(), name);
  }
  const std::string id = kind.id.empty() ? std::string{} : answer.find_string(kind.id).value_or("") + ": ";
  return fmt::format("{}: {}{}", file, id, counts);
}

Result<Value> import_file(const ImportOptions& options, const Kind& kind, const std::string& file) {
  auto content = read_json(file);
  if (!content) return fail(in_file(file, content.error()));
  Value body = Value::object();
  body.set(std::string(kind.member), *std::move(content));
  auto answer = call(options.target, "POST", kind.path, body);
  if (!answer) return fail(in_file(file, answer.error()));
  return answer;
}

int run(const ImportOptions& options) {
  std::vector<std::pair<const Kind*, std::string>> files;
  for (const std::string& file : options.details) files.emplace_back(&kAccount, file);
  // After the identities that they name.
  for (const std::string& file : options.resource_policies) files.emplace_back(&kResourcePolicies, file);
  if (!options.organization.empty()) files.emplace_back(&kOrganization, options.organization);
  if (files.empty()) {
    fmt::print(stderr, "warifu: import takes a file of an account's authorization details, or one of the options\n");
    return 1;
  }
  for (const auto& [kind, file] : files) {
    const auto answer = import_file(options, *kind, file);
    if (!answer) {
      fmt::print(stderr, "warifu: {}\n", answer.error().message);
      return 1;
    }
    fmt::print("{}\n", options.json ? answer->dump() : summary(file, *kind, *answer));
  }
  return 0;
}

}  // namespace

void add_import(CLI::App& app, int& exit_status) {
  const auto options = std::make_shared<ImportOptions>();
  CLI::App* command = app.add_subcommand("import", "load real accounts from files, to ask about them offline");
  command->add_option("details", options->details, "what `aws iam get-account-authorization-details` printed");
  command->add_option("--resource-policies", options->resource_policies, "a JSON object of policies by resource ARN");
  command->add_option("--organization", options->organization, "an organization with its policies");
  command->add_option("--endpoint-url", options->target.endpoint_url, "the server's address")
      ->envname("AWS_ENDPOINT_URL")
      ->capture_default_str();
  command->add_option("--data", options->target.data, "the server's data folder, where the management credentials lie")
      ->envname("WARIFU_DATA")
      ->capture_default_str();
  command->add_option("--ca-bundle", options->target.ca_bundle, "certificate authorities to trust (PEM)")
      ->envname("AWS_CA_BUNDLE");
  command->add_flag("--json", options->json, "print one JSON object a file");
  command->callback([options, &exit_status] { exit_status = run(*options); });
}

}  // namespace warifu::cli
