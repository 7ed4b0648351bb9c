#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include "search/oracle_testing.h"

namespace warifu::search::testing {
namespace {

constexpr std::uint32_t kVocabulary = 400;

struct Field {
  std::uint16_t TermCounts::* count;
  std::uint32_t Entry::* length;
};

std::uint16_t count_in(const Entry& entry, Term term, const Field& field) {
  for (const TermCounts& found : entry.terms) {
    if (found.term == term) return found.*field.count;
  }
  return 0;
}

/// One field's statistics over all records.
struct Statistics {
  double average = 0;
  double bound = 0;
  std::map<Term, double> idf;
};

Statistics statistics(const std::vector<Record>& records, const std::set<Term>& query, const Field& field) {
  Statistics out;
  const auto all = static_cast<double>(records.size());
  for (const Record& record : records) out.average += record.entry.*field.length / all;
  for (const Term term : query) {
    double holders = 0;
    for (const Record& record : records) holders += count_in(record.entry, term, field) > 0 ? 1 : 0;
    out.idf[term] = std::log(1 + (all - holders + 0.5) / (holders + 0.5));
    out.bound += out.idf[term];
  }
  return out;
}

double words(const Statistics& known, const Record& record, const Field& field) {
  double score = 0;
  for (const auto& [term, idf] : known.idf) {
    const double count = count_in(record.entry, term, field);
    const double length = record.entry.*field.length / std::max(1e-9, known.average);
    if (count > 0) score += idf * count / (count + 1.2 * (1 - 0.4 + 0.4 * length));
  }
  return known.bound > 0 ? score / known.bound : 0;
}

}  // namespace

RecordId Maker::id() {
  RecordId id;
  for (char& byte : id) byte = static_cast<char>(random_());
  return id;
}

Term Maker::term() {
  const double place = std::generate_canonical<double, 32>(random_);
  return term_of("word" + std::to_string(static_cast<std::uint32_t>(kVocabulary * place * place * place)));
}

Record Maker::record(std::uint32_t embedder, std::size_t dimensions) {
  std::map<Term, TermCounts> counts;
  Record record{.key = {.id = id(), .order = ++order_}, .attributes = std::string(below(40), 'a'), .entry = {}};
  const std::uint32_t own = below(4) == 0 ? below(200) : below(30);
  const std::uint32_t beside = below(50);
  for (std::uint32_t i = 0; i < own + beside; ++i) {
    TermCounts& found = counts[term()];
    if (i < own) ++found.text;
    ++found.index;
  }
  for (auto& [term, found] : counts) {
    found.term = term;
    record.entry.terms.push_back(found);
  }
  record.entry.text_length = own;
  record.entry.index_length = own + beside;
  if (embedder != 0) record.entry.vector = vector(embedder, dimensions);
  return record;
}

std::vector<Term> Maker::query_terms(std::size_t count) {
  std::vector<Term> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(below(8) == 0 ? term_of("nobody has this") : term());
  return out;
}

Vector Maker::vector(std::uint32_t embedder, std::size_t dimensions) {
  std::normal_distribution<float> normal(0.2F);
  std::vector<float> values(dimensions);
  for (float& value : values) value = normal(random_);
  return quantise(embedder, values);
}

std::map<RecordId, double> scores_of(const std::vector<Record>& records, const Query& query) {
  const std::set<Term> terms(query.terms.begin(), query.terms.end());
  constexpr Field kText{&TermCounts::text, &Entry::text_length};
  constexpr Field kIndex{&TermCounts::index, &Entry::index_length};
  const Statistics text = statistics(records, terms, kText);
  const Statistics index = statistics(records, terms, kIndex);
  std::map<RecordId, double> out;
  for (const Record& record : records) {
    double score = 0.5 * words(text, record, kText) + 0.5 * words(index, record, kIndex);
    for (const QueryVector& asked : query.vectors) {
      const auto& own = record.entry.vector;
      if (!own || own->embedder != asked.vector.embedder || own->values.size() != asked.vector.values.size()) continue;
      double product = 0;
      for (std::size_t d = 0; d < own->values.size(); ++d) product += own->values[d] * asked.vector.values[d];
      const double cosine = product * double{own->scale} * double{asked.vector.scale};
      const auto& [low, high, weight] = asked.calibration;
      score =
          weight * std::clamp((cosine - double{low}) / (double{high} - double{low}), 0.0, 1.0) + (1 - weight) * score;
    }
    out[record.key.id] = score;
  }
  return out;
}

void expect_ranked(const std::vector<Record>& records, const Query& query, const Filter& filter, std::size_t count,
                   const std::vector<Hit>& hits) {
  constexpr double kNear = 2e-5;
  const std::map<RecordId, double> scores = scores_of(records, query);
  std::vector<double> expected;
  std::map<RecordId, const Record*> known;
  for (const Record& record : records) {
    known[record.key.id] = &record;
    if (!filter || filter(record.attributes)) expected.push_back(scores.at(record.key.id));
  }
  std::ranges::sort(expected, std::greater<>());
  ASSERT_EQ(hits.size(), std::min(count, expected.size()));
  std::set<RecordId> seen;
  for (std::size_t i = 0; i < hits.size(); ++i) {
    ASSERT_TRUE(known.contains(hits[i].id));
    EXPECT_TRUE(seen.insert(hits[i].id).second);
    EXPECT_EQ(hits[i].order, known[hits[i].id]->key.order);
    EXPECT_TRUE(!filter || filter(known[hits[i].id]->attributes));
    EXPECT_NEAR(hits[i].score, scores.at(hits[i].id), kNear);
    EXPECT_NEAR(hits[i].score, expected[i], kNear);
    if (i == 0) continue;
    EXPECT_TRUE(hits[i - 1].score > hits[i].score ||
                (hits[i - 1].score == hits[i].score && hits[i - 1].order < hits[i].order));
  }
}

}  // namespace warifu::search::testing
