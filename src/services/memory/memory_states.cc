#include "services/memory/memory_states.h"

#include "services/memory/bytes.h"
#include "services/memory/errors.h"
#include "services/memory/keys.h"

namespace warifu::services::memory::states {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::uint8_t kExtracts = 1;
constexpr std::int64_t kDaySeconds = 24 * 60 * 60;

Result<State> decode(std::string_view row) {
  ByteReader reader(row);
  const auto format = reader.number<std::uint8_t>();
  const auto flags = reader.number<std::uint8_t>();
  const State state{.event_expiry_days = reader.number<std::uint32_t>(), .extracts = (flags & kExtracts) != 0};
  if (!reader.ok() || format != kFormat) return fail(bad_row("memory state"));
  return state;
}

}  // namespace

Timestamp State::expires(Timestamp created) const { return created.plus_seconds(event_expiry_days * kDaySeconds); }

Result<> put(store::Txn& txn, const store::Partition& partition, const State& state) {
  std::string row;
  append_number(row, kFormat);
  append_number(row, static_cast<std::uint8_t>(state.extracts ? kExtracts : 0));
  append_number(row, state.event_expiry_days);
  return txn.put(partition, keys::state(), row);
}

Result<> erase(store::Txn& txn, const store::Partition& partition) { return txn.erase(partition, keys::state()); }

Result<State> require(store::Reader& reader, const store::Partition& partition, std::string_view memory_id) {
  const std::optional<std::string> row = TRY(reader.get_kept(partition, keys::state()));
  if (!row) return fail(memory_not_found(memory_id));
  return decode(*row);
}

}  // namespace warifu::services::memory::states
