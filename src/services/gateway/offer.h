#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mcp/envelope.h"
#include "mcp/schema.h"
#include "services/gateway/directory.h"
#include "services/gateway/target.h"

/// What one gateway offers to MCP clients, made once for each version of its rows: catalogues of all targets merged,
/// names prefixed, lists encoded as they go out.
namespace warifu::services::gateway {

inline constexpr std::string_view kSearchTool = "x_amz_bedrock_agentcore_search";
inline constexpr std::string_view kPrefixEnd = "___";
/// Entries of one page of a list.
inline constexpr std::size_t kPageSize = 100;

enum class Listing : std::uint8_t { kTools, kPrompts, kResources, kTemplates };
inline constexpr std::size_t kListings = 4;
/// `tools/list` …; nullopt for other methods.
[[nodiscard]] std::optional<Listing> listing_of(std::string_view method);

/// One tool, as the gateway offers it.
struct OfferedTool {
  std::shared_ptr<const Target> target;  // nullptr: the search tool, which is the gateway's own
  std::string name;                      // without prefix
  json::Value definition;                // `name` prefixed
  mcp::Schema input;                     // accepts everything where the target's schema cannot be compiled
};

/// A resource's or template's place.
struct OfferedResource {
  std::shared_ptr<const Target> target;
  std::string uri;  // or template
};

/// Immutable; shared by requests.
class Offer {
 public:
  /// What the rows say. Targets that are not READY are left out.
  [[nodiscard]] static std::shared_ptr<const Offer> make(std::shared_ptr<const KnownGateway> gateway);
  /// The same with `catalogues` of targets that are asked at each list (`dynamic_targets`), in their order.
  [[nodiscard]] std::shared_ptr<const Offer> with(const std::vector<Catalogue>& catalogues) const;

  [[nodiscard]] const KnownGateway& gateway() const { return *gateway_; }
  [[nodiscard]] const mcp::ServerProfile& profile() const { return profile_; }
  [[nodiscard]] bool debug() const { return gateway_->gateway.exception_level == "DEBUG"; }
  [[nodiscard]] const std::vector<OfferedTool>& tools() const { return tools_; }
  /// Ready targets by their names, and those of MCP among them.
  [[nodiscard]] std::shared_ptr<const Target> target_named(std::string_view name) const;
  [[nodiscard]] const std::vector<std::shared_ptr<const Target>>& dynamic_targets() const { return dynamic_; }
  [[nodiscard]] const std::vector<std::shared_ptr<const Target>>& servers() const { return servers_; }

  /// nullptr: no such tool.
  [[nodiscard]] const OfferedTool* tool(std::string_view prefixed) const;
  /// Of `target___name`, the target and the name within it; nullopt where no ready target has that name.
  struct Addressed {
    std::shared_ptr<const Target> target;
    std::string name;
  };
  [[nodiscard]] std::optional<Addressed> addressed(std::string_view prefixed) const;
  /// Who has the resource of that URI: a listed one, or whose template's literal beginning it shares, the longest
  /// first.
  [[nodiscard]] std::shared_ptr<const Target> resource(std::string_view uri) const;

  /// The result of a list as JSON text, for versions with or without a handshake. nullopt: `cursor` is not one of ours.
  [[nodiscard]] std::optional<std::string_view> page(Listing listing, std::string_view cursor, bool stateless) const;

 private:
  Offer() = default;
  void add(const std::shared_ptr<const Target>& target, const Catalogue& catalogue);
  void add_tool(const std::shared_ptr<const Target>& target, const json::Value& tool);
  void add_resources(const std::shared_ptr<const Target>& target, const Catalogue& catalogue);
  void finish();
  void encode(Listing listing, std::string_view member, const std::vector<const json::Value*>& items);

  std::shared_ptr<const KnownGateway> gateway_;
  mcp::ServerProfile profile_;
  std::map<std::string, std::shared_ptr<const Target>, std::less<>> targets_;
  std::vector<std::shared_ptr<const Target>> dynamic_, servers_;
  std::vector<std::pair<std::shared_ptr<const Target>, Catalogue>> parts_;
  std::vector<OfferedTool> tools_;
  std::unordered_map<std::string_view, std::size_t> by_name_;  // into tools_
  std::vector<json::Value> prompts_;
  std::vector<std::pair<json::Value, OfferedResource>> resources_, templates_;
  std::vector<std::string> pages_[kListings][2];
};

/// Offers of the gateways asked for lately. Thread-safe.
class Offers {
 public:
  [[nodiscard]] std::shared_ptr<const Offer> of(const std::shared_ptr<const KnownGateway>& gateway);

 private:
  struct Cache;
  std::shared_ptr<Cache> cache_ = make_cache();
  static std::shared_ptr<Cache> make_cache();
};

}  // namespace warifu::services::gateway
