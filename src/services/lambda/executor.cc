#include "services/lambda/executor.h"

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "base/hop.h"
#include "base/log.h"
#include "net/client.h"
#include "services/lambda/environment.h"
#include "services/lambda/launch.h"

namespace warifu::services::lambda {
namespace {

namespace fs = std::filesystem;

/// The client puts a trace of up to a megabyte into a header.
constexpr std::size_t kRuntimeApiHeaderBytes = 1200UL * 1024;
/// How often a call is handed on when its environment ended before it took it.
constexpr int kDeliveriesMax = 3;
constexpr std::chrono::milliseconds kSweepEvery{1'000};

net::ServerOptions runtime_api_options() {
  net::ServerOptions options{.listen = {}, .threads = 1};
  options.header_bytes_max = kRuntimeApiHeaderBytes;
  return options;
}

Error throttled() {
  return {.code = ErrorCode::kThrottled, .message = "Rate Exceeded.", .reason = "ConcurrentInvocationLimitExceeded"};
}

Error reserved_used_up() {
  return {.code = ErrorCode::kThrottled,
          .message = "Rate Exceeded.",
          .reason = "ReservedFunctionConcurrentInvocationLimitExceeded"};
}

std::string pool_key(const FunctionVersion& function) {
  return function.arn + "\n" + function.version + "\n" + function.revision;
}

/// A language counts where its runtime client lies in `runtimes`.
sandbox::Fit with_client(const std::string& runtimes) {
  return [runtimes](std::string_view language, int minor) {
    const std::string client =
        language == "node" ? "/node/runtime.mjs" : "/python3." + std::to_string(minor) + "/awslambdaric";
    std::error_code ignored;
    return fs::exists(runtimes + client, ignored);
  };
}

}  // namespace

class Executor::Impl {
 public:
  Impl(ExecutorOptions options, sandbox::Driver& driver, const Clock& clock, Random& random)
      : options_(std::move(options)),
        runtime_api_(runtime_api_options(),
                     [](http::Request) -> Task<http::Response> { co_return http::Response{.status = 404}; }),
        context_{.options = options_, .driver = driver, .clock = clock, .random = random, .runtime_api = runtime_api_},
        interpreters_({}, with_client(options_.runtimes_folder)) {}

  Result<> start();
  Task<Result<InvokeResult>> invoke(std::shared_ptr<const FunctionVersion> function, Invocation invocation);
  Result<RuntimeChoice> choose(std::string_view runtime) { return interpreters_.choose(runtime); }
  void retire(const std::string& function_arn);
  void stop();

 private:
  using EnvironmentPtr = std::shared_ptr<Environment>;
  struct Admission;

  Result<> admit(const FunctionVersion& function, const std::optional<std::int32_t>& reserved);
  void leave(const FunctionVersion& function);
  Result<EnvironmentPtr> take(const std::shared_ptr<const FunctionVersion>& function);
  Task<Result<EnvironmentPtr>> make(std::shared_ptr<const FunctionVersion> function);
  void give_back(const EnvironmentPtr& environment);
  void forget(const EnvironmentPtr& environment);
  [[nodiscard]] EnvironmentPtr longest_idle();
  void sweep(const std::stop_token& stop);

  const ExecutorOptions options_;
  net::Server runtime_api_;
  EnvironmentContext context_;
  sandbox::Interpreters interpreters_;
  Workers workers_{2};  // for what blocks: trying interpreters, merging layers

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::map<std::string, std::vector<EnvironmentPtr>> idle_;  // under mutex_: last used last
  std::vector<EnvironmentPtr> all_;                          // under mutex_
  std::map<std::string, std::int32_t> busy_;                 // under mutex_: calls by function
  std::map<std::string, std::uint64_t> retired_;             // under mutex_: counts `retire` of each function
  std::int32_t making_ = 0;                                  // under mutex_
  bool stopped_ = false;                                     // under mutex_
  std::jthread sweeper_;
};

/// Counts a call while it lives.
struct Executor::Impl::Admission {
  Impl& impl;
  const FunctionVersion& function;
  Admission(Impl& i, const FunctionVersion& f) : impl(i), function(f) {}
  ~Admission() { impl.leave(function); }
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;
};

Result<> Executor::Impl::start() {
  const net::Url url = TRY(net::Url::parse(options_.public_url));
  context_.public_host = url.host;
  context_.public_port = url.port;
  const bool address =
      url.host.find(':') != std::string::npos || url.host.find_first_not_of("0123456789.") == std::string::npos;
  context_.public_address = address ? url.host : "127.0.0.1";
  std::error_code error;
  fs::remove_all(options_.scratch_folder, error);
  fs::create_directories(options_.scratch_folder, error);
  if (error) return fail(unavailable("`" + options_.scratch_folder + "` cannot be made: " + error.message()));
  TRY(runtime_api_.start());
  sweeper_ = std::jthread([this](const std::stop_token& stop) { sweep(stop); });
  return {};
}

Result<> Executor::Impl::admit(const FunctionVersion& function, const std::optional<std::int32_t>& reserved) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return fail(unavailable("the server stops"));
  std::int32_t& busy = busy_[function.arn];
  if (reserved && busy >= *reserved) return fail(reserved_used_up());
  ++busy;
  return {};
}

void Executor::Impl::leave(const FunctionVersion& function) {
  const std::lock_guard lock(mutex_);
  const auto found = busy_.find(function.arn);
  if (found != busy_.end() && --found->second <= 0) busy_.erase(found);
}

// A warm environment, null when one may be made, or kThrottled.
Result<Executor::Impl::EnvironmentPtr> Executor::Impl::take(const std::shared_ptr<const FunctionVersion>& function) {
  std::vector<EnvironmentPtr> old;
  EnvironmentPtr warm;
  bool room = true;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return fail(unavailable("the server stops"));
    std::vector<EnvironmentPtr>& idle = idle_[pool_key(*function)];
    while (!warm && !idle.empty()) {
      EnvironmentPtr last = std::move(idle.back());
      idle.pop_back();
      (last->usable() ? warm : old.emplace_back()) = std::move(last);
    }
    const auto count = static_cast<std::int32_t>(all_.size()) - static_cast<std::int32_t>(old.size()) + making_;
    if (!warm && count >= options_.environments_max) {
      EnvironmentPtr victim = longest_idle();
      room = victim != nullptr;
      if (victim) old.push_back(std::move(victim));
    }
    if (!warm && room) ++making_;
  }
  for (const EnvironmentPtr& environment : old) forget(environment);
  if (!warm && !room) return fail(throttled());
  return warm;
}

// Under mutex_.
Executor::Impl::EnvironmentPtr Executor::Impl::longest_idle() {
  std::vector<EnvironmentPtr>* best = nullptr;
  for (auto& [key, pool] : idle_) {
    if (!pool.empty() && (best == nullptr || pool.front()->idle_since < best->front()->idle_since)) best = &pool;
  }
  if (best == nullptr) return nullptr;
  EnvironmentPtr out = std::move(best->front());
  best->erase(best->begin());
  return out;
}

Task<Result<Executor::Impl::EnvironmentPtr>> Executor::Impl::make(std::shared_ptr<const FunctionVersion> function) {
  struct Prepared {
    Result<RuntimeChoice> choice;
    Result<std::string> layers;
  };
  auto environment = std::make_shared<Environment>(context_, function);
  {
    const std::lock_guard lock(mutex_);
    --making_;
    if (stopped_) co_return fail(unavailable("the server stops"));
    all_.push_back(environment);
    environment->made_after = retired_[function->arn];
  }
  Prepared prepared = co_await on(workers_, [this, function] {
    return Prepared{.choice = interpreters_.choose(function->runtime),
                    .layers = merged_layers(*function, options_.scratch_folder)};
  });
  Result<> launched = fail(unavailable("not started"));
  if (!prepared.choice) {
    launched = fail(std::move(prepared.choice).error());
  } else if (!prepared.layers) {
    launched = fail(std::move(prepared.layers).error());
  } else {
    if (!prepared.choice->note.empty()) log::info(prepared.choice->note, {{"function", function->name}});
    launched = co_await environment->launch(*prepared.choice, *prepared.layers);
  }
  if (launched) co_return environment;
  forget(environment);
  co_return fail(std::move(launched).error());
}

Task<Result<InvokeResult>> Executor::Impl::invoke(std::shared_ptr<const FunctionVersion> function,
                                                  Invocation invocation) {
  CO_TRY(admit(*function, invocation.reserved_concurrency));
  const Admission counted(*this, *function);
  for (int i = 0; i < kDeliveriesMax; ++i) {
    EnvironmentPtr environment = CO_TRY(take(function));
    if (!environment) environment = CO_TRY(co_await make(function));
    CallResult out = co_await environment->call(invocation);
    give_back(environment);
    if (!out.undelivered) co_return std::move(out.result);
  }
  co_return fail(unavailable("the function's environments end before they take a call"));
}

void Executor::Impl::give_back(const EnvironmentPtr& environment) {
  const bool usable = environment->usable();
  {
    const std::lock_guard lock(mutex_);
    const std::string& arn = environment->function().arn;
    if (usable && !stopped_ && environment->made_after == retired_[arn]) {
      environment->idle_since = Environment::Steady::now();
      idle_[pool_key(environment->function())].push_back(environment);
      return;
    }
  }
  forget(environment);
}

void Executor::Impl::forget(const EnvironmentPtr& environment) {
  environment->stop();
  const std::lock_guard lock(mutex_);
  std::erase(all_, environment);
}

void Executor::Impl::retire(const std::string& function_arn) {
  std::vector<EnvironmentPtr> old;
  {
    const std::lock_guard lock(mutex_);
    ++retired_[function_arn];
    for (auto& [key, pool] : idle_) {
      if (!key.starts_with(function_arn + "\n")) continue;
      old.insert(old.end(), pool.begin(), pool.end());
      pool.clear();
    }
  }
  for (const EnvironmentPtr& environment : old) forget(environment);
}

// Ends what has been idle too long, and what has ended by itself, once a second.
void Executor::Impl::sweep(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, kSweepEvery, [] { return false; });
    const auto late = Environment::Steady::now() - options_.idle_timeout;
    std::vector<EnvironmentPtr> old;
    for (auto& [key, pool] : idle_) {
      std::erase_if(pool, [&](const EnvironmentPtr& e) {
        const bool over = e->idle_since <= late || !e->usable();
        if (over) old.push_back(e);
        return over;
      });
    }
    std::erase_if(idle_, [](const auto& entry) { return entry.second.empty(); });
    if (old.empty()) continue;
    lock.unlock();
    for (const EnvironmentPtr& environment : old) forget(environment);
    lock.lock();
  }
}

void Executor::Impl::stop() {
  std::vector<EnvironmentPtr> all;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopped_, true)) return;
    all = std::exchange(all_, {});
    idle_.clear();
  }
  if (sweeper_.joinable()) {
    sweeper_.request_stop();
    sweeper_.join();
  }
  for (const EnvironmentPtr& environment : all) environment->stop();
  workers_.join();
  runtime_api_.stop(std::chrono::milliseconds{0});
}

Executor::Executor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Executor::~Executor() { stop(); }

Result<std::unique_ptr<Executor>> Executor::start(ExecutorOptions options, sandbox::Driver& driver, const Clock& clock,
                                                  Random& random) {
  auto impl = std::make_unique<Impl>(std::move(options), driver, clock, random);
  TRY(impl->start());
  return std::unique_ptr<Executor>(new Executor(std::move(impl)));
}

Task<Result<InvokeResult>> Executor::invoke(std::shared_ptr<const FunctionVersion> function, Invocation invocation) {
  return impl_->invoke(std::move(function), std::move(invocation));
}
Result<RuntimeChoice> Executor::choose(std::string_view runtime) { return impl_->choose(runtime); }
void Executor::retire(const std::string& function_arn) { impl_->retire(function_arn); }
void Executor::stop() { impl_->stop(); }

}  // namespace warifu::services::lambda
