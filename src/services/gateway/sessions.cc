#include "services/gateway/sessions.h"

namespace warifu::services::gateway {
namespace {

constexpr std::string_view kPurpose = "gateway-mcp-session";
constexpr std::size_t kCapabilitiesBytesMax = 2048;
constexpr std::size_t kIdBytesMax = 8192;
constexpr std::size_t kEndedMax = 100'000;

}  // namespace

std::string ClientSessions::begin(ClientSession& session) const {
  session.key = random_.uuid();
  json::Value row = json::Value::object();
  row.set("k", json::Value::string(session.key)).set("g", json::Value::string(session.gateway));
  row.set("c", json::Value::string(session.caller)).set("e", json::Value::number(session.expires.ms));
  row.set("v", json::Value::string(session.protocol));
  if (session.capabilities.dump().size() > kCapabilitiesBytesMax) session.capabilities = {};
  row.set("a", session.capabilities);
  return sealer_.seal(kPurpose, row.dump());
}

std::optional<ClientSession> ClientSessions::find(std::string_view id, std::string_view gateway,
                                                  std::string_view caller, Timestamp now) const {
  if (id.size() > kIdBytesMax) return std::nullopt;
  const auto text = sealer_.open(kPurpose, id);
  if (!text) return std::nullopt;
  const auto row = json::parse(*text);
  if (!row) return std::nullopt;
  const json::Value* expires = row->find("e");
  ClientSession session{.key = row->find_string("k").value_or(""),
                        .gateway = row->find_string("g").value_or(""),
                        .caller = row->find_string("c").value_or(""),
                        .expires = {expires == nullptr ? 0 : expires->as_int64().value_or(0)},
                        .protocol = row->find_string("v").value_or(""),
                        .capabilities = row->find("a") == nullptr ? json::Value() : *row->find("a")};
  if (session.key.empty() || session.gateway != gateway || session.caller != caller || session.expires <= now) {
    return std::nullopt;
  }
  const std::lock_guard lock(mutex_);
  if (ended_.contains(session.key)) return std::nullopt;
  return session;
}

void ClientSessions::end(const ClientSession& session, Timestamp now) {
  const std::lock_guard lock(mutex_);
  if (ended_.size() >= kEndedMax) std::erase_if(ended_, [&](const auto& one) { return one.second <= now; });
  if (ended_.size() >= kEndedMax) ended_.erase(ended_.begin());
  ended_[session.key] = session.expires;
}

}  // namespace warifu::services::gateway
