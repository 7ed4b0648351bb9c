// The `warifu` program: `serve` is the server, everything else a signed request to one.
#include <CLI/CLI.hpp>
#include <map>

#include "cli/commands.h"
#include "server/app.h"
#include "server/options.h"

namespace {

void add_models(CLI::App& serve, warifu::server::ServeOptions& options) {
  serve
      .add_option("--llm-url", options.llm_url,
                  "OpenAI-compatible endpoint of the agents' model, such as http://127.0.0.1:11434/v1")
      ->envname("WARIFU_LLM_URL");
  serve.add_option("--llm-model", options.llm_model, "the endpoint's name for the model that every Bedrock id means")
      ->envname("WARIFU_LLM_MODEL");
  serve
      .add_option("--llm-model-map", options.llm_model_map,
                  "BEDROCK_ID=NAME: another of the endpoint's models for this id; several times for several")
      ->envname("WARIFU_LLM_MODEL_MAP")
      ->delimiter(',');
  serve
      .add_option("--llm-key-file", options.llm_key_file,
                  "file with the endpoint's key (or the key itself in WARIFU_LLM_KEY)")
      ->envname("WARIFU_LLM_KEY_FILE");
  serve
      .add_option("--llm-timeout-seconds", options.llm_timeout_seconds,
                  "how long the model may take over an answer, or to begin a streamed one")
      ->envname("WARIFU_LLM_TIMEOUT_SECONDS")
      ->capture_default_str()
      ->check(CLI::Range(1, 3600));
  serve
      .add_option("--llm-tokens-per-minute", options.llm_tokens_per_minute,
                  "what making memory records may cost with the model; more waits, or fails as LTM_RATE_EXCEEDED; 0: "
                  "no limit")
      ->envname("WARIFU_LLM_TOKENS_PER_MINUTE")
      ->capture_default_str()
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000'000}));
  serve
      .add_option(
          "--embedder", options.embedder,
          "static: the table in the binary; auto: --embedding-url, else the installed transformer, else the table")
      ->envname("WARIFU_EMBEDDER")
      ->capture_default_str();
  serve
      .add_option("--embedding-url", options.embedding_url,
                  "OpenAI-compatible endpoint of the model that embeds memory records (default: one in the binary)")
      ->envname("WARIFU_EMBEDDING_URL");
  serve.add_option("--embedding-model", options.embedding_model, "the endpoint's name for that model")
      ->envname("WARIFU_EMBEDDING_MODEL");
  serve
      .add_option("--embedding-key-file", options.embedding_key_file,
                  "file with that endpoint's key (or the key itself in WARIFU_EMBEDDING_KEY)")
      ->envname("WARIFU_EMBEDDING_KEY_FILE");
}

void add_extraction(CLI::App& serve, warifu::server::ServeOptions& options) {
  serve
      .add_option(
          "--extractor", options.extractor,
          "who makes memory records of events: builtin, model (needs --llm-url), or auto: the model if there is one")
      ->envname("WARIFU_EXTRACTOR")
      ->capture_default_str();
  serve
      .add_flag("--extractor-fallback", options.extractor_fallback,
                "let the built-in extractor stand in for a model that fails")
      ->envname("WARIFU_EXTRACTOR_FALLBACK");
  serve
      .add_option("--extraction-quiet-ms", options.extraction_quiet_ms,
                  "make records once a session has been quiet for so long; ten times that under a stream of events")
      ->envname("WARIFU_EXTRACTION_QUIET_MS")
      ->capture_default_str()
      ->check(CLI::Range(1, 600'000));
}

void add_gateways(CLI::App& serve, warifu::server::ServeOptions& options) {
  serve
      .add_option("--domain", options.domain,
                  "gateways answer at https://ID.gateway.bedrock-agentcore.REGION.DOMAIN, for which the certificate "
                  "must be good")
      ->envname("WARIFU_DOMAIN");
  serve
      .add_option(
          "--function-egress", options.function_egress,
          "where functions may connect to but this server: closed, or public (addresses of the Internet, through a "
          "proxy that HTTPS_PROXY names inside)")
      ->check(CLI::IsMember({"closed", "public"}))
      ->envname("WARIFU_FUNCTION_EGRESS")
      ->capture_default_str();
  serve
      .add_option("--function-allow-network", options.function_networks,
                  "CIDR of a private network that functions may connect to, with --function-egress public")
      ->envname("WARIFU_FUNCTION_ALLOW_NETWORK");
  serve
      .add_option("--gateway-allow-network", options.gateway_networks,
                  "CIDR of a private network that targets of gateways and their identity providers may lie in")
      ->envname("WARIFU_GATEWAY_ALLOW_NETWORK");
}

void add_upkeep(CLI::App& serve, warifu::server::ServeOptions& options) {
  serve
      .add_option("--index-mb", options.index_mb,
                  "megabytes of memory records kept at hand for searches; the rest is loaded when it is asked for")
      ->envname("WARIFU_INDEX_MB")
      ->capture_default_str()
      ->check(CLI::Range(16, 1'048'576));
  serve.add_option("--trail-days", options.trail_days, "how long CloudTrail records are kept")
      ->envname("WARIFU_TRAIL_DAYS")
      ->capture_default_str()
      ->check(CLI::Range(1, 36'500));
  serve
      .add_option("--lookups-per-second", options.lookups_per_second,
                  "how often an account may LookupEvents in a region; 0: as often as it likes")
      ->envname("WARIFU_LOOKUPS_PER_SECOND")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1'000'000.0));
  serve.add_option("--drain-seconds", options.drain_seconds, "how long running requests may take when it stops")
      ->envname("WARIFU_DRAIN_SECONDS")
      ->capture_default_str()
      ->check(CLI::Range(0, 3600));
}

void add_serve(CLI::App& app, warifu::server::ServeOptions& options, int& exit_status) {
  CLI::App* serve = app.add_subcommand("serve", "run the server");
  serve->set_config("--config", "", "a file with the same settings, `listen = 127.0.0.1:4566` a line");
  serve->add_option("--listen", options.listen, "HOST:PORT, several times for several; port 0 picks one")
      ->envname("WARIFU_LISTEN")
      ->capture_default_str();
  serve->add_option("--data", options.data, "where everything is kept")->envname("WARIFU_DATA")->capture_default_str();
  serve->add_option("--public-url", options.public_url, "the URL that clients are told (default: the listen address)")
      ->envname("WARIFU_PUBLIC_URL");
  serve->add_option("--tls-cert", options.tls_cert, "certificate chain, PEM; see `warifu tls init`")
      ->envname("WARIFU_TLS_CERT");
  serve->add_option("--tls-key", options.tls_key, "its key, PEM")->envname("WARIFU_TLS_KEY");
  serve->add_flag("--insecure", options.insecure, "allow a public address without TLS")->envname("WARIFU_INSECURE");
  serve
      ->add_flag(
          "--dev", options.development,
          "accept any twelve-digit access key id with secret `test` as that account's administrator; loopback only")
      ->envname("WARIFU_DEV");
  serve->add_option("--host", options.hosts, "a further host name to answer to")->envname("WARIFU_HOST");
  serve->add_option("--trusted-proxy", options.trusted_proxies, "CIDR whose X-Forwarded-For is believed")
      ->envname("WARIFU_TRUSTED_PROXY");
  serve
      ->add_option(
          "--denial-wording", options.denial_wording,
          "truthful: a denial names the policy that is missing; aws: as AWS was seen to, also where it misleads")
      ->envname("WARIFU_DENIAL_WORDING")
      ->capture_default_str()
      ->check(CLI::IsMember({"truthful", "aws"}));
  serve
      ->add_flag("--encoded-denials", options.encoded_denials,
                 "append to denials what `aws sts decode-authorization-message` decodes")
      ->envname("WARIFU_ENCODED_DENIALS");
  serve
      ->add_option("--durability", options.durability,
                   "sync: on the disk before it is acknowledged; os: with the kernel")
      ->envname("WARIFU_DURABILITY")
      ->capture_default_str()
      ->check(CLI::IsMember({"sync", "os"}));
  const std::map<std::string, warifu::server::LogFormat> formats{{"human", warifu::server::LogFormat::kHuman},
                                                                 {"json", warifu::server::LogFormat::kJson}};
  serve->add_option("--log-format", options.log_format, "human or json")
      ->envname("WARIFU_LOG_FORMAT")
      ->transform(CLI::CheckedTransformer(formats, CLI::ignore_case));
  serve->add_option("--log-level", options.log_level, "debug (every request), info, warn or error")
      ->envname("WARIFU_LOG_LEVEL")
      ->capture_default_str()
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  serve->add_option("--threads", options.threads, "event loops (0: one per core)")
      ->envname("WARIFU_THREADS")
      ->capture_default_str();
  add_upkeep(*serve, options);
  add_gateways(*serve, options);
  add_models(*serve, options);
  add_extraction(*serve, options);
  serve->callback([&options, &exit_status] { exit_status = warifu::server::serve(options); });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Warifu: Amazon Bedrock AgentCore on your own machine, with AWS's authorization"};
  app.require_subcommand(1);
  app.set_version_flag("--version", WARIFU_VERSION);
  int exit_status = 0;
  warifu::server::ServeOptions options;
  add_serve(app, options, exit_status);
  warifu::cli::add_commands(app, exit_status);
  CLI11_PARSE(app, argc, argv);
  return exit_status;
}
