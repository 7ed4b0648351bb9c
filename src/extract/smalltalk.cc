#include "extract/smalltalk.h"

#include <algorithm>
#include <array>

#include "extract/lexicon.h"
#include "extract/text.h"

namespace warifu::extract {
namespace {

constexpr std::size_t kSmallTalkWordsMax = 16;
constexpr std::size_t kRequestContentMax = 2;

bool is_name(std::string_view word, std::span<const std::string> names) {
  return std::ranges::any_of(names, [&](const std::string& name) {
    const std::string key = lower(name);
    const std::size_t space = key.find(' ');
    return word == key || (space != std::string::npos && word == std::string_view(key).substr(0, space)) ||
           (word.ends_with("'s") && word.substr(0, word.size() - 2) == key);
  });
}

bool has_digit(std::string_view word) {
  return std::ranges::any_of(word, [](char c) { return c >= '0' && c <= '9'; });
}

/// The bytes of `sentence` up to and with the first comma, `!`, or dash of it, if all words before are droppable.
std::size_t leading(std::string_view sentence, std::span<const std::string> names) {
  std::size_t bytes = 0;
  std::size_t count = 0;
  bool interjection = false;
  for (const Token& token : tokens(sentence)) {
    bytes += token.text.size();
    if (token.word) {
      const std::string word = lower(token.text);
      const bool name = is_name(word, names);
      if ((!name && !is_interjection(word)) || ++count > 4) return 0;
      interjection = interjection || !name;
      continue;
    }
    const char mark = token.text[0];
    if (mark == ' ') continue;
    if ((mark == ',' || mark == '!' || token.text == "…") && count > 0) return bytes;
    if (count == 0 && static_cast<unsigned char>(mark) >= 0x80) continue;  // emoji before it
    return 0;
  }
  return 0;
}

/// Where a trailing `, Ben` begins; npos when there is none.
std::size_t trailing(std::string_view sentence, std::span<const std::string> names) {
  const std::size_t comma = sentence.rfind(',');
  if (comma == std::string_view::npos || comma == 0 || sentence.size() - comma > 60) return std::string_view::npos;
  std::size_t count = 0;
  for (const Token& token : tokens(sentence.substr(comma + 1))) {
    if (!token.word) continue;
    if (!is_name(lower(token.text), names)) return std::string_view::npos;
    ++count;
  }
  return count > 0 ? comma : std::string_view::npos;
}

std::string_view last_mark(std::string_view sentence) {
  const char last = sentence.back();
  return last == '.' || last == '!' || last == '?' ? sentence.substr(sentence.size() - 1) : std::string_view();
}

}  // namespace

bool is_small_talk(std::string_view sentence, std::span<const std::string> names) {
  std::size_t count = 0;
  for (const Token& token : tokens(sentence)) {
    if (!token.word) continue;
    const std::string word = lower(token.text);
    if (++count > kSmallTalkWordsMax || has_digit(word)) return false;
    const bool empty = is_small_talk_word(word) || is_function_word(word) || is_name(word, names);
    if (!empty) return false;
  }
  return true;
}

std::string without_vocatives(std::string_view sentence, std::span<const std::string> names) {
  std::string_view rest = trim(sentence);
  for (int round = 0; round < 4; ++round) {
    const std::size_t bytes = leading(rest, names);
    const std::string_view next = trim(rest.substr(bytes));
    if (bytes == 0 || content_words(next) == 0) break;
    rest = next;
  }
  const std::size_t comma = trailing(rest, names);
  std::string out(rest);
  if (comma != std::string_view::npos && content_words(rest.substr(0, comma)) > 0) {
    out = std::string(trim(rest.substr(0, comma))) + std::string(last_mark(rest));
  }
  return rest.size() < trim(sentence).size() ? capitalised(std::move(out)) : out;
}

bool is_request(std::string_view sentence) {
  static constexpr auto kOpenings = std::to_array<std::string_view>(
      {"can you",         "could you",         "would you",        "will you",
       "please",          "help me",           "show me",          "tell me",
       "give me",         "find me",           "i'd like help",    "i would like help",
       "i need help",     "i want help",       "i need your help", "i'd like some help",
       "i'd like you to", "i want you to",     "i need you to",    "let's",
       "i'd like to ask", "i have a question", "i want to ask",    "i'm looking for help",
       "do you",          "i'd like your",     "i need some help", "can we",
       "could we"});
  std::string joined;
  for (const std::string& word : words(sentence.substr(0, 400))) joined += word + " ";
  const bool asks = std::ranges::any_of(kOpenings, [&](std::string_view opening) {
    return joined.starts_with(opening) && joined[opening.size()] == ' ';
  });
  if (!asks || joined.starts_with("please call me ") || joined.starts_with("please remember ")) return false;
  static constexpr auto kBusiness = std::to_array<std::string_view>(
      {"help",   "please",   "like",      "need",      "want",    "show", "tell",     "give",
       "find",   "planning", "plan",      "know",      "think",   "ask",  "question", "questions",
       "advice", "suggest",  "recommend", "something", "explain", "look"});
  std::size_t content = 0;
  for (const std::string& word : words(sentence)) {
    if (!is_function_word(word) && std::ranges::find(kBusiness, word) == kBusiness.end()) ++content;
  }
  return content <= kRequestContentMax;
}

}  // namespace warifu::extract
