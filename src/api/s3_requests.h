#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "access/principal.h"
#include "base/http.h"
#include "wire/operation.h"

/// What sets S3's requests apart from all others: buckets in Host, parameters in the place of headers, bodies that are
/// read as they come. Of the pipeline's own files alone.
namespace warifu::api {

[[nodiscard]] bool is_s3(const wire::Service& service);
/// Its body is a stream of bytes that the handler reads.
[[nodiscard]] bool takes_stream(const wire::Operation& operation);

/// The raw path with the bucket in front, however the request names it: what is routed, and what old signatures cover.
[[nodiscard]] std::string s3_path(const http::Request& request, const std::optional<std::string>& bucket_of_host);
/// The bucket that the request names; empty: none.
[[nodiscard]] std::string_view bucket_named(std::string_view s3_path);

/// Makes the target path-style, and headers of the `x-amz-*` parameters of a signed query that clients put there; a
/// header that is there already stands. REQUIRES: the signature has been verified.
void prepare_s3(http::Request& request, const std::optional<std::string>& bucket_of_host);

/// Who sends a request without a signature: nobody, whom only `*` of a resource's policy lets in.
[[nodiscard]] access::Principal anonymous_principal();
/// True of whoever is not of that account, services apart.
[[nodiscard]] bool is_stranger(const access::Principal& principal, std::string_view account);

}  // namespace warifu::api
