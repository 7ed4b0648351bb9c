#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace warifu::access {

/// A key made of texts and numbers: different ones never give the same key.
[[nodiscard]] inline std::string cache_key(std::initializer_list<std::string_view> texts,
                                           std::initializer_list<std::uint64_t> numbers) {
  std::size_t size = sizeof(std::uint64_t) * (texts.size() + numbers.size());
  for (const std::string_view text : texts) size += text.size();
  std::string key;
  key.reserve(size);
  const auto append = [&](std::uint64_t number) { key.append(reinterpret_cast<const char*>(&number), sizeof number); };
  for (const std::uint64_t number : numbers) append(number);
  for (const std::string_view text : texts) {
    append(text.size());
    key.append(text);
  }
  return key;
}

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
