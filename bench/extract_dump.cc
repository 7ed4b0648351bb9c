// Writes the semantic records of conversations, one JSON object a line, for tools that measure recall.
// Input (standard input): one conversation a line, {"id", "turns": [{"session", "time", "role", "text"}]}.
// `extract_dump` gives the extractor one turn at a time, `extract_dump session` whole sessions.
#include <cstdio>
#include <string>
#include <vector>

#include "extract/extract.h"
#include "json/value.h"
#include "json/writer.h"

namespace {

using warifu::extract::Conversation;
using warifu::extract::Role;
using warifu::extract::Turn;

std::string read_all() {
  std::string text;
  std::vector<char> buffer(1 << 16);
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), stdin)) text.append(buffer.data(), got);
  return text;
}

void dump(const std::string& id, const std::vector<Turn>& turns, std::size_t base, std::size_t begin, std::size_t end) {
  const std::span<const Turn> all(turns);
  for (const auto& memory : warifu::extract::facts({all.first(begin), all.subspan(begin, end - begin)})) {
    std::string line;
    warifu::json::Writer writer(line);
    writer.begin_object().key("conv").string(id).key("text").string(memory.text).key("index").string(memory.index_text);
    writer.key("turn").integer(static_cast<std::int64_t>(base + begin + memory.sources.front())).end_object();
    std::puts(line.c_str());
  }
}

void dump_session(const std::string& id, const std::vector<Turn>& turns, std::size_t base, bool whole) {
  if (whole) return dump(id, turns, base, 0, turns.size());
  for (std::size_t i = 0; i < turns.size(); ++i) dump(id, turns, base, i, i + 1);
}

}  // namespace

int main(int argc, char** argv) {
  const bool whole = argc > 1 && std::string(argv[1]) == "session";
  const std::string input = read_all();
  for (std::size_t at = 0; at < input.size();) {
    const std::size_t end = std::min(input.find('\n', at), input.size());
    const auto value = warifu::json::parse(std::string_view(input).substr(at, end - at), {.bytes_max = SIZE_MAX});
    at = end + 1;
    if (!value) return 1;
    const std::string id = value->find_string("id").value_or("");
    std::vector<Turn> session;
    std::size_t base = 0;
    std::int64_t number = -1;
    for (const auto& item : value->find("turns")->items()) {
      const std::int64_t its = item.find("session")->as_int64().value_or(0);
      if (its != number) {
        dump_session(id, session, base, whole);
        base += session.size();
        session.clear();
        number = its;
      }
      const Role role = item.find_string("role") == "USER" ? Role::kUser : Role::kAssistant;
      const auto time = warifu::parse_iso8601(item.find_string("time").value_or(""));
      session.push_back({role, item.find_string("text").value_or(""), time.value_or(warifu::Timestamp{})});
    }
    dump_session(id, session, base, whole);
  }
  return 0;
}
