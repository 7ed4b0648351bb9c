#pragma once

#include <string>

#include "json/value.h"

namespace CLI {
class App;
}

namespace warifu::cli {

/// Adds `explain`, `who-can` and `lint`: why a request was denied, what would be decided, who could, and what a policy
/// does not do. As `add_commands`.
void add_why_commands(CLI::App& app, int& exit_status);

/// An explanation (the JSON of `--json`) as text for people.
[[nodiscard]] std::string explanation_text(const json::Value& answer);

}  // namespace warifu::cli
