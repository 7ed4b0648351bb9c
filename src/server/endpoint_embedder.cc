#include "server/endpoint_embedder.h"

#include <fmt/format.h>

#include <algorithm>

namespace warifu::server {
namespace {

/// Of a model that nobody has measured: unrelated texts of most lie below the one, strong hits above the other.
constexpr search::Calibration kCalibration{.low = 0.2F, .high = 0.8F, .weight = 0.3F};

class EndpointEmbedder final : public search::Embedder {
 public:
  EndpointEmbedder(std::unique_ptr<llm::EmbeddingClient> client, search::EmbedderInfo info)
      : client_(std::move(client)), info_(std::move(info)) {}

  const search::EmbedderInfo& info() const override { return info_; }

  Result<std::vector<search::Vector>> embed(std::span<const std::string> texts, search::Side) override {
    std::vector<search::Vector> vectors;
    vectors.reserve(texts.size());
    while (!texts.empty()) {
      const std::size_t count = std::min(texts.size(), llm::kEmbeddingTextsMax);
      const auto made =
          TRY(client_->embed_blocking({texts.begin(), texts.begin() + static_cast<std::ptrdiff_t>(count)}));
      for (const std::vector<float>& one : made) {
        if (one.size() != info_.dimensions) {
          return fail(unavailable(fmt::format("the embedding endpoint's vectors were {} long and are {} now",
                                              info_.dimensions, one.size())));
        }
        vectors.push_back(search::quantise(info_.id, one));
      }
      texts = texts.subspan(count);
    }
    return vectors;
  }

 private:
  std::unique_ptr<llm::EmbeddingClient> client_;
  search::EmbedderInfo info_;
};

}  // namespace

Result<std::unique_ptr<search::Embedder>> open_endpoint_embedder(const llm::EndpointOptions& endpoint) {
  auto client = llm::open_embedding_client(endpoint);
  const auto probe = client->embed_blocking({"dimensions"});
  if (!probe) {
    return fail(
        unavailable(fmt::format("the embedding endpoint {} does not answer: {}", endpoint.url, probe.error().message)));
  }
  const std::size_t dimensions = probe->front().size();
  if (dimensions > search::kDimensionsMax) {
    return fail(unavailable(fmt::format("the embedding endpoint's vectors are {} long; {} is the most", dimensions,
                                        search::kDimensionsMax)));
  }
  const std::string name = fmt::format("endpoint:{}:{}", endpoint.model, dimensions);
  search::EmbedderInfo info{.name = name,
                            .id = search::embedder_id(name),
                            .dimensions = static_cast<std::uint32_t>(dimensions),
                            .calibration = kCalibration,
                            .slow = true};
  return std::make_unique<EndpointEmbedder>(std::move(client), std::move(info));
}

}  // namespace warifu::server
