#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "search/analyzer.h"
#include "search/vector.h"

namespace warifu::search {

/// How often a term stands in a record's text and in its index text; at least one of both is not 0.
struct TermCounts {
  Term term = 0;
  std::uint16_t text = 0;
  std::uint16_t index = 0;
};

/// What a record gives the index. Value type.
struct Entry {
  std::vector<TermCounts> terms;  // ascending by term, each once
  std::uint32_t text_length = 0;  // in terms, repetitions counted
  std::uint32_t index_length = 0;
  std::optional<Vector> vector;
};

/// Analyses a record: its text, and the hidden index text beside it (empty: the text itself stands for it).
[[nodiscard]] Entry make_entry(std::string_view text, std::string_view index_text, std::optional<Vector> vector);

/// The bytes of an index row: about 4.5 bytes a distinct term, then the vector's own. Layout, all little-endian:
/// `1` (version), varints text_length, index_length and the number of terms, one byte of Rice parameter, the terms'
/// distances Rice-coded with two bits of counts each (least significant bit first, padded to a byte), a byte for
/// whether a vector follows, then embedder u32, scale f32, dimensions u16 and the values.
[[nodiscard]] std::string encode(const Entry& entry);

/// Reads `encode`'s bytes. Errors: kInternal for anything else, whatever it is; work is linear in the bytes.
[[nodiscard]] Result<Entry> decode(std::string_view bytes);

}  // namespace warifu::search
