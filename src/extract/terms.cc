#include "extract/terms.h"

#include <algorithm>
#include <unordered_map>

#include "extract/lexicon.h"
#include "extract/text.h"

namespace warifu::extract {
namespace {

std::vector<std::string> pairs_of(std::string_view word) {
  std::vector<std::string_view> characters;
  for (std::size_t at = 0; at < word.size();) {
    const std::size_t begin = at;
    (void)next_char(word, at);
    characters.push_back(word.substr(begin, at - begin));
  }
  std::vector<std::string> out;
  for (std::size_t i = 0; i + 1 < characters.size(); ++i)
    out.push_back(std::string(characters[i]) + std::string(characters[i + 1]));
  if (characters.size() == 1) out.emplace_back(word);
  return out;
}

std::size_t shared(const Terms& a, const Terms& b) {
  const Terms& small = a.size() < b.size() ? a : b;
  const Terms& large = a.size() < b.size() ? b : a;
  return static_cast<std::size_t>(
      std::ranges::count_if(small, [&](const std::string& term) { return large.contains(term); }));
}

}  // namespace

std::string stem(std::string_view word) {
  std::string key = lower(word);
  if (key.ends_with("'s")) key.resize(key.size() - 2);
  if (const std::string_view base = base_form(key); !base.empty()) return std::string(base);
  const auto drop = [&](std::string_view ending, std::size_t left) {
    if (key.size() < ending.size() + left || !key.ends_with(ending)) return false;
    key.resize(key.size() - ending.size());
    return true;
  };
  if (drop("ies", 3) || drop("ied", 3)) return key + "y";
  if (!drop("ing", 3) && !drop("ed", 3) && !key.ends_with("ss")) drop("s", 2);
  if (key.ends_with('e')) key.pop_back();
  if (key.size() > 3 && key.back() == key[key.size() - 2] && key.back() != 's' && key.back() != 'l') key.pop_back();
  return key;
}

Terms terms_of(std::string_view text) {
  Terms out;
  for (const Token& token : tokens(text)) {
    if (!token.word) continue;
    std::size_t at = 0;
    if (is_cjk(next_char(token.text, at))) {
      for (std::string& pair : pairs_of(token.text)) out.insert(std::move(pair));
      continue;
    }
    const std::string key = lower(token.text);
    if (!is_function_word(key)) out.insert(stem(key));
  }
  return out;
}

double overlap(const Terms& a, const Terms& b) {
  const std::size_t least = std::min(a.size(), b.size());
  return least == 0 ? 0 : static_cast<double>(shared(a, b)) / static_cast<double>(least);
}

double jaccard(const Terms& a, const Terms& b) {
  const std::size_t both = shared(a, b);
  const std::size_t all = a.size() + b.size() - both;
  return both == 0 ? 0 : static_cast<double>(both) / static_cast<double>(all);
}

std::string name_of(std::span<const std::string> texts, std::size_t count, std::span<const std::string> without) {
  struct Word {
    std::string as_written;
    std::size_t times = 0;
    std::size_t place = 0;
  };
  std::unordered_map<std::string, Word> seen;
  std::size_t place = 0;
  for (const std::string& text : texts) {
    for (const Token& token : tokens(text)) {
      const std::string key = lower(token.text);
      const bool plain = token.word && token.text.size() > 2 && token.text.size() < 60 && !is_function_word(key) &&
                         !is_small_talk_word(key);
      if (!plain ||
          !is_letter(static_cast<unsigned char>(token.text[0]) < 0x80 ? static_cast<char32_t>(token.text[0]) : U'a'))
        continue;
      if (std::ranges::any_of(without, [&](const std::string& name) { return lower(name) == key; })) continue;
      Word& word = seen[stem(key)];
      if (word.times++ == 0) word = {std::string(token.text), 1, place++};
    }
  }
  std::vector<const Word*> order;
  for (const auto& [key, word] : seen) order.push_back(&word);
  std::ranges::sort(order, [](const Word* a, const Word* b) {
    return a->times != b->times ? a->times > b->times : a->place < b->place;
  });
  order.resize(std::min(order.size(), count));
  std::ranges::sort(order, {}, [](const Word* word) { return word->place; });
  std::string out;
  for (const Word* word : order) {
    if (!out.empty()) out += ' ';
    out += capitalised(word->as_written);
  }
  return out;
}

}  // namespace warifu::extract
