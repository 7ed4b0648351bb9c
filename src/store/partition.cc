#include "store/keys.h"

namespace warifu::store {
namespace {

constexpr char kEnd = '\x00';
constexpr char kEscape = '\x01';

void append_escaped(std::string& out, std::string_view text) {
  // Nearly no name holds either.
  if (text.find(kEnd) == std::string_view::npos && text.find(kEscape) == std::string_view::npos) {
    out.append(text);
    return;
  }
  for (const char c : text) {
    if (c == kEnd || c == kEscape) {
      out.push_back(kEscape);
      out.push_back(c == kEnd ? '\x01' : '\x02');
    } else {
      out.push_back(c);
    }
  }
}

}  // namespace

Partition Partition::account(const AccountId& id) { return {id.str() + "/account", id}; }

Partition Partition::memory(const AccountId& owner, std::string_view arn) {
  std::string name = owner.str() + "/memory/";
  append_escaped(name, arn);
  return {std::move(name), owner};
}

Partition Partition::service(const AccountId& owner, std::string_view name) {
  std::string text = owner.str() + "/service/";
  append_escaped(text, name);
  return {std::move(text), owner};
}

Partition Partition::system() { return {"system", std::nullopt}; }

Range prefix_range(std::string_view prefix, Direction direction) {
  return {.begin = std::string(prefix), .end = prefix_end(prefix), .direction = direction};
}

void append_text(std::string& key, std::string_view text) {
  append_escaped(key, text);
  key.push_back(kEnd);
}

std::optional<std::string> take_text(std::string_view& key) {
  std::string text;
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (key[i] == kEnd) {
      key.remove_prefix(i + 1);
      return text;
    }
    if (key[i] != kEscape) {
      text.push_back(key[i]);
      continue;
    }
    if (++i == key.size() || (key[i] != '\x01' && key[i] != '\x02')) return std::nullopt;
    text.push_back(key[i] == '\x01' ? kEnd : kEscape);
  }
  return std::nullopt;
}

void append_u64(std::string& key, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>((number >> shift) & 0xff));
}

std::optional<std::uint64_t> take_u64(std::string_view& key) {
  if (key.size() < 8) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : key.substr(0, 8)) number = number << 8 | static_cast<unsigned char>(c);
  key.remove_prefix(8);
  return number;
}

std::string prefix_end(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

std::string flat_key(const Partition& partition, std::string_view key) {
  std::string flat;
  flat.reserve(partition.name().size() + 1 + key.size());
  flat.append(partition.name()).push_back(kEnd);
  flat.append(key);
  return flat;
}

std::string_view marked_part(std::string_view flat) {
  const std::size_t mark = flat.find('#');
  return mark == std::string_view::npos ? std::string_view{} : flat.substr(0, mark + 1);
}

std::string_view names_part(std::string_view flat) {
  const std::string_view marked = marked_part(flat);
  const std::size_t end = marked.rfind(kEnd);
  return end == std::string_view::npos ? std::string_view{} : marked.substr(0, end + 1);
}

FlatRange flat_range(const Partition& partition, const Range& range) {
  FlatRange flat{.begin = flat_key(partition, range.begin),
                 .end = flat_key(partition, range.end),
                 .prefix_bytes = partition.name().size() + 1,
                 .direction = range.direction};
  // The terminator is 0x00, so 0x01 in its place is the first key past the partition.
  if (range.end.empty()) flat.end.back() = kEscape;
  return flat;
}

}  // namespace warifu::store
