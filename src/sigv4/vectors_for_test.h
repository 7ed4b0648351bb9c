#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/http.h"
#include "base/time.h"
#include "sigv4/verify.h"

namespace warifu::sigv4 {

/// One line of test/wire/sigv4/vectors.json; its README says what the members mean.
struct Vector {
  std::string name, access_key_id, secret, token, region, service;
  std::string canonical_request, string_to_sign, signature;
  Timestamp now;
  bool presigned = false;
  bool live = false;  // made by botocore, not from a published suite
  bool token_signed = true;
  std::int64_t expires = 0;
  Profile profile;
  http::Request request;
  std::optional<http::Request> unsigned_request;

  [[nodiscard]] SigningKey key() const {
    return SigningKey::derive(secret, iso8601_basic(now).substr(0, 8), region, service);
  }
};

/// All of them, read once.
const std::vector<Vector>& all_vectors();
/// The vector of that name. REQUIRES: it exists.
const Vector& vector_named(std::string_view name);

}  // namespace warifu::sigv4
