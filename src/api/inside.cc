// Calls from within the server: the pipeline's way without the socket.
#include "access/authorize.h"
#include "api/exchange.h"
#include "wire/error_map.h"

namespace warifu::api {
namespace {

constexpr std::string_view kExpired = "The security token included in the request is expired";
constexpr std::string_view kDead = "The security token included in the request is invalid";
constexpr std::string_view kInside = "AWS Internal";  // the user agent of a call that nobody signed

http::Request request_of(const As& as) {
  http::Request request;
  request.secure = true;  // it never leaves this process
  const std::string_view agent = as.via.empty() ? std::string_view(as.principal.service) : as.via.back();
  request.headers.add("User-Agent", std::string(agent.empty() ? kInside : agent));
  return request;
}

Departure departure_of(const wire::Operation& operation, const Result<>& done) {
  if (done) return {.status = 200};
  const wire::WireError error = wire::map_error(operation.service, &operation, done.error());
  return {.status = error.status, .error_code = std::string(error.name), .message = done.error().message};
}

}  // namespace

Result<> Pipeline::know(Exchange& exchange, access::Principal principal) const {
  if (principal.session && principal.session->expires <= exchange.now) {
    return fail(access::access_denied(std::string(kExpired)));
  }
  exchange.report.principal_arn = principal.arn;
  exchange.credential = access::Credential{.principal = std::move(principal), .secret = {}};
  return environment_.db.read([&](store::Reader& reader) -> Result<> {
    exchange.subject = TRY(access::Subject::gather(reader, cache_scope_, exchange.credential->principal));
    if (!exchange.subject) return fail(access::access_denied(std::string(kDead)));
    return {};
  });
}

Task<Result<>> Pipeline::answer_inside(Exchange& exchange, const As& as, const std::string& region, void* input,
                                       void* output) const {
  if (const auto known = know(exchange, as.principal); !known) co_return fail(known.error());
  Call call(environment_, exchange.credential->principal);
  call.now_ = exchange.now;
  call.request_id_ = exchange.report.request_id;
  call.region_ = region;
  call.operation_ = std::string(exchange.operation->name);
  call.via_ = as.via;
  record(exchange, region, as.via, input);
  call.record_in(exchange.recording);
  if (const auto authorized = authorize(exchange, call, input); !authorized) co_return fail(authorized.error());
  const Registry::Inside* handler = registry_.find_inside(exchange.operation);
  if (handler == nullptr) co_return fail(not_implemented(*exchange.operation));
  co_return co_await (*handler)(call, input, output);
}

Task<Result<>> Pipeline::invoke_erased(const wire::Operation& operation, void* input, void* output, As as,
                                       std::string region) const {
  const auto begun = std::chrono::steady_clock::now();
  Exchange exchange{.request = request_of(as), .report = {}, .now = environment_.clock.now(), .host = {}};
  exchange.service = operation.service;
  exchange.operation = &operation;
  exchange.report.service = operation.service->signing_name;
  exchange.report.operation = operation.name;
  exchange.report.request_id = environment_.random.uuid();
  Result<> done = co_await answer_inside(exchange, as, region, input, output);
  Departure departure = departure_of(operation, done);
  if (exchange.recording.begun()) {
    const Result<> noted = co_await exchange.recording.finish(departure.error_code, departure.message);
    if (!noted) departure = departure_of(operation, done = noted);
  }
  tell(std::move(exchange.report), begun, std::move(departure));
  co_return done;
}

void Pipeline::tell(Report report, std::chrono::steady_clock::time_point begun, Departure departure) const {
  if (!options_.report) return;
  using std::chrono::duration_cast, std::chrono::microseconds, std::chrono::steady_clock;
  report.duration_us = duration_cast<microseconds>(steady_clock::now() - begun).count();
  report.status = departure.status;
  report.error_code = std::move(departure.error_code);
  report.message = std::move(departure.message);
  options_.report(report);
}

}  // namespace warifu::api
