#include "cli/model_command.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

#include <fmt/format.h>

#include "cli/model_bundle.h"
#include "cli/progress.h"
#include "crypto/hash.h"
#include "net/blocking.h"
#include "net/client.h"

namespace warifu::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kArchiveBytesMax = std::size_t{512} << 20;
constexpr std::chrono::minutes kDownload{30};
constexpr std::chrono::seconds kSilence{60};  // between two pieces

struct ModelOptions {
  std::string source;
  std::string sha256;
  std::string data = "./warifu-data";
  std::string ca_bundle;
};

void print(std::string_view text) {
  (void)std::fwrite(text.data(), 1, text.size(), stdout);
  (void)std::fflush(stdout);
}

void say(const std::string& line) { print(line + "\n"); }

/// A folder of our own beside the models, gone when we are done.
class Workplace {
 public:
  explicit Workplace(const fs::path& data) : path_(data / "models" / fmt::format("unpacked.{}", getpid())) {
    std::error_code ignored;
    fs::create_directories(path_, ignored);
  }
  ~Workplace() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

bool is_url(std::string_view source) { return source.starts_with("https://") || source.starts_with("http://"); }

/// What the server says of the body's length; it is believed for showing alone.
std::optional<std::uint64_t> length_of(const http::Response& head) {
  const auto text = head.headers.get("content-length");
  std::uint64_t length = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), length).ec != std::errc())
    return std::nullopt;
  return length;
}

Task<Result<std::string>> receive(net::Client& client, const std::string& url) {
  const auto end = Progress::Clock::now() + kDownload;
  const auto response = CO_TRY(co_await client.open(url, {.method = "GET"}, {.head = kSilence, .idle = kSilence}));
  const http::Response& head = response->head();
  if (head.status != 200) co_return fail(unavailable(fmt::format("the server answered {}", head.status)));
  Progress progress(length_of(head), isatty(STDOUT_FILENO) == 1, print);
  std::string bytes;
  while (std::optional<std::string> piece = CO_TRY(co_await response->next())) {
    bytes += *piece;
    const auto now = Progress::Clock::now();
    progress.at(bytes.size(), now);
    if (now > end) co_return fail(unavailable("the archive takes too long"));
  }
  progress.end();
  co_return bytes;
}

Result<std::string> download(const ModelOptions& options) {
  say(fmt::format("fetching {} …", options.source));
  net::Client client({.ca_bundle_path = options.ca_bundle, .body_bytes_max = kArchiveBytesMax, .pool_max = 0});
  return net::run_blocking(receive(client, options.source));
}

Result<std::string> read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const auto size = file ? static_cast<std::size_t>(file.tellg()) : 0;
  if (!file || size > kArchiveBytesMax) return fail(not_found(fmt::format("cannot read `{}`", path.string())));
  std::string bytes(size, '\0');
  file.seekg(0);
  if (!file.read(bytes.data(), static_cast<std::streamsize>(size)))
    return fail(not_found(fmt::format("cannot read `{}`", path.string())));
  return bytes;
}

Result<std::string> install(const ModelOptions& options) {
  if (is_url(options.source) && options.sha256.empty()) {
    return fail(validation_error("what comes from a URL needs --sha256: it holds a program library"));
  }
  if (fs::is_directory(options.source)) {
    if (!options.sha256.empty()) return fail(validation_error("--sha256 is of an archive, and this is a folder"));
    say("trying it …");
    return install_model(options.source, options.data);
  }
  const std::string bytes = is_url(options.source) ? TRY(download(options)) : TRY(read(options.source));
  const std::string digest = crypto::sha256_hex(bytes);
  say(fmt::format("{:.1f} MB, SHA-256 {}", static_cast<double>(bytes.size()) / 1e6, digest));
  if (!options.sha256.empty() && options.sha256 != digest)
    return fail(validation_error(fmt::format("the SHA-256 should be {}", options.sha256)));
  const Workplace unpacked(options.data);
  TRY(unpack_model(bytes, unpacked.path()));
  say("unpacked; trying it …");
  return install_model(unpacked.path(), options.data);
}

}  // namespace

void add_model(CLI::App& app, int& exit_status) {
  CLI::App* model = app.add_subcommand("model", "the local transformer that finds memory records by meaning");
  model->require_subcommand(1);
  const auto options = std::make_shared<ModelOptions>();
  CLI::App* command = model->add_subcommand(
      "install", "install one from a folder (`make model` makes it), a tar archive of it, or a URL of such an archive");
  command->add_option("source", options->source, "folder, file or URL")->required();
  command->add_option("--sha256", options->sha256, "what the archive must hash to; required for a URL");
  command->add_option("--data", options->data, "the server's data folder")
      ->envname("WARIFU_DATA")
      ->capture_default_str();
  command->add_option("--ca-bundle", options->ca_bundle, "certificate authorities to trust (PEM)")
      ->envname("AWS_CA_BUNDLE");
  command->callback([options, &exit_status] {
    const auto name = install(*options);
    if (name) {
      say(fmt::format("{} is in {}/models/current; the server uses it from its next start on", *name, options->data));
    } else {
      (void)std::fputs(fmt::format("warifu: {}\n", name.error().message).c_str(), stderr);
    }
    exit_status = name ? 0 : 1;
  });
}

}  // namespace warifu::cli
