#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace warifu::wire {

/// Walks one JSON text (RFC 8259) front to back without building a tree: the decoder writes values straight into the
/// generated structs, and documents keep the very bytes they came in. Not thread-safe; views live as long as the text.
///
/// After any function has returned false or kError, `failed()` tells whether the text is malformed (or nested deeper
/// than `depth_max`); from then on everything fails. REQUIRES: the text is UTF-8.
class JsonReader {
 public:
  enum class Token : unsigned char { kObject, kArray, kString, kNumber, kTrue, kFalse, kNull, kError };

  JsonReader(std::string_view text, std::size_t depth_max) : text_(text), depth_max_(depth_max) {}

  /// What kind of value stands next. Consumes only white space.
  Token peek();
  /// Enters the object or array that peek() announced.
  bool enter();
  /// Inside an object: moves to its next member. False at the end of the object, which is then left. `first` starts
  /// true. The key is valid until the next call.
  bool next_member(bool& first, std::string_view& key);
  /// Inside an array: moves to its next element. False at its end, which is then left.
  bool next_element(bool& first);

  /// Reads the string that peek() announced.
  bool read_string(std::string& out);
  /// The number that peek() announced, as it is written. Empty on failure.
  std::string_view read_number();
  /// Passes over one value of any kind and answers its text. Empty on failure.
  std::string_view read_raw();
  /// After the only value: only white space may follow.
  bool at_end();

  [[nodiscard]] bool failed() const { return failed_; }

 private:
  bool fail();
  void skip_space();
  bool expect(char c);
  bool literal(std::string_view word);
  bool skip_string();
  bool skip_scalar();
  bool read_escape(std::string& out);
  bool read_hex4(unsigned& out);

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::size_t depth_max_;
  bool failed_ = false;
  std::string key_;  // of the last member whose name had escapes
};

}  // namespace warifu::wire
