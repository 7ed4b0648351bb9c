#include "wire/pattern.h"

#include <re2/re2.h>

#include <set>

#include "base/random.h"
#include "wire/wire_testing.h"

namespace warifu::wire {
namespace {

struct Case {
  Pattern pattern;
  bool simple;
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

TEST(Pattern, SequencesOfClassesMatchWithoutRe2) {
  // Static, as the tables are: what a pattern compiles to lives as long as the process.
  static const Case kCases[] = {
      {{.text = "", .re2 = "[a-zA-Z0-9][a-zA-Z0-9-_]*", .excluded = ""}, true, {"a", "a-_9"}, {"", "-a", "a b", "aé"}},
      {{.text = "", .re2 = "[0-9]+#[a-fA-F0-9]+", .excluded = ""},
       true,
       {"1#a", "0001#3f"},
       {"#a", "1#", "1##a", "1#g"}},
      {{.text = "", .re2 = "[\\w+=,.@-]{2,4}", .excluded = ""}, true, {"ab", "a-@="}, {"a", "abcde", "a b"}},
      {{.text = "", .re2 = "mem-[a-zA-Z0-9-_]*", .excluded = ""}, true, {"mem-", "mem-a_"}, {"mem", "xmem-a"}},
      {{.text = "", .re2 = "[a-z]?[0-9]", .excluded = ""}, true, {"1", "a1"}, {"", "a", "ab1"}},
      {{.text = "", .re2 = "[a-z]*[a-z]", .excluded = ""}, false, {"a", "ab"}, {"", "1"}},
      {{.text = "", .re2 = "[a-z]*[0-9]*[a-z]", .excluded = ""}, false, {"a", "a1b", "ab"}, {"1", ""}},
      {{.text = "", .re2 = "(a|b)+", .excluded = ""}, false, {"ab"}, {"c", ""}},
      {{.text = "", .re2 = "[^a]", .excluded = ""}, false, {"b"}, {"a"}},
      {{.text = "", .re2 = "[\\p{L}\\p{N}]+", .excluded = ""}, false, {"é1"}, {"-"}},
      {{.text = "", .re2 = "^[a-z]+$", .excluded = ""}, true, {"abc"}, {"ABC", "a\n"}},
      {{.text = "", .re2 = "[a-z][a-z0-9]*", .excluded = "actorId|sessionid"},
       true,
       {"actor", "sessionidx"},
       {"sessionid"}},
      {{.text = "", .re2 = "[a-z0-9\\-\\/]*", .excluded = ""}, true, {"", "a-/"}, {"\\"}},
  };
  for (const Case& test : kCases) {
    SCOPED_TRACE(test.pattern.re2);
    EXPECT_EQ(is_simple(test.pattern), test.simple);
    for (const std::string& text : test.good) EXPECT_TRUE(matches(test.pattern, text)) << text;
    for (const std::string& text : test.bad) EXPECT_FALSE(matches(test.pattern, text)) << text;
  }
}

void collect(const Shape& shape, std::set<const Shape*>& seen) {
  if (!seen.insert(&shape).second) return;
  for (const Member& member : shape.members) collect(*member.shape, seen);
  if (shape.element != nullptr) collect(*shape.element, seen);
  if (shape.key != nullptr) collect(*shape.key, seen);
}

std::set<const Shape*> all_shapes() {
  std::set<const Shape*> shapes;
  for (const Service* service : model::services()) {
    for (const Operation* operation : service->operations) {
      collect(*operation->input, shapes);
      collect(*operation->output, shapes);
    }
  }
  return shapes;
}

TEST(Pattern, EveryPatternOfTheModelsCompilesAndTheSimpleOnesAgreeWithRe2) {
  // Pieces that the models' patterns speak of, so that random texts come near to matching.
  const std::vector<std::string> pieces = {"a", "Z", "0", "_",  "-",    ".",  "/",  ":", "#",
                                           "@", " ", "é", "\n", "mem-", "v1", "f9", ""};
  SeededRandom random(7);
  std::size_t simple = 0;
  std::size_t matched = 0;
  for (const Shape* shape : all_shapes()) {
    if (shape->pattern == nullptr) continue;
    const Pattern& pattern = *shape->pattern;
    // A pattern that does not compile ends the process here.
    if (!is_simple(pattern) || !pattern.excluded.empty()) continue;
    ++simple;
    const re2::RE2 reference{re2::StringPiece(pattern.re2.data(), pattern.re2.size())};
    for (int i = 0; i < 500; ++i) {
      std::string text;
      for (std::uint64_t n = random.below(8); n > 0; --n) text += pieces[random.below(pieces.size())];
      const bool expected = re2::RE2::FullMatch(text, reference);
      ASSERT_EQ(matches(pattern, text), expected) << pattern.re2 << " on `" << text << "`";
      matched += expected ? 1 : 0;
    }
  }
  EXPECT_GE(simple, 40U);
  EXPECT_GE(matched, 500U);
}

}  // namespace
}  // namespace warifu::wire
