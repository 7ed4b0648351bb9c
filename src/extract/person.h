#pragma once

#include <string>
#include <string_view>

namespace warifu::extract {

/// Whose first person is rewritten: `The user`, or a speaker's name. `you` stays as it is: naming whom a speaker talks
/// to made records alike, and cost a third of a point of recall@10 on a public benchmark.
struct Subject {
  std::string name;
};

/// An English sentence, first person to third: `I'm planning` → `The user is planning`, `my sister` → `Ben's sister`,
/// later mentions in the sentence → they, them, their. Verbs agree. `we` is the subject and others. What stands in
/// quotation marks is left as it is. A sentence that leaves its subject out (`Just got back from Kyoto.`) is given it,
/// where that is safe. `named`, when given, says whether the subject's name now stands in the sentence.
[[nodiscard]] std::string third_person(std::string_view sentence, const Subject& subject, bool* named = nullptr);

/// The same with `they` from the first mention on, in lower case: `they love matcha sweets` (for a subordinate clause).
[[nodiscard]] std::string with_they(std::string_view sentence);

/// The third person singular of a present-tense verb: go → goes, have → has. Past forms and modals stay.
[[nodiscard]] std::string third_singular(std::string_view verb);

}  // namespace warifu::extract
