// A raw request (line, headers, empty line, body) from anyone: parsing and verifying must refuse it, never fall over.
// What our own signer then signs must verify, whatever the method, target, headers and body are.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sigv4/sign.h"
#include "sigv4/streaming.h"
#include "sigv4/verify.h"

namespace {

using namespace warifu;

std::string_view cut(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

http::Request request_from(std::string_view rest) {
  http::Request request;
  std::string_view line = cut(rest, '\n');
  request.method = cut(line, ' ');
  request.target = line;
  while (!rest.empty()) {
    std::string_view header = cut(rest, '\n');
    if (header.empty()) break;
    const std::string_view name = cut(header, ':');
    request.headers.add(std::string(name), std::string(header));
  }
  request.body = rest;
  return request;
}

void verify_all(const http::Request& request, Timestamp now) {
  (void)sigv4::claimed_service(request);
  const auto params = sigv4::parse(request, now);
  if (!params) return;
  (void)sigv4::check_scope(*params, "sts");
  const auto key = sigv4::SigningKey::derive("secret", params->scope.date, params->scope.region, params->scope.service);
  for (const sigv4::Profile& profile : {sigv4::kStandardProfile, sigv4::kS3Profile}) {
    if (sigv4::verify(request, *params, key, profile)) std::abort();  // nobody guesses a signature
  }
}

bool is_token(std::string_view name) {
  constexpr std::string_view kToken = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  return !name.empty() && name.find_first_not_of(kToken) == std::string_view::npos;
}

bool names_one(const http::Request& request, std::string_view name) { return request.headers.count(name) > 0; }

void sign_and_verify(http::Request request, Timestamp now, const char* service) {
  for (const char* name : {"x-amz-date", "x-amz-security-token", "authorization", "x-amz-content-sha256"}) {
    if (names_one(request, name)) return;
  }
  for (const auto& [name, value] : request.headers.fields()) {
    if (!is_token(name)) return;  // no HTTP reader lets such names through
  }
  if (request.headers.count("host") != 1 || request.headers.fields().size() > 50) return;
  if (request.target.find("X-Amz") != std::string::npos || request.target.find('%') != std::string::npos) return;
  const sigv4::Credentials credentials{"AKID", crypto::SecretBytes::copy_of("secret"), "token"};
  http::Request presigned = request;
  sigv4::sign(request, credentials, {"us-east-1", service}, now);
  sigv4::presign(presigned, credentials, {"us-east-1", service}, now, 60);
  for (const http::Request* one : {&request, &presigned}) {
    const auto params = sigv4::parse(*one, now);
    if (!params) std::abort();
    const auto key = sigv4::SigningKey::derive("secret", params->scope.date, "us-east-1", service);
    if (!sigv4::verify(*one, *params, key, sigv4::profile_of(service))) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Timestamp now = parse_iso8601_basic("20150830T123600Z").value();
  const http::Request request = request_from({reinterpret_cast<const char*>(data), size});
  verify_all(request, now);
  sign_and_verify(request, now, "sts");
  sign_and_verify(request, now, "s3");
  return 0;
}
