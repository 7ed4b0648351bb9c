#include "hosting/code_store.h"

#include <sys/stat.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/encoding.h"
#include "store/keys.h"

namespace warifu::hosting {
namespace {

/// Small enough that other writers wait for milliseconds, large enough that 50 MB are a hundred transactions.
constexpr std::size_t kChunkBytes = 512 * 1024;
constexpr std::size_t kEraseRows = 64;
constexpr std::string_view kDiscarded = "discarded";  // of a mark: not of an archive that is being written
constexpr std::size_t kIdChars = 32;

store::Partition partition_of(std::string_view service, const AccountId& owner) {
  return store::Partition::service(owner, service);
}

namespace keys {

// In the owner's partition of the service.
std::string code(std::string_view code_id) {
  std::string key = "c";
  store::append_text(key, code_id);
  return key;
}
std::string code_chunk(std::string_view code_id, std::uint64_t chunk) {
  std::string key = code(code_id);
  store::append_u64(key, chunk);
  return key;
}

// In `system`.
std::string garbage(std::string_view service) { return std::string(service).append("-garbage/"); }
std::string garbage(std::string_view service, const AccountId& owner, std::string_view code_id) {
  return garbage(service).append(owner.str()).append("/").append(code_id);
}

}  // namespace keys

/// Erases up to kEraseRows pieces; true when none is left, and the mark is gone with the last.
Result<bool> erase_some(store::Txn& txn, std::string_view service, const AccountId& owner, std::string_view code_id) {
  std::size_t erased = 0;
  Result<> failure;
  const auto visit = [&](std::string_view key, std::string_view) {
    failure = txn.erase(partition_of(service, owner), key);
    return failure && ++erased < kEraseRows;
  };
  TRY(txn.scan(partition_of(service, owner), store::prefix_range(keys::code(code_id)), visit));
  if (!failure) return std::unexpected(failure.error());
  if (erased == kEraseRows) return false;
  TRY(txn.erase(store::Partition::system(), keys::garbage(service, owner, code_id)));
  return true;
}

}  // namespace

Result<std::unique_ptr<CodeStore>> CodeStore::open(CodeOptions options, store::Db& db, Workers& workers,
                                                   Random& random) {
  const std::filesystem::path& folder = options.folder;
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  if (!error) std::filesystem::create_directories(folder, error);
  if (error || ::chmod(folder.c_str(), 0711) != 0) {
    return fail(unavailable(fmt::format("cannot empty {}: {}", folder.string(),
                                        error ? error.message() : std::string(std::strerror(errno)))));
  }
  return std::unique_ptr<CodeStore>(new CodeStore(std::move(options), db, workers, random));
}

Task<Result<std::string>> CodeStore::put(AccountId owner, std::shared_ptr<const std::string> zip) {
  const std::string id = random_.text(kIdChars, kAlphanumeric);
  for (std::size_t at = 0; at < zip->size(); at += kChunkBytes) {
    const auto body = [owner, id, zip, at, service = options_.service](store::Txn& txn) -> Result<bool> {
      if (at == 0) TRY(txn.put(store::Partition::system(), keys::garbage(service, owner, id), ""));
      TRY(txn.put(partition_of(service, owner), keys::code_chunk(id, at / kChunkBytes),
                  std::string_view(*zip).substr(at, kChunkBytes)));
      return true;
    };
    CO_TRY(co_await db_.write(body));
  }
  co_return id;
}

Result<> CodeStore::adopt(store::Txn& txn, std::string_view service, const AccountId& owner, std::string_view code_id) {
  return txn.erase(store::Partition::system(), keys::garbage(service, owner, code_id));
}

Result<> CodeStore::discard(store::Txn& txn, std::string_view service, const AccountId& owner,
                            std::string_view code_id) {
  return txn.put(store::Partition::system(), keys::garbage(service, owner, code_id), kDiscarded);
}

Result<std::string> CodeStore::read(store::Reader& reader, std::string_view service, const AccountId& owner,
                                    std::string_view code_id) {
  std::string zip;
  TRY(reader.scan(partition_of(service, owner), store::prefix_range(keys::code(code_id)),
                  [&](std::string_view, std::string_view piece) {
                    zip.append(piece);
                    return true;
                  }));
  if (zip.empty()) return fail(not_found("the code is gone"));
  return zip;
}

Result<std::string> CodeStore::unpack(const AccountId& owner, const std::string& code_id) {
  const std::filesystem::path folder = options_.folder / code_id;
  std::shared_ptr<std::mutex> turn;
  {
    const std::scoped_lock lock(mutex_);
    auto& known = unpacking_[code_id];
    if (known == nullptr) known = std::make_shared<std::mutex>();
    turn = known;
  }
  const std::scoped_lock lock(*turn);
  std::error_code ignored;
  if (std::filesystem::exists(folder, ignored)) return folder.string();
  const auto body = [&](store::Reader& reader) { return read(reader, options_.service, owner, code_id); };
  const std::string zip = TRY(db_.read(body));
  const std::filesystem::path making = options_.folder / (code_id + ".new");
  TRY(archive::unpack(zip, making, options_.bounds));
  std::filesystem::rename(making, folder, ignored);
  if (ignored) return fail(unavailable(fmt::format("cannot keep {}: {}", folder.string(), ignored.message())));
  return folder.string();
}

Task<Result<std::string>> CodeStore::unpacked(AccountId owner, std::string code_id) {
  co_return co_await on(
      workers_, [this, owner = std::move(owner), code_id = std::move(code_id)] { return unpack(owner, code_id); });
}

void CodeStore::forget(std::string_view code_id) {
  const auto now = std::chrono::steady_clock::now();
  const std::scoped_lock lock(mutex_);
  forgotten_.emplace_back(now, code_id);
  while (forgotten_.front().first + options_.longest_run < now) {
    std::string gone = std::move(forgotten_.front().second);
    forgotten_.pop_front();
    if (const auto found = unpacking_.find(gone); found != unpacking_.end()) unpacking_.erase(found);
    boost::asio::post(workers_, [folder = options_.folder / gone] {
      std::error_code ignored;
      std::filesystem::remove_all(folder, ignored);
    });
    if (forgotten_.empty()) return;
  }
}

Result<std::vector<std::pair<AccountId, std::string>>> CodeStore::garbage() const { return garbage(false); }
Result<std::vector<std::pair<AccountId, std::string>>> CodeStore::discarded() const { return garbage(true); }

Result<std::vector<std::pair<AccountId, std::string>>> CodeStore::garbage(bool discarded_alone) const {
  return db_.read([&](store::Reader& reader) -> Result<std::vector<std::pair<AccountId, std::string>>> {
    std::vector<std::pair<AccountId, std::string>> found;
    const std::string prefix = keys::garbage(options_.service);
    TRY(reader.scan(store::Partition::system(), store::prefix_range(prefix),
                    [&](std::string_view key, std::string_view mark) {
                      if (discarded_alone && mark != kDiscarded) return true;
                      key.remove_prefix(prefix.size());
                      const std::size_t slash = key.find('/');
                      const auto owner = AccountId::parse(key.substr(0, slash));
                      if (owner && slash != std::string_view::npos) found.emplace_back(*owner, key.substr(slash + 1));
                      return true;
                    }));
    return found;
  });
}

Result<> CodeStore::collect(const std::vector<std::pair<AccountId, std::string>>& garbage,
                            const std::stop_token& stop) {
  for (const auto& [owner, code_id] : garbage) {
    bool done = false;
    while (!done) {
      if (stop.stop_requested()) return {};
      done =
          TRY(db_.write_blocking([&](store::Txn& txn) { return erase_some(txn, options_.service, owner, code_id); }));
    }
  }
  return {};
}

Task<Result<>> CodeStore::erase(AccountId owner, std::string code_id) {
  forget(code_id);
  for (bool done = false; !done;) {
    const auto body = [service = options_.service, owner, code_id](store::Txn& txn) {
      return erase_some(txn, service, owner, code_id);
    };
    done = CO_TRY(co_await db_.write(body));
  }
  co_return Result<>{};
}

}  // namespace warifu::hosting
