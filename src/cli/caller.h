#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/profile.h"
#include "crypto/secret.h"

/// Who a command acts as, where it asks what an AWS tool could ask: the same environment and files as theirs.
namespace warifu::cli {

struct Caller {
  std::string access_key_id;
  crypto::SecretBytes secret;
  std::string session_token;  // empty: long-term
  std::string region = "us-east-1";
  std::string endpoint_url = "http://127.0.0.1:4566";
  std::string ca_bundle;  // PEM; empty: the system's authorities
};

/// What the command line says; empty: look further.
struct CallerOptions {
  std::string profile, region, endpoint_url, ca_bundle;
};

/// The settings of section `[name]` of an AWS configuration file; nullopt when it has none. Comments and blanks are
/// skipped; keys in lower case.
[[nodiscard]] std::optional<std::map<std::string, std::string, std::less<>>> section_of(std::string_view text,
                                                                                        std::string_view name);

/// In the order of AWS's tools: a profile named on the command line; keys of the environment; the profile that
/// AWS_PROFILE names, or `default`. Only profiles that hold keys: one that assumes a role is refused with how to get
/// its keys. Errors are one line for a person.
[[nodiscard]] Result<Caller> find_caller(const CallerOptions& options, const ProfileFiles& files);

}  // namespace warifu::cli
