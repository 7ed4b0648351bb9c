#include "agents/metadata.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "json/writer.h"

namespace warifu::agents {
namespace {

constexpr std::string_view kTokenPath = "/latest/api/token";
constexpr std::string_view kTokenHeader = "X-aws-ec2-metadata-token";
constexpr std::string_view kTtlHeader = "X-aws-ec2-metadata-token-ttl-seconds";
constexpr std::int64_t kTtlSecondsMax = 21'600;
constexpr std::size_t kTokenChars = 54;
/// Tokens that live at once: past it the one that ends first goes.
constexpr std::size_t kTokensMax = 1024;
/// Credentials are renewed so long before their end.
constexpr std::int64_t kRenewSeconds = 300;
constexpr std::string_view kBase64Url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

http::Response answer(int status, std::string body, std::string type = "text/plain") {
  http::Response out{.status = status, .body = std::move(body)};
  out.headers.add("Content-Type", std::move(type));
  out.headers.add("Server", "EC2ws");
  return out;
}

http::Response refusal(int status, std::string_view title) {
  return answer(status,
                "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<html><head><title>" + std::to_string(status) +
                    " - " + std::string(title) + "</title></head></html>\n",
                "text/html");
}

http::Response not_found_page() { return refusal(404, "Not Found"); }

/// `2026-07-04T11:38:50Z` in JSON as the service writes it, a member a line.
std::string credentials_json(const Credentials& credentials, Timestamp updated) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object()
      .key("Code")
      .string("Success")
      .key("LastUpdated")
      .string(iso8601(updated))
      .key("Type")
      .string("AWS-HMAC")
      .key("AccessKeyId")
      .string(credentials.access_key_id)
      .key("SecretAccessKey")
      .string(credentials.secret_access_key)
      .key("Token")
      .string(credentials.session_token)
      .key("Expiration")
      .string(iso8601(credentials.expires))
      .end_object();
  return out;
}

std::string instance_profile_arn(const MetadataSubject& subject) {
  const std::size_t at = subject.role_arn.find(":role/");
  if (at == std::string::npos) return subject.role_arn;
  return subject.role_arn.substr(0, at) + ":instance-profile/" + subject.role_name;
}

std::string info_json(const MetadataSubject& subject, Timestamp now) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object()
      .key("Code")
      .string("Success")
      .key("LastUpdated")
      .string(iso8601(now))
      .key("InstanceProfileArn")
      .string(instance_profile_arn(subject))
      .key("InstanceProfileId")
      .string("AIPA" + subject.instance_id.substr(2))
      .end_object();
  return out;
}

std::string identity_json(const MetadataSubject& subject, Timestamp begun) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object()
      .key("accountId")
      .string(subject.account)
      .key("architecture")
#if defined(__aarch64__)
      .string("arm64")
#else
      .string("x86_64")
#endif
      .key("availabilityZone")
      .string(subject.region + "a")
      .key("instanceId")
      .string(subject.instance_id)
      .key("pendingTime")
      .string(iso8601(begun))
      .key("privateIp")
      .string("127.0.0.1")
      .key("region")
      .string(subject.region)
      .key("version")
      .string("2017-09-30")
      .end_object();
  return out;
}

}  // namespace

struct Metadata::State {
  MetadataSubject subject;
  const CredentialsSource source;
  const Clock& clock;
  Random& random;
  const Timestamp begun;

  std::mutex mutex;
  std::map<std::string, Timestamp, std::less<>> tokens;  // under mutex: each with its end
  std::optional<Credentials> credentials;                // under mutex
  Timestamp updated;                                     // under mutex

  http::Response new_token(const http::Request& request);
  [[nodiscard]] bool holds_token(const http::Request& request);
  [[nodiscard]] http::Response fixed(std::string_view path) const;
  Task<http::Response> current_credentials();
};

Metadata::Metadata(MetadataSubject subject, CredentialsSource credentials, const Clock& clock, Random& random)
    : state_(new State{.subject = std::move(subject),
                       .source = std::move(credentials),
                       .clock = clock,
                       .random = random,
                       .begun = clock.now()}) {
  if (state_->subject.instance_id.empty()) {
    state_->subject.instance_id = "i-" + random.text(17, "0123456789abcdef");
  }
}

Metadata::~Metadata() = default;

http::Response Metadata::State::new_token(const http::Request& request) {
  // A proxy that forwards for strangers adds this field.
  if (request.headers.count("X-Forwarded-For") > 0) return refusal(403, "Forbidden");
  const std::string_view text = request.headers.get(kTtlHeader).value_or("");
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() || seconds < 1 || seconds > kTtlSecondsMax) {
    return refusal(400, "Bad Request");
  }
  std::string token = random.text(kTokenChars, kBase64Url) + "==";
  const Timestamp now = clock.now();
  {
    const std::lock_guard lock(mutex);
    std::erase_if(tokens, [&](const auto& one) { return one.second <= now; });
    if (tokens.size() >= kTokensMax) {
      tokens.erase(std::ranges::min_element(tokens, {}, [](const auto& one) { return one.second; }));
    }
    tokens.emplace(token, now.plus_seconds(seconds));
  }
  http::Response out = answer(200, std::move(token));
  // Clients in Go and Kotlin fail without it.
  out.headers.add(std::string(kTtlHeader), std::to_string(seconds));
  return out;
}

bool Metadata::State::holds_token(const http::Request& request) {
  const std::string_view shown = request.headers.get(kTokenHeader).value_or("");
  const std::lock_guard lock(mutex);
  const auto found = tokens.find(shown);
  return found != tokens.end() && found->second > clock.now();
}

Task<http::Response> Metadata::State::current_credentials() {
  const Timestamp soon = clock.now().plus_seconds(kRenewSeconds);
  {
    const std::lock_guard lock(mutex);
    if (credentials && credentials->expires > soon) {
      co_return answer(200, credentials_json(*credentials, updated), "application/json");
    }
  }
  Result<Credentials> fresh = co_await source();
  const Timestamp now = clock.now();
  const std::lock_guard lock(mutex);
  if (fresh) {
    credentials = std::move(*fresh);
    updated = now;
  }
  // Those that still hold are better than none.
  if (credentials && credentials->expires > now) {
    co_return answer(200, credentials_json(*credentials, updated), "application/json");
  }
  co_return not_found_page();
}

http::Response Metadata::State::fixed(std::string_view path) const {
  const std::map<std::string_view, std::string> texts{
      {"/", "latest"},
      {"/latest/", "dynamic\nmeta-data"},
      {"/latest/meta-data/", "iam/\ninstance-id\nplacement/"},
      {"/latest/meta-data/iam/", "info\nsecurity-credentials/"},
      {"/latest/meta-data/iam/security-credentials/", subject.role_name},
      {"/latest/meta-data/instance-id", subject.instance_id},
      {"/latest/meta-data/placement/", "availability-zone\nregion"},
      {"/latest/meta-data/placement/region", subject.region},
      {"/latest/meta-data/placement/availability-zone", subject.region + "a"},
      {"/latest/dynamic/", "instance-identity/"},
      {"/latest/dynamic/instance-identity/", "document"},
  };
  if (path == "/latest/meta-data/iam/info") return answer(200, info_json(subject, clock.now()), "application/json");
  if (path == "/latest/dynamic/instance-identity/document") return answer(200, identity_json(subject, begun));
  auto found = texts.find(path);
  // A folder is found without its slash too.
  if (found == texts.end()) found = texts.find(std::string(path) + "/");
  return found == texts.end() ? not_found_page() : answer(200, found->second);
}

Task<http::Response> Metadata::serve(http::Request request) {
  const std::string_view path = request.path();
  if (path == kTokenPath) {
    co_return request.method == "PUT" ? state_->new_token(request) : refusal(405, "Method Not Allowed");
  }
  if (request.method != "GET" && request.method != "HEAD") co_return refusal(405, "Method Not Allowed");
  if (!state_->holds_token(request)) co_return refusal(401, "Unauthorized");
  if (path == "/latest/meta-data/iam/security-credentials/" + state_->subject.role_name) {
    co_return co_await state_->current_credentials();
  }
  co_return state_->fixed(path);
}

}  // namespace warifu::agents
