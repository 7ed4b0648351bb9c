#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "gen/agentcore/runtime_endpoints.h"
#include "gen/agentcore/runtimes.h"
#include "store/store.h"

/// Rows of agent runtimes, their versions and endpoints: in the owner's partition `runtime`, and in `system` each
/// runtime's address with the number that moves with every change of it. Functions over a transaction;
/// docs/storage.md gives the bytes.
namespace warifu::services::runtime {

namespace m = model::agentcore;

/// As stored and as shown. `status` is READY with the transaction that creates it.
using Runtime = m::GetAgentRuntimeOutput;
using Endpoint = m::GetAgentRuntimeEndpointOutput;

inline constexpr std::string_view kService = "bedrock-agentcore";
inline constexpr std::string_view kServicePrincipal = "bedrock-agentcore.amazonaws.com";
inline constexpr std::string_view kReady = "READY";
/// The endpoint that every runtime has and that follows its newest version.
inline constexpr std::string_view kDefaultEndpoint = "DEFAULT";

/// Which runtime is meant, and where its rows lie. Value type.
struct RuntimePlace {
  AccountId owner;
  std::string arn, region, id;

  [[nodiscard]] store::Partition partition() const { return store::Partition::service(owner, "runtime"); }
  [[nodiscard]] std::string endpoint_arn(std::string_view name) const;
};

/// One immutable version.
struct Version {
  Runtime shown;
  std::string code_id;  // hosting::CodeStore's; empty: a container image
};

namespace runtimes {

[[nodiscard]] RuntimePlace new_place(const AccountId& owner, std::string_view region, std::string_view id);
/// The runtime that an ARN names, its own or one of its endpoints; `endpoint` is empty for its own. nullopt: neither.
struct Named {
  RuntimePlace place;
  std::string endpoint;
};
[[nodiscard]] std::optional<Named> parse(std::string_view arn);
/// `my_agent-Xk29fQ0aZm`.
[[nodiscard]] std::string new_id(std::string_view name, Random& random);

/// What a request to the runtime reads first.
struct Address {
  RuntimePlace place;
  std::uint64_t revision = 0;  // of the runtime and all that hangs on it; never the same twice for one id
};
[[nodiscard]] Result<std::optional<Address>> find_address(store::Reader& reader, std::string_view id);

/// The number of the newest version; nullopt: there is no such runtime.
[[nodiscard]] Result<std::optional<std::uint32_t>> newest(store::Reader& reader, const RuntimePlace& place);
/// kNotFound.
[[nodiscard]] Result<std::uint32_t> require_newest(store::Reader& reader, const RuntimePlace& place);
[[nodiscard]] Result<std::optional<Version>> find_version(store::Reader& reader, const RuntimePlace& place,
                                                          std::uint32_t number);
/// kNotFound: no runtime, or no version of that number.
[[nodiscard]] Result<Version> require_version(store::Reader& reader, const RuntimePlace& place, std::uint32_t number);
[[nodiscard]] Result<std::vector<Version>> versions(store::Reader& reader, const RuntimePlace& place,
                                                    std::uint32_t after, std::size_t limit);
[[nodiscard]] Result<std::optional<Endpoint>> find_endpoint(store::Reader& reader, const RuntimePlace& place,
                                                            std::string_view name);
[[nodiscard]] Result<Endpoint> require_endpoint(store::Reader& reader, const RuntimePlace& place,
                                                std::string_view name);
/// In byte order of their names.
[[nodiscard]] Result<std::vector<Endpoint>> endpoints(store::Reader& reader, const RuntimePlace& place);

[[nodiscard]] Result<bool> name_taken(store::Reader& reader, const AccountId& owner, std::string_view region,
                                      std::string_view name);
/// Ids after `after` in byte order, at most `limit`.
[[nodiscard]] Result<std::vector<std::string>> ids(store::Reader& reader, const AccountId& owner,
                                                   std::string_view region, std::string_view after, std::size_t limit);

/// Writes a version as the newest one. All that writes moves the address's revision.
[[nodiscard]] Result<> put_version(store::Txn& txn, const RuntimePlace& place, std::uint32_t number,
                                   const Version& version);
[[nodiscard]] Result<> erase_version(store::Txn& txn, const RuntimePlace& place, std::uint32_t number);
[[nodiscard]] Result<> put_endpoint(store::Txn& txn, const RuntimePlace& place, const Endpoint& endpoint);
/// With its tags and resource policy.
[[nodiscard]] Result<> erase_endpoint(store::Txn& txn, const RuntimePlace& place, std::string_view name);
/// With all that hangs on it; the code of its versions is garbage from then on, and `codes` its ids.
[[nodiscard]] Result<std::vector<std::string>> erase(store::Txn& txn, const RuntimePlace& place);

/// 0: not a number of a version.
[[nodiscard]] std::uint32_t version_number(std::string_view text);

}  // namespace runtimes
}  // namespace warifu::services::runtime
