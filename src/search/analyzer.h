#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace warifu::search {

/// A term of the index: the low 40 bits of a stable hash of a stem. Index rows hold terms, so `term_of` never changes.
/// Forty bits keep rows small; two of a million stems meet about once in 2 million queries' terms, and then only inside
/// one owner's own records.
using Term = std::uint64_t;
inline constexpr int kTermBits = 40;

/// The stems of `text`, in order, repetitions kept: lower case, NFKD, combining marks dropped, NFC; terms are runs of
/// letters and digits; runs of Han, kana and Hangul become character bigrams; English stop words go; Snowball's English
/// stemmer. Bytes that are not UTF-8 separate words.
///
/// Pure and thread-safe (each thread has its stemmer). Time and memory are linear in `text`.
[[nodiscard]] std::vector<std::string> stems(std::string_view text);

/// The terms of the stems of `text`, in order, repetitions kept.
[[nodiscard]] std::vector<Term> terms(std::string_view text);

/// The term of one stem, as `stems` gives it.
[[nodiscard]] Term term_of(std::string_view stem);

}  // namespace warifu::search
