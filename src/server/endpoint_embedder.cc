#include "server/endpoint_embedder.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stop_token>

namespace warifu::server {
namespace {

/// Of a model that nobody has measured: unrelated texts of most lie below the one, strong hits above the other.
constexpr search::Calibration kCalibration{.low = 0.2F, .high = 0.8F, .weight = 0.3F};

constexpr std::chrono::seconds kQueryTimeout{5};
constexpr std::chrono::seconds kRest{10};

class EndpointEmbedder final : public search::Embedder {
 public:
  EndpointEmbedder(const llm::EndpointOptions& endpoint, search::EmbedderInfo info)
      : client_(llm::open_embedding_client(endpoint)),
        query_client_(llm::open_embedding_client(for_queries(endpoint))),
        info_(std::move(info)) {}

  const search::EmbedderInfo& info() const override { return info_; }

  Result<std::vector<search::Vector>> embed(std::span<const std::string> texts, search::Side side) override {
    if (side == search::Side::kPassage) return embed_by(*client_, texts);
    if (Steady::now().time_since_epoch().count() < rests_until_.load()) {
      return fail(unavailable("the embedding endpoint has just failed; it is asked again in a few seconds"));
    }
    auto made = embed_by(*query_client_, texts);
    if (!made) rests_until_.store((Steady::now() + kRest).time_since_epoch().count());
    return made;
  }

  void close() override { stop_.request_stop(); }

 private:
  using Steady = std::chrono::steady_clock;

  static llm::EndpointOptions for_queries(llm::EndpointOptions endpoint) {
    endpoint.timeout = kQueryTimeout;
    return endpoint;
  }

  Result<std::vector<search::Vector>> embed_by(llm::EmbeddingClient& client, std::span<const std::string> texts) {
    std::vector<search::Vector> vectors;
    vectors.reserve(texts.size());
    while (!texts.empty()) {
      const std::size_t count = std::min(texts.size(), llm::kEmbeddingTextsMax);
      const auto made = TRY(client.embed_blocking({texts.begin(), texts.begin() + static_cast<std::ptrdiff_t>(count)},
                                                  stop_.get_token()));
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

  std::unique_ptr<llm::EmbeddingClient> client_, query_client_;
  search::EmbedderInfo info_;
  std::stop_source stop_;
  std::atomic<Steady::rep> rests_until_ = Steady::rep{0};
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
  return std::make_unique<EndpointEmbedder>(endpoint, std::move(info));
}

}  // namespace warifu::server
