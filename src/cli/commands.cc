#include "cli/commands.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "cli/client.h"
#include "cli/imds_command.h"
#include "cli/import_command.h"
#include "cli/logs_command.h"
#include "cli/memory_command.h"
#include "cli/model_command.h"
#include "cli/profile.h"
#include "cli/why.h"
#include "net/local_ca.h"

namespace warifu::cli {
namespace {

struct AccountOptions {
  Target target;
  std::string id, name, profile;
  std::string region = "us-east-1";
  bool json = false;
};

int report(const Error& error) {
  fmt::print(stderr, "warifu: {}\n", error.message);
  return 1;
}

void add_target(CLI::App& command, Target& target) {
  command.add_option("--endpoint-url", target.endpoint_url, "the server's address")
      ->envname("AWS_ENDPOINT_URL")
      ->capture_default_str();
  command.add_option("--data", target.data, "the server's data folder, where the management credentials lie")
      ->envname("WARIFU_DATA")
      ->capture_default_str();
  command.add_option("--ca-bundle", target.ca_bundle, "certificate authorities to trust (PEM)")
      ->envname("AWS_CA_BUNDLE");
}

Profile profile_of(const AccountOptions& options, const json::Value& answer) {
  return {.name = options.profile.empty() ? "account-" + options.id : options.profile,
          .access_key_id = answer.find_string("AccessKeyId").value_or(""),
          .secret_access_key = answer.find_string("SecretAccessKey").value_or(""),
          .region = options.region,
          .endpoint_url = options.target.endpoint_url};
}

/// A new key: one JSON object, a written profile, or the profile to paste.
int show_key(const AccountOptions& options, const json::Value& answer) {
  const Profile profile = profile_of(options, answer);
  if (!options.profile.empty()) {
    const ProfileFiles files = profile_files();
    if (const auto written = write_profile(files, profile); !written) return report(written.error());
    if (!options.json) {
      fmt::print("account {}: profile {} written to {} and {}\n", options.id, profile.name, files.credentials.string(),
                 files.config.string());
    }
  }
  if (options.json) {
    fmt::print("{}\n", answer.dump());
  } else if (options.profile.empty()) {
    fmt::print("# ~/.aws/credentials\n{}\n# ~/.aws/config\n{}",
               with_section("", profile.name,
                            {{"aws_access_key_id", profile.access_key_id},
                             {"aws_secret_access_key", profile.secret_access_key}}),
               with_section("", "profile " + profile.name,
                            {{"region", profile.region}, {"endpoint_url", profile.endpoint_url}}));
  }
  return 0;
}

int create_account(const AccountOptions& options) {
  json::Value body = json::Value::object();
  body.set("AccountId", json::Value::string(options.id));
  if (!options.name.empty()) body.set("Name", json::Value::string(options.name));
  const auto answer = call(options.target, "POST", "/accounts", body);
  return answer ? show_key(options, *answer) : report(answer.error());
}

int create_key(const AccountOptions& options) {
  const auto answer = call(options.target, "POST", "/accounts/" + options.id + "/keys", json::Value::object());
  return answer ? show_key(options, *answer) : report(answer.error());
}

int list_accounts(const AccountOptions& options) {
  const auto answer = call(options.target, "GET", "/accounts");
  if (!answer) return report(answer.error());
  if (options.json) {
    fmt::print("{}\n", answer->dump());
    return 0;
  }
  const json::Value* accounts = answer->find("Accounts");
  if (accounts == nullptr || !accounts->is_array()) return report(internal_error("the server's answer is not a list"));
  for (const json::Value& account : accounts->items()) {
    fmt::print("{}  {}\n", account.find_string("AccountId").value_or("?"), account.find_string("Name").value_or(""));
  }
  return 0;
}

int delete_account(const AccountOptions& options) {
  const auto answer = call(options.target, "DELETE", "/accounts/" + options.id);
  if (!answer) return report(answer.error());
  fmt::print("account {} deleted\n", options.id);
  return 0;
}

int print_environment(const AccountOptions& options) {
  const auto answer = call(options.target, "POST", "/accounts/" + options.id + "/keys", json::Value::object());
  if (!answer) return report(answer.error());
  fmt::print("{}", shell_exports(profile_of(options, *answer)));
  return 0;
}

void add_account(CLI::App& app, int& exit_status) {
  const auto options = std::make_shared<AccountOptions>();
  CLI::App* account = app.add_subcommand("account", "accounts of a running server");
  account->require_subcommand(1);
  const auto with_id = [&](CLI::App* command) {
    command->add_option("id", options->id, "twelve digits")->required();
    add_target(*command, options->target);
    return command;
  };
  const auto with_key = [&](CLI::App* command) {
    command->add_option("--profile", options->profile, "write the key into this AWS profile");
    command->add_option("--region", options->region, "the profile's region")->capture_default_str();
    command->add_flag("--json", options->json, "print one JSON object");
    return command;
  };
  CLI::App* create = with_key(with_id(account->add_subcommand("create", "make an account with an administrator")));
  create->add_option("--name", options->name, "a name for people");
  create->callback([options, &exit_status] { exit_status = create_account(*options); });
  with_key(with_id(account->add_subcommand("key", "make another key for the account's administrator")))
      ->callback([options, &exit_status] { exit_status = create_key(*options); });
  CLI::App* list = account->add_subcommand("list", "print all accounts");
  add_target(*list, options->target);
  list->add_flag("--json", options->json, "print one JSON object");
  list->callback([options, &exit_status] { exit_status = list_accounts(*options); });
  with_id(account->add_subcommand("delete", "delete an account and its identities"))->callback([options, &exit_status] {
    exit_status = delete_account(*options);
  });
}

void add_env(CLI::App& app, int& exit_status) {
  const auto options = std::make_shared<AccountOptions>();
  CLI::App* env = app.add_subcommand("env", "print what to eval: `eval \"$(warifu env 111111111111)\"`");
  env->add_option("id", options->id, "twelve digits")->required();
  env->add_option("--region", options->region, "AWS_REGION")->capture_default_str();
  add_target(*env, options->target);
  env->callback([options, &exit_status] { exit_status = print_environment(*options); });
}

void add_tls(CLI::App& app, int& exit_status) {
  struct TlsOptions {
    std::string dir = "./warifu-tls";
    std::vector<std::string> hosts;
  };
  const auto options = std::make_shared<TlsOptions>();
  CLI::App* tls = app.add_subcommand("tls", "certificates for this machine");
  tls->require_subcommand(1);
  CLI::App* init = tls->add_subcommand("init", "make a local certificate authority and a server certificate");
  init->add_option("--dir", options->dir, "where to put them")->capture_default_str();
  init->add_option("--host", options->hosts, "further names of the server (`*.amazonaws.com`, an address)");
  init->callback([options, &exit_status] {
    const auto made = net::make_local_ca(options->dir, options->hosts);
    if (!made) {
      exit_status = report(made.error());
      return;
    }
    fmt::print("warifu serve --tls-cert {} --tls-key {}\nexport AWS_CA_BUNDLE={}\n", made->server_cert.string(),
               made->server_key.string(), made->ca_cert.string());
  });
}

}  // namespace

void add_commands(CLI::App& app, int& exit_status) {
  add_account(app, exit_status);
  add_env(app, exit_status);
  add_imds(app, exit_status);
  add_import(app, exit_status);
  add_logs(app, exit_status);
  add_memory(app, exit_status);
  add_model(app, exit_status);
  add_tls(app, exit_status);
  add_why_commands(app, exit_status);
}

}  // namespace warifu::cli
