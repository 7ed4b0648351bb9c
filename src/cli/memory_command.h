#pragma once

namespace CLI {
class App;
}

namespace warifu::cli {

/// Adds `memory jobs` and `memory watch`: what a memory's extraction does, asked by ListMemoryExtractionJobs as the
/// caller of the AWS profile. As `add_commands`.
void add_memory(CLI::App& app, int& exit_status);

}  // namespace warifu::cli
