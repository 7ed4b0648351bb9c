#pragma once

#include <expected>
#include <memory>
#include <string>

#include "api/pipeline.h"
#include "inbound/token_authorizer.h"
#include "services/runtime/address.h"
#include "services/runtime/directory.h"

/// Who may use a runtime through one of its endpoints.
namespace warifu::services::runtime {

/// A request that came in.
struct Guest {
  api::Visit visit;
  std::string user;  // for its workload token: `id:…` or `jwt:…`; empty: nobody vouched for
};

/// A request that did not, with what its answer says beside.
struct TurnedAway {
  api::Refusal refusal;
  std::string challenge;  // WWW-Authenticate; empty: none
};
using Entrance = std::expected<Guest, TurnedAway>;

/// Asks for both halves: the action on the runtime's ARN and on its endpoint's, and `…ForUser` on both where the
/// request speaks for a user. A runtime takes signatures or tokens, never both. Thread-safe.
class Admission {
 public:
  Admission(api::Pipeline& pipeline, const api::Environment& environment, inbound::TokenAuthorizer& tokens)
      : pipeline_(pipeline), environment_(environment), tokens_(tokens) {}

  /// `place`: of the runtime as the request names it; `known`: it, nullptr when there is none (who is not turned away
  /// may be told so).
  [[nodiscard]] Task<Entrance> judge(http::Request& request, Verb verb, RuntimePlace place, std::string endpoint,
                                     std::shared_ptr<const KnownRuntime> known);
  /// For a request that names no runtime that could be asked about: only whether its signature is good.
  [[nodiscard]] Task<Entrance> identify(http::Request& request, Verb verb);

 private:
  api::Door door(const http::Request& request, Verb verb, const RuntimePlace& place, std::string_view endpoint) const;
  Task<Entrance> by_signature(http::Request& request, api::Door wanted);
  Task<Entrance> by_token(http::Request& request, api::Door wanted, m::CustomJWTAuthorizerConfiguration configuration,
                          std::string metadata_url);
  Task<Entrance> mismatch(http::Request& request, api::Door wanted);
  Result<> keep_policies(api::Door& door) const;

  api::Pipeline& pipeline_;
  const api::Environment& environment_;
  inbound::TokenAuthorizer& tokens_;
};

/// Where the metadata of an endpoint's protected resource is.
[[nodiscard]] std::string metadata_url(std::string_view public_url, const RuntimePlace& place,
                                       std::string_view endpoint);

}  // namespace warifu::services::runtime
