#pragma once

#include <deque>
#include <optional>
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
  /// Of a request that no model describes: network, time and via keys alone.
  RequestKeys(const http::Request& request, const Call& call);

  /// In how many forms the call is to be asked: one, but for batches, which must be allowed for each of the different
  /// values that their elements give a key, and without the key where an element gives none.
  [[nodiscard]] std::size_t forms() const { return forms_.empty() ? 1 : forms_.size(); }
  /// An element gave, or could have given, a form.
  [[nodiscard]] bool has_forms() const { return !forms_.empty(); }

  /// Network, time, via and operation keys; aws:CalledVia and kms:ViaService only where a service forwards the call.
  /// aws:SourceIp is absent of a call from within the server. REQUIRES: form < forms().
  void fill(policy::Context& context, std::size_t form) const;

  /// Copies what views showed of the input, which the handler is about to take.
  void outlive_input();
  /// One form more, with `value` for `key`, and no other; what was asked before stays as it was.
  void fill_with(policy::Context& context, std::string_view name, std::string_view value) const;

 private:
  void add_value(const wire::ContextValue& value);
  /// Claims of a token as they read: whoever takes the token verifies it, so that an operation which the claims of a
  /// forged one allow refuses it all the same. What is no token has none.
  void add_claims(std::string_view prefix, std::string_view token);
  std::string_view keep(std::string text) { return kept_.emplace_back(std::move(text)); }
  void fill_common(policy::Context& context) const;
  void fill_s3(policy::Context& context) const;
  void fill_via(policy::Context& context) const;
  void add_entity_keys(std::span<const wire::ContextKey> keys, const Target& target);

  const http::Request& request_;
  std::string requested_region_;
  std::vector<std::string_view> via_;
  std::string via_service_;  // kms:ViaService; empty: absent
  std::string inference_profile_arn_;
  std::string_view s3_account_;  // owner of the bucket; empty: not a request of S3
  const Call& call_;
  std::vector<std::pair<std::string, std::string_view>> single_;
  std::vector<std::pair<std::string, std::vector<std::string_view>>> many_;
  std::string_view form_key_;                           // what differs between forms
  std::vector<std::optional<std::string_view>> forms_;  // its values; nullopt: without it
  std::deque<std::string> kept_;                        // what views need that the input does not have
};

}  // namespace warifu::api
