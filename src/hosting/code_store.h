#pragma once

#include <chrono>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/hop.h"
#include "base/ids.h"
#include "base/random.h"
#include "base/result.h"
#include "base/task.h"
#include "hosting/archive.h"
#include "store/store.h"

namespace warifu::hosting {

/// Whose code it is.
struct CodeOptions {
  std::filesystem::path folder;  // of unpacked copies; emptied at start
  std::string_view service;      // `lambda`: names the rows; static storage
  archive::Bounds bounds;
  /// What runs from a copy may go on for so long after `forget`, and read more of it.
  std::chrono::seconds longest_run{};
};

/// The archives of one service's customers (functions, agents): sealed rows of the store, in pieces, under an id that
/// is never used again; and their unpacked copies in a folder of the host, made when one first runs, gone at the next
/// start. An archive belongs to the rows that name its id. One that is written but not yet named, or no longer named,
/// stands in the store's list of garbage, in the same transaction, and is erased from there. Thread-safe.
class CodeStore {
 public:
  /// Empties the folder, which is made when missing (0711: what runs code may pass, not look). kUnavailable.
  [[nodiscard]] static Result<std::unique_ptr<CodeStore>> open(CodeOptions options, store::Db& db, Workers& workers,
                                                               Random& random);

  /// Writes an archive and answers its id; it is garbage until `adopt`.
  [[nodiscard]] Task<Result<std::string>> put(AccountId owner, std::shared_ptr<const std::string> zip);
  /// In the transaction that first names it.
  [[nodiscard]] static Result<> adopt(store::Txn& txn, std::string_view service, const AccountId& owner,
                                      std::string_view code_id);
  /// In the transaction that no longer does.
  [[nodiscard]] static Result<> discard(store::Txn& txn, std::string_view service, const AccountId& owner,
                                        std::string_view code_id);

  /// The archive's bytes. kNotFound: there is none of that id.
  [[nodiscard]] static Result<std::string> read(store::Reader& reader, std::string_view service, const AccountId& owner,
                                                std::string_view code_id);
  /// The folder that it lies unpacked in.
  [[nodiscard]] Task<Result<std::string>> unpacked(AccountId owner, std::string code_id);
  /// The copy will not be asked for again. It stays for as long as what was started may still run from it.
  void forget(std::string_view code_id);

  /// Garbage as it stands, to be erased by `collect`: taken before the server listens, so that what is being written
  /// is not among it.
  [[nodiscard]] Result<std::vector<std::pair<AccountId, std::string>>> garbage() const;
  /// The same at any time: what was discarded, without what is being written.
  [[nodiscard]] Result<std::vector<std::pair<AccountId, std::string>>> discarded() const;
  /// Erases these archives, in bounded transactions. Blocks.
  [[nodiscard]] Result<> collect(const std::vector<std::pair<AccountId, std::string>>& garbage,
                                 const std::stop_token& stop);
  /// Erases one archive that was discarded.
  [[nodiscard]] Task<Result<>> erase(AccountId owner, std::string code_id);

 private:
  CodeStore(CodeOptions options, store::Db& db, Workers& workers, Random& random)
      : options_(std::move(options)), db_(db), workers_(workers), random_(random) {}
  Result<std::vector<std::pair<AccountId, std::string>>> garbage(bool discarded_alone) const;
  Result<std::string> unpack(const AccountId& owner, const std::string& code_id);

  const CodeOptions options_;
  store::Db& db_;
  Workers& workers_;
  Random& random_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<std::mutex>, std::less<>> unpacking_;            // by code id: one at a time
  std::deque<std::pair<std::chrono::steady_clock::time_point, std::string>> forgotten_;  // code ids, oldest first
};

}  // namespace warifu::hosting
