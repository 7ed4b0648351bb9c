#pragma once

#include <memory>
#include <string>

#include "api/call.h"
#include "mcp/envelope.h"
#include "services/gateway/admission.h"
#include "services/gateway/kinds.h"
#include "services/gateway/offer.h"
#include "services/gateway/running.h"
#include "services/gateway/search_tool.h"
#include "services/gateway/sessions.h"
#include "services/gateway/throttle.h"

/// What a gateway does with one MCP message.
namespace warifu::services::gateway {

/// What all requests share. Outlives them.
struct Shared {
  const api::Environment& environment;
  Kinds kinds;
  Offers offers;
  ToolSearch search;
  ClientSessions sessions;
  Running running;
  Throttle throttle;
};

/// One admitted request to `/mcp`, with what its messages need. Shared by the request and by the stream of its answer.
struct Exchange {
  http::Request request;  // its headers may pass
  Guest guest;
  std::shared_ptr<const Offer> offer;
  mcp::Envelope envelope;
  Conversation conversation;
  json::Value capabilities;     // of the client; null: not known
  std::string authorization{};  // that an interceptor set for the target; empty: none did
};

/// The outcome of one request: the text of its result, or an error; and what else its answer carries.
struct Outcome {
  Answer answer;
  std::string session_id{};        // a session began: Mcp-Session-Id
  std::int64_t retry_after_s = 0;  // over a rate limit: 429
};

/// Performs one JSON-RPC request. `upcalls` is told of what the target says meanwhile.
[[nodiscard]] Task<Outcome> perform(Shared& shared, std::shared_ptr<Exchange> exchange, mcp::Message message,
                                    std::shared_ptr<Upcalls> upcalls, std::shared_ptr<Cancellation> cancellation);

/// Takes a notification, or an answer to what a target asked the client. False: an answer that nobody waits for.
[[nodiscard]] bool take(Shared& shared, const Exchange& exchange, const mcp::Message& message);

/// True for what a target performs, so that its answer may be a stream.
[[nodiscard]] bool is_forwarded(std::string_view method);

/// Drops what targets say meanwhile, and refuses what they ask.
class NoUpcalls final : public Upcalls {
 public:
  Task<> notify(json::Value notification) override;
  Task<Answer> ask(json::Value request) override;
};

}  // namespace warifu::services::gateway
