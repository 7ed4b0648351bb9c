#include "cli/imds_command.h"

#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "agents/metadata.h"
#include "base/arn.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/random.h"
#include "cli/caller.h"
#include "net/blocking.h"
#include "net/client.h"
#include "net/server.h"
#include "sigv4/sign.h"

namespace warifu::cli {
namespace {

constexpr std::chrono::seconds kTimeout{30};
constexpr std::size_t kBodyBytesMax = 64UL * 1024;

struct ImdsOptions {
  CallerOptions caller;
  std::string role;
  std::string listen = "127.0.0.1:0";
  int duration_seconds = 3600;
  std::string instance_id;
};

/// The text between `<name>` and `</name>`; what STS answers there needs no unescaping.
std::string element(std::string_view xml, std::string_view name) {
  const std::string open = fmt::format("<{}>", name);
  const std::size_t begin = xml.find(open);
  if (begin == std::string_view::npos) return {};
  const std::size_t end = xml.find(fmt::format("</{}>", name), begin);
  if (end == std::string_view::npos) return {};
  return std::string(xml.substr(begin + open.size(), end - begin - open.size()));
}

/// A new session of the role, as the caller is now: keys of a profile may have been renewed meanwhile.
Task<Result<agents::Credentials>> assume(const ImdsOptions& options, net::Client& client) {
  Caller caller = CO_TRY(find_caller(options.caller, profile_files()));
  std::string base = caller.endpoint_url;
  while (base.ends_with('/')) base.pop_back();
  const net::Url url = CO_TRY(net::Url::parse(base + "/"));
  http::Request request{.method = "POST", .target = url.target};
  request.headers.add("Host", url.authority());
  request.headers.add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  request.body = fmt::format("Action=AssumeRole&Version=2011-06-15&RoleArn={}&RoleSessionName={}&DurationSeconds={}",
                             percent_encode(options.role), options.instance_id, options.duration_seconds);
  const sigv4::Credentials keys{
      .access_key_id = caller.access_key_id, .secret = std::move(caller.secret), .session_token = caller.session_token};
  sigv4::sign(request, keys, {.region = caller.region, .service = "sts"}, SystemClock{}.now());
  const http::Response answer = CO_TRY(co_await client.fetch(base + "/", std::move(request), kTimeout));
  co_return assumed_role(answer.body);
}

Result<agents::MetadataSubject> subject_of(const ImdsOptions& options) {
  const Caller caller = TRY(find_caller(options.caller, profile_files()));
  const std::optional<ArnView> arn = ArnView::parse(options.role);
  if (!arn || arn->service != "iam" || !arn->resource.starts_with("role/")) {
    return fail(validation_error(fmt::format("`{}` is no role's ARN", options.role)));
  }
  return agents::MetadataSubject{.role_name = options.role.substr(options.role.rfind('/') + 1),
                                 .role_arn = options.role,
                                 .region = caller.region,
                                 .account = std::string(arn->account),
                                 .instance_id = options.instance_id};
}

Result<> serve_until_signal(const ImdsOptions& options) {
  // Before any thread is there, so that all of them leave these to us.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);

  const net::Endpoint listen = TRY(net::Endpoint::parse(options.listen));
  // Whoever can reach it has the role's credentials.
  if (!listen.loopback()) return fail(validation_error(fmt::format("`{}` is not of this machine", options.listen)));
  const Caller caller = TRY(find_caller(options.caller, profile_files()));
  net::Client client({.ca_bundle_path = caller.ca_bundle, .pool_max = 0});
  // At once, so that a role that cannot be assumed is said here and not to a client.
  TRY(net::run_blocking(assume(options, client)));

  const SystemClock clock;
  SystemRandom random;
  agents::Metadata metadata(TRY(subject_of(options)), [&] { return assume(options, client); }, clock, random);
  net::Server server({.listen = {listen}, .threads = 1, .body_bytes_max = kBodyBytesMax},
                     [&](http::Request request) { return metadata.serve(std::move(request)); });
  TRY(server.start());
  fmt::print("export AWS_EC2_METADATA_SERVICE_ENDPOINT=http://{}\n", server.endpoints().front().str());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
  server.stop(std::chrono::milliseconds{0});
  return {};
}

}  // namespace

Result<agents::Credentials> assumed_role(std::string_view xml) {
  agents::Credentials out{.access_key_id = element(xml, "AccessKeyId"),
                          .secret_access_key = element(xml, "SecretAccessKey"),
                          .session_token = element(xml, "SessionToken"),
                          .expires = {}};
  const std::optional<Timestamp> expires = parse_iso8601(element(xml, "Expiration"));
  if (!out.access_key_id.empty() && !out.secret_access_key.empty() && !out.session_token.empty() && expires) {
    out.expires = *expires;
    return out;
  }
  const std::string message = element(xml, "Message");
  return fail(unavailable(message.empty() ? "the server's answer is not AssumeRole's" : message));
}

void add_imds(CLI::App& app, int& exit_status) {
  const auto options = std::make_shared<ImdsOptions>();
  CLI::App* command = app.add_subcommand(
      "imds", "instance metadata for this machine: AWS tools then have a role's credentials, as on EC2");
  command->add_option("--role", options->role, "ARN of the role, which the caller may assume")->required();
  command->add_option("--listen", options->listen, "an address of this machine; port 0 picks one")
      ->capture_default_str();
  command->add_option("--profile", options->caller.profile, "who assumes it (default: AWS's environment)");
  command->add_option("--region", options->caller.region, "the region that metadata tells");
  command->add_option("--endpoint-url", options->caller.endpoint_url, "the server's address");
  command->add_option("--ca-bundle", options->caller.ca_bundle, "certificate authorities to trust (PEM)");
  command->add_option("--duration", options->duration_seconds, "how long each session of the role lasts, in seconds")
      ->capture_default_str()
      ->check(CLI::Range(900, 43'200));
  command->callback([options, &exit_status] {
    // An instance's role sessions are named by its id.
    options->instance_id = "i-" + SystemRandom().text(17, "0123456789abcdef");
    const Result<> served = serve_until_signal(*options);
    if (served) return;
    fmt::print(stderr, "warifu: {}\n", served.error().message);
    exit_status = 1;
  });
}

}  // namespace warifu::cli
