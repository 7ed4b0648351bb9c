#include "search/entry.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "search/bits.h"

namespace warifu::search {
namespace {

constexpr char kVersion = 1;
constexpr Term kTermMask = (Term{1} << kTermBits) - 1;
constexpr unsigned kEscape = 3;  // counts that none of the three common pairs says: two gamma codes follow

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>((value & 0x7F) | 0x80));
  out.push_back(static_cast<char>(value));
}

template <class T>
void put_fixed(std::string& out, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

/// Reads from the front; past the end it gives zeros and `ok` is false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <class T>
  T fixed() {
    T value{};
    if (rest_.size() < sizeof(T)) {
      ok_ = false;
      return value;
    }
    std::memcpy(&value, rest_.data(), sizeof(T));
    rest_.remove_prefix(sizeof(T));
    return value;
  }
  std::uint32_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      const auto byte = fixed<std::uint8_t>();
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80 || !ok_) break;
    }
    if (value > std::numeric_limits<std::uint32_t>::max()) ok_ = false;
    return static_cast<std::uint32_t>(value);
  }
  void skip(std::size_t count) { rest_.remove_prefix(std::min(count, rest_.size())); }
  [[nodiscard]] std::string_view rest() const { return rest_; }
  [[nodiscard]] bool ok() const { return ok_; }
  void break_off() { ok_ = false; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

/// The Rice parameter that suits `count` numbers spread evenly over the terms' range.
unsigned rice_parameter(std::size_t count) {
  const std::uint64_t gap = (kTermMask / std::max<std::size_t>(1, count)) * 7 / 10;
  return static_cast<unsigned>(std::bit_width(gap)) - 1;
}

void put_counts(BitWriter& bits, const TermCounts& term) {
  if (term.text == 0 && term.index == 1) return bits.put(0, 2);
  if (term.text == 1 && term.index == 1) return bits.put(1, 2);
  if (term.text == 1 && term.index == 2) return bits.put(2, 2);
  bits.put(kEscape, 2);
  bits.put_gamma(term.text + 1U);
  bits.put_gamma(term.index + 1U);
}

TermCounts get_counts(BitReader& bits) {
  const std::uint64_t code = bits.get(2);
  if (code < kEscape)
    return {.text = static_cast<std::uint16_t>(code > 0), .index = static_cast<std::uint16_t>(code == 2 ? 2 : 1)};
  const std::uint64_t text = bits.get_gamma();
  const std::uint64_t index = bits.get_gamma();
  if (!bits.ok() || text > 0x10000 || index > 0x10000) return {};
  return {.text = static_cast<std::uint16_t>(text - 1), .index = static_cast<std::uint16_t>(index - 1)};
}

/// False when the bytes are not `count` ascending terms, each with a count.
bool get_terms(Reader& reader, std::uint32_t count, std::vector<TermCounts>& out) {
  const auto parameter = reader.fixed<std::uint8_t>();
  if (!reader.ok() || parameter > kTermBits || count > reader.rest().size() * 8 / 3) return false;
  BitReader bits(reader.rest());
  out.reserve(count);
  Term next = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t quotient = bits.get_unary();
    if (quotient > (kTermMask >> parameter)) return false;
    const Term term = next + ((quotient << parameter) | bits.get(parameter));
    TermCounts counts = get_counts(bits);
    if (!bits.ok() || term > kTermMask || (counts.text == 0 && counts.index == 0)) return false;
    counts.term = term;
    out.push_back(counts);
    next = term + 1;
  }
  reader.skip(bits.byte());
  return true;
}

Vector get_vector(Reader& reader) {
  Vector vector{.embedder = reader.fixed<std::uint32_t>(), .values = {}, .scale = reader.fixed<float>()};
  const auto dimensions = reader.fixed<std::uint16_t>();
  if (!reader.ok() || dimensions > kDimensionsMax || reader.rest().size() != dimensions ||
      !(vector.scale >= 0 && vector.scale <= 1)) {
    reader.break_off();
    return vector;
  }
  vector.values.resize(dimensions);
  std::memcpy(vector.values.data(), reader.rest().data(), dimensions);
  reader.skip(dimensions);
  return vector;
}

/// `found` sorted and counted into the field `count` of `out`, which is ascending and stays so.
void count_into(std::vector<Term> found, std::uint16_t TermCounts::* count, std::vector<TermCounts>& out) {
  std::ranges::sort(found);
  const std::size_t known = out.size();
  std::size_t at = 0;
  for (std::size_t i = 0; i < found.size();) {
    std::size_t end = i;
    while (end < found.size() && found[end] == found[i]) ++end;
    const auto times = static_cast<std::uint16_t>(std::min<std::size_t>(end - i, 0xFFFF));
    while (at < known && out[at].term < found[i]) ++at;
    if (at < known && out[at].term == found[i]) {
      out[at].*count = times;
    } else {
      out.push_back({.term = found[i]});
      out.back().*count = times;
    }
    i = end;
  }
  std::ranges::sort(out, {}, &TermCounts::term);
}

}  // namespace

Entry make_entry(std::string_view text, std::string_view index_text, std::optional<Vector> vector) {
  Entry entry{.terms = {}, .text_length = 0, .index_length = 0, .vector = std::move(vector)};
  std::vector<Term> found = terms(text);
  entry.text_length = static_cast<std::uint32_t>(found.size());
  std::vector<Term> beside = index_text.empty() ? found : terms(index_text);
  entry.index_length = static_cast<std::uint32_t>(beside.size());
  count_into(std::move(found), &TermCounts::text, entry.terms);
  count_into(std::move(beside), &TermCounts::index, entry.terms);
  return entry;
}

std::string encode(const Entry& entry) {
  std::string out;
  out.reserve(24 + entry.terms.size() * 6 + (entry.vector ? entry.vector->values.size() : 0));
  out.push_back(kVersion);
  put_varint(out, entry.text_length);
  put_varint(out, entry.index_length);
  put_varint(out, entry.terms.size());
  const unsigned parameter = rice_parameter(entry.terms.size());
  out.push_back(static_cast<char>(parameter));
  BitWriter bits(out);
  Term next = 0;
  for (const TermCounts& term : entry.terms) {
    CHECK(term.term >= next && term.term <= kTermMask && (term.text > 0 || term.index > 0),
          "terms must ascend and be there");
    const Term gap = term.term - next;
    bits.put_unary(gap >> parameter);
    bits.put(gap & ((Term{1} << parameter) - 1), parameter);
    put_counts(bits, term);
    next = term.term + 1;
  }
  bits.finish();
  out.push_back(entry.vector ? 1 : 0);
  if (!entry.vector) return out;
  CHECK(entry.vector->values.size() <= kDimensionsMax, "a vector has at most kDimensionsMax dimensions");
  put_fixed(out, entry.vector->embedder);
  put_fixed(out, entry.vector->scale);
  put_fixed(out, static_cast<std::uint16_t>(entry.vector->values.size()));
  out.append(reinterpret_cast<const char*>(entry.vector->values.data()), entry.vector->values.size());
  return out;
}

Result<Entry> decode(std::string_view bytes) {
  Reader reader(bytes);
  const auto version = reader.fixed<char>();
  Entry entry{.terms = {}, .text_length = reader.varint(), .index_length = reader.varint(), .vector = std::nullopt};
  const std::uint32_t count = reader.varint();
  if (!reader.ok() || version != kVersion || !get_terms(reader, count, entry.terms))
    return fail(internal_error("broken index row"));
  const auto follows = reader.fixed<std::uint8_t>();
  if (follows == 1) entry.vector = get_vector(reader);
  if (!reader.ok() || follows > 1 || !reader.rest().empty()) return fail(internal_error("broken index row"));
  return entry;
}

}  // namespace warifu::search
