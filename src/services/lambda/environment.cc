#include "services/lambda/environment.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "base/log.h"
#include "json/writer.h"

namespace warifu::services::lambda {
namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

/// What AWS lets a function answer: six megabytes and a little.
constexpr std::size_t kAnswerBytesMax = 6 * 1024 * 1024 + 100;
constexpr std::string_view kPrefix = "/2018-06-01/runtime/";
/// Credentials that end within this time after a call are too old to begin it with.
constexpr std::int64_t kCredentialsMarginSeconds = 60;

http::Response json_response(int status, std::string body) {
  http::Response response{.status = status, .body = std::move(body)};
  response.headers.add("Content-Type", "application/json");
  return response;
}

http::Response accepted() { return json_response(202, R"({"status":"OK"})"); }

std::string error_json(std::string_view type, std::string_view message) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("errorType").string(type).key("errorMessage").string(message).end_object();
  return out;
}

http::Response refusal(int status, std::string_view type, std::string_view message) {
  return json_response(status, error_json(type, message));
}

std::string error_status(std::string_view type) { return "error\tError Type: " + std::string(type); }

/// `2026/07/04/[7]0123…`: the date, the version, and something of its own.
std::string stream_name(const FunctionVersion& function, const Clock& clock, Random& random) {
  std::string day = iso8601(clock.now()).substr(0, 10);
  for (char& c : day) c = c == '-' ? '/' : c;
  return day + "/[" + function.version + "]" + random.text(32, "0123456789abcdef");
}

std::string trace_id(const Clock& clock, Random& random) {
  return fmt::format("Root=1-{:08x}-{};Sampled=0", static_cast<std::uint32_t>(clock.now().seconds()),
                     random.text(24, "0123456789abcdef"));
}

}  // namespace

Environment::Environment(EnvironmentContext& context, std::shared_ptr<const FunctionVersion> function)
    : context_(context),
      function_(std::move(function)),
      log_(stream_name(*function_, context.clock, context.random), function_->log, context.clock) {}

Environment::~Environment() = default;

Task<Result<>> Environment::launch(const RuntimeChoice& choice, std::string layers_folder) {
  const LaunchContext how{.runtimes_folder = context_.options.runtimes_folder,
                          .public_url = context_.options.public_url,
                          .public_host = context_.public_host,
                          .layers_folder = std::move(layers_folder),
                          .ca_bundle = context_.options.ca_bundle,
                          .runtime_api_port = runtime_api_port(),
                          .proxy_port = proxy_port()};
  const Credentials credentials = CO_TRY(co_await function_->credentials());
  credentials_expire_ = credentials.expires;
  std::shared_ptr<sandbox::Sandbox> opened =
      CO_TRY(co_await context_.driver.open(sandbox_spec(*function_, choice, how)));
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) co_return fail(unavailable("the server stops"));
    sandbox_ = std::move(opened);
  }
  CO_TRY(co_await open_sockets());
  log_.line("INIT_START Runtime Version: " + function_->runtime +
            (choice.note.empty() ? "" : " (" + choice.note + ")"));
  sandbox::Program program = runtime_program(*function_, choice, how, credentials, log_.stream());
  const std::weak_ptr<Environment> weak = weak_from_this();
  program.on_output = [weak](int stream, std::string_view bytes) {
    if (const auto self = weak.lock()) self->on_output(stream, bytes);
  };
  started_ = Steady::now();
  co_return co_await sandbox_->start(std::move(program), [weak](const sandbox::Exit& exit) {
    if (const auto self = weak.lock()) self->on_exit(exit);
  });
}

Task<Result<>> Environment::open_sockets() {
  UniqueFd api = CO_TRY(co_await sandbox_->listen(kRuntimeApiHost, runtime_api_port()));
  const std::weak_ptr<Environment> weak = weak_from_this();
  net::Handler handler = [weak](http::Request request) { return serve(weak.lock(), std::move(request)); };
  auto attached = CO_TRY(context_.runtime_api.attach(
      std::move(api), {.handler = std::move(handler), .body_bytes_max = 4 * kAnswerBytesMax}));
  std::unique_ptr<net::Attachment> open;
  if (context_.options.serve) {
    UniqueFd server = CO_TRY(co_await sandbox_->listen(context_.public_address, context_.public_port));
    open = CO_TRY(context_.options.serve(std::move(server)));
  }
  std::unique_ptr<net::Attachment> out;
  if (context_.options.proxy) {
    UniqueFd proxy = CO_TRY(co_await sandbox_->listen(kRuntimeApiHost, proxy_port()));
    out = CO_TRY(context_.options.proxy(std::move(proxy)));
  }
  const std::lock_guard lock(mutex_);
  if (stopped_) co_return fail(unavailable("the server stops"));
  attached_.push_back(std::move(attached));
  if (out) attached_.push_back(std::move(out));
  if (open) attached_.push_back(std::move(open));
  co_return Result<>{};
}

std::uint16_t Environment::proxy_port() const {
  if (!context_.options.proxy) return 0;
  return context_.public_port == kProxyPort ? kOtherProxyPort : kProxyPort;
}

std::uint16_t Environment::runtime_api_port() const {
  return context_.public_port == kRuntimeApiPort ? kOtherRuntimeApiPort : kRuntimeApiPort;
}

void Environment::on_output(int stream, std::string_view bytes) {
  if (stream == kTelemetryPipe) {
    log_.frames(bytes);
  } else {
    log_.text(stream, bytes);
  }
}

void Environment::on_exit(const sandbox::Exit& exit) {
  const std::string type = exit.out_of_memory ? "Runtime.OutOfMemory" : "Runtime.ExitError";
  const bool plain = exit.signal == 0 && exit.status == 0;
  const std::string what =
      plain ? "Runtime exited without providing a reason" : "Runtime exited with error: " + exit.str();
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
    given_.set();
    // A call that the runtime never took fails here only if it never will: another environment may take it.
    if (call_ && (call_->delivered || !asked_)) {
      fail_call(type, error_status(type), what);
    } else if (call_) {
      call_->done.set();
      call_ = nullptr;
    } else if (early_.error_type.empty()) {
      early_ = {.body = {}, .error_type = type, .what = what};
    }
  }
  initialized_.set();
}

// Under mutex_.
void Environment::fail_call(std::string error_type, std::string status, const std::string& what) {
  const std::string message = "RequestId: " + call_->invocation.request_id + " Error: " + what;
  log_.line(message + "\n" + error_type);
  std::string body = error_json(error_type, message);
  finish(std::move(body), std::move(error_type), std::move(status));
}

// Under mutex_.
void Environment::finish(std::string answer, std::string error_type, std::string status) {
  call_->finished = true;
  call_->answered = Steady::now();
  call_->answer = std::move(answer);
  call_->error_type = std::move(error_type);
  call_->status = std::move(status);
  call_->done.set();
  call_ = nullptr;
}

Task<CallResult> Environment::call(const Invocation& invocation) {
  auto call = std::make_shared<Call>();
  call->invocation = invocation;
  call->taken = Steady::now();
  {
    const std::lock_guard lock(mutex_);
    if (over_ && asked_) co_return CallResult{.undelivered = true};
    call_ = call;
    log_.begin_call();
    log_.line("START RequestId: " + invocation.request_id + " Version: " + function_->version);
    given_.set();
    if (over_ && early_.error_type.empty())
      early_ = {.body = {}, .error_type = "Runtime.ExitError", .what = "the server stops"};
    if (over_ && early_.body.empty()) fail_call(early_.error_type, error_status(early_.error_type), early_.what);
    if (over_ && call_) finish(early_.body, early_.error_type, error_status(early_.error_type));
  }
  const std::chrono::seconds timeout(function_->timeout_s);
  const bool initialized = co_await initialized_.wait(context_.options.init_timeout + timeout);
  if (!initialized || !co_await call->done.wait(timeout)) {
    const std::lock_guard lock(mutex_);
    if (!call->finished && call_ == call) {
      const std::string what =
          fmt::format("Task timed out after {:.2f} seconds", static_cast<double>(function_->timeout_s));
      over_ = true;
      fail_call("Sandbox.Timedout", "timeout", what);
    }
  }
  if (!call->finished) co_return CallResult{.undelivered = true};
  CallResult out{.result = report(*call)};
  if (!call->status.empty()) stop();
  co_return out;
}

InvokeResult Environment::report(Call& call) {
  // What it printed before it answered is in the pipes by now.
  sandbox_->drain();
  std::optional<double> init_ms;
  {
    const std::lock_guard lock(mutex_);
    init_ms = std::exchange(init_ms_, std::nullopt);
  }
  const Steady::duration lasted = call.answered - call.taken;
  const double ms = Milliseconds(lasted).count();
  const std::uint64_t peak_mb = (sandbox_->memory_peak_bytes() + (1U << 20) - 1) >> 20;
  log_.line("END RequestId: " + call.invocation.request_id);
  std::string text = fmt::format(
      "REPORT RequestId: {}\tDuration: {:.2f} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax Memory Used: {} MB\t",
      call.invocation.request_id, ms, static_cast<std::int64_t>(std::ceil(ms + init_ms.value_or(0))),
      function_->memory_mb, peak_mb);
  if (init_ms) text += fmt::format("Init Duration: {:.2f} ms\t", *init_ms);
  if (!call.status.empty()) text += "Status: " + call.status;
  log_.line(std::move(text));
  log_.flush();
  return {.payload = std::move(call.answer),
          .function_error = call.error_type.empty() ? "" : "Unhandled",
          .executed_version = function_->version,
          .log_tail = log_.tail(),
          .content_type = call.content_type.empty() ? "application/json" : std::move(call.content_type),
          .duration = std::chrono::duration_cast<std::chrono::microseconds>(lasted),
          .cold = init_ms.has_value()};
}

bool Environment::usable() const {
  const std::lock_guard lock(mutex_);
  const Timestamp end = context_.clock.now().plus_seconds(function_->timeout_s + kCredentialsMarginSeconds);
  return asked_ && !over_ && !stopped_ && !call_ && credentials_expire_ > end;
}

void Environment::stop() {
  std::vector<std::unique_ptr<net::Attachment>> attached;
  std::shared_ptr<sandbox::Sandbox> sandbox;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopped_, true)) return;
    sandbox = sandbox_;
    over_ = true;
    if (call_) fail_call("Runtime.ExitError", error_status("Runtime.ExitError"), "the server stopped the function");
    given_.set();
    attached = std::exchange(attached_, {});
  }
  initialized_.set();
  log_.flush();
  if (sandbox) sandbox->stop();
}

Task<> Environment::ended() {
  if (sandbox_) co_await sandbox_->ended();
}

// The runtime API.
Task<http::Response> Environment::serve(std::shared_ptr<Environment> self, http::Request request) {
  std::string_view path = request.path();
  if (!self || !path.starts_with(kPrefix)) co_return refusal(404, "NotFound", "no such path of the runtime API");
  path.remove_prefix(kPrefix.size());
  if (request.method == "GET" && path == "invocation/next") co_return co_await self->next();
  if (request.method == "GET" && path == "restore/next") co_return json_response(200, "");
  if (request.method == "POST" && path == "init/error") co_return self->init_error(request);
  if (request.method == "POST" && path == "restore/error") co_return self->init_error(request);
  constexpr std::string_view kInvocation = "invocation/";
  if (request.method == "POST" && path.starts_with(kInvocation)) {
    path.remove_prefix(kInvocation.size());
    const std::size_t slash = path.find('/');
    const std::string_view verb = slash == std::string_view::npos ? "" : path.substr(slash + 1);
    if (verb == "response" || verb == "error") co_return self->answer(request, path.substr(0, slash), verb == "error");
  }
  co_return refusal(404, "NotFound", "no such path of the runtime API");
}

Task<http::Response> Environment::next() {
  net::Event given;
  {
    const std::lock_guard lock(mutex_);
    if (call_ && call_->delivered)
      co_return refusal(403, "InvalidStateTransition", "an invocation waits for its answer");
    if (!std::exchange(asked_, true)) init_ms_ = Milliseconds(Steady::now() - started_).count();
    if (!call_ && !over_) given_ = given;
    if (call_ || over_) given.set();
  }
  initialized_.set();
  co_await given.wait();
  const std::lock_guard lock(mutex_);
  if (over_ || !call_ || call_->delivered) co_return refusal(500, "Runtime.Shutdown", "the environment ends");
  co_return hand_over(*call_);
}

// Under mutex_.
http::Response Environment::hand_over(Call& call) {
  call.delivered = true;
  call.taken = Steady::now();
  const Invocation& invocation = call.invocation;
  http::Response response = json_response(200, invocation.payload.empty() ? "{}" : invocation.payload);
  response.headers.add("Lambda-Runtime-Aws-Request-Id", invocation.request_id);
  response.headers.add("Lambda-Runtime-Deadline-Ms",
                       std::to_string(context_.clock.now().plus_seconds(function_->timeout_s).ms));
  response.headers.add("Lambda-Runtime-Invoked-Function-Arn", invocation.invoked_arn);
  response.headers.add("Lambda-Runtime-Trace-Id",
                       invocation.trace_id.empty() ? trace_id(context_.clock, context_.random) : invocation.trace_id);
  if (!invocation.client_context.empty()) {
    response.headers.add("Lambda-Runtime-Client-Context", invocation.client_context);
  }
  return response;
}

http::Response Environment::answer(const http::Request& request, std::string_view id, bool failed) {
  const std::lock_guard lock(mutex_);
  if (!call_ || !call_->delivered || call_->invocation.request_id != id) {
    return refusal(400, "InvalidRequestID", "Invalid request ID");
  }
  if (request.body.size() > kAnswerBytesMax) {
    const std::string message =
        fmt::format("Response payload size exceeded maximum allowed payload size ({} bytes).", kAnswerBytesMax);
    finish(error_json("Function.ResponseSizeTooLarge", message), "Function.ResponseSizeTooLarge", "");
    return refusal(413, "RequestEntityTooLarge",
                   fmt::format("Exceeded maximum allowed payload size ({} bytes).", kAnswerBytesMax));
  }
  if (!failed) {
    call_->content_type = request.headers.get("Content-Type").value_or("");
    finish(request.body, "", "");
    return accepted();
  }
  const std::string_view type = request.headers.get("Lambda-Runtime-Function-Error-Type").value_or("Unhandled");
  finish(request.body, type.empty() ? "Unhandled" : std::string(type), "");
  return accepted();
}

http::Response Environment::init_error(const http::Request& request) {
  {
    const std::lock_guard lock(mutex_);
    if (asked_) return refusal(403, "InvalidStateTransition", "the runtime has started");
    over_ = true;
    const std::string_view type = request.headers.get("Lambda-Runtime-Function-Error-Type").value_or("Runtime.Unknown");
    if (call_) {
      finish(request.body, std::string(type), error_status(type));
    } else {
      early_ = {.body = request.body, .error_type = std::string(type), .what = {}};
    }
  }
  initialized_.set();
  return accepted();
}

}  // namespace warifu::services::lambda
