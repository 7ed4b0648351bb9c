#include "api/models.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/arn.h"

namespace warifu::api {
namespace {

constexpr std::string_view kFoundationModel = "foundation-model/";
constexpr std::string_view kInferenceProfile = "inference-profile/";

/// The regions that a geography's profiles route to; of those that differ by model, all.
struct Geography {
  std::string_view prefix;
  std::array<std::string_view, 8> regions;
};
constexpr std::array kGeographies = {
    Geography{"us.", {"us-east-1", "us-east-2", "us-west-2"}},
    Geography{"eu.", {"eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"}},
    Geography{"apac.",
              {"ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2", "ap-southeast-1",
               "ap-southeast-2", "ap-southeast-4"}},
    Geography{"jp.", {"ap-northeast-1", "ap-northeast-3"}},
    Geography{"au.", {"ap-southeast-2", "ap-southeast-4"}},
    Geography{"global.", {}},
};

/// The geography of a profile's id, when a provider's name follows.
const Geography* geography_of(std::string_view id) {
  const auto found = std::ranges::find_if(kGeographies, [&](const Geography& g) { return id.starts_with(g.prefix); });
  if (found == kGeographies.end() || id.substr(found->prefix.size()).find('.') == std::string_view::npos)
    return nullptr;
  return found;
}

}  // namespace

std::string model_resource(std::string arn, std::string_view region, std::string_view account) {
  const auto view = ArnView::parse(arn);
  if (!view || view->service != "bedrock" || !view->resource.starts_with(kFoundationModel)) return arn;
  const std::string_view id = view->resource.substr(kFoundationModel.size());
  if (geography_of(id) == nullptr) return arn;
  return fmt::format("arn:{}:bedrock:{}:{}:{}{}", view->partition, region, account, kInferenceProfile, id);
}

std::vector<RoutedModel> routed_models(std::string_view arn, std::string_view region) {
  std::vector<RoutedModel> models;
  const auto view = ArnView::parse(arn);
  if (!view || view->service != "bedrock" || !view->resource.starts_with(kInferenceProfile)) return models;
  const std::string_view id = view->resource.substr(kInferenceProfile.size());
  const Geography* geography = geography_of(id);
  if (geography == nullptr) return models;
  const std::string_view model = id.substr(geography->prefix.size());
  const auto add = [&](std::string_view in, std::string_view requested) {
    models.push_back({.arn = fmt::format("arn:{}:bedrock:{}::{}{}", view->partition, in, kFoundationModel, model),
                      .requested_region = std::string(requested)});
  };
  add(region, region);
  for (const std::string_view in : geography->regions) {
    if (!in.empty() && in != region) add(in, in);
  }
  // AWS evaluates the routed half of a global call without a region.
  if (geography->prefix == "global.") add("", "unspecified");
  return models;
}

}  // namespace warifu::api
