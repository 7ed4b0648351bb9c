#pragma once

#include <string>
#include <string_view>
#include <vector>

/// What Bedrock authorizes a call of a model on. Pure. Sources: the user guide's pages on geographic and global
/// cross-Region inference and "Prerequisites for inference profiles".
namespace warifu::api {

/// A foundation model in one region.
struct RoutedModel {
  std::string arn;
  std::string requested_region;  // aws:RequestedRegion of the decision on it
};

/// The resource that a model id names: `arn` is what the template made of it (`…::foundation-model/<id>`) or what the
/// request gave. An id that begins with a geography (`us.anthropic.…`) is an inference profile of `account`.
[[nodiscard]] std::string model_resource(std::string arn, std::string_view region, std::string_view account);

/// The foundation models that a call through the inference profile `arn` must be allowed on as well: in the source
/// region, and in every region that its geography routes to (`global.`: the ARN without a region). Empty when `arn` is
/// no inference profile.
[[nodiscard]] std::vector<RoutedModel> routed_models(std::string_view arn, std::string_view region);

}  // namespace warifu::api
