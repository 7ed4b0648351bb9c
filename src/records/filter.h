#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"
#include "records/record.h"

/// Metadata filters, over the few bytes of a record that the index keeps for them. Pure.
namespace warifu::records {

inline constexpr std::string_view kCreatedAtKey = "x-amz-agentcore-memory-createdAt";
inline constexpr std::string_view kUpdatedAtKey = "x-amz-agentcore-memory-updatedAt";
inline constexpr std::string_view kRecordTypeKey = "x-amz-agentcore-memory-recordType";
/// Reserved: metadata of the service, never of clients.
inline constexpr std::string_view kSystemPrefix = "x-amz-agentcore-memory-";

enum class Operator : std::uint8_t {
  kEqualsTo,
  kExists,
  kNotExists,
  kContains,
  kBefore,
  kAfter,
  kGreater,
  kGreaterOrEqual,
  kLess,
  kLessOrEqual,
};

/// One condition. A key that the record lacks, or a value of another type, fails every operator but kNotExists.
struct Condition {
  std::string key;
  Operator op = Operator::kExists;
  std::variant<std::monostate, std::string, StringList, double, Timestamp> value{};
};
/// All must hold.
using Conditions = std::vector<Condition>;

/// What filters may ask of a record: its times, expiry, type and metadata.
[[nodiscard]] std::string encode_attributes(const Record& record);

/// Puts back what `encode_attributes` took of a record; false: not its bytes.
[[nodiscard]] bool decode_attributes(std::string_view attributes, Record& record);

/// True when the record is live at `now` and all conditions hold. Bytes that are no attributes match nothing.
[[nodiscard]] bool matches(std::string_view attributes, const Conditions& conditions, Timestamp now);

}  // namespace warifu::records
