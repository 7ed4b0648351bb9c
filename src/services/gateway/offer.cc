#include "services/gateway/offer.h"

#include <algorithm>
#include <charconv>
#include <mutex>
#include <shared_mutex>

#include "base/log.h"
#include "services/gateway/search_tool.h"
#include "services/gateway/target_rows.h"

namespace warifu::services::gateway {
namespace {

constexpr std::size_t kOffersMax = 1024;
constexpr std::int64_t kListTtlMs = 300'000;

json::Value text(std::string_view value) { return json::Value::string(std::string(value)); }

std::vector<mcp::Version> versions_of(const m::MCPGatewayConfiguration& configured) {
  std::vector<mcp::Version> out;
  for (const std::string& name : configured.supported_versions.value_or(std::vector<std::string>{})) {
    if (const auto version = mcp::version_named(name)) out.push_back(*version);
  }
  if (out.empty()) out.assign(mcp::all_versions().begin(), mcp::all_versions().end());
  return out;
}

m::MCPGatewayConfiguration configuration_of(const Gateway& gateway) {
  if (!gateway.protocol_configuration || !gateway.protocol_configuration->mcp) return {};
  return *gateway.protocol_configuration->mcp;
}

json::Value capabilities_of(bool with_servers) {
  json::Value out = json::Value::object();
  out.set("tools", json::Value::object());
  if (!with_servers) return out;
  for (const char* name : {"prompts", "resources", "completions", "logging"}) out.set(name, json::Value::object());
  return out;
}

mcp::ServerProfile profile_of(const Gateway& gateway, bool with_servers) {
  const m::MCPGatewayConfiguration configured = configuration_of(gateway);
  mcp::ServerProfile profile;
  profile.server_info = json::Value::object();
  profile.server_info.set("name", text("agentcore-gateway")).set("version", text("1.0.0"));
  profile.capabilities = capabilities_of(with_servers);
  profile.instructions = configured.instructions.value_or("");
  profile.versions = versions_of(configured);
  profile.sessions = configured.session_configuration.has_value();
  profile.streaming = configured.streaming_configuration &&
                      configured.streaming_configuration->enable_response_streaming.value_or(false);
  return profile;
}

json::Value renamed(const json::Value& item, const std::string& name) {
  json::Value out = json::Value::object({{"name", text(name)}});
  for (const auto& [key, value] : item.members()) {
    if (key != "name") out.set(key, value);
  }
  return out;
}

std::string prefixed(const Target& target, std::string_view name) {
  return target.name + std::string(kPrefixEnd) + std::string(name);
}

std::string_view literal_beginning(std::string_view uri_template) {
  return uri_template.substr(0, uri_template.find('{'));
}

std::int64_t priority_of(const Target& target) {
  const auto* server = std::get_if<McpServerPlace>(&target.place);
  return server == nullptr ? 1000 : server->resource_priority;
}

}  // namespace

std::optional<Listing> listing_of(std::string_view method) {
  if (method == "tools/list") return Listing::kTools;
  if (method == "prompts/list") return Listing::kPrompts;
  if (method == "resources/list") return Listing::kResources;
  if (method == "resources/templates/list") return Listing::kTemplates;
  return std::nullopt;
}

std::shared_ptr<const Offer> Offer::make(std::shared_ptr<const KnownGateway> gateway) {
  const std::shared_ptr<Offer> offer(new Offer);
  offer->gateway_ = std::move(gateway);
  for (const KnownTarget& known : offer->gateway_->targets) {
    // A target that is being changed serves as it last could: its catalogue stays until the change is done.
    const std::string& status = known.row.status;
    if (status != target_status::kReady && status != target_status::kSynchronizing && known.catalogue.empty()) continue;
    auto target = target_of(*offer->gateway_, known.row);
    offer->targets_.emplace(target->name, target);
    const auto* server = std::get_if<McpServerPlace>(&target->place);
    if (server != nullptr) offer->servers_.push_back(target);
    if (server != nullptr && server->dynamic) {
      offer->dynamic_.push_back(target);
      continue;
    }
    Catalogue catalogue = read_catalogue(known.catalogue);
    if (const auto* lambda = std::get_if<LambdaPlace>(&target->place)) catalogue.tools = lambda->tools;
    if (server != nullptr && !server->tools.empty()) catalogue.tools = server->tools;
    offer->parts_.emplace_back(std::move(target), std::move(catalogue));
  }
  offer->finish();
  return offer;
}

std::shared_ptr<const Offer> Offer::with(const std::vector<Catalogue>& catalogues) const {
  const std::shared_ptr<Offer> offer(new Offer);
  offer->gateway_ = gateway_;
  offer->targets_ = targets_;
  offer->dynamic_ = dynamic_;
  offer->servers_ = servers_;
  offer->parts_ = parts_;
  for (std::size_t i = 0; i < std::min(catalogues.size(), dynamic_.size()); ++i) {
    offer->parts_.emplace_back(dynamic_[i], catalogues[i]);
  }
  offer->finish();
  return offer;
}

void Offer::finish() {
  profile_ = profile_of(gateway_->gateway, !servers_.empty());
  if (configuration_of(gateway_->gateway).search_type == "SEMANTIC") {
    json::Value definition = search_tool_definition();
    auto schema = mcp::Schema::compile(*definition.find("inputSchema"));
    tools_.push_back({.target = nullptr,
                      .name = std::string(kSearchTool),
                      .definition = std::move(definition),
                      .input = std::move(schema).value_or(mcp::Schema())});
  }
  // Of two resources with one URI the one of lower priority number counts, then the one that came first.
  std::vector<std::pair<std::int64_t, std::size_t>> order;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    add(parts_[i].first, parts_[i].second);
    order.emplace_back(priority_of(*parts_[i].first), i);
  }
  std::ranges::sort(order);
  for (const auto& [priority, i] : order) add_resources(parts_[i].first, parts_[i].second);
  for (std::size_t i = 0; i < tools_.size(); ++i) by_name_.emplace(tools_[i].definition.find("name")->as_string(), i);

  std::vector<const json::Value*> items;
  for (const OfferedTool& tool : tools_) items.push_back(&tool.definition);
  encode(Listing::kTools, "tools", items);
  items.clear();
  for (const json::Value& prompt : prompts_) items.push_back(&prompt);
  encode(Listing::kPrompts, "prompts", items);
  items.clear();
  for (const auto& [shown, where] : resources_) items.push_back(&shown);
  encode(Listing::kResources, "resources", items);
  items.clear();
  for (const auto& [shown, where] : templates_) items.push_back(&shown);
  encode(Listing::kTemplates, "resourceTemplates", items);
}

void Offer::add_tool(const std::shared_ptr<const Target>& target, const json::Value& tool) {
  const auto name = tool.find_string("name");
  if (!name) return;
  OfferedTool offered{
      .target = target, .name = *name, .definition = renamed(tool, prefixed(*target, *name)), .input = {}};
  const json::Value* schema = tool.find("inputSchema");
  auto compiled = schema == nullptr ? Result<mcp::Schema>(mcp::Schema()) : mcp::Schema::compile(*schema);
  if (!compiled) {
    // The target judges its arguments itself; we know no better.
    log::warn("a tool's schema cannot be compiled", {{"tool", *name}, {"why", compiled.error().message}});
  } else {
    offered.input = std::move(*compiled);
  }
  tools_.push_back(std::move(offered));
}

void Offer::add(const std::shared_ptr<const Target>& target, const Catalogue& catalogue) {
  for (const json::Value& tool : catalogue.tools) add_tool(target, tool);
  for (const json::Value& prompt : catalogue.prompts) {
    if (const auto name = prompt.find_string("name")) prompts_.push_back(renamed(prompt, prefixed(*target, *name)));
  }
}

void Offer::add_resources(const std::shared_ptr<const Target>& target, const Catalogue& catalogue) {
  const auto add_to = [&](auto& list, const json::Value& item, std::string_view member) {
    const auto uri = item.find_string(member);
    if (!uri || std::ranges::any_of(list, [&](const auto& known) { return known.second.uri == *uri; })) return;
    list.emplace_back(item, OfferedResource{.target = target, .uri = *uri});
  };
  for (const json::Value& item : catalogue.resources) add_to(resources_, item, "uri");
  for (const json::Value& item : catalogue.templates) add_to(templates_, item, "uriTemplate");
}

void Offer::encode(Listing listing, std::string_view member, const std::vector<const json::Value*>& items) {
  const bool unpaged = listing == Listing::kTools &&
                       configuration_of(gateway_->gateway).disable_mcp_list_tools_pagination.value_or(false);
  const std::size_t page_size = unpaged ? std::max<std::size_t>(items.size(), 1) : kPageSize;
  const std::size_t pages = std::max<std::size_t>((items.size() + page_size - 1) / page_size, 1);
  auto& texts = pages_[static_cast<std::size_t>(listing)];
  for (std::size_t page = 0; page < pages; ++page) {
    json::Value list = json::Value::array();
    for (std::size_t i = page * page_size; i < std::min(items.size(), (page + 1) * page_size); ++i) {
      list.items().push_back(*items[i]);
    }
    json::Value result = json::Value::object();
    result.set(std::string(member), std::move(list));
    if (page + 1 < pages) result.set("nextCursor", text(std::to_string(page + 1)));
    texts[0].push_back(result.dump());
    const mcp::CacheHint hint{.ttl_ms = dynamic_.empty() ? kListTtlMs : 0, .shared = false};
    mcp::fit_result(result, mcp::Version::k2026_07_28, "tools/list", hint, profile_.server_info);
    texts[1].push_back(result.dump());
  }
}

std::shared_ptr<const Target> Offer::target_named(std::string_view name) const {
  const auto found = targets_.find(name);
  return found == targets_.end() ? nullptr : found->second;
}

const OfferedTool* Offer::tool(std::string_view prefixed_name) const {
  const auto found = by_name_.find(prefixed_name);
  return found == by_name_.end() ? nullptr : &tools_[found->second];
}

std::optional<Offer::Addressed> Offer::addressed(std::string_view prefixed_name) const {
  const std::size_t end = prefixed_name.find(kPrefixEnd);
  if (end == std::string_view::npos) return std::nullopt;
  auto target = target_named(prefixed_name.substr(0, end));
  if (!target) return std::nullopt;
  return Addressed{.target = std::move(target), .name = std::string(prefixed_name.substr(end + kPrefixEnd.size()))};
}

std::shared_ptr<const Target> Offer::resource(std::string_view uri) const {
  for (const auto& [shown, where] : resources_) {
    if (where.uri == uri) return where.target;
  }
  std::shared_ptr<const Target> best;
  std::size_t longest = 0;
  for (const auto& [shown, where] : templates_) {
    const std::string_view beginning = literal_beginning(where.uri);
    if (!uri.starts_with(beginning) || (best && beginning.size() <= longest)) continue;
    best = where.target;
    longest = beginning.size();
  }
  return best;
}

std::optional<std::string_view> Offer::page(Listing listing, std::string_view cursor, bool stateless) const {
  const auto& texts = pages_[static_cast<std::size_t>(listing)][stateless ? 1 : 0];
  std::size_t page = 0;
  if (!cursor.empty()) {
    const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), page);
    if (error != std::errc{} || end != cursor.data() + cursor.size() || page == 0) return std::nullopt;
  }
  if (page >= texts.size()) return std::nullopt;
  return texts[page];
}

struct Offers::Cache {
  std::shared_mutex mutex;
  std::unordered_map<std::string, std::shared_ptr<const Offer>> entries;
};

std::shared_ptr<Offers::Cache> Offers::make_cache() { return std::make_shared<Cache>(); }

std::shared_ptr<const Offer> Offers::of(const std::shared_ptr<const KnownGateway>& gateway) {
  {
    const std::shared_lock lock(cache_->mutex);
    const auto found = cache_->entries.find(gateway->place.id);
    if (found != cache_->entries.end() && found->second->gateway().version == gateway->version) return found->second;
  }
  auto offer = Offer::make(gateway);
  const std::unique_lock lock(cache_->mutex);
  if (cache_->entries.size() >= kOffersMax) cache_->entries.clear();
  auto& kept = cache_->entries[gateway->place.id];
  if (!kept || kept->gateway().version < gateway->version) kept = offer;
  return offer;
}

}  // namespace warifu::services::gateway
