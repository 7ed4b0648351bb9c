#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "services/lambda/executor.h"

namespace warifu::services::lambda {

/// What runs functions, as the handlers see it: the executor, or a fake in tests. Thread-safe. Contracts are
/// Executor's.
class Runner {
 public:
  virtual ~Runner() = default;
  virtual Task<Result<InvokeResult>> invoke(std::shared_ptr<const FunctionVersion> function, Invocation invocation) = 0;
  virtual Result<RuntimeChoice> choose(std::string_view runtime) = 0;
  virtual void retire(const std::string& function_arn) = 0;
};

}  // namespace warifu::services::lambda
