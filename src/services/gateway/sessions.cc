#include "services/gateway/sessions.h"

#include <vector>

#include "services/gateway/control_keys.h"
#include "store/keys.h"

namespace warifu::services::gateway {
namespace {

constexpr std::string_view kPurpose = "gateway-mcp-session";
constexpr std::size_t kCapabilitiesBytesMax = 2048;
constexpr std::size_t kIdBytesMax = 8192;
constexpr std::size_t kForgottenAtOnce = 8;

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

std::optional<ClientSession> ClientSessions::open(std::string_view id) const {
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
  if (session.key.empty()) return std::nullopt;
  return session;
}

Result<std::optional<ClientSession>> ClientSessions::find(store::Reader& reader, std::string_view id,
                                                          const GatewayPlace& gateway, std::string_view caller,
                                                          Timestamp now) const {
  std::optional<ClientSession> session = open(id);
  if (!session || session->gateway != gateway.id || session->caller != caller || session->expires <= now) {
    return std::optional<ClientSession>{};
  }
  const auto ended = TRY(reader.get(gateway.partition(), keys::ended_session(gateway, session->key)));
  if (ended) session.reset();
  return session;
}

Result<> ClientSessions::end(store::Txn& txn, const GatewayPlace& gateway, const ClientSession& session,
                             Timestamp now) {
  const std::string key = keys::ended_session(gateway, session.key);
  // Keys are random, so looking at our neighbours reaches every old row in time.
  store::Range range = store::prefix_range(keys::ended_sessions(gateway));
  range.begin = key;
  std::vector<std::string> old;
  std::size_t seen = 0;
  TRY(txn.scan(gateway.partition(), range, [&](std::string_view at, std::string_view bytes) {
    const auto expires = store::take_u64(bytes);
    if (expires && static_cast<std::int64_t>(*expires) <= now.ms) old.emplace_back(at);
    return ++seen < kForgottenAtOnce;
  }));
  for (const std::string& at : old) TRY(txn.erase(gateway.partition(), at));
  std::string row;
  store::append_u64(row, static_cast<std::uint64_t>(session.expires.ms));
  return txn.put(gateway.partition(), key, row);
}

}  // namespace warifu::services::gateway
