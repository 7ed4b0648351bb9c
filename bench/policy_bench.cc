#include <benchmark/benchmark.h>
#include <malloc.h>

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
#include "policy/explain.h"

// One decision on bench/data/authz_inputs.json: a role of one account with three policies of ten statements asks for a
// memory of another, whose resource policy has three. Both halves must allow.
//   build/release/policy_bench --benchmark_repetitions=5

namespace {
std::size_t allocations = 0;
std::size_t held_bytes = 0;
}  // namespace

void* operator new(std::size_t bytes) {
  ++allocations;
  void* const memory = std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) std::abort();
  held_bytes += malloc_usable_size(memory);
  return memory;
}
void operator delete(void* memory) noexcept {
  held_bytes -= malloc_usable_size(memory);
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

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

/// Identity policies of that many statements, a thousand a document; the last one allows.
struct Wide {
  explicit Wide(std::size_t statements) {
    std::vector<json::Value> list;
    for (std::size_t i = 0; i < statements; ++i) {
      const std::string service = i % 4 == 0 ? "bedrock-agentcore" : "s" + std::to_string(i % 40);
      const std::string number = std::to_string(i);
      json::Value statement = json::Value::object();
      statement.set("Effect", json::Value::string("Allow"))
          .set("Action", json::Value::string(service + ":" + (i + 1 == statements ? "*" : "Other" + number)))
          .set("Resource", json::Value::string(i + 1 == statements ? "*" : "arn:aws:x:::" + number + "/*"));
      list.push_back(std::move(statement));
      if (list.size() == kStatementsMax || i + 1 == statements) add(std::exchange(list, {}));
    }
  }

  void add(std::vector<json::Value> list) {
    json::Value document = json::Value::object();
    document.set("Version", json::Value::string("2012-10-17")).set("Statement", json::Value::array(std::move(list)));
    policies.push_back(compiled(document, Kind::kIdentity));
  }

  std::vector<std::shared_ptr<const CompiledPolicy>> policies;
};

constexpr PrincipalView kUser{.kind = PrincipalKind::kUser,
                              .account = "111111111111",
                              .arn = "arn:aws:iam::111111111111:user/a",
                              .unique_id = "AIDAEXAMPLEEXAMPLE12"};

void BM_Statements(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const Wide wide(count);
  const std::vector<Layer> layers = {{LayerKind::kIdentity, wide.policies}};
  const Context context;
  const std::string action =
      ((count - 1) % 4 == 0 ? "bedrock-agentcore" : "s" + std::to_string((count - 1) % 40)) + ":ListEvents";
  const Request request{.principal = kUser,
                        .action = action,
                        .resource = "arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/M-0123456789",
                        .resource_account = "111111111111",
                        .context = context};
  CHECK(decide(layers, request).allowed, "the last statement allows");
  for (auto _ : state) {
    Decision decision = decide(layers, request);
    benchmark::DoNotOptimize(decision);
  }
}

/// What backtracking matchers take exponential time for: `*a*a…*b*` against `aaa…` without a b, so that no end of the
/// text decides. The range is the resource's length.
void BM_WorstWildcards(benchmark::State& state) {
  std::string pattern = "arn:aws:s3:::";
  for (int i = 0; i < 32; ++i) pattern += "*a";
  json::Value statement = json::Value::object();
  statement.set("Effect", json::Value::string("Allow"))
      .set("Action", json::Value::string("s3:*"))
      .set("Resource", json::Value::string(pattern + "*b*"));
  json::Value document = json::Value::object();
  document.set("Version", json::Value::string("2012-10-17")).set("Statement", json::Value::array({statement}));
  const std::vector<std::shared_ptr<const CompiledPolicy>> policies = {compiled(document, Kind::kIdentity)};
  const std::vector<Layer> layers = {{LayerKind::kIdentity, policies}};
  const Context context;
  const std::string resource = "arn:aws:s3:::" + std::string(static_cast<std::size_t>(state.range(0)), 'a');
  const Request request{.principal = kUser,
                        .action = "s3:GetObject",
                        .resource = resource,
                        .resource_account = "111111111111",
                        .context = context};
  CHECK(!decide(layers, request).allowed, "there is no b");
  for (auto _ : state) {
    Decision decision = decide(layers, request);
    benchmark::DoNotOptimize(decision);
  }
  state.SetComplexityN(state.range(0));
}

/// A request of two hundred keys, built and decided by a statement that asks for the last.
void BM_Context200(benchmark::State& state) {
  json::Value keys = json::Value::object();
  keys.set("aws:RequestTag/key199", json::Value::string("value"));
  json::Value condition = json::Value::object();
  condition.set("StringEquals", std::move(keys));
  json::Value statement = json::Value::object();
  statement.set("Effect", json::Value::string("Allow"))
      .set("Action", json::Value::string("s3:*"))
      .set("Resource", json::Value::string("*"))
      .set("Condition", std::move(condition));
  json::Value document = json::Value::object();
  document.set("Version", json::Value::string("2012-10-17")).set("Statement", json::Value::array({statement}));
  const std::vector<std::shared_ptr<const CompiledPolicy>> policies = {compiled(document, Kind::kIdentity)};
  const std::vector<Layer> layers = {{LayerKind::kIdentity, policies}};
  std::vector<std::string> names;
  for (int i = 0; i < 200; ++i) names.push_back("key" + std::to_string(i));
  Context context;
  for (auto _ : state) {
    context.clear();
    for (const std::string& name : names) context.set_tag("aws:RequestTag/", name, "value");
    const Request request{.principal = kUser,
                          .action = "s3:GetObject",
                          .resource = "arn:aws:s3:::a",
                          .resource_account = "111111111111",
                          .context = context};
    Decision decision = decide(layers, request);
    CHECK(decision.allowed, "the last key is there");
    benchmark::DoNotOptimize(decision);
  }
}

/// What a denial costs beyond its decision: the copy of the question, on the request's thread, and the explanation.
void BM_EvidenceOfADenial(benchmark::State& state) {
  const Inputs inputs;
  const Request request = inputs.request();
  for (auto _ : state) {
    Evidence evidence = evidence_of(inputs.layers, request, {});
    benchmark::DoNotOptimize(evidence);
  }
}
void BM_Explain(benchmark::State& state) {
  const Inputs inputs;
  const Evidence evidence = evidence_of(inputs.layers, inputs.request(), {});
  for (auto _ : state) {
    auto explained = explain(evidence);
    benchmark::DoNotOptimize(explained);
  }
}

/// Ten thousand managed policies of ten statements: seconds and, by the heap's own count, bytes.
void BM_TenThousandPolicies(benchmark::State& state) {
  const Inputs inputs;
  const std::string document = inputs.root.find("identity")->items()[0].dump();
  for (auto _ : state) {
    const std::size_t before = held_bytes;
    std::vector<std::shared_ptr<const CompiledPolicy>> policies;
    policies.reserve(10'000);
    for (int i = 0; i < 10'000; ++i) policies.push_back(*CompiledPolicy::compile(document, Kind::kIdentity));
    state.counters["MB"] = static_cast<double>(held_bytes - before) / 1e6;
    benchmark::DoNotOptimize(policies);
  }
}

BENCHMARK(BM_Decide);
BENCHMARK(BM_Statements)->Arg(1)->Arg(40)->Arg(400)->Arg(4'000);
BENCHMARK(BM_WorstWildcards)->RangeMultiplier(4)->Range(64, 65'536)->Complexity(benchmark::oN);
BENCHMARK(BM_Context200);
BENCHMARK(BM_EvidenceOfADenial);
BENCHMARK(BM_Explain);
BENCHMARK(BM_TenThousandPolicies)->Unit(benchmark::kMillisecond)->Iterations(1);
BENCHMARK(BM_DecideWithoutIndex);
BENCHMARK(BM_BuildContext);
BENCHMARK(BM_ParseAndCompile);

}  // namespace
}  // namespace warifu::policy

BENCHMARK_MAIN();
