#include "search/onnx_embedder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include "search/onnx_runtime.h"
#include "search/wordpiece.h"

namespace warifu::search {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{16} << 20;
constexpr std::int64_t kWindowMax = 512;

Result<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(not_found(fmt::format("cannot read `{}`", path.string())));
  std::string text(kFileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kFileBytesMax) return fail(validation_error(fmt::format("`{}` is too long", path.string())));
  return text;
}

/// What model.txt says.
struct Settings {
  std::string name;
  std::string query_prefix;
  std::string passage_prefix;
  Calibration calibration;
  std::size_t window = 0;
};

Result<double> number(const std::map<std::string, std::string>& values, const std::string& key) {
  const auto found = values.find(key);
  double value = 0;
  if (found != values.end()) {
    const char* const end = found->second.data() + found->second.size();
    const auto [at, error] = std::from_chars(found->second.data(), end, value);
    if (error == std::errc{} && at == end && std::isfinite(value)) return value;
  }
  return fail(validation_error(fmt::format("model.txt: `{}` is not a number", key)));
}

Result<Settings> parse(const std::string& text) {
  std::map<std::string, std::string> values;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t equals = line.find('=');
    if (equals != std::string::npos) values[line.substr(0, equals)] = line.substr(equals + 1);
  }
  const double low = TRY(number(values, "low"));
  const double high = TRY(number(values, "high"));
  const double weight = TRY(number(values, "weight"));
  const double window = TRY(number(values, "window"));
  if (values["name"].empty()) return fail(validation_error("model.txt: `name` is missing"));
  if (low >= high || weight < 0 || weight > 1)
    return fail(validation_error("model.txt: `low`, `high` and `weight` do not fit"));
  if (window < 3 || window > kWindowMax)
    return fail(validation_error("model.txt: `window` must lie between 3 and 512"));
  return Settings{.name = values["name"],
                  .query_prefix = values["query_prefix"],
                  .passage_prefix = values["passage_prefix"],
                  .calibration = {.low = static_cast<float>(low),
                                  .high = static_cast<float>(high),
                                  .weight = static_cast<float>(weight)},
                  .window = static_cast<std::size_t>(window)};
}

class OnnxEmbedder final : public Embedder {
 public:
  OnnxEmbedder(Settings settings, std::string vocabulary, OnnxModel model)
      : settings_(std::move(settings)), vocabulary_(std::move(vocabulary)), model_(std::move(model)) {}

  /// Reads the vocabulary, and learns the dimensions from a first run.
  Result<> start() {
    pieces_.emplace(TRY(Wordpiece::make(vocabulary_)));
    const std::vector<float> first = TRY(run(""));
    if (first.size() > kDimensionsMax) return fail(validation_error("the model's vectors are too long"));
    info_ = {.name = settings_.name,
             .id = embedder_id(settings_.name),
             .dimensions = static_cast<std::uint32_t>(first.size()),
             .calibration = settings_.calibration,
             .slow = true};
    return {};
  }

  [[nodiscard]] const EmbedderInfo& info() const override { return info_; }

  Result<std::vector<Vector>> embed(std::span<const std::string> texts, Side side) override {
    const std::string& prefix = side == Side::kQuery ? settings_.query_prefix : settings_.passage_prefix;
    std::vector<Vector> out;
    out.reserve(texts.size());
    for (const std::string& text : texts) {
      const std::vector<float> values = TRY(run(prefix + text));
      if (values.size() != info_.dimensions) return fail(internal_error("the model's vectors differ in length"));
      out.push_back(quantise(info_.id, values));
    }
    return out;
  }

 private:
  Result<std::vector<float>> run(std::string_view text) const {
    const std::vector<std::int32_t> pieces = pieces_->ids(text, settings_.window - 2);
    std::vector<std::int64_t> ids = {pieces_->first()};
    ids.insert(ids.end(), pieces.begin(), pieces.end());
    ids.push_back(pieces_->last());
    std::vector<float> values = TRY(model_.pooled(ids));
    if (!std::ranges::all_of(values, [](float value) { return std::isfinite(value); })) {
      return fail(internal_error("the model gave something that is no number"));
    }
    return values;
  }

  const Settings settings_;
  const std::string vocabulary_;
  const OnnxModel model_;
  std::optional<Wordpiece> pieces_;
  EmbedderInfo info_;
};

}  // namespace

Result<std::unique_ptr<Embedder>> open_embedder(const std::filesystem::path& folder) {
  const std::string text = TRY(read_file(folder / "model.txt"));
  Settings settings = TRY(parse(text));
  std::string vocabulary = TRY(read_file(folder / "vocabulary.txt"));
  for (const char* name : {"libonnxruntime.so", "model.onnx"}) {
    std::error_code ignored;
    if (!std::filesystem::exists(folder / name, ignored)) {
      return fail(not_found(fmt::format("cannot read `{}`", (folder / name).string())));
    }
  }
  OnnxModel model = TRY(OnnxModel::open(folder / "libonnxruntime.so", folder / "model.onnx"));
  auto embedder = std::make_unique<OnnxEmbedder>(std::move(settings), std::move(vocabulary), std::move(model));
  TRY(embedder->start());
  return std::unique_ptr<Embedder>(std::move(embedder));
}

}  // namespace warifu::search
