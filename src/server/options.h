#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace warifu::server {

enum class LogFormat : std::uint8_t { kHuman, kJson };

/// Everything that `warifu serve` can be told, by flag, environment or configuration file.
struct ServeOptions {
  std::vector<std::string> listen{"127.0.0.1:4566"};
  std::string data = "./warifu-data";
  std::string public_url;  // empty: from the first listen address, a wildcard shown as 127.0.0.1
  std::string domain;      // gateways get host names below it, with TLS; empty: they are paths of the public URL
  std::string tls_cert, tls_key;
  bool insecure = false;  // allow a non-loopback address without TLS
  bool development = false;
  std::vector<std::string> hosts;              // further names that the server answers to
  std::vector<std::string> trusted_proxies;    // CIDR
  std::vector<std::string> gateway_networks;   // CIDR: private networks that targets of gateways may lie in
  std::string function_egress = "closed";      // closed | public: where functions may connect to but this server
  std::vector<std::string> function_networks;  // CIDR: private networks besides, with `public`
  std::string denial_wording = "truthful";     // truthful | aws
  bool encoded_denials = false;                // append what sts:DecodeAuthorizationMessage opens
  std::string durability = "sync";             // sync | os
  LogFormat log_format = LogFormat::kHuman;
  std::string log_level = "info";  // debug | info | warn | error
  std::size_t threads = 0;         // 0: one per core
  std::int64_t drain_seconds = 10;

  std::string llm_url;  // OpenAI-compatible; empty: no model
  std::string llm_model;
  std::vector<std::string> llm_model_map;  // `BEDROCK_ID=NAME`
  std::string llm_key_file;                // or the key itself in WARIFU_LLM_KEY
  std::int64_t llm_timeout_seconds = 120;  // of a whole answer, or to a stream's beginning
  std::int64_t llm_tokens_per_minute = 0;  // that making memory records may cost; 0: no limit
  std::string embedding_url;               // OpenAI-compatible; empty: the embedder in the binary
  std::string embedding_model;
  std::string embedder = "auto";   // auto | static; auto: an endpoint, else the installed transformer, else the table
  std::string embedding_key_file;  // or the key itself in WARIFU_EMBEDDING_KEY

  std::string extractor = "auto";          // auto | builtin | model; auto: the model, when one is configured
  bool extractor_fallback = false;         // the built-in extractor stands in for a model that fails
  std::int64_t extraction_quiet_ms = 200;  // a session's memories form once it has been quiet for so long

  std::size_t index_mb = 1024;    // of memory records kept at hand for searches, over all memories
  int trail_days = 90;            // after which CloudTrail records are swept
  double lookups_per_second = 2;  // of an account in its trail, in each region; 0: no limit
};

/// The first thing wrong with the options taken together: a public address without TLS, half a certificate, `--dev`
/// on an address that others can reach. Addresses are parsed by `net`.
[[nodiscard]] Result<> check(const ServeOptions& options);

}  // namespace warifu::server
