#include "sigv4/query.h"

#include "base/encoding.h"

namespace warifu::sigv4 {
namespace {

bool is_hex(char c) {
  const char lower = static_cast<char>(c | 0x20);
  return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'f');
}

}  // namespace

std::vector<QueryParam> parse_query(std::string_view raw) {
  std::vector<QueryParam> params;
  while (!raw.empty()) {
    const std::size_t end = std::min(raw.find('&'), raw.size());
    const std::string_view piece = raw.substr(0, end);
    raw.remove_prefix(std::min(end + 1, raw.size()));
    if (piece.empty()) continue;
    const std::size_t equal = std::min(piece.find('='), piece.size());
    const std::string_view value = equal == piece.size() ? std::string_view{} : piece.substr(equal + 1);
    params.push_back(
        {percent_decode(piece.substr(0, equal), true).value_or(""), percent_decode(value, true).value_or("")});
  }
  return params;
}

std::optional<std::string> broken_escape(std::string_view raw) {
  for (std::size_t at = raw.find('%'); at != std::string_view::npos; at = raw.find('%', at + 1)) {
    // An escape that runs into the end of its name or value is cut off, too.
    const std::string_view digits = raw.substr(at + 1, 2);
    if (digits.size() < 2 || digits.find_first_of("&=") != std::string_view::npos) {
      return "Incomplete trailing escape % sequence";
    }
    if (!is_hex(digits[0]) || !is_hex(digits[1])) {
      return "Illegal hex character in escape % pattern: %" + std::string(digits);
    }
  }
  return std::nullopt;
}

const QueryParam* find_param(const std::vector<QueryParam>& params, std::string_view name) {
  for (const QueryParam& param : params) {
    if (param.name == name) return &param;
  }
  return nullptr;
}

}  // namespace warifu::sigv4
