#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/arn.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/task.h"

namespace warifu::store {

/// The leading part of every key: who the data belongs to, and what it hangs on. Made only from types that cannot be
/// empty, so that no key can be written without its tenant. `docs/storage.md` gives the bytes.
class Partition {
 public:
  /// Identity, tags and policies of one account.
  [[nodiscard]] static Partition account(const AccountId& id);
  /// Events and records of one memory. `arn` is the memory's full ARN, `owner` its account.
  [[nodiscard]] static Partition memory(const AccountId& owner, std::string_view arn);
  /// What a service keeps for an account beside its identity: `lambda`, `logs`. REQUIRES: `name` is a word.
  [[nodiscard]] static Partition service(const AccountId& owner, std::string_view name);
  /// The server's own rows: access key index, master key check, format version.
  [[nodiscard]] static Partition system();

  /// Its bytes in the engine's keys, before their terminator: `111111111111/account`, `111111111111/memory/arn:…`,
  /// `111111111111/service/lambda`, `system`. Holds no zero byte; differs for different partitions.
  [[nodiscard]] const std::string& name() const { return name_; }
  /// The account whose data key seals this partition; nullopt for `system`.
  [[nodiscard]] const std::optional<AccountId>& owner() const { return owner_; }
  bool operator==(const Partition& other) const { return name_ == other.name_; }

 private:
  Partition(std::string name, std::optional<AccountId> owner) : name_(std::move(name)), owner_(std::move(owner)) {}
  std::string name_;
  std::optional<AccountId> owner_;
};

enum class Direction : std::uint8_t { kForward, kBackward };

/// Half-open key range [begin, end) of one partition; an empty `end` means to the partition's end.
struct Range {
  std::string begin;
  std::string end;
  Direction direction = Direction::kForward;
};

/// All keys that start with `prefix`.
[[nodiscard]] Range prefix_range(std::string_view prefix, Direction direction = Direction::kForward);

/// Called for each row in order; false stops the scan. The views are valid only during the call.
using Visitor = std::function<bool(std::string_view key, std::string_view value)>;

/// A point of one open store's history: greater ones came later. 0: not known.
using Moment = std::uint64_t;

/// A row by the hash of its partition and key (`row_hash` in keys.h): different rows may share one, and then count as
/// changed together.
using RowHash = std::uint64_t;

/// What a transaction reads: one consistent state of the whole store. Not thread-safe; must not outlive its closure.
class Reader {
 public:
  virtual ~Reader() = default;
  /// nullopt: no such key. Errors: kUnavailable (engine), kInternal (value does not open).
  [[nodiscard]] virtual Result<std::optional<std::string>> get(const Partition& partition, std::string_view key) = 0;
  /// Visits the rows of `range` in its direction, as they were when the scan began: a visitor may put and erase
  /// through the same transaction, and does not meet what it changed.
  [[nodiscard]] virtual Result<> scan(const Partition& partition, const Range& range, const Visitor& visit) = 0;

  /// As `get`, for a small row that holds no secret, that many requests read and few change: a wrapper may answer with
  /// a value that it has kept, only while `unchanged` proves that it is what `get` would answer.
  [[nodiscard]] virtual Result<std::optional<std::string>> get_kept(const Partition& partition, std::string_view key) {
    return get(partition, key);
  }
  /// Of the state that this reader sees, without what its own group has written; 0 when nothing can be proven.
  [[nodiscard]] virtual Moment moment() const { return 0; }
  /// True: what this reader sees at `row`, a value or none, is what a reader saw whose moment was `since`. False says
  /// nothing. REQUIRES: 0 < since <= moment().
  [[nodiscard]] virtual bool unchanged(RowHash /*row*/, Moment /*since*/) const { return false; }
};

/// A serializable read-write transaction. Sees its own writes, scans included. The closure that uses it may run more
/// than once and must have no effect outside it; it runs on the committer's thread, so it must not block.
class Txn : public Reader {
 public:
  [[nodiscard]] virtual Result<> put(const Partition& partition, std::string_view key, std::string_view value) = 0;
  /// Erasing what is absent is not an error.
  [[nodiscard]] virtual Result<> erase(const Partition& partition, std::string_view key) = 0;
};

/// An ordered, transactional key-value engine: `(partition, key) → value`. Thread-safe. Implementations: `memory.h`,
/// `rocksdb.h`; wrappers (`vault::SealedDb`, metered, faulty) implement the same interface.
class Db {
 public:
  using ReadBody = std::function<Result<>(Reader&)>;
  using WriteBody = std::function<Result<>(Txn&)>;
  using Done = std::move_only_function<void(Result<>)>;

  virtual ~Db() = default;

  /// Runs `body` on this thread against a snapshot of what is durable.
  [[nodiscard]] virtual Result<> read_with(const ReadBody& body) = 0;
  /// Queues `body` for the committer. `done` is called exactly once, on an engine thread (on the caller's when the
  /// queue is full or the engine has stopped), and must not block: with success after the writes are durable (as the
  /// engine's durability says) and visible to readers; with the body's own error and nothing written, once all that
  /// the body saw is durable; or with kUnavailable when the engine cannot write (full or failing disk, queue full,
  /// shutting down): then readers do not see the writes, but if the disk failed, whether they are there once the
  /// store writes again, or is opened again, is unknown. All or nothing in every case.
  virtual void write_with(WriteBody body, Done done) = 0;

  /// Reads as `read_with`, returning the closure's value: `db.read([&](Reader& r) -> Result<T> {…})`.
  template <class F>
  [[nodiscard]] std::invoke_result_t<F, Reader&> read(F&& body) {
    std::optional<std::invoke_result_t<F, Reader&>> out;
    const Result<> outcome = read_with([&](Reader& reader) -> Result<> {
      out = body(reader);
      return {};
    });
    if (!outcome) return std::unexpected(outcome.error());
    return std::move(*out);
  }

  /// Runs the closure as a durable transaction and resumes the caller on its own event loop:
  /// `co_await db.write([=](Txn& txn) -> Result<T> {…})`. The closure is kept until it is done, and may run again.
  template <class F>
  [[nodiscard]] Task<std::invoke_result_t<F, Txn&>> write(F body);

  /// As `write`, blocking this thread: for start-up, tools and tests. Never on an event loop.
  template <class F>
  [[nodiscard]] std::invoke_result_t<F, Txn&> write_blocking(F body);
};

}  // namespace warifu::store

#include "store/store_inl.h"
