#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/principal.h"
#include "api/report.h"
#include "base/http.h"
#include "base/time.h"
#include "policy/context.h"

/// Requests that no model describes: an MCP endpoint, a WebSocket. They are authenticated and authorized by the very
/// rules of modelled operations (Pipeline::admit), and answered by whoever keeps the door.
namespace warifu::api {

/// What a request must prove to come in.
struct Door {
  std::string_view signing_name;  // the service that its signature must be scoped to; static storage
  std::string_view operation;     // its name in logs, metrics and the trail: `InvokeGateway`; static storage
  std::string action;             // `bedrock-agentcore:InvokeGateway`; empty: who proves an identity may come in
  std::string resource;           // ARN that the action is asked on
  std::string resource_account;   // twelve digits
  std::string region;             // the signature's region must be this one
  /// What must be allowed beside that, on resources of the same account; the first that is not is what the refusal
  /// names.
  struct Ask {
    std::string action;
    std::string resource;
  };
  std::vector<Ask> also{};
  /// Adds the door's own keys to the context of the decision. May be empty.
  std::function<void(policy::Context&)> context{};
  /// The caller has been identified by other means (a verified bearer token: kAnonymous), so no signature is looked at.
  std::optional<access::Principal> known{};
};

/// A request that came in. Holding one says that its principal may use the door.
struct Visit {
  access::Principal principal;
  std::string request_id;
  Timestamp now;
  std::string region;
  Report report{};  // what is known so far; completed by Pipeline::depart
  std::chrono::steady_clock::time_point begun{};
};

/// A request that did not.
struct Refusal {
  int status = 403;        // 403, or what the signature's fault is answered with
  std::string code;        // `AccessDeniedException`, `InvalidSignatureException` …
  std::string message;     // the full sentence
  std::string request_id;  // under which a denial is kept, for `warifu explain`
  Report report{};
  std::chrono::steady_clock::time_point begun{};
};

using Admission = std::expected<Visit, Refusal>;

/// How the answer to an admitted or refused request ended, for logs, metrics and the trail.
struct Departure {
  int status = 200;
  std::string error_code{};  // empty: success
  std::string message{};
};

}  // namespace warifu::api
