// SigV4 on the request path: what one signed call costs before anything is authorized.
#include <benchmark/benchmark.h>

#include "crypto/hash.h"
#include "sigv4/sign.h"
#include "sigv4/signing_key.h"
#include "sigv4/verify.h"

namespace {

using namespace warifu;

constexpr const char* kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
constexpr const char* kPath =
    "/memories/arn%3Aaws%3Abedrock-agentcore%3Aus-east-1%3A111111111111%3Amemory%2FName-NCd6eP6wJq/events";
const Timestamp kNow = parse_iso8601_basic("20260704T113850Z").value();

/// A CreateEvent of about 1 KB in all, as boto3 sends it with temporary credentials.
http::Request signed_request(std::size_t total_bytes) {
  http::Request request{.method = "POST", .target = kPath};
  request.headers.add("Host", "127.0.0.1:4566");
  request.headers.add("Content-Type", "application/json");
  request.headers.add("Accept-Encoding", "identity");
  request.headers.add("User-Agent", "Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 lang/python#3.11.7 Botocore/1.44.5");
  std::size_t size = request.target.size() + 500;
  for (const auto& [name, value] : request.headers.fields()) size += name.size() + value.size();
  request.body.assign(total_bytes - std::min(size, total_bytes), 'x');
  const sigv4::Credentials credentials{"AKIAIOSFODNN7EXAMPLE", crypto::SecretBytes::copy_of(kSecret), ""};
  sigv4::sign(request, credentials, {"us-east-1", "bedrock-agentcore"}, kNow);
  request.headers.add("amz-sdk-invocation-id", "a6af3fba-62c7-4246-bc10-aa1555c74c96");
  request.headers.add("amz-sdk-request", "attempt=1; max=2");
  request.headers.add("Content-Length", std::to_string(request.body.size()));
  return request;
}

void verify_with_cached_key(benchmark::State& state) {
  const http::Request request = signed_request(static_cast<std::size_t>(state.range(0)));
  sigv4::SigningKeyCache cache;
  const auto first = sigv4::parse(request, kNow);
  const auto id_of = [](const sigv4::AuthParams& p) {
    return sigv4::SigningKeyId{p.access_key_id, 1, p.scope.date, p.scope.region, p.scope.service};
  };
  (void)cache.insert(id_of(*first), kSecret);
  for (auto _ : state) {
    const auto params = sigv4::parse(request, kNow);
    const auto scoped = sigv4::check_scope(*params, "bedrock-agentcore");
    const auto key = cache.find(id_of(*params));
    const auto verified = sigv4::verify(request, *params, *key, sigv4::profile_of(params->scope.service));
    if (!scoped || !verified) state.SkipWithError("refused");
  }
}
BENCHMARK(verify_with_cached_key)->Arg(700)->Arg(1024)->Arg(16 * 1024);

void parse_only(benchmark::State& state) {
  const http::Request request = signed_request(1024);
  for (auto _ : state) benchmark::DoNotOptimize(sigv4::parse(request, kNow));
}
BENCHMARK(parse_only);

void derive_key(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(sigv4::SigningKey::derive(kSecret, "20260704", "us-east-1", "bedrock-agentcore"));
  }
}
BENCHMARK(derive_key);

void sha256(benchmark::State& state) {
  const std::string bytes(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(crypto::sha256(bytes));
}
BENCHMARK(sha256)->Arg(32)->Arg(512)->Arg(1024);

void hmac_sha256(benchmark::State& state) {
  const std::string bytes(150, 'x');
  const crypto::Sha256 key = crypto::sha256("key");
  for (auto _ : state) benchmark::DoNotOptimize(crypto::hmac_sha256(key, bytes));
}
BENCHMARK(hmac_sha256);

}  // namespace

BENCHMARK_MAIN();
