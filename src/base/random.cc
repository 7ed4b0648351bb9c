#include "base/random.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/encoding.h"

namespace warifu {
namespace {

void fill_from_kernel(std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t n = ::getrandom(out.data(), out.size(), 0);
    if (n < 0) {
      CHECK(errno == EINTR, "getrandom failed");
      continue;
    }
    out = out.subspan(static_cast<std::size_t>(n));
  }
}

}  // namespace

std::uint64_t Random::below(std::uint64_t bound) {
  CHECK(bound > 0);
  // Values past the last whole multiple of `bound` would favour the small numbers.
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  std::uint64_t value = 0;
  do {
    fill(std::as_writable_bytes(std::span(&value, 1)));
  } while (value >= limit);
  return value % bound;
}

std::string Random::text(std::size_t length, std::string_view alphabet) {
  std::string out(length, '\0');
  for (char& c : out) c = alphabet[below(alphabet.size())];
  return out;
}

std::string Random::uuid() {
  std::array<std::byte, 16> bytes{};
  fill(bytes);
  bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte{0x40};
  bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};
  const std::string hex = hex_encode(bytes);
  std::string out(36, '-');
  std::size_t from = 0;
  for (const auto& [to, count] : {std::pair{0, 8}, {9, 4}, {14, 4}, {19, 4}, {24, 12}}) {
    std::memcpy(out.data() + to, hex.data() + from, static_cast<std::size_t>(count));
    from += static_cast<std::size_t>(count);
  }
  return out;
}

void SystemRandom::fill(std::span<std::byte> out) {
  struct Buffer {
    std::array<std::byte, 512> bytes{};
    std::size_t used = 512;
  };
  thread_local Buffer buffer;
  if (out.size() > buffer.bytes.size()) return fill_from_kernel(out);
  if (out.size() > buffer.bytes.size() - buffer.used) {
    fill_from_kernel(buffer.bytes);
    buffer.used = 0;
  }
  std::memcpy(out.data(), buffer.bytes.data() + buffer.used, out.size());
  // What was handed out never stays behind in memory.
  std::memset(buffer.bytes.data() + buffer.used, 0, out.size());
  buffer.used += out.size();
}

void SeededRandom::fill(std::span<std::byte> out) {
  for (std::byte& b : out) {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    b = static_cast<std::byte>((z ^ (z >> 31)) & 0xff);
  }
}

}  // namespace warifu
