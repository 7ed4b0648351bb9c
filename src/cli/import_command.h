#pragma once

namespace CLI {
class App;
}

namespace warifu::cli {

/// Adds `import`: a real estate from files into a running server, with the management credentials. As `add_commands`.
void add_import(CLI::App& app, int& exit_status);

}  // namespace warifu::cli
