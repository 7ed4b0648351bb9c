#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "search/analyzer.h"
#include "search/embedder.h"
#include "search/wordpiece.h"

/// Any text through the analyser, WordPiece and the static table; a first line as a vocabulary.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warifu::search;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string> stems = warifu::search::stems(text);
  const std::vector<Term> terms = warifu::search::terms(text);
  CHECK(stems.size() == terms.size(), "one term a stem");
  for (std::size_t i = 0; i < stems.size(); ++i) CHECK(term_of(stems[i]) == terms[i], "the term of its stem");

  static const auto embedder = static_embedder();
  const auto vectors = embedder->embed(std::vector{text}, Side::kPassage);
  CHECK(vectors && vectors->front().values.size() == embedder->info().dimensions, "always a vector");

  std::string vocabulary = "[UNK]\n[CLS]\n[SEP]\na\n##b\n" + text.substr(0, text.find("\n\n"));
  if (const auto pieces = Wordpiece::make(vocabulary)) {
    for (const std::int32_t id : pieces->ids(text, 512)) {
      CHECK(id >= 0 && static_cast<std::size_t>(id) < pieces->size(), "an id of the vocabulary");
    }
  }
  return 0;
}
