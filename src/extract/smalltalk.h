#pragma once

#include <span>
#include <string>
#include <string_view>

namespace warifu::extract {

/// Whether an English sentence carries nothing to remember: greetings, thanks, praise, "how are you?". True only when
/// every word is of the small-talk or function lists or one of `names`; a number or any other word makes it
/// substantive.
[[nodiscard]] bool is_small_talk(std::string_view sentence, std::span<const std::string> names);

/// An English sentence without what leads and trails it: `Hey Ben, oh wow, I moved, Ben!` → `I moved!`. Words that may
/// carry meaning stay; never empty when the sentence is not.
[[nodiscard]] std::string without_vocatives(std::string_view sentence, std::span<const std::string> names);

/// Whether a user's sentence only asks the assistant for something ("Can you help me with …?", "I'd like help …") and
/// tells little besides.
[[nodiscard]] bool is_request(std::string_view sentence);

}  // namespace warifu::extract
