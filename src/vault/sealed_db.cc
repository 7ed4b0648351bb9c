#include "vault/sealed_db.h"

#include <atomic>

#include "store/keys.h"
#include "vault/kept_rows.h"
#include "vault/key_source.h"

namespace warifu::vault {
namespace {

using store::Partition;
using store::Range;
using store::Visitor;

Error does_not_open() { return internal_error("a stored value does not open"); }

bool reserved(const Partition& partition, std::string_view key) {
  return !partition.owner() && key.starts_with(kReservedPrefix);
}

/// Resolves keys for one closure: from the cache, from what the closure met before, or through `read`.
class Resolver {
 public:
  Resolver(const KeySource& source, ResolvedKeys& resolved) : source_(source), resolved_(resolved) {}

  template <class Read>
  Result<const PartitionKeys*> find(const Partition& partition, const Read& read) {
    if (const PartitionKeys* cached = source_.cached(partition)) return cached;
    for (const auto& keys : resolved_) {
      if (keys->partition == partition.name()) return keys.get();
    }
    return again(read);
  }

  /// Reads anew: the data key may have been rotated since.
  template <class Read>
  Result<const PartitionKeys*> again(const Read& read) {
    std::shared_ptr<const PartitionKeys> keys = TRY(read());
    if (!keys) return nullptr;
    resolved_.push_back(std::move(keys));
    return resolved_.back().get();
  }

 private:
  const KeySource& source_;
  ResolvedKeys& resolved_;
};

/// Opens what `inner` reads. Shared by readers and transactions.
class Opener {
 public:
  Opener(const KeySource& source, store::Reader& inner, ResolvedKeys& resolved, std::uint64_t database)
      : source_(source), inner_(inner), resolver_(source, resolved), database_(database) {}

  Result<std::optional<std::string>> get(const Partition& partition, std::string_view key) {
    if (reserved(partition, key)) return std::nullopt;
    const auto sealed = TRY(inner_.get(partition, key));
    if (!sealed) return std::nullopt;
    return open(partition, store::flat_key(partition, key), *sealed);
  }

  Result<std::optional<std::string>> get_kept(const Partition& partition, std::string_view key) {
    if (reserved(partition, key)) return std::nullopt;
    std::string flat = store::flat_key(partition, key);
    const store::RowHash row = store::row_hash(flat);
    const store::Moment now = inner_.moment();
    KeptRows& rows = KeptRows::of_thread(database_);
    const KeptRows::Row* kept = rows.find(flat, row);
    // A row that was read in a later state proves nothing about ours.
    if (kept != nullptr && kept->read_at <= now && inner_.unchanged(row, kept->read_at)) return kept->value;

    auto value = TRY(get(partition, key));
    // What our own group wrote may still be taken back.
    if (now != 0 && inner_.unchanged(row, now)) rows.put(std::move(flat), row, value, now);
    return value;
  }

  Result<> scan(const Partition& partition, const Range& range, const Visitor& visit) {
    Result<> outcome;
    std::string aad = store::flat_key(partition, "");
    const std::size_t prefix_bytes = aad.size();
    TRY(inner_.scan(partition, range, [&](std::string_view key, std::string_view sealed) {
      if (reserved(partition, key)) return true;
      aad.resize(prefix_bytes);
      aad.append(key);
      const auto value = open(partition, aad, sealed);
      if (!value) {
        outcome = std::unexpected(value.error());
        return false;
      }
      return visit(key, *value);
    }));
    return outcome;
  }

  Resolver& resolver() { return resolver_; }

 private:
  Result<std::string> open(const Partition& partition, std::string_view aad, std::string_view sealed) {
    const auto read = [&] { return source_.read(inner_, partition); };
    const PartitionKeys* keys = TRY(resolver_.find(partition, read));
    if (keys == nullptr) return fail(does_not_open());
    const crypto::Aead* key = keys->key_of(sealed);
    if (key == nullptr) {
      keys = TRY(resolver_.again(read));
      key = keys == nullptr ? nullptr : keys->key_of(sealed);
    }
    if (key == nullptr) return fail(does_not_open());
    auto value = key->open(sealed.substr(kValueHeaderBytes), aad);
    if (!value) return fail(does_not_open());
    return std::move(*value);
  }

  const KeySource& source_;
  store::Reader& inner_;
  Resolver resolver_;
  const std::uint64_t database_;
};

class SealedReader final : public store::Reader {
 public:
  SealedReader(const KeySource& source, store::Reader& inner, ResolvedKeys& resolved, std::uint64_t database)
      : inner_(inner), opener_(source, inner, resolved, database) {}
  Result<std::optional<std::string>> get(const Partition& partition, std::string_view key) override {
    return opener_.get(partition, key);
  }
  Result<> scan(const Partition& partition, const Range& range, const Visitor& visit) override {
    return opener_.scan(partition, range, visit);
  }
  Result<std::optional<std::string>> get_kept(const Partition& partition, std::string_view key) override {
    return opener_.get_kept(partition, key);
  }
  [[nodiscard]] store::Moment moment() const override { return inner_.moment(); }
  [[nodiscard]] bool unchanged(store::RowHash row, store::Moment since) const override {
    return inner_.unchanged(row, since);
  }

 private:
  const store::Reader& inner_;
  Opener opener_;
};

class SealedTxn final : public store::Txn {
 public:
  SealedTxn(const KeySource& source, store::Txn& inner, ResolvedKeys& resolved, std::uint64_t database)
      : source_(source), inner_(inner), opener_(source, inner, resolved, database) {}

  Result<std::optional<std::string>> get(const Partition& partition, std::string_view key) override {
    return opener_.get(partition, key);
  }
  Result<> scan(const Partition& partition, const Range& range, const Visitor& visit) override {
    return opener_.scan(partition, range, visit);
  }
  Result<std::optional<std::string>> get_kept(const Partition& partition, std::string_view key) override {
    return opener_.get_kept(partition, key);
  }
  [[nodiscard]] store::Moment moment() const override { return inner_.moment(); }
  [[nodiscard]] bool unchanged(store::RowHash row, store::Moment since) const override {
    return inner_.unchanged(row, since);
  }
  Result<> put(const Partition& partition, std::string_view key, std::string_view value) override {
    if (reserved(partition, key)) return fail(internal_error("this key is the vault's own"));
    const PartitionKeys* keys =
        TRY(opener_.resolver().find(partition, [&] { return source_.read_or_make(inner_, partition); }));
    return inner_.put(partition, key, keys->seal(value, store::flat_key(partition, key)));
  }
  Result<> erase(const Partition& partition, std::string_view key) override {
    if (reserved(partition, key)) return fail(internal_error("this key is the vault's own"));
    return inner_.erase(partition, key);
  }

 private:
  const KeySource& source_;
  store::Txn& inner_;
  Opener opener_;
};

class SealedDb final : public store::Db {
 public:
  SealedDb(std::unique_ptr<store::Db> inner, std::shared_ptr<const MasterKey> master_key)
      : source_(std::move(master_key)), inner_(std::move(inner)) {}

  Result<> check() { return source_.check(*inner_); }

  Result<> read_with(const ReadBody& body) override {
    ResolvedKeys resolved;
    Result<> outcome = inner_->read_with([&](store::Reader& inner) {
      SealedReader reader(source_, inner, resolved, number_);
      return body(reader);
    });
    // Readers see only what is durable.
    remember(resolved);
    return outcome;
  }

  void write_with(WriteBody body, Done done) override {
    auto resolved = std::make_shared<ResolvedKeys>();
    inner_->write_with(
        [this, resolved, body = std::move(body)](store::Txn& inner) {
          resolved->clear();
          SealedTxn txn(source_, inner, *resolved, number_);
          return body(txn);
        },
        [this, resolved, done = std::move(done)](Result<> outcome) mutable {
          // What the closure saw and made is durable by now.
          if (outcome) remember(*resolved);
          done(std::move(outcome));
        });
  }

 private:
  void remember(ResolvedKeys& resolved) {
    for (auto& keys : resolved) source_.remember(std::move(keys));
  }

  static std::uint64_t next_number() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
  }

  KeySource source_;
  const std::uint64_t number_ = next_number();  // tells this database from others in what threads keep
  std::unique_ptr<store::Db> inner_;            // last: closing it tells waiting writers, who use `source_`
};

}  // namespace

Result<std::unique_ptr<store::Db>> open_sealed(std::unique_ptr<store::Db> inner,
                                               std::shared_ptr<const MasterKey> master_key) {
  auto db = std::make_unique<SealedDb>(std::move(inner), std::move(master_key));
  TRY(db->check());
  return db;
}

}  // namespace warifu::vault
