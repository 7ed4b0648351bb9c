#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/call.h"
#include "api/door.h"
#include "api/pipeline.h"
#include "base/http.h"
#include "inbound/token_authorizer.h"
#include "json/value.h"
#include "services/gateway/directory.h"

/// Who may use a gateway: its authorizer, and the layers of policy behind it.
namespace warifu::services::gateway {

/// A request that came in.
struct Guest {
  api::Visit visit;
  std::string caller;  // what sessions are bound to: principal's ARN, or issuer and subject of a token; empty: nobody
  std::string bearer;  // the verified token; empty: none
  json::Value claims;  // of the token; null: none
};

/// One that did not, with what its answer carries beside the sentence.
struct TurnedAway {
  api::Refusal refusal;
  std::string challenge;  // WWW-Authenticate; empty: none
};

using Entrance = std::expected<Guest, TurnedAway>;

/// Thread-safe; its parts outlive it.
class Admission {
 public:
  Admission(api::Pipeline& pipeline, const api::Environment& environment, inbound::TokenAuthorizer& tokens)
      : pipeline_(pipeline), environment_(environment), tokens_(tokens) {}

  /// Judges `request`, whose body stays as it is. AWS_IAM: a signature, and bedrock-agentcore:InvokeGateway on the
  /// gateway. AUTHENTICATE_ONLY: a signature, or a token where the gateway has a JWT configuration. CUSTOM_JWT: a
  /// token, and the resource policy where there is one. NONE: anybody. `metadata_url`: where the protected resource's
  /// metadata lies, for challenges.
  [[nodiscard]] Task<Entrance> judge(http::Request& request, std::shared_ptr<const KnownGateway> gateway,
                                     std::string metadata_url);
  /// The answer for a gateway that does not exist: that of one that refuses.
  [[nodiscard]] Task<Entrance> judge_missing(http::Request& request, std::string gateway_id);

 private:
  Task<Entrance> by_signature(http::Request& request, const KnownGateway& gateway, bool authorize);
  Task<Entrance> by_token(http::Request& request, const KnownGateway& gateway, std::string metadata_url);
  Task<Entrance> anybody(http::Request& request, const KnownGateway& gateway);
  api::Door door(const KnownGateway& gateway) const;

  api::Pipeline& pipeline_;
  const api::Environment& environment_;
  inbound::TokenAuthorizer& tokens_;
};

/// Scopes as they are advertised: mapped where the configuration says so.

}  // namespace warifu::services::gateway
