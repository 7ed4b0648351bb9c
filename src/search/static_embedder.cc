#include <cstring>
#include <span>

#include "base/check.h"
#include "search/embedder.h"
#include "search/wordpiece.h"

// The table and its vocabulary are read in place, in the program's file: pages that nobody asks for cost no memory.
// NOLINTNEXTLINE(hicpp-no-assembler)
asm(".section .rodata\n"
    ".balign 64\n"
    "warifu_static_table:\n.incbin \"" WARIFU_SEARCH_DATA
    "/static_table.bin\"\n"
    "warifu_static_table_end:\n"
    "warifu_vocabulary:\n.incbin \"" WARIFU_SEARCH_DATA
    "/vocabulary.txt\"\n"
    "warifu_vocabulary_end:\n"
    ".byte 0\n"
    ".text\n");
extern "C" {
extern const char warifu_static_table[];
extern const char warifu_static_table_end[];
extern const char warifu_vocabulary[];
extern const char warifu_vocabulary_end[];
}

namespace warifu::search {
namespace {

constexpr std::string_view kName = "static-minilm-256.1";
constexpr std::uint32_t kDimensions = 256;
/// Far above any record or query; the table has no window of its own.
constexpr std::size_t kPiecesMax = 32'768;

struct Header {
  char magic[4];
  std::uint32_t rows;
  std::uint32_t dimensions;
};

/// The table in the binary and the tokenizer over its vocabulary, made once.
class Table {
 public:
  static const Table& instance() {
    static const Table table;
    return table;
  }

  [[nodiscard]] Vector embed(std::string_view text, std::uint32_t id) const {
    std::array<float, kDimensions> sum{};
    for (const std::int32_t piece : pieces_.ids(text, kPiecesMax)) {
      if (piece != pieces_.unknown()) add(static_cast<std::size_t>(piece), sum);
    }
    return quantise(id, sum);
  }

 private:
  Table() : pieces_(tokenizer()) {
    const auto size = static_cast<std::size_t>(warifu_static_table_end - warifu_static_table);
    Header header{};
    CHECK(size > sizeof(header), "the static table is missing");
    std::memcpy(&header, warifu_static_table, sizeof(header));
    CHECK(std::string_view(header.magic, 4) == "WST1" && header.dimensions == kDimensions &&
              header.rows == pieces_.size(),
          "the static table is of another form");
    CHECK(size == sizeof(header) + header.rows * (sizeof(float) + kDimensions), "the static table is cut short");
    rows_ = reinterpret_cast<const std::int8_t*>(warifu_static_table) + sizeof(header) + header.rows * sizeof(float);
  }

  static Wordpiece tokenizer() {
    auto made =
        Wordpiece::make({warifu_vocabulary, static_cast<std::size_t>(warifu_vocabulary_end - warifu_vocabulary)});
    CHECK(made.has_value(), "the vocabulary in the program is broken");
    return *std::move(made);
  }

  void add(std::size_t piece, std::array<float, kDimensions>& sum) const {
    float scale = 0;
    std::memcpy(&scale, warifu_static_table + sizeof(Header) + piece * sizeof(float), sizeof(scale));
    const std::int8_t* row = rows_ + piece * kDimensions;
    for (std::size_t d = 0; d < kDimensions; ++d) sum[d] += scale * static_cast<float>(row[d]);
  }

  Wordpiece pieces_;
  const std::int8_t* rows_ = nullptr;
};

class StaticEmbedder final : public Embedder {
 public:
  [[nodiscard]] const EmbedderInfo& info() const override { return info_; }

  Result<std::vector<Vector>> embed(std::span<const std::string> texts, Side /*side*/) override {
    std::vector<Vector> out;
    out.reserve(texts.size());
    for (const std::string& text : texts) out.push_back(Table::instance().embed(text, info_.id));
    return out;
  }

 private:
  const EmbedderInfo info_{.name = std::string(kName),
                           .id = embedder_id(kName),
                           .dimensions = kDimensions,
                           .calibration = {.low = 0.10F, .high = 0.85F, .weight = 0.30F},
                           .slow = false};
};

}  // namespace

std::unique_ptr<Embedder> static_embedder() { return std::make_unique<StaticEmbedder>(); }

}  // namespace warifu::search
