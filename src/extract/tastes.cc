#include "extract/tastes.h"

#include <algorithm>
#include <array>
#include <string>

#include "extract/lexicon.h"
#include "extract/text.h"

namespace warifu::extract {
namespace {

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

struct Cue {
  std::string_view words;  // after the subject, adverbs left out
  Taste taste;
};

constexpr auto kCues = std::to_array<Cue>({
    {"love", Taste::kLikes},
    {"like", Taste::kLikes},
    {"enjoy", Taste::kLikes},
    {"adore", Taste::kLikes},
    {"have loved", Taste::kLikes},
    {"'ve loved", Taste::kLikes},
    {"can't get enough", Taste::kLikes},
    {"am a fan", Taste::kLikes},
    {"'m a fan", Taste::kLikes},
    {"am a big fan", Taste::kLikes},
    {"'m a big fan", Taste::kLikes},
    {"'m a huge fan", Taste::kLikes},
    {"am into", Taste::kLikes},
    {"'m into", Taste::kLikes},
    {"'m fond of", Taste::kLikes},
    {"am fond of", Taste::kLikes},
    {"'m keen on", Taste::kLikes},
    {"am keen on", Taste::kLikes},
    {"'m crazy about", Taste::kLikes},
    {"'m obsessed with", Taste::kLikes},
    {"'m passionate about", Taste::kLikes},
    {"am passionate about", Taste::kLikes},
    {"prefer", Taste::kPrefers},
    {"'d prefer", Taste::kPrefers},
    {"would prefer", Taste::kPrefers},
    {"'d rather", Taste::kPrefers},
    {"would rather", Taste::kPrefers},
    {"'d sooner", Taste::kPrefers},
    {"am vegetarian", Taste::kPrefers},
    {"'m vegetarian", Taste::kPrefers},
    {"'m a vegetarian", Taste::kPrefers},
    {"am a vegetarian", Taste::kPrefers},
    {"'m vegan", Taste::kPrefers},
    {"am vegan", Taste::kPrefers},
    {"'m a vegan", Taste::kPrefers},
    {"'m a morning person", Taste::kPrefers},
    {"'m a night owl", Taste::kPrefers},
    {"hate", Taste::kDislikes},
    {"dislike", Taste::kDislikes},
    {"detest", Taste::kDislikes},
    {"loathe", Taste::kDislikes},
    {"despise", Taste::kDislikes},
    {"avoid", Taste::kDislikes},
    {"can't stand", Taste::kDislikes},
    {"cannot stand", Taste::kDislikes},
    {"can't bear", Taste::kDislikes},
    {"can't tolerate", Taste::kDislikes},
    {"don't like", Taste::kDislikes},
    {"do not like", Taste::kDislikes},
    {"don't love", Taste::kDislikes},
    {"don't enjoy", Taste::kDislikes},
    {"do not enjoy", Taste::kDislikes},
    {"don't eat", Taste::kDislikes},
    {"do not eat", Taste::kDislikes},
    {"don't drink", Taste::kDislikes},
    {"do not drink", Taste::kDislikes},
    {"don't care for", Taste::kDislikes},
    {"no longer like", Taste::kDislikes},
    {"no longer eat", Taste::kDislikes},
    {"no longer enjoy", Taste::kDislikes},
    {"'m not a fan", Taste::kDislikes},
    {"am not a fan", Taste::kDislikes},
    {"'m not a big fan", Taste::kDislikes},
    {"am not a big fan", Taste::kDislikes},
    {"'m not into", Taste::kDislikes},
    {"am not into", Taste::kDislikes},
    {"'m not keen on", Taste::kDislikes},
    {"'m not fond of", Taste::kDislikes},
    {"'m allergic to", Taste::kDislikes},
    {"am allergic to", Taste::kDislikes},
    {"'m sick of", Taste::kDislikes},
    {"used to love", Taste::kFormer},
    {"used to like", Taste::kFormer},
    {"used to enjoy", Taste::kFormer},
    {"used to prefer", Taste::kFormer},
    {"used to hate", Taste::kFormer},
});

constexpr auto kPointers =
    std::to_array<std::string_view>({"it", "that", "this", "them", "you", "him", "her", "how", "these", "those", "your",
                                     "what", "being", "so", "too", "when", "hearing", "seeing"});

/// The words from `begin` on, adverbs left out, contractions of the subject split: `I'm really into` → `'m into`.
std::string normal(const std::vector<std::string>& word, std::size_t begin) {
  std::string out;
  for (std::size_t i = begin; i < word.size() && i < begin + 8; ++i) {
    const std::string& w = word[i];
    const bool kept = w == "not" || w == "no" || w == "longer" || w == "rather" || w == "never";
    if (is_adverb(w) && !kept) continue;
    out += w;
    out += ' ';
  }
  return out;
}

struct Match {
  Taste taste = Taste::kNone;
  std::size_t words = 0;
};

/// The cue that the words after a subject open with; the longest.
Match cue_at(std::string_view after) {
  Match best;
  for (const Cue& cue : kCues) {
    if (!after.starts_with(cue.words) || cue.words.size() >= after.size() || after[cue.words.size()] != ' ') continue;
    const auto count = static_cast<std::size_t>(std::ranges::count(cue.words, ' ')) + 1;
    if (count > best.words) best = {cue.taste, count};
  }
  return best;
}

/// The place of the word after a cue's words, adverbs not counted.
std::size_t after_cue(const std::vector<std::string>& word, std::size_t begin, std::size_t count) {
  std::size_t at = begin;
  while (at < word.size() && count > 0) {
    const bool kept = word[at] == "not" || word[at] == "rather" || word[at] == "no" || word[at] == "longer";
    if (!is_adverb(word[at]) || kept) --count;
    ++at;
  }
  return at;
}

Taste taste_of(const std::vector<std::string>& word) {
  if (word.size() < 2) return Taste::kNone;
  if (word[0] == "please" && (word[1] == "always" || word[1] == "never" || word[1] == "don't") && word.size() > 3)
    return Taste::kInstructs;
  for (std::size_t i = 0; i < word.size() && i < 12; ++i) {
    const bool favourite =
        word[i] == "favourite" || word[i] == "favorite" || word[i] == "favourites" || word[i] == "favorites";
    if (favourite && i > 0 && (word[i - 1] == "my" || word[i - 1] == "our" || (i > 1 && word[i - 2] == "my")))
      return Taste::kLikes;
  }
  std::size_t at = 0;
  while (at < word.size() && at < 6 && word[at] != "i" && !word[at].starts_with("i'") && word[at] != "we") ++at;
  std::string after;
  if (at < word.size() && (word[at] == "i" || word[at] == "we")) {
    after = normal(word, at + 1);
    ++at;
  } else if (at < word.size() && word[at].starts_with("i'")) {
    after = word[at].substr(1) + " " + normal(word, at + 1);
  } else {
    at = 0;
    const bool bare = word[0] == "love" || word[0] == "hate" || word[0] == "prefer" || word[0] == "can't";
    const bool fan = word[0] == "not" && word.size() > 4 && word[1] == "a";
    if (!bare && !fan) return Taste::kNone;
    after = fan ? "'m " + normal(word, 0) : normal(word, 0);
    if (fan) return cue_at(after).taste;
  }
  const Match match = cue_at(after);
  if (match.taste == Taste::kNone) return Taste::kNone;
  const bool contracted = after.starts_with('\'');
  const std::size_t object = after_cue(word, contracted ? at + 1 : at, contracted ? match.words - 1 : match.words);
  const bool complement =
      after.contains(" vegetarian") || after.contains(" vegan") || after.contains(" person") || after.contains(" owl");
  if (object >= word.size()) return complement ? match.taste : Taste::kNone;
  if (is_one_of(kPointers, word[object]) && match.taste != Taste::kPrefers) return Taste::kNone;
  return match.taste;
}

/// Where a sentence may be cut into clauses that have a subject of their own.
std::vector<std::string> clauses(std::string_view sentence) {
  static constexpr auto kJoints = std::to_array<std::string_view>(
      {", and i ", ", but i ",    " and i ",      " but i ",       ", and i'", ", but i'",     " and i'",
       " but i'",  " but now i ", ", but now i ", "; i ",          "; ",       ", i ",         ", i'",
       " so i ",   ", so i ",     ", though i ",  ", although i ", " but my ", " and my favo", " and now i "});
  std::vector<std::string> out;
  const std::string key = lower(sentence);
  std::size_t begin = 0;
  for (std::size_t at = 1; at + 1 < key.size(); ++at) {
    std::size_t best = 0;
    for (const std::string_view joint : kJoints) {
      if (std::string_view(key).substr(at).starts_with(joint)) best = std::max(best, joint.size());
    }
    if (best == 0 || out.size() >= 8) continue;
    out.emplace_back(trim(sentence.substr(begin, at - begin)));
    std::string_view joint = std::string_view(key).substr(at, best);
    std::size_t skip = joint.find_first_not_of(" ,;");
    for (const std::string_view link : {"and ", "but ", "so ", "though ", "although ", "now "}) {
      if (skip != std::string_view::npos && joint.substr(skip).starts_with(link)) skip += link.size();
    }
    begin = at + std::min(skip, best);
    at = begin;
  }
  out.emplace_back(trim(sentence.substr(begin)));
  return out;
}

}  // namespace

std::vector<Stated> stated_tastes(std::string_view sentence) {
  std::vector<Stated> out;
  if (!sentence.empty() && sentence.back() == '?') return out;
  const std::vector<std::string> parts = clauses(sentence.substr(0, 2000));
  for (const std::string& clause : parts) {
    const Taste taste = taste_of(words(clause));
    if (taste == Taste::kNone) continue;
    out.push_back({taste, clause});
  }
  return out;
}

}  // namespace warifu::extract
