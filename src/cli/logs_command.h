#pragma once

namespace CLI {
class App;
}

namespace warifu::cli {

/// Adds `logs GROUP`: what a log group of CloudWatch Logs holds, and with `-f` what comes, asked by FilterLogEvents as
/// the caller of the AWS profile. As `add_commands`.
void add_logs(CLI::App& app, int& exit_status);

}  // namespace warifu::cli
