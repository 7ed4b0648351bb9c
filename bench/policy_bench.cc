#include <benchmark/benchmark.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "json/value.h"
#include "policy/decide.h"

// One decision on bench/data/authz_inputs.json: a role of one account with three policies of ten statements asks for a
// memory of another, whose resource policy has three. Both halves must allow.
//   build/release/policy_bench --benchmark_repetitions=5

namespace {
std::size_t allocations = 0;
}

void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace warifu::policy {
namespace {

json::Value read_inputs() {
  std::ifstream file(std::string(WARIFU_SOURCE_DIR) + "/bench/data/authz_inputs.json");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto value = json::parse(text);
  CHECK(value.has_value(), "bench/data/authz_inputs.json");
  return *std::move(value);
}

std::shared_ptr<const CompiledPolicy> compiled(const json::Value& document, Kind kind) {
  auto policy = CompiledPolicy::compile(document.dump(), kind);
  CHECK(policy.has_value(), "a document of the benchmark is refused");
  return *policy;
}

struct Inputs {
  Inputs() {
    for (const json::Value& document : root.find("identity")->items()) {
      identity.push_back(compiled(document, Kind::kIdentity));
    }
    resource.push_back(compiled(*root.find("resource_policy"), Kind::kResource));
    layers = {{LayerKind::kIdentity, identity}, {LayerKind::kResource, resource}};
    const json::Value& request = *root.find("request");
    action = *request.find_string("action");
    arn = *request.find_string("resource");
    owner = *request.find_string("owner");
    session = *request.find_string("principal");
    role = *request.find_string("role");
    account = *request.find_string("account");
    principal = {.kind = PrincipalKind::kRoleSession,
                 .account = account,
                 .arn = session,
                 .issuer_arn = role,
                 .unique_id = "AROAEXAMPLEEXAMPLE12"};
    fill();
  }

  void fill() {
    context.clear();
    for (const auto& [name, value] : root.find("request")->find("context")->members()) {
      context.set(name, value.as_string());
    }
  }

  [[nodiscard]] Request request() const {
    return {.principal = principal, .action = action, .resource = arn, .resource_account = owner, .context = context};
  }

  json::Value root = read_inputs();
  std::vector<std::shared_ptr<const CompiledPolicy>> identity, resource;
  std::vector<Layer> layers;
  std::string action, arn, owner, session, role, account;
  PrincipalView principal;
  Context context;
};

void decide_inputs(benchmark::State& state, bool use_index) {
  const Inputs inputs;
  const Request request = inputs.request();
  CHECK(decide(inputs.layers, request).allowed, "the inputs must allow");
  const std::size_t before = allocations;
  std::size_t decisions = 0;
  for (auto _ : state) {
    Decision decision = decide(inputs.layers, request, {.use_index = use_index});
    benchmark::DoNotOptimize(decision);
    ++decisions;
  }
  state.counters["allocations"] = static_cast<double>(allocations - before) / static_cast<double>(decisions);
}

void BM_Decide(benchmark::State& state) { decide_inputs(state, true); }
void BM_DecideWithoutIndex(benchmark::State& state) { decide_inputs(state, false); }

/// What the pipeline adds: a context of ten keys, by name.
void BM_BuildContext(benchmark::State& state) {
  Inputs inputs;
  for (auto _ : state) {
    inputs.fill();
    benchmark::ClobberMemory();
  }
}

void BM_ParseAndCompile(benchmark::State& state) {
  const Inputs inputs;
  const std::string document = inputs.root.find("identity")->items()[0].dump();
  for (auto _ : state) {
    auto policy = CompiledPolicy::compile(document, Kind::kIdentity);
    benchmark::DoNotOptimize(policy);
  }
}

BENCHMARK(BM_Decide);
BENCHMARK(BM_DecideWithoutIndex);
BENCHMARK(BM_BuildContext);
BENCHMARK(BM_ParseAndCompile);

}  // namespace
}  // namespace warifu::policy

BENCHMARK_MAIN();
