#include "identity/aws_policies.h"

#include <algorithm>
#include <array>

namespace warifu::identity {
namespace {

// Written when CMake configures, by tools/embed_managed_policies.py: `kAwsPolicies`, sorted by ARN.
#include "identity_data/aws_policies.inc"

}  // namespace

std::span<const AwsPolicy> aws_policies() { return kAwsPolicies; }

const AwsPolicy* find_aws_policy(std::string_view arn) {
  const auto found = std::ranges::lower_bound(kAwsPolicies, arn, {}, &AwsPolicy::arn);
  return found != std::end(kAwsPolicies) && found->arn == arn ? &*found : nullptr;
}

}  // namespace warifu::identity
