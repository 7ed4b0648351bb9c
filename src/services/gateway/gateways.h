#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "gen/agentcore/gateways.h"
#include "store/store.h"

/// Rows of gateways: the gateway that GetGateway answers, as JSON, in its account's partition; and in `system` its
/// address: the little that a request to its URL needs before anything else, with the version that moves with every
/// change of the gateway, its targets, rules and rate limits. Functions over a transaction.
namespace warifu::services::gateway {

namespace m = model::agentcore;

/// As stored and as shown. `status` is READY with the transaction that creates it.
using Gateway = m::GetGatewayOutput;

/// Which gateway is meant, and where its rows lie. Value type.
struct GatewayPlace {
  AccountId owner;
  std::string arn, region, id;

  [[nodiscard]] store::Partition partition() const { return store::Partition::account(owner); }
};

namespace gateways {

/// nullopt: not the ARN of a gateway.
[[nodiscard]] std::optional<GatewayPlace> parse_place(std::string_view arn);
[[nodiscard]] GatewayPlace new_place(const AccountId& owner, std::string_view region, std::string_view id);
/// kNotFound when the ARN that the call was authorized on is of another region or account than the call's.
[[nodiscard]] Result<GatewayPlace> place_of(const api::Call& call);
/// `my-gateway-x7k2m9q4w1`: the name in lower case, a dash, ten of [0-9a-z].
[[nodiscard]] std::string new_id(std::string_view name, Random& random);

/// What a request to the gateway's URL reads first: one row, kept by its thread while it does not change.
struct Address {
  GatewayPlace place;
  std::uint64_t version = 0;  // of the gateway and all that hangs on it; never the same twice for one id
};
/// nullopt: there is no such gateway.
[[nodiscard]] Result<std::optional<Address>> find_address(store::Reader& reader, std::string_view id);

[[nodiscard]] Result<std::optional<Gateway>> find(store::Reader& reader, const GatewayPlace& place);
/// kNotFound: `Gateway not found: <id>`.
[[nodiscard]] Result<Gateway> require(store::Reader& reader, const GatewayPlace& place);
/// True when a gateway of that account and region has that name, letter case aside.
[[nodiscard]] Result<bool> name_taken(store::Reader& reader, const AccountId& owner, std::string_view region,
                                      std::string_view name);
[[nodiscard]] Result<std::size_t> count(store::Reader& reader, const AccountId& owner, std::string_view region);

/// Writes the gateway, and moves its version.
[[nodiscard]] Result<> put(store::Txn& txn, const GatewayPlace& place, const Gateway& gateway);
/// Moves the version: something that hangs on the gateway has changed. REQUIRES: the gateway exists.
[[nodiscard]] Result<> touch(store::Txn& txn, const GatewayPlace& place);
/// Erases the gateway with its rules, rate limits, tags and resource policy. REQUIRES: it has no targets.
[[nodiscard]] Result<> erase(store::Txn& txn, const GatewayPlace& place);

struct Page {
  std::vector<Gateway> gateways;  // in byte order of their ids
  bool more = false;
};
/// Up to `limit` gateways after id `after` (empty: from the first).
[[nodiscard]] Result<Page> list(store::Reader& reader, const AccountId& owner, std::string_view region,
                                std::string_view after, std::size_t limit);

}  // namespace gateways
}  // namespace warifu::services::gateway
