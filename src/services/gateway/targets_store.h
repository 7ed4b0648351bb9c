#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gen/agentcore/gateway_targets.h"
#include "services/gateway/gateways.h"

/// Rows of targets: what GetGatewayTarget answers, as JSON, and the catalogue that connecting to the target found, as a
/// row of its own. Functions over a transaction; every change moves the version of the gateway.
namespace warifu::services::gateway {

/// As stored and as shown.
using TargetRow = m::GetGatewayTargetOutput;

/// What the status of a target may be (facts: gateway.md §1.2).
namespace target_status {
inline constexpr std::string_view kCreating = "CREATING";
inline constexpr std::string_view kUpdating = "UPDATING";
inline constexpr std::string_view kSynchronizing = "SYNCHRONIZING";
inline constexpr std::string_view kReady = "READY";
inline constexpr std::string_view kFailed = "FAILED";
inline constexpr std::string_view kUpdateUnsuccessful = "UPDATE_UNSUCCESSFUL";
inline constexpr std::string_view kSynchronizeUnsuccessful = "SYNCHRONIZE_UNSUCCESSFUL";
}  // namespace target_status

/// A target that waits for somebody to connect to it: its status is CREATING, UPDATING or SYNCHRONIZING.
struct WaitingTarget {
  std::string gateway_arn, target_id;
  std::uint64_t attempt = 0;  // which of its connections: what a later change overtakes settles nothing
};

/// Told, after the transaction that made it wait, of a target that waits. Whoever implements it connects, and then
/// calls `targets::settle`; at start it asks `targets::waiting` for what was left. Outlives all calls; thread-safe.
class Connector {
 public:
  virtual ~Connector() = default;
  /// A fault of the configuration that shows without asking anyone: an OpenAPI document that does not parse.
  /// kValidation. Called before anything is stored; must not block.
  [[nodiscard]] virtual Result<> check(const m::TargetConfiguration& configuration) const = 0;
  virtual void wanted(const WaitingTarget& waiting) = 0;
};

/// What came of connecting.
struct Connected {
  bool ok = false;
  std::string reason{};     // for statusReasons when not ok
  std::string catalogue{};  // when ok: text of the connector's own, which it finds again at `catalogue`
  Timestamp now{};
};

namespace targets {

/// Ten of [0-9A-Z].
[[nodiscard]] std::string new_id(Random& random);
/// Whether somebody must connect to such a target before it is READY: MCP servers without a static schema, OpenAPI and
/// Smithy documents, API Gateway exports.
[[nodiscard]] bool needs_connection(const m::TargetConfiguration& configuration);
/// `LAMBDA`, `MCP_SERVER` …: of lists.
[[nodiscard]] std::string_view type_of(const m::TargetConfiguration& configuration);

[[nodiscard]] Result<std::optional<TargetRow>> find(store::Reader& reader, const GatewayPlace& place,
                                                    std::string_view target_id);
/// kNotFound.
[[nodiscard]] Result<TargetRow> require(store::Reader& reader, const GatewayPlace& place, std::string_view target_id);
/// All targets of a gateway, at most kTargetsMax, in byte order of their ids.
[[nodiscard]] Result<std::vector<TargetRow>> all(store::Reader& reader, const GatewayPlace& place);
/// The catalogue that the last successful connection left; nullopt: none yet. A failed synchronization keeps it.
[[nodiscard]] Result<std::optional<std::string>> catalogue(store::Reader& reader, const GatewayPlace& place,
                                                           std::string_view target_id);

/// True when a target of the gateway has that name.
[[nodiscard]] Result<bool> name_taken(store::Reader& reader, const GatewayPlace& place, std::string_view name);
[[nodiscard]] Result<std::size_t> count(store::Reader& reader, const GatewayPlace& place);
/// Of all targets, in byte order.
[[nodiscard]] Result<std::vector<std::string>> names(store::Reader& reader, const GatewayPlace& place);

/// Writes the target and its name, and moves the gateway's version.
[[nodiscard]] Result<> put(store::Txn& txn, const GatewayPlace& place, const TargetRow& target);
/// Puts `target` in the place of `before`, the same target as it was, whose name becomes free when it has another.
/// What `before` waited for is forgotten, and its catalogue too unless `target` is to be connected to.
[[nodiscard]] Result<> replace(store::Txn& txn, const GatewayPlace& place, const TargetRow& before,
                               const TargetRow& target);
/// Marks that the target waits, and answers what to tell the connector once the transaction is done.
[[nodiscard]] Result<WaitingTarget> wait(store::Txn& txn, const GatewayPlace& place, std::string_view target_id);
/// Sets status, reasons and catalogue. False: the target is gone, or waits for a later attempt; nothing was written.
[[nodiscard]] Result<bool> settle(store::Txn& txn, const WaitingTarget& waiting, const Connected& connected);
/// Of all accounts, the targets that wait: for whoever connects, when the server starts.
[[nodiscard]] Result<std::vector<WaitingTarget>> waiting(store::Reader& reader);
/// Erases the target with its catalogue.
[[nodiscard]] Result<> erase(store::Txn& txn, const GatewayPlace& place, const TargetRow& target);

struct Page {
  std::vector<TargetRow> targets;
  bool more = false;
};
[[nodiscard]] Result<Page> list(store::Reader& reader, const GatewayPlace& place, std::string_view after,
                                std::size_t limit);

}  // namespace targets
}  // namespace warifu::services::gateway
