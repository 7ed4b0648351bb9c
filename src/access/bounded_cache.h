#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace warifu::access {

/// A map that forgets everything when it grows past `Max` entries or `BytesMax`: entries are cheap to make again, and
/// hold versions in their keys, so that none is ever stale. Not thread-safe: one a thread.
template <class T, std::size_t Max, std::size_t BytesMax = 8 * 1024 * 1024>
class BoundedCache {
 public:
  [[nodiscard]] const T* find(std::string_view key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : &found->second;
  }
  /// `bytes`: what the value holds or was made from. Keys count by themselves.
  const T& put(std::string key, T value, std::size_t bytes = sizeof(T)) {
    bytes += key.size();
    if (entries_.size() >= Max || bytes_ + bytes > BytesMax) {
      entries_.clear();
      bytes_ = 0;
    }
    bytes_ += bytes;
    return entries_.insert_or_assign(std::move(key), std::move(value)).first->second;
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, T, Hash, std::equal_to<>> entries_;
  std::size_t bytes_ = 0;
};

}  // namespace warifu::access
