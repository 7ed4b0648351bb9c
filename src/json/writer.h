#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace warifu::json {

/// Appends `text` to `out` as a JSON string literal, quotes included.
void append_quoted(std::string& out, std::string_view text);

/// Writes JSON text straight into a string, without a tree. Not thread-safe. The caller keeps the grammar right:
/// `key` only inside an object; CHECKed where it is cheap.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();
  Writer& key(std::string_view name);
  Writer& string(std::string_view text);
  Writer& integer(std::int64_t value);
  /// The shortest text that reads back as the same double (RFC 8259 has no NaN or infinity: written as strings).
  Writer& number(double value);
  Writer& boolean(bool value);
  Writer& null();
  /// `text` must be JSON already.
  Writer& raw(std::string_view text);

 private:
  void separate();

  std::string& out_;
  std::vector<char> first_;  // one per open container: 1 until its first element
  bool after_key_ = false;
};

}  // namespace warifu::json
