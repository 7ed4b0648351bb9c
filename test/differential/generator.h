#pragma once

#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

#include "test/policy/cases.h"

namespace warifu::reference {

/// Policies together with questions that are about them.
struct World {
  std::vector<cases::CaseLayer> layers;
  std::vector<cases::Query> queries;
};

/// Makes worlds that mean something: policies are written around one query (its caller, action, resource and context,
/// or near misses of them: another path, another session, one character more), and the other queries differ from it in
/// a thing or two. The same seed makes the same worlds.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}
  [[nodiscard]] World next(std::size_t queries);

 private:
  using Strings = std::vector<std::string>;

  bool chance(unsigned percent) { return below(100) < percent; }
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }
  template <class T>
  const T& pick(const std::vector<T>& all) {
    return all[below(all.size())];
  }

  cases::Query focus();
  cases::Query variation(const cases::Query& query);
  cases::ContextKey context_key();
  std::string document(const std::string& layer);
  std::string statement(const std::string& layer);
  std::string principals();
  std::string aws_principal();
  std::string action_pattern(const std::string& layer);
  std::string resource_pattern(bool padded);
  std::string with_wildcards(std::string text, std::size_t from);
  std::string conditions();
  std::string condition();
  std::string condition_value(const std::string& family, const std::string& key);
  std::string string_value(const std::string& key, bool like);
  std::string list(const Strings& items);

  std::mt19937_64 random_;
  cases::Query focus_;
  bool variables_ = true;
};

}  // namespace warifu::reference
