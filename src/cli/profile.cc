#include "cli/profile.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

namespace warifu::cli {
namespace {

std::string environment(const char* name, std::string fallback) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? std::string(value) : std::move(fallback);
}

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Result<> replace(const std::filesystem::path& path, const std::string& text) {
  std::error_code ignored;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), ignored);
  const std::string temporary = path.string() + ".warifu-new";
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool written = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) ::close(fd);
  written = written && ::rename(temporary.c_str(), path.c_str()) == 0;
  if (!written) return fail(unavailable(fmt::format("cannot write {}: {}", path.string(), std::strerror(errno))));
  return {};
}

bool is_header(std::string_view line) { return !line.empty() && line.front() == '['; }

std::string section_text(std::string_view name, const Settings& settings) {
  std::string out = fmt::format("[{}]\n", name);
  for (const auto& [key, value] : settings) out += fmt::format("{} = {}\n", key, value);
  return out;
}

}  // namespace

std::string with_section(std::string_view text, std::string_view name, const Settings& settings) {
  const std::string header = fmt::format("[{}]", name);
  std::string out;
  bool inside = false;
  bool replaced = false;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (is_header(line)) {
      inside = line.starts_with(header);
      if (inside && !replaced) out += section_text(name, settings);
      replaced = replaced || inside;
    }
    if (!inside) out.append(line).append("\n");
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  if (!replaced) {
    if (!out.empty() && !out.ends_with("\n\n")) out += "\n";
    out += section_text(name, settings);
  }
  return out;
}

ProfileFiles profile_files() {
  const std::filesystem::path folder = std::filesystem::path(environment("HOME", ".")) / ".aws";
  return {.config = environment("AWS_CONFIG_FILE", (folder / "config").string()),
          .credentials = environment("AWS_SHARED_CREDENTIALS_FILE", (folder / "credentials").string())};
}

Result<> write_profile(const ProfileFiles& files, const Profile& profile) {
  const std::string section = profile.name == "default" ? profile.name : "profile " + profile.name;
  TRY(replace(files.config, with_section(read(files.config), section,
                                         {{"region", profile.region}, {"endpoint_url", profile.endpoint_url}})));
  return replace(files.credentials, with_section(read(files.credentials), profile.name,
                                                 {{"aws_access_key_id", profile.access_key_id},
                                                  {"aws_secret_access_key", profile.secret_access_key}}));
}

std::string shell_exports(const Profile& profile) {
  return fmt::format(
      "export AWS_ACCESS_KEY_ID={}\nexport AWS_SECRET_ACCESS_KEY={}\nexport AWS_REGION={}\n"
      "export AWS_DEFAULT_REGION={}\nexport AWS_ENDPOINT_URL={}\nunset AWS_PROFILE AWS_SESSION_TOKEN\n",
      profile.access_key_id, profile.secret_access_key, profile.region, profile.region, profile.endpoint_url);
}

}  // namespace warifu::cli
