#pragma once

namespace CLI {
class App;
}

namespace warifu::cli {

/// Adds `account`, `env`, `import`, `logs`, `memory`, `model`, `tls` and the commands of explanations to the command
/// line. Each prints its answer to standard output, or one line to standard error, and sets `exit_status` (0 success, 1
/// refused or failed). Callbacks run inside `CLI::App::parse`; `exit_status` must outlive it.
void add_commands(CLI::App& app, int& exit_status);

}  // namespace warifu::cli
