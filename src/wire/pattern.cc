#include "wire/pattern.h"

#include <re2/re2.h>

#include <bitset>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"

namespace warifu::wire {
namespace {

using ByteSet = std::bitset<256>;

/// One class with its quantifier.
struct Item {
  ByteSet bytes;
  std::size_t min = 1;
  std::size_t max = 1;
};

constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();

/// Reads a pattern that is nothing but classes and literals with quantifiers; nullopt for every other.
class ClassParser {
 public:
  explicit ClassParser(std::string_view text) : text_(text) {}

  std::optional<std::vector<Item>> parse() {
    if (text_.starts_with('^')) text_.remove_prefix(1);
    if (text_.ends_with('$') && !text_.ends_with("\\$")) text_.remove_suffix(1);
    std::vector<Item> items;
    while (at_ < text_.size()) {
      Item item;
      if (!atom(item.bytes) || !quantifier(item)) return std::nullopt;
      items.push_back(item);
    }
    return items;
  }

 private:
  bool atom(ByteSet& out) {
    const char c = text_[at_];
    if (c == '[') return bracket(out);
    if (c == '\\') return escape(out);
    if (std::string_view("().*+?{}|^$]").find(c) != std::string_view::npos || !ascii(c)) return false;
    out.set(static_cast<unsigned char>(c));
    ++at_;
    return true;
  }

  /// `\w`, `\d`, `\s`, or an escaped punctuation character.
  bool escape(ByteSet& out) {
    if (at_ + 1 >= text_.size()) return false;
    const char c = text_[at_ + 1];
    at_ += 2;
    if (c == 'd' || c == 'w') add(out, '0', '9');
    if (c == 'w') {
      add(out, 'a', 'z');
      add(out, 'A', 'Z');
      out.set('_');
    }
    if (c == 's') {
      for (const char space : {' ', '\t', '\n', '\r', '\f'}) out.set(static_cast<unsigned char>(space));
    }
    if (c == 'd' || c == 'w' || c == 's') return true;
    if (!ascii(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return false;
    out.set(static_cast<unsigned char>(c));
    return true;
  }

  bool bracket(ByteSet& out) {
    ++at_;
    if (at_ < text_.size() && text_[at_] == '^') return false;
    while (at_ < text_.size() && text_[at_] != ']') {
      ByteSet one;
      if (text_[at_] == '[' || !ascii(text_[at_])) return false;
      const bool escaped = text_[at_] == '\\';
      if (escaped) {
        if (!escape(one)) return false;
      } else {
        one.set(static_cast<unsigned char>(text_[at_++]));
      }
      const bool range = one.count() == 1 && at_ + 1 < text_.size() && text_[at_] == '-' && text_[at_ + 1] != ']';
      if (!range) {
        out |= one;
        continue;
      }
      const char high = text_[at_ + 1];
      const auto low = static_cast<char>(one._Find_first());
      if (high == '\\' || !ascii(high) || high < low) return false;
      add(out, low, high);
      at_ += 2;
    }
    if (at_ >= text_.size()) return false;
    ++at_;
    return true;
  }

  bool quantifier(Item& item) {
    if (at_ >= text_.size()) return true;
    switch (text_[at_]) {
      case '*':
        item.min = 0;
        item.max = kUnbounded;
        break;
      case '+':
        item.max = kUnbounded;
        break;
      case '?':
        item.min = 0;
        break;
      case '{':
        return braces(item);
      default:
        return true;
    }
    ++at_;
    // A lazy or possessive quantifier would need more than this.
    return at_ >= text_.size() || (text_[at_] != '?' && text_[at_] != '+');
  }

  bool braces(Item& item) {
    ++at_;
    if (!number(item.min)) return false;
    item.max = item.min;
    if (at_ < text_.size() && text_[at_] == ',') {
      ++at_;
      item.max = kUnbounded;
      if (at_ < text_.size() && text_[at_] != '}' && !number(item.max)) return false;
    }
    if (at_ >= text_.size() || text_[at_] != '}') return false;
    ++at_;
    return true;
  }

  bool number(std::size_t& out) {
    const std::size_t start = at_;
    out = 0;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9' && at_ - start < 6) {
      out = out * 10 + static_cast<std::size_t>(text_[at_++] - '0');
    }
    return at_ > start;
  }

  static bool ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }
  static void add(ByteSet& out, char low, char high) {
    for (int c = low; c <= high; ++c) out.set(static_cast<std::size_t>(c));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// Greedy matching is exact when no item of variable length can take a byte that what follows may need.
bool deterministic(const std::vector<Item>& items) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].min == items[i].max) continue;
    for (std::size_t j = i + 1; j < items.size(); ++j) {
      if ((items[i].bytes & items[j].bytes).any()) return false;
      if (items[j].min > 0) break;
    }
  }
  return true;
}

struct Compiled {
  bool simple = false;
  std::vector<Item> items;
  std::unique_ptr<re2::RE2> whole;
  std::unique_ptr<re2::RE2> excluded;
};

std::unique_ptr<re2::RE2> compile_re2(std::string_view text) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto compiled = std::make_unique<re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
  CHECK(compiled->ok(), text);
  return compiled;
}

const Compiled& compiled_of(const Pattern& pattern) {
  if (const void* known = pattern.compiled.load(std::memory_order_acquire)) return *static_cast<const Compiled*>(known);
  auto fresh = std::make_unique<Compiled>();
  if (auto items = ClassParser(pattern.re2).parse(); items && deterministic(*items)) {
    fresh->simple = true;
    fresh->items = std::move(*items);
  } else {
    fresh->whole = compile_re2(pattern.re2);
  }
  if (!pattern.excluded.empty()) fresh->excluded = compile_re2(pattern.excluded);
  const void* expected = nullptr;
  // Another thread may have been first: then ours goes. What stays lives as long as the table, the whole process.
  if (pattern.compiled.compare_exchange_strong(expected, fresh.get(), std::memory_order_acq_rel))
    return *fresh.release();
  return *static_cast<const Compiled*>(expected);
}

bool matches_items(const std::vector<Item>& items, std::string_view text) {
  std::size_t at = 0;
  for (const Item& item : items) {
    std::size_t count = 0;
    while (count < item.max && at < text.size() && item.bytes[static_cast<unsigned char>(text[at])]) {
      ++at;
      ++count;
    }
    if (count < item.min) return false;
  }
  return at == text.size();
}

}  // namespace

bool matches(const Pattern& pattern, std::string_view text) {
  const Compiled& compiled = compiled_of(pattern);
  const re2::StringPiece piece(text.data(), text.size());
  if (compiled.excluded != nullptr && re2::RE2::FullMatch(piece, *compiled.excluded)) return false;
  return compiled.simple ? matches_items(compiled.items, text) : re2::RE2::FullMatch(piece, *compiled.whole);
}

bool is_simple(const Pattern& pattern) { return compiled_of(pattern).simple; }

}  // namespace warifu::wire
