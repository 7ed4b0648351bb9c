#pragma once

namespace CLI {
class App;
}

namespace warifu::cli {

/// Adds `model install`: a local transformer, from a folder, a tar archive or a URL of one, into a server's data
/// folder. As `add_commands`.
void add_model(CLI::App& app, int& exit_status);

}  // namespace warifu::cli
