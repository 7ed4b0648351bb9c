#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace warifu::cli {

/// One section of an AWS configuration file: its settings in order.
using Settings = std::vector<std::pair<std::string, std::string>>;

/// `text` with the section `[name]` replaced, or added at the end; everything else byte for byte as it was.
[[nodiscard]] std::string with_section(std::string_view text, std::string_view name, const Settings& settings);

/// The files that AWS tools read: `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE`, or those in `~/.aws`.
struct ProfileFiles {
  std::filesystem::path config, credentials;
};
[[nodiscard]] ProfileFiles profile_files();

/// What a profile holds.
struct Profile {
  std::string name, access_key_id, secret_access_key, region, endpoint_url;
};

/// Writes the profile into both files (0600, folders made when missing, old files replaced whole).
[[nodiscard]] Result<> write_profile(const ProfileFiles& files, const Profile& profile);

/// The same as the lines that a shell evaluates: `export AWS_ACCESS_KEY_ID=…`.
[[nodiscard]] std::string shell_exports(const Profile& profile);

}  // namespace warifu::cli
