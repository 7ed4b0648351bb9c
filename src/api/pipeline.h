#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "access/subject.h"
#include "api/call.h"
#include "api/client.h"
#include "api/context.h"
#include "api/denial.h"
#include "api/door.h"
#include "api/host.h"
#include "api/registry.h"
#include "api/report.h"
#include "audit/trail.h"
#include "base/auth_failure.h"
#include "base/check.h"
#include "base/http.h"
#include "sigv4/auth_params.h"
#include "sigv4/signing_key.h"
#include "wire/route.h"

namespace warifu::api {

struct PipelineOptions {
  HostPolicy hosts{{}};
  /// Accept development keys, on loopback Hosts only, and never from a foreign page in a browser.
  bool development = false;
  /// Called once a request, on its own thread, after the answer is made; of a streamed answer when that has ended.
  std::function<void(const Report&)> report;
  /// Called on the request's thread when a signature has proven its principal; for last-used dates.
  std::function<void(const access::Principal&, const sigv4::Scope&, Timestamp)> authenticated;
  DenialOptions denials{};
  /// Where calls are recorded; it outlives the pipeline. nullptr, in tests: nowhere.
  audit::Trail* trail = nullptr;
};

/// The one way of a request: host → signature's form → service → authenticate → route → decode → authorize every
/// (action, resource) of the operation → handle → encode. Thread-safe; outlives its requests.
///
/// Authentication precedes authorization, which precedes existence. Whatever fails on the way is answered in the
/// protocol of the service that the credential scope names; nothing falls through to a handler.
class Pipeline final : public Client {
 public:
  /// `environment`, `registry` and `router` must outlive the pipeline.
  Pipeline(const Environment& environment, const Registry& registry, const wire::Router& router,
           PipelineOptions options);

  [[nodiscard]] Task<http::Response> serve(http::Request request);

  /// Authenticates `request` and authorizes it on what `door` says, by the rules of modelled operations; the body is
  /// left as it is. Whoever asked answers the request, and then says how by `depart`, once, refused or not.
  [[nodiscard]] Task<Admission> admit(http::Request& request, Door door);
  void depart(const Visit& visit, Departure departure) const;
  void depart(const Refusal& refusal, Departure departure) const;

 private:
  struct Exchange;
  class ReportedStream;

  Task<http::Response> answer(Exchange& exchange);
  Task<Result<>> invoke_erased(const wire::Operation& operation, void* input, void* output, As as,
                               std::string region) const override;
  Task<Result<>> answer_inside(Exchange& exchange, const As& as, const std::string& region, void* input,
                               void* output) const;
  Task<std::expected<void, http::Response>> identify(Exchange& exchange, Door& door);
  Result<> ask_at_door(Exchange& exchange, const Call& call, const Door& door) const;
  Result<> know(Exchange& exchange, access::Principal principal) const;
  void tell(Report report, std::chrono::steady_clock::time_point begun, Departure departure) const;
  bool takes_development_keys(const Exchange& exchange) const;
  Task<Result<>> prepare_development_account(const Exchange& exchange, const sigv4::AuthParams& params);
  std::expected<sigv4::AuthParams, http::Response> read_signature(Exchange& exchange) const;
  Result<bool> is_plain_s3(Exchange& exchange) const;
  std::optional<sigv4::Checked<sigv4::AuthParams>> read_plain_s3(Exchange& exchange) const;
  std::expected<sigv4::SigningKey, http::Response> prove(Exchange& exchange, const sigv4::AuthParams& params);
  Task<Result<>> take_body(Exchange& exchange, Upload& upload) const;
  static void let_ask_other(const Exchange& exchange, Call& call, const Target& target, RequestKeys keys);
  std::expected<void, http::Response> check_claims(Exchange& exchange, const sigv4::AuthParams& params) const;
  /// The key that proved the request, for what of its body is still to come.
  std::expected<sigv4::SigningKey, http::Response> authenticate(Exchange& exchange, const sigv4::AuthParams& params);
  Result<> authorize(Exchange& exchange, Call& call, const void* input) const;
  Result<> ask(store::Reader& reader, Exchange& exchange, const Call& call, const wire::Permission& permission,
               const Target& target, const RequestKeys& keys) const;
  static void let_ask_again(const Exchange& exchange, Call& call, const wire::Permission& permission,
                            const Target& target, RequestKeys keys);
  void record(Exchange& exchange, std::string_view region, std::span<const std::string> via, const void* input) const;
  http::Response error(Exchange& exchange, const Error& error) const;
  http::Response stray_host(Exchange& exchange, std::string_view host) const;
  http::Response refused(Exchange& exchange, const AuthFailure& failure) const;

  const Environment& environment_;
  const Registry& registry_;
  const wire::Router& router_;
  PipelineOptions options_;
  access::CacheScope cache_scope_;
  sigv4::SigningKeyCache signing_keys_;
};

}  // namespace warifu::api
