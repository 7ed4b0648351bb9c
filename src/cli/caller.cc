#include "cli/caller.h"

#include <cctype>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

namespace warifu::cli {
namespace {

using Section = std::map<std::string, std::string, std::less<>>;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? std::string(value) : std::string();
}

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string take(const Section& section, std::string_view key) {
  const auto found = section.find(key);
  return found == section.end() ? std::string() : found->second;
}

void set(std::string& out, std::string value) {
  if (!value.empty()) out = std::move(value);
}

Result<> from_profile(Caller& caller, std::string_view name, const ProfileFiles& files) {
  const std::string header = name == "default" ? std::string(name) : fmt::format("profile {}", name);
  const auto config = section_of(read(files.config), header);
  const auto credentials = section_of(read(files.credentials), name);
  if (!config && !credentials) {
    return fail(unavailable(
        fmt::format("no profile `{}` in {}: set AWS_PROFILE, or make one with `warifu account create … --profile NAME`",
                    name, files.credentials.string())));
  }
  Section all = credentials.value_or(Section{});
  if (config) all.insert(config->begin(), config->end());
  if (take(all, "aws_access_key_id").empty()) {
    return fail(unavailable(fmt::format(
        "profile `{}` holds no keys: `eval \"$(aws configure export-credentials --profile {} --format env)\"`", name,
        name)));
  }
  caller.access_key_id = take(all, "aws_access_key_id");
  caller.secret = crypto::SecretBytes::copy_of(take(all, "aws_secret_access_key"));
  caller.session_token = take(all, "aws_session_token");
  set(caller.region, take(all, "region"));
  set(caller.endpoint_url, take(all, "endpoint_url"));
  set(caller.ca_bundle, take(all, "ca_bundle"));
  return {};
}

}  // namespace

std::optional<Section> section_of(std::string_view text, std::string_view name) {
  std::optional<Section> found;
  bool inside = false;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.starts_with('[') && line.ends_with(']')) {
      inside = trimmed(line.substr(1, line.size() - 2)) == name;
      if (inside && !found) found.emplace();
      continue;
    }
    const std::size_t equals = line.find('=');
    if (!inside || line.starts_with('#') || line.starts_with(';') || equals == std::string_view::npos) continue;
    found->insert_or_assign(lower(trimmed(line.substr(0, equals))), std::string(trimmed(line.substr(equals + 1))));
  }
  return found;
}

Result<Caller> find_caller(const CallerOptions& options, const ProfileFiles& files) {
  Caller caller;
  const std::string key_id = environment("AWS_ACCESS_KEY_ID");
  if (options.profile.empty() && !key_id.empty()) {
    caller.access_key_id = key_id;
    caller.secret = crypto::SecretBytes::copy_of(environment("AWS_SECRET_ACCESS_KEY"));
    caller.session_token = environment("AWS_SESSION_TOKEN");
  } else {
    std::string name = options.profile.empty() ? environment("AWS_PROFILE") : options.profile;
    if (name.empty()) name = "default";
    TRY(from_profile(caller, name, files));
  }
  set(caller.region, environment("AWS_DEFAULT_REGION"));
  set(caller.region, environment("AWS_REGION"));
  set(caller.region, options.region);
  set(caller.endpoint_url, environment("AWS_ENDPOINT_URL"));
  set(caller.endpoint_url, options.endpoint_url);
  set(caller.ca_bundle, environment("AWS_CA_BUNDLE"));
  set(caller.ca_bundle, options.ca_bundle);
  return caller;
}

}  // namespace warifu::cli
