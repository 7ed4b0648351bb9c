#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace warifu::wire {

/// Walks one XML document (XML 1.0, as S3's clients write it) front to back without building a tree. Elements by their
/// local names; attributes, comments and processing instructions are passed over; a document type declaration, and with
/// it every entity of a document's own, is refused. Not thread-safe; names live as long as the text.
///
/// After any function has returned false, `failed()` tells whether the text is malformed or nested deeper than
/// `depth_max`; from then on everything fails. REQUIRES: the text is UTF-8.
class XmlReader {
 public:
  XmlReader(std::string_view text, std::size_t depth_max) : text_(text), depth_max_(depth_max) {}

  /// Enters the document's element.
  bool root(std::string_view& name);
  /// Enters the next element within the one that we are in; false at its end, which is then left. Text between
  /// elements is passed over.
  bool next_child(std::string_view& name);
  /// The text of the element that we are in, up to its end, which is then left. False where elements stand in it.
  bool read_text(std::string& out);
  /// Passes over the rest of the element that we are in and leaves it.
  bool skip();
  /// After the document's element: only white space and comments may follow.
  bool at_end();

  [[nodiscard]] bool failed() const { return failed_; }

 private:
  bool fail();
  bool pass_misc(bool prolog);
  bool pass_until(std::string_view end);
  bool open_element(std::string_view& name);
  bool close_element();
  bool pass_attributes();
  bool append_reference(std::string& out);
  void append_plain(std::string& out, std::string_view text);
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_max_;
  std::vector<std::string_view> open_;  // whole names, prefixes included
  bool empty_ = false;                  // the element entered last was `<a/>`
  bool failed_ = false;
};

}  // namespace warifu::wire
