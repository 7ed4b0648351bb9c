#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "audit/record.h"
#include "wire/operation.h"

/// Inputs and outputs as the trail writes them. Pure. Source of the forms: CloudTrail records of IAM, STS and AgentCore
/// in AWS's documentation: names begin with a small letter, bytes and secrets are left out, what the model calls
/// sensitive is masked, times are words.
namespace warifu::api {

/// `object`, a struct of `shape`, as a JSON object; empty when nothing of it is recorded. `only`: names of members,
/// joined by commas, that alone are recorded; empty: all.
[[nodiscard]] std::string recorded(const wire::Service& service, const wire::Shape& shape, const void* object,
                                   std::string_view only = {});

/// The resource of an ARN, where CloudTrail has a name for its type; nullopt for others.
[[nodiscard]] std::optional<audit::Resource> resource_of(std::string_view arn);

/// Adds the resources that members of `object` name by their ARNs, and access keys by their ids, each once.
void add_resources(std::vector<audit::Resource>& out, const wire::Shape& shape, const void* object);

}  // namespace warifu::api
