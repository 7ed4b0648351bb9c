#include "extract/person.h"

#include <algorithm>
#include <array>
#include <vector>

#include "extract/lexicon.h"
#include "extract/text.h"

namespace warifu::extract {
namespace {

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

bool is_auxiliary(std::string_view word) {
  static constexpr auto kList =
      std::to_array<std::string_view>({"am", "are", "was", "were", "do", "did", "have", "had"});
  return is_one_of(kList, word) || word.ends_with("n't") || is_modal(word);
}

constexpr auto kNeedsEs = std::to_array<std::string_view>(
    {"need", "feed", "succeed", "proceed", "exceed", "bleed", "breed", "speed", "embed", "shed", "wed"});

/// The word of a contraction before its apostrophe, and what follows it: `i'm` → `i`, `'m`.
struct Contraction {
  std::string_view head;
  std::string_view tail;
};

Contraction contraction(std::string_view word) {
  const std::size_t mark = word.find('\'');
  if (mark != std::string_view::npos) return {word.substr(0, mark), word.substr(mark)};
  if (word == "im") return {word.substr(0, 1), "'m"};
  if (word == "ive") return {word.substr(0, 1), "'ve"};
  return {word, {}};
}

/// How the subject of a verb is worded, and so how the verb agrees.
enum class Number : std::uint8_t { kSingular, kPlural };

class Rewriter {
 public:
  Rewriter(std::string_view sentence, const Subject& subject, bool they) : subject_(subject), mentioned_(they) {
    bool quoted = false;
    for (const Token& token : tokens(sentence)) {
      if (token.text == "\"" || token.text == "“" || token.text == "”")
        quoted = token.text == "“" || (token.text == "\"" && !quoted);
      text_.emplace_back(token.text);
      if (token.word && !quoted) {
        place_.push_back(text_.size() - 1);
        word_.push_back(lower(token.text));
      }
    }
  }

  std::string run() {
    supply_subject();
    for (std::size_t i = 0; i < word_.size(); ++i) rewrite(i);
    std::string out;
    for (const std::string& piece : text_) out += piece;
    return out;
  }

  [[nodiscard]] bool named() const { return named_; }

 private:
  [[nodiscard]] std::string_view word(std::size_t i) const { return i < word_.size() ? word_[i] : std::string_view(); }
  [[nodiscard]] bool first(std::size_t i) const { return i == 0 && !supplied_; }
  /// Whether only white space stands between word i and the next.
  [[nodiscard]] bool adjacent(std::size_t i) const {
    return i + 1 < place_.size() && place_[i + 1] == place_[i] + 2 && text_[place_[i] + 1] == " ";
  }
  void put(std::size_t i, std::string text) {
    text_[place_[i]] = first(i) ? capitalised(std::move(text)) : std::move(text);
  }

  /// The subject's wording at word i: the name once, then a pronoun.
  std::string mention(std::size_t i, std::string_view pronoun, std::string_view suffix = "") {
    if (mentioned_) return std::string(pronoun);
    mentioned_ = named_ = true;
    std::string name = subject_.name;
    if (!first(i) && name.starts_with("The ")) name[0] = 't';
    if (!suffix.empty() && name.ends_with('s')) suffix = "'";
    return name + std::string(suffix);
  }

  void rewrite(std::size_t i) {
    const Contraction part = contraction(word(i));
    if (part.head == "i") return rewrite_i(i, part.tail);
    if (part.head == "we") return rewrite_we(i, part.tail);
    const std::string_view w = word(i);
    if (w == "me") return put(i, mention(i, "them"));
    if (w == "my") return put(i, mention(i, "their", "'s"));
    if (w == "mine") return put(i, mention(i, "theirs", "'s"));
    if (w == "myself") return put(i, "themselves");
    if (w == "us") return put(i, mentioned_ ? "them" : mention(i, "them") + " and others");
    if (w == "our") return put(i, mention(i, "their", "'s"));
    if (w == "ours") return put(i, "theirs");
    if (w == "ourselves") return put(i, "themselves");
  }

  void rewrite_i(std::size_t i, std::string_view tail) {
    if (is_numeral(i)) return;
    const bool plural_name = joined_subject(i);
    const Number number = mentioned_ || plural_name ? Number::kPlural : Number::kSingular;
    std::string said = mention(i, "they");
    if (!tail.empty()) {
      said += " " + auxiliary(i, tail, number);
    } else {
      agree(i, number);
    }
    put(i, std::move(said));
  }

  void rewrite_we(std::size_t i, std::string_view tail) {
    std::string said = mentioned_ ? "they" : mention(i, "they") + " and others";
    if (!tail.empty()) said += " " + auxiliary(i, tail, Number::kPlural);
    put(i, std::move(said));
  }

  /// `World War I.`: a numeral follows a name and no verb follows it.
  [[nodiscard]] bool is_numeral(std::size_t i) const {
    if (i == 0 || adjacent(i) || word(i) != "i") return false;
    const std::string& before = text_[place_[i - 1]];
    return before[0] >= 'A' && before[0] <= 'Z' && place_[i] == place_[i - 1] + 2;
  }

  /// `My wife and I`, `Tom and I` at the start of a sentence.
  [[nodiscard]] bool joined_subject(std::size_t i) const {
    if (i < 2 || i > 5 || word(i - 1) != "and") return false;
    const std::string& head = text_[place_[0]];
    return word(0) == "my" || word(0) == "our" ||
           (i == 2 && head[0] >= 'A' && head[0] <= 'Z' && !is_verb(word(0)) && !is_past_form(word(0)) &&
            !is_function_word(word(0)));
  }

  /// `'m` → is/are, `'ve` → has/have, `'ll` → will, `'d` → would or had by what follows.
  [[nodiscard]] std::string auxiliary(std::size_t i, std::string_view tail, Number number) const {
    const bool one = number == Number::kSingular;
    if (tail == "'m" || tail == "'re" || tail == "'s") return one ? "is" : "are";
    if (tail == "'ve") return one ? "has" : "have";
    if (tail == "'ll") return "will";
    std::size_t next = i + 1;
    while (is_adverb(word(next)) || word(next) == "not") {
      if (word(next) == "rather") return "would";
      ++next;
    }
    const std::string_view verb = word(next);
    const bool past =
        verb == "better" || verb == "been" || verb.ends_with("ed") || (is_participle(verb) && base_form(verb) != "");
    return past ? "had" : "would";
  }

  /// Makes the verb of the subject at word i agree, and those that are coordinated with it.
  void agree(std::size_t i, Number number) {
    if (i > 0 && adjacent(i - 1) && invert(i - 1, number)) return;
    std::size_t at = i + 1;
    while (at < word_.size() && at < i + 4 && is_between(at)) ++at;
    if (at >= word_.size()) return;
    if (at == i + 1 && !adjacent(i)) return;
    if (number == Number::kPlural) return to_plural(at);
    if (!inflect(at)) return;
    for (std::size_t next = at + 1; next + 1 < word_.size(); ++next) {
      const std::string_view w = word(next);
      if (w == "who" || w == "that" || w == "which" || w == "when" || w == "if" || w == "to" || w == "because" ||
          w == "i" || w.starts_with("i'"))
        return;
      if (w == "and" || w == "but" || w == "or") coordinate(next + 1);
    }
  }

  /// Words that may stand between a subject and its verb.
  [[nodiscard]] bool is_between(std::size_t at) const {
    const std::string_view w = word(at);
    if (w == "myself" || w == "longer" || (w == "no" && word(at + 1) == "longer")) return true;
    return is_adverb(w) && !is_verb(w);
  }

  /// `do I`, `am I`, `have I`: the verb stands before its subject.
  bool invert(std::size_t verb, Number number) {
    const std::string_view w = word(verb);
    if (!is_auxiliary(w)) return false;
    if (number == Number::kPlural) {
      to_plural(verb);
    } else {
      put(verb, third_singular(w));
    }
    return true;
  }

  void to_plural(std::size_t at) {
    const std::string_view w = word(at);
    if (w == "am") put(at, "are");
    if (w == "was") put(at, "were");
    if (w == "wasn't") put(at, "weren't");
  }

  /// Rewrites a present-tense verb; false when the word takes no -s and so neither do verbs joined to it.
  bool inflect(std::size_t at) {
    const std::string_view w = word(at);
    if (is_function_word(w) && w != "am" && w != "do" && w != "have" && w != "don't" && w != "haven't" && w != "are" &&
        w != "were" && w != "aren't" && w != "weren't" && w != "dont") {
      return false;
    }
    const std::string form = third_singular(w);
    if (form == w) return false;
    put(at, form);
    return w != "do" && w != "don't" && w != "dont" && w != "am" && w != "are";
  }

  /// A verb after `and`: surely one, or one by what follows it.
  void coordinate(std::size_t at) {
    while (is_adverb(word(at)) && at + 1 < word_.size()) ++at;
    const std::string_view w = word(at);
    static constexpr auto kObject = std::to_array<std::string_view>(
        {"a", "an", "the", "my", "our", "to", "in", "at", "for", "with", "on", "it", "them", "about", "as"});
    const bool verb = is_verb(w) || w == "don't" || (is_verb_or_noun(w) && is_one_of(kObject, word(at + 1)));
    if (verb && text_[place_[at]][0] >= 'a') put(at, third_singular(w));
  }

  void supply_subject();

  const Subject& subject_;
  std::vector<std::string> text_;   // all pieces of the sentence
  std::vector<std::size_t> place_;  // of each word outside quotations among them
  std::vector<std::string> word_;   // those words in lower case
  bool mentioned_;
  bool named_ = false;
  bool supplied_ = false;
};

/// The auxiliary that an elliptic opening lacks, or what tells that it lacks none.
struct Ellipsis {
  bool found = false;
  std::string_view auxiliary;
  bool inflect = false;
};

bool is_finite(std::string_view w) {
  static constexpr auto kFinite = std::to_array<std::string_view>(
      {"is",    "are",   "was",    "were",  "has",   "makes", "helps", "can",    "will",  "would",
       "gives", "means", "sounds", "seems", "feels", "keeps", "takes", "brings", "i",     "i'm",
       "you",   "we",    "it",     "he",    "she",   "they",  "does",  "must",   "should"});
  return is_one_of(kFinite, w);
}

Ellipsis ellipsis_at(const std::vector<std::string>& word, std::size_t at) {
  const std::string_view w = word[at];
  const std::string_view next = at + 1 < word.size() ? std::string_view(word[at + 1]) : std::string_view();
  static constexpr auto kPresent = std::to_array<std::string_view>(
      {"love", "hate", "like", "need", "want", "prefer", "enjoy", "miss", "live", "hope"});
  static constexpr auto kObject = std::to_array<std::string_view>(
      {"a",    "an",   "the",  "my",   "our",  "to", "in",  "at",  "for",  "with", "on",   "it",
       "them", "this", "that", "some", "from", "up", "out", "off", "down", "back", "into", "myself"});
  if (w == "been") return {true, "has", false};
  if (w == "not" && next == "a") return {true, "is", false};
  if (is_one_of(kPresent, w)) return {!is_finite(next), "", true};
  const bool object = is_one_of(kObject, next);
  if (is_past_form(w) && w != "had" && w != "was" && w != "were" && w != "did" && base_form(w) != "")
    return {object || at > 0, "", false};
  if (w.size() > 4 && w.ends_with("ed")) return {object, "", false};
  if (w.size() > 5 && w.ends_with("ing")) {
    const bool subject = std::ranges::any_of(word.begin() + static_cast<std::ptrdiff_t>(at) + 1, word.end(),
                                             [](const std::string& other) { return is_finite(other); });
    return {!subject && object, "is", false};
  }
  return {};
}

void Rewriter::supply_subject() {
  if (word_.size() < 3 || place_[0] != 0 || mentioned_) return;
  if (text_.back() == "?") return;
  std::size_t at = 0;
  while (at < 2 && (word(at) == "just" || word(at) == "also" || word(at) == "recently" || word(at) == "finally" ||
                    word(at) == "never" || word(at) == "already" || word(at) == "still" || word(at) == "actually")) {
    ++at;
  }
  const Ellipsis lacks = ellipsis_at(word_, at);
  if (!lacks.found) return;
  std::string lead = mention(0, "");
  if (!lacks.auxiliary.empty()) lead += " " + std::string(lacks.auxiliary);
  const std::string verb = lacks.inflect ? third_singular(word_[at]) : word_[at];
  text_[place_[at]] = verb;
  if (at > 0) text_[0] = word_[0];
  text_[0] = lead + " " + text_[0];
  supplied_ = true;
}

}  // namespace

std::string third_singular(std::string_view verb) {
  std::string out(verb);
  if (verb == "am" || verb == "are") return "is";
  if (verb == "have") return "has";
  if (verb == "do") return "does";
  if (verb == "don't" || verb == "dont") return "doesn't";
  if (verb == "haven't") return "hasn't";
  if (verb == "aren't") return "isn't";
  if (verb == "were") return "was";
  if (verb == "weren't") return "wasn't";
  const bool letters = std::ranges::all_of(verb, [](char c) { return c >= 'a' && c <= 'z'; });
  if (!letters || verb.size() < 2 || is_modal(verb) || is_past_form(verb) || verb.ends_with("ing")) return out;
  if (verb.ends_with("ed") && !is_one_of(kNeedsEs, verb)) return out;
  if (verb == "is" || verb == "was" || verb == "has" || verb == "does" || verb == "better") return out;
  const char last = verb.back();
  const char before = verb[verb.size() - 2];
  if (last == 'y' && before != 'a' && before != 'e' && before != 'o' && before != 'u') {
    out.pop_back();
    return out + "ies";
  }
  const bool hiss =
      last == 's' || last == 'x' || last == 'z' || last == 'o' || verb.ends_with("sh") || verb.ends_with("ch");
  return out + (hiss ? "es" : "s");
}

std::string third_person(std::string_view sentence, const Subject& subject, bool* named) {
  Rewriter rewriter(sentence, subject, false);
  std::string out = rewriter.run();
  if (named != nullptr) *named = rewriter.named();
  return out;
}

std::string with_they(std::string_view sentence) {
  static const Subject kThey{.name = "they"};
  std::string out = Rewriter(sentence, kThey, true).run();
  if (out.starts_with("They ") || out.starts_with("Their ")) out[0] = 't';
  return out;
}

}  // namespace warifu::extract
