#include "services/gateway/search_tool.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <map>
#include <mutex>

#include "base/check.h"
#include "search/embedder.h"
#include "search/rank.h"

namespace warifu::services::gateway {
namespace {

constexpr std::size_t kIndexesMax = 256;

search::Embedder& embedder() {
  static const std::unique_ptr<search::Embedder> one = search::static_embedder();
  return *one;
}

/// `getWeather_now` as words.
std::string words_of(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper && !out.empty() && out.back() >= 'a' && out.back() <= 'z') out += ' ';
    out += std::isalnum(static_cast<unsigned char>(c)) != 0 || (c & 0x80) != 0 ? c : ' ';
  }
  return out;
}

/// What a tool is found by: its name twice as good as its parameters.
std::string text_of(const OfferedTool& tool) {
  std::string out = words_of(tool.name) + ". " + tool.definition.find_string("description").value_or("");
  const json::Value* schema = tool.definition.find("inputSchema");
  const json::Value* properties = schema == nullptr ? nullptr : schema->find("properties");
  if (properties == nullptr || !properties->is_object()) return out;
  for (const auto& [name, property] : properties->members()) {
    out += " " + words_of(name) + " " + property.find_string("description").value_or("");
  }
  return out;
}

search::RecordId id_of(std::size_t index) {
  search::RecordId id{};
  std::memcpy(id.data(), &index, sizeof(index));
  return id;
}

}  // namespace

json::Value search_tool_definition() {
  auto parsed = json::parse(
      R"({"name":"x_amz_bedrock_agentcore_search","description":"Finds the tools that fit a task best. Say in your )"
      R"(own words what you want to do.","inputSchema":{"type":"object","properties":{"query":{"type":"string",)"
      R"("description":"what you want to do"}},"required":["query"]}})");
  CHECK(parsed.has_value(), "the search tool's definition is JSON");
  return std::move(*parsed);
}

struct ToolSearch::Index {
  std::uint64_t version = 0;
  std::size_t tools = 0;
  search::Shard shard;
};

struct ToolSearch::Cache {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<const Index>, std::less<>> indexes;
};

ToolSearch::ToolSearch() : cache_(std::make_unique<Cache>()) {}
ToolSearch::~ToolSearch() = default;

std::shared_ptr<const ToolSearch::Index> ToolSearch::index_of(const std::shared_ptr<const Offer>& offer) {
  const KnownGateway& gateway = offer->gateway();
  const bool kept = offer->dynamic_targets().empty();
  if (kept) {
    const std::lock_guard lock(cache_->mutex);
    const auto found = cache_->indexes.find(gateway.place.id);
    if (found != cache_->indexes.end() && found->second->version == gateway.version) return found->second;
  }
  auto index = std::make_shared<Index>();
  index->version = gateway.version;
  std::vector<std::string> texts;
  for (const OfferedTool& tool : offer->tools()) texts.push_back(tool.target ? text_of(tool) : std::string{});
  auto vectors = embedder().embed(texts, search::Side::kPassage);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (!offer->tools()[i].target) continue;
    std::optional<search::Vector> vector;
    if (vectors) vector = std::move((*vectors)[i]);
    index->shard.put({.id = id_of(i), .order = i}, {}, search::make_entry(texts[i], {}, std::move(vector)));
  }
  if (!kept) return index;
  const std::lock_guard lock(cache_->mutex);
  if (cache_->indexes.size() >= kIndexesMax) cache_->indexes.clear();
  cache_->indexes[gateway.place.id] = index;
  return index;
}

std::string ToolSearch::answer(const std::shared_ptr<const Offer>& offer, std::string_view query) {
  const std::shared_ptr<const Index> index = index_of(offer);
  json::Value found = json::Value::array();
  std::array<search::Embedder*, 1> embedders = {&embedder()};
  if (const auto asked = search::make_query(query, embedders)) {
    const search::Shard* shard = &index->shard;
    for (const search::Hit& hit : search::rank(std::span(&shard, 1), *asked, {}, kSearchHits)) {
      const json::Value& definition = offer->tools().at(static_cast<std::size_t>(hit.order)).definition;
      json::Value shown = json::Value::object();
      for (const char* member : {"name", "description", "inputSchema"}) {
        if (const json::Value* value = definition.find(member)) shown.set(member, *value);
      }
      found.items().push_back(std::move(shown));
    }
  }
  json::Value structured = json::Value::object();
  structured.set("tools", std::move(found));
  const std::string text = structured.dump();
  return text_result(text, text);
}

}  // namespace warifu::services::gateway
