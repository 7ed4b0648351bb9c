#include "services/lambda/service.h"

#include <fmt/format.h>

#include <charconv>

#include "base/check.h"
#include "base/log.h"
#include "services/lambda/errors.h"

namespace warifu::services::lambda {
namespace {

constexpr std::string_view kPrincipal = "lambda.amazonaws.com";
constexpr std::string_view kCodePurpose = "lambda-code";
constexpr std::int64_t kCodeUrlMs = 600'000;
constexpr std::size_t kPreparedMax = 4'096;
constexpr int kTries = 3;  // a function that is changed while it is prepared is read again

double fraction(Random& random) {
  constexpr std::uint64_t kSteps = 1U << 24U;
  return static_cast<double>(random.below(kSteps)) / static_cast<double>(kSteps);
}

/// The version that an alias leads to this time: weights of the others first, the rest is the alias' own.
std::string version_of(const m::AliasConfiguration& alias, double drawn) {
  if (alias.routing_config && alias.routing_config->additional_version_weights) {
    for (const auto& [version, weight] : *alias.routing_config->additional_version_weights) {
      if (drawn < weight) return version;
      drawn -= weight;
    }
  }
  return alias.function_version.value_or("");
}

Error from_executor(const Error& error, bool reserved) {
  if (error.code == ErrorCode::kThrottled) return throttled(reserved);
  if (error.code == ErrorCode::kUnsupported) {
    return {.code = ErrorCode::kUnavailable,
            .message = error.message,
            .aws_name = "InvalidRuntimeException",
            .reason = {},
            .fields = {}};
  }
  return {.code = ErrorCode::kInternal,
          .message = error.message,
          .aws_name = "ServiceException",
          .reason = {},
          .fields = {}};
}

}  // namespace

Service::Service(ServiceOptions options, const api::Environment& environment)
    : options_(std::move(options)), environment_(environment), workers_(options_.workers) {}

Result<std::unique_ptr<Service>> Service::open(ServiceOptions options, const api::Environment& environment) {
  auto service = std::unique_ptr<Service>(new Service(std::move(options), environment));
  Service* raw = service.get();
  service->code_ = TRY(hosting::CodeStore::open({.folder = raw->options_.folder / "code",
                                                 .service = code::kService,
                                                 .bounds = code::kBounds,
                                                 // A call may go on for so long after its function was changed.
                                                 .longest_run = std::chrono::seconds(kTimeoutMax + 60)},
                                                environment.db, raw->workers_, environment.random));
  service->old_garbage_ = TRY(raw->code_->garbage());
  service->logs_ =
      std::make_unique<hosting::LogDelivery>(environment, raw->background_, [raw](const hosting::LogTarget& target) {
        auto ref = FunctionRef::parse(target.source_arn);
        CHECK(ref.has_value(), "a function's own ARN");
        return raw->assume(std::move(*ref), target.role_arn);
      });
  service->events_ = std::make_unique<EventQueue>(
      environment, raw->background_, raw->options_.event_retry, [raw](FunctionRef ref, const Event& event) {
        return raw->invoke(
            std::move(ref),
            {.request_id = event.request_id, .payload = event.payload, .client_context = event.client_context});
      });
  return service;
}

void Service::run_with(Runner& runner) { runner_ = &runner; }

void Service::resume(const std::stop_token& stop) {
  if (const auto resumed = events_->resume(); !resumed) {
    log::warn("events could not be resumed", {{"why", resumed.error().message}});
  }
  const auto collected = code_->collect(old_garbage_, stop);
  if (!collected) log::warn("old code could not be erased", {{"why", collected.error().message}});
}

void Service::sweep(const std::stop_token& stop) {
  const auto discarded = code_->discarded();
  if (discarded) {
    for (const auto& [owner, code_id] : *discarded) code_->forget(code_id);
  }
  const Result<> collected =
      discarded ? code_->collect(*discarded, stop) : Result<>(std::unexpected(discarded.error()));
  if (!collected) log::warn("discarded code could not be erased", {{"why", collected.error().message}});
}

void Service::stop() {
  if (stopped_.exchange(true)) return;
  if (events_) events_->stop();
  if (logs_) logs_->stop();
  workers_.join();
}

void Service::retire(const FunctionRef& ref) {
  {
    const std::scoped_lock lock(mutex_);
    const std::string prefix = ref.arn() + ":";
    auto at = prepared_.lower_bound(prefix);
    while (at != prepared_.end() && at->first.starts_with(prefix)) at = prepared_.erase(at);
  }
  if (Runner* runner = runner_) runner->retire(ref.arn());
}

Task<Result<api::RoleSession>> Service::assume(FunctionRef ref, std::string role_arn) const {
  if (environment_.client == nullptr) co_return fail(unavailable("the server is starting"));
  api::RoleRequest request{.role_arn = std::move(role_arn),
                           .session_name = ref.name,
                           .as = api::as_service(kPrincipal, ref.arn(), ref.owner),
                           .region = ref.region};
  co_return co_await api::assume_role(*environment_.client, environment_, std::move(request));
}

Task<Result<>> Service::check_role(FunctionRef ref, std::string role_arn) {
  const auto session = co_await assume(std::move(ref), std::move(role_arn));
  if (session) co_return Result<>{};
  const ErrorCode code = session.error().code;
  const bool refused =
      code == ErrorCode::kAccessDenied || code == ErrorCode::kNotFound || code == ErrorCode::kValidation;
  co_return fail(refused ? role_not_assumable() : session.error());
}

std::string Service::code_url(const AccountId& owner, std::string_view code_id, Timestamp now) const {
  const std::string text = fmt::format("{} {} {}", now.ms + kCodeUrlMs, owner.str(), code_id);
  return fmt::format("{}{}{}", environment_.public_url, kCodePath, environment_.sealer.seal(kCodePurpose, text));
}

Result<std::optional<std::string>> Service::fetch_code(std::string_view token) const {
  const auto text = environment_.sealer.open(kCodePurpose, token);
  if (!text) return std::nullopt;
  const std::size_t first = text->find(' ');
  const std::size_t second = text->find(' ', first + 1);
  if (first == std::string::npos || second == std::string::npos) return std::nullopt;
  std::int64_t expires = 0;
  std::from_chars(text->data(), text->data() + first, expires);
  const auto owner = AccountId::parse(std::string_view(*text).substr(first + 1, second - first - 1));
  if (!owner || environment_.clock.now().ms > expires) return std::nullopt;
  auto zip = environment_.db.read([&](store::Reader& reader) {
    return hosting::CodeStore::read(reader, code::kService, *owner, std::string_view(*text).substr(second + 1));
  });
  if (!zip && zip.error().code == ErrorCode::kNotFound) return std::nullopt;
  if (!zip) return fail(zip.error());
  return std::move(*zip);
}

Task<Result<std::string>> Service::runtime_note(std::string runtime) {
  Runner* runner = runner_;
  if (runner == nullptr) co_return std::string();
  const auto choice = co_await on(workers_, [runner, runtime = std::move(runtime)] { return runner->choose(runtime); });
  if (!choice) co_return fail(choice.error());
  co_return choice->note;
}

Result<Service::Chosen> Service::choose(store::Reader& reader, const FunctionRef& ref) const {
  Chosen chosen{.version = ref.qualifier.empty() ? std::string(kLatest) : ref.qualifier};
  if (ref.names_alias()) {
    const auto alias = TRY(rows::find_alias(reader, ref, ref.qualifier));
    if (!alias) return fail(function_not_found(ref.qualified_arn()));
    chosen.version = version_of(*alias, fraction(environment_.random));
  }
  auto bytes = TRY(rows::find_version(reader, ref, chosen.version));
  if (!bytes) return fail(function_not_found(ref.qualified_arn()));
  chosen.bytes = std::move(*bytes);
  chosen.head = TRY(rows::decode_head(chosen.bytes));
  chosen.reserved = chosen.head.reserved;
  if (chosen.version != kLatest) {
    // Concurrency is reserved for the function as a whole.
    const auto latest = TRY(rows::find_version(reader, ref, kLatest));
    if (latest) chosen.reserved = TRY(rows::decode_head(*latest)).reserved;
  }
  return chosen;
}

std::shared_ptr<const FunctionVersion> Service::prepared(const std::string& key, const std::string& revision) {
  const std::scoped_lock lock(mutex_);
  const auto found = prepared_.find(key);
  return found != prepared_.end() && found->second.revision == revision ? found->second.function : nullptr;
}

Task<Result<std::shared_ptr<const FunctionVersion>>> Service::build(const FunctionRef& ref, const std::string& version,
                                                                    FunctionRow row) {
  const m::FunctionConfiguration& config = row.config;
  auto function = std::make_shared<FunctionVersion>();
  function->arn = ref.arn();
  function->name = ref.name;
  function->version = version;
  function->region = ref.region;
  function->revision = config.revision_id.value_or("");
  function->runtime = config.runtime.value_or("");
  function->handler = config.handler.value_or("");
  function->memory_mb = config.memory_size.value_or(128);
  function->timeout_s = config.timeout.value_or(3);
  if (config.ephemeral_storage) function->tmp_mb = config.ephemeral_storage->size;
  if (config.environment && config.environment->variables) function->environment = *config.environment->variables;
  function->log_group = config.logging_config && config.logging_config->log_group ? *config.logging_config->log_group
                                                                                  : "/aws/lambda/" + ref.name;
  function->code_folder = CO_TRY(co_await code_->unpacked(ref.owner, row.code_id));
  for (const m::Layer& layer : config.layers.value_or(std::vector<m::Layer>{})) {
    const auto named = LayerRef::parse(layer.arn.value_or(""));
    if (!named) co_return fail(bad_row("a layer"));
    const auto found =
        CO_TRY(environment_.db.read([&](store::Reader& reader) { return rows::find_layer_version(reader, *named); }));
    // A version that was deleted stays with the functions that have it, as long as its code is there.
    if (!found) co_return fail(unavailable(fmt::format("layer {} is gone", named->version_arn())));
    function->layer_folders.push_back(CO_TRY(co_await code_->unpacked(named->owner, found->code_id)));
  }
  FunctionRef unqualified = ref;
  unqualified.qualifier.clear();
  const std::string role = config.role.value_or("");
  function->credentials = [this, unqualified, role] { return credentials(unqualified, role); };
  auto target = std::make_shared<hosting::LogTarget>(hosting::LogTarget{.owner = ref.owner,
                                                                        .region = ref.region,
                                                                        .role_arn = role,
                                                                        .source_arn = ref.arn(),
                                                                        .group = function->log_group});
  function->log = [this, target](const std::string& stream, std::vector<LogLine> lines) {
    logs_->add(target, stream, std::move(lines));
  };
  co_return function;
}

Task<Result<Credentials>> Service::credentials(FunctionRef ref, std::string role_arn) const {
  auto session = CO_TRY(co_await assume(std::move(ref), std::move(role_arn)));
  co_return Credentials{.access_key_id = std::move(session.credentials.access_key_id),
                        .secret_access_key = std::move(session.credentials.secret_access_key),
                        .session_token = std::move(session.credentials.session_token),
                        .expires = session.credentials.expires};
}

Task<Result<std::shared_ptr<const FunctionVersion>>> Service::prepare(const FunctionRef& ref, const Chosen& chosen) {
  const std::string key = ref.version_arn(chosen.version);
  if (auto known = prepared(key, chosen.head.revision)) co_return known;
  FunctionRow row = CO_TRY(rows::decode(chosen.bytes));
  auto function = CO_TRY(co_await build(ref, chosen.version, std::move(row)));
  const std::scoped_lock lock(mutex_);
  if (prepared_.size() >= kPreparedMax) prepared_.clear();
  prepared_.insert_or_assign(key, Prepared{.revision = chosen.head.revision, .function = function});
  co_return function;
}

Task<Result<InvokeResult>> Service::invoke(FunctionRef ref, InvokeRequest request) {
  Runner* runner = runner_;
  if (runner == nullptr) co_return fail(from_executor(unavailable("functions cannot run on this server"), false));
  for (int tries = 1;; ++tries) {
    const Chosen chosen = CO_TRY(environment_.db.read([&](store::Reader& reader) { return choose(reader, ref); }));
    if (chosen.reserved == 0) co_return fail(throttled(true));
    auto function = co_await prepare(ref, chosen);
    if (!function) {
      if (function.error().code == ErrorCode::kNotFound && tries < kTries) continue;
      co_return fail(from_executor(function.error(), false));
    }
    Invocation invocation{.request_id = std::move(request.request_id),
                          .payload = std::move(request.payload),
                          .invoked_arn = ref.qualified_arn(),
                          .client_context = std::move(request.client_context),
                          .reserved_concurrency = chosen.reserved};
    auto answer = co_await runner->invoke(std::move(*function), std::move(invocation));
    if (!answer) co_return fail(from_executor(answer.error(), chosen.reserved.has_value()));
    co_return std::move(*answer);
  }
}

}  // namespace warifu::services::lambda
