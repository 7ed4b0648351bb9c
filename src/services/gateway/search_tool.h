#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "services/gateway/offer.h"

/// `x_amz_bedrock_agentcore_search`: finds tools by what they do.
namespace warifu::services::gateway {

/// Tools of one answer.
inline constexpr std::size_t kSearchHits = 10;

[[nodiscard]] json::Value search_tool_definition();

/// Ranks the tools of an offer by names, descriptions and parameters. Indexes are kept by version of the gateway.
/// Thread-safe.
class ToolSearch {
 public:
  ToolSearch();
  ~ToolSearch();
  ToolSearch(const ToolSearch&) = delete;
  ToolSearch& operator=(const ToolSearch&) = delete;

  /// The result of a tools/call as JSON text: structuredContent.tools, best first, and the same as text.
  [[nodiscard]] std::string answer(const std::shared_ptr<const Offer>& offer, std::string_view query);

 private:
  struct Index;
  struct Cache;
  std::shared_ptr<const Index> index_of(const std::shared_ptr<const Offer>& offer);
  std::unique_ptr<Cache> cache_;
};

}  // namespace warifu::services::gateway
