#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "services/memory/keys.h"

/// How one event lies in its row. Everything that a list filters by stands ahead of the payload, at fixed places
/// where it can, so that a scan touches no JSON; the payload is the text that an answer carries.
///
///   0  u8      format, 1                          34  u8   bit 0: extractionMode SKIP, bit 1: branched
///   1  u8      bit 0: a token row points here         28   root event id                   } when
///   2  i64 LE  created, ms                            u16 n, n bytes: branch name          } branched
///  10  i64 LE  expires, ms                            u8 count, then (u16 n, key, u16 n, value) each: metadata
///  18  16      digest of the clientToken, or zeros    u8 count, likewise: namespace variables
///                                                     to the end: the payload array as JSON
///
/// What begins at 34 is the content: two requests are the same when their contents are equal byte for byte.
namespace warifu::services::memory {

using TokenDigest = std::array<char, 16>;
/// In order of keys, so that equal maps have equal bytes.
using NamedValues = std::vector<std::pair<std::string, std::string>>;

inline constexpr std::string_view kMainBranch = "main";

struct Branch {
  std::string name;
  std::string root_event_id;  // canonical (28 bytes), or empty: to be filled in from the branch's row
};

/// What the client said of an event, apart from where and when it is.
struct EventContent {
  bool skip_extraction = false;
  std::optional<Branch> branch;  // nullopt: main
  NamedValues metadata;
  NamedValues namespace_variables;
  std::string payload;  // JSON array
};

/// A row that is still being decided. `token`: zeros when the request had none.
[[nodiscard]] std::string encode_event(Timestamp created, const TokenDigest& token, const EventContent& content);

/// Fills in what only the transaction knows. REQUIRES: `row` was made by encode_event; for `set_root`, with a branch.
void set_expires(std::string& row, Timestamp expires);
void set_token_row(std::string& row, bool token_row);
void set_root(std::string& row, std::string_view root_event_id);

/// A decoded row; views into it.
struct EventView {
  Timestamp created;
  Timestamp expires;
  std::string_view token;  // 16 bytes
  bool token_row = false;
  std::string_view content;  // from byte 34 to the end
  bool skip_extraction = false;
  std::string_view branch = kMainBranch;
  std::string_view root_event_id;        // empty on main
  std::string_view metadata;             // encoded
  std::string_view namespace_variables;  // encoded
  std::string_view payload;

  /// kInternal: not a row of this format.
  [[nodiscard]] static Result<EventView> parse(std::string_view row);
  [[nodiscard]] bool live(Timestamp now) const { return now < expires; }
  /// The metadata value of that key.
  [[nodiscard]] std::optional<std::string_view> find_metadata(std::string_view key) const;
};

/// Visits the pairs of an encoded map, in order of keys. REQUIRES: `encoded` is a member of a parsed EventView.
void each_pair(std::string_view encoded,
               const std::function<void(std::string_view key, std::string_view value)>& visit);

}  // namespace warifu::services::memory
