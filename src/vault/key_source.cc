#include "vault/key_source.h"

#include "crypto/hash.h"
#include "store/keys.h"

namespace warifu::vault {
namespace {

using crypto::SecretBytes;
using store::Partition;

constexpr std::size_t kDataKeyBytes = 32;
constexpr std::size_t kWrappedMax = 4096;
constexpr std::uint32_t kFirstVersion = 1;
constexpr std::string_view kCheckKey = "vault/check";
constexpr std::string_view kCheckValue = "sealed under this master key";

std::string data_key_row(const AccountId& account) { return std::string(kReservedPrefix) + "key/" + account.str(); }

/// One entry of a data key row: version, length and bytes of the wrapped key.
void append_entry(std::string& row, std::uint32_t version, std::string_view wrapped) {
  store::append_u64(row, std::uint64_t{version} << 32U | wrapped.size());
  row.append(wrapped);
}

struct Entry {
  std::uint32_t version;
  std::string_view wrapped;
};

std::optional<Entry> take_entry(std::string_view& row) {
  const auto head = store::take_u64(row);
  const std::uint64_t size = head.value_or(0) & 0xffff'ffff;
  if (!head || size > kWrappedMax || size > row.size()) return std::nullopt;
  const Entry entry{.version = static_cast<std::uint32_t>(*head >> 32U), .wrapped = row.substr(0, size)};
  row.remove_prefix(size);
  return entry;
}

}  // namespace

KeySource::KeySource(std::shared_ptr<const MasterKey> master_key) : master_key_(std::move(master_key)) {
  auto keys = std::make_shared<PartitionKeys>();
  keys->partition = Partition::system().name();
  keys->versions.push_back({kFirstVersion, crypto::Aead(master_key_->derive("seal system values"))});
  system_keys_ = std::move(keys);
}

Result<> KeySource::check(store::Db& inner) const {
  const Partition system = Partition::system();
  const std::string aad = store::flat_key(system, kCheckKey);
  return inner.write_blocking([&](store::Txn& txn) -> Result<> {
    const auto mark = TRY(txn.get(system, kCheckKey));
    if (!mark) return txn.put(system, kCheckKey, system_keys_->seal(kCheckValue, aad));
    const crypto::Aead* key = system_keys_->key_of(*mark);
    if (key == nullptr || key->open(std::string_view(*mark).substr(kValueHeaderBytes), aad) != kCheckValue) {
      return fail(internal_error("the data is sealed under another master key"));
    }
    return {};
  });
}

const PartitionKeys* KeySource::cached(const Partition& partition) const {
  return partition.owner() ? cache_.find(partition.name()) : system_keys_.get();
}

Result<std::shared_ptr<const PartitionKeys>> KeySource::derive(const Partition& partition,
                                                               std::string_view data_keys) const {
  auto keys = std::make_shared<PartitionKeys>();
  keys->partition = partition.name();
  while (!data_keys.empty()) {
    const auto entry = take_entry(data_keys);
    if (!entry) return fail(internal_error("an account's data keys are damaged"));
    const SecretBytes data_key = TRY(master_key_->unwrap(entry->wrapped));
    SecretBytes key =
        crypto::hkdf_sha256(data_key.bytes(), {}, "warifu/v1/partition/" + partition.name(), kDataKeyBytes);
    keys->versions.push_back({entry->version, crypto::Aead(std::move(key))});
  }
  if (keys->versions.empty()) return fail(internal_error("an account's data keys are damaged"));
  return keys;
}

Result<std::shared_ptr<const PartitionKeys>> KeySource::read(store::Reader& reader, const Partition& partition) const {
  if (!partition.owner()) return system_keys_;
  const auto row = TRY(reader.get(Partition::system(), data_key_row(*partition.owner())));
  if (!row) return nullptr;
  return derive(partition, *row);
}

Result<std::shared_ptr<const PartitionKeys>> KeySource::read_or_make(store::Txn& txn,
                                                                     const Partition& partition) const {
  if (auto keys = TRY(read(txn, partition))) return keys;
  const SecretBytes data_key = crypto::random_secret(kDataKeyBytes);
  const std::string wrapped = TRY(master_key_->wrap(data_key));
  std::string row;
  append_entry(row, kFirstVersion, wrapped);
  // Wrapped already, hence not sealed: the row can be read before any key is known.
  TRY(txn.put(Partition::system(), data_key_row(*partition.owner()), row));
  return derive(partition, row);
}

}  // namespace warifu::vault
