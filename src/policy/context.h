#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "policy/keys.h"

namespace warifu::policy {

/// The values of one key in one request.
struct ContextValues {
  std::span<const std::string_view> values;
  bool multivalued = false;
};

/// A key as a compiled policy names it: the id, and the name for keys that have none.
struct KeyRef {
  KeyId id;
  std::string_view name;
};

/// The condition context of one request: an array by key id. Not thread-safe while it is built; reading it is.
///
/// Reusable: `clear` keeps what was allocated, so that building the next request's context allocates nothing.
/// `set` and `set_many` keep views: what they point to must outlive the last read. The `copy_…` and typed setters
/// keep their text inside. Setting a key again replaces it, whatever the case of its letters. An empty set of
/// values is an absent key. Tag keys of requests are looked up, never interned; those that no policy has named yet
/// are kept by name, so that a policy compiled afterwards still finds them.
class Context {
 public:
  Context();
  Context(Context&&) noexcept;
  Context& operator=(Context&&) noexcept;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context();

  void clear();

  void set(KeyId id, std::string_view value);
  void set(std::string_view name, std::string_view value);
  /// A multivalued key (`aws:TagKeys`, `aws:CalledVia`): only set operators and Null apply to it.
  void set_many(KeyId id, std::span<const std::string_view> values);
  void set_many(std::string_view name, std::span<const std::string_view> values);

  void set_bool(KeyId id, bool value);
  void set_number(KeyId id, std::int64_t value);
  /// As ISO 8601 text with seconds.
  void set_time(KeyId id, Timestamp value);
  /// Copies the value.
  void copy(KeyId id, std::string_view value);
  void copy(std::string_view name, std::string_view value);
  /// `set_tag("aws:RequestTag/", "team", "red")`. The value is kept as a view.
  void set_tag(std::string_view prefix, std::string_view tag_key, std::string_view value);

  /// nullptr when absent. Does not allocate.
  [[nodiscard]] const ContextValues* find(const KeyRef& key) const;
  [[nodiscard]] const ContextValues* find(KeyId id) const { return find(KeyRef{id, {}}); }
  [[nodiscard]] const ContextValues* find(std::string_view name) const;
  /// Every key that is present, in the order in which it was first set.
  void for_each(const std::function<void(std::string_view name, const ContextValues& values)>& visit) const;

  /// Keeps a copy of `text` until `clear`.
  [[nodiscard]] std::string_view keep(std::string_view text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace warifu::policy
