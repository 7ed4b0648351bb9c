#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/call.h"
#include "api/resource.h"
#include "base/http.h"
#include "policy/context.h"
#include "wire/operation.h"

namespace warifu::api {

/// The condition keys of one request, ready to be put into the context of each of its decisions. Views into the request
/// and the decoded input and the target, which must outlive it.
class RequestKeys {
 public:
  RequestKeys(const http::Request& request, const Call& call, const wire::Operation& operation,
              const wire::Permission& permission, const void* input, const Target& target);

  /// Network, time and operation keys. aws:SourceAccount, aws:SourceArn and aws:CalledVia are absent: nobody calls on
  /// someone's behalf here.
  void fill(policy::Context& context) const;

 private:
  void add_entity_keys(std::span<const wire::ContextKey> keys, const Target& target);

  const http::Request& request_;
  const Call& call_;
  std::vector<std::pair<std::string, std::string_view>> single_;
  std::vector<std::pair<std::string, std::vector<std::string_view>>> many_;
};

}  // namespace warifu::api
