#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

/// Little-endian numbers and counted texts inside rows. Pure.
namespace warifu::services::memory {

template <std::unsigned_integral T>
void append_number(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>((value >> (8 * i)) & 0xff);
}

/// u16 length, then the bytes. REQUIRES: text.size() < 65536.
void append_text(std::string& out, std::string_view text);

/// Reads a row from its front. A read past the end gives zeros and empty texts, and `ok` stays false from then on.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <std::unsigned_integral T>
  [[nodiscard]] T number() {
    const std::string_view raw = bytes(sizeof(T));
    T value = 0;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      value = static_cast<T>(value | static_cast<T>(static_cast<T>(static_cast<unsigned char>(raw[i])) << (8 * i)));
    }
    return value;
  }
  [[nodiscard]] std::string_view text();
  [[nodiscard]] std::string_view bytes(std::size_t count);
  [[nodiscard]] std::string_view rest() const { return rest_; }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace warifu::services::memory
