#include <benchmark/benchmark.h>

#include "net/blocking.h"
#include "sandbox/sandbox.h"

// What isolation alone costs: a sandbox from nothing to its first process, and to nothing again.
namespace warifu::sandbox {
namespace {

Task<Result<>> open_only(Driver& driver) {
  const std::shared_ptr<Sandbox> sandbox = CO_TRY(co_await driver.open({.name = "bench"}));
  co_return Result<>{};
}

Task<Result<>> open_and_end(Driver& driver) {
  const std::shared_ptr<Sandbox> sandbox = CO_TRY(co_await driver.open({.name = "bench"}));
  sandbox->stop();
  co_await sandbox->ended();
  co_return Result<>{};
}

template <Task<Result<>> (*What)(Driver&)>
void run(benchmark::State& state) {
  const Result<std::unique_ptr<Driver>> driver = open_bubblewrap();
  if (!driver) return state.SkipWithError(driver.error().message.c_str());
  for (auto _ : state) {
    if (!net::run_blocking(What(**driver))) return state.SkipWithError("a sandbox did not open");
  }
}

BENCHMARK(run<open_only>)->Name("sandbox/open")->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(run<open_and_end>)->Name("sandbox/open_and_end")->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace warifu::sandbox

BENCHMARK_MAIN();
