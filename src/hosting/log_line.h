#pragma once

#include <string>

#include "base/time.h"

namespace warifu::hosting {

/// One line of what a customer's code wrote, without its line end.
struct LogLine {
  Timestamp time;
  std::string message;
};

}  // namespace warifu::hosting
