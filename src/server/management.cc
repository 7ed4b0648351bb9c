#include "server/management.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "access/authenticate.h"
#include "base/check.h"
#include "identity/access_keys.h"
#include "identity/accounts.h"
#include "identity/users.h"
#include "json/value.h"

namespace warifu::server {
namespace {

constexpr std::string_view kUserName = "management";

struct Credentials {
  std::string key_id, secret;
};

std::optional<Credentials> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto parsed = json::parse(text);
  if (!parsed) return std::nullopt;
  auto key_id = parsed->find_string("AccessKeyId");
  auto secret = parsed->find_string("SecretAccessKey");
  if (!key_id || !secret) return std::nullopt;
  return Credentials{std::move(*key_id), std::move(*secret)};
}

Error file_error(const std::filesystem::path& path) {
  return unavailable(fmt::format("cannot write {}: {}", path.string(), std::strerror(errno)));
}

/// Written beside and renamed, so that a crash leaves the old file or the new one.
Result<> write_file(const std::filesystem::path& path, const std::string& text) {
  const std::filesystem::path temporary = path.string() + ".new";
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return fail(file_error(temporary));
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  ::close(fd);
  if (!written || ::rename(temporary.c_str(), path.c_str()) != 0) return fail(file_error(path));
  return {};
}

Result<bool> is_valid(store::Db& db, const Credentials& credentials) {
  const auto key_id = AccessKeyId::parse(credentials.key_id);
  if (!key_id) return false;
  return db.read([&](store::Reader& reader) -> Result<bool> {
    const auto found = TRY(identity::find_access_key(reader, *key_id));
    return found && found->account.str() == access::kManagementAccount && found->key.secret == credentials.secret;
  });
}

Result<> install(store::Txn& txn, const AccountId& account, const Credentials& fresh, const std::string& user_id,
                 Timestamp now) {
  if (!TRY(identity::find_account(txn, account))) {
    TRY(identity::create_account(
        txn, {.id = account.str(), .name = "management", .email = {}, .alias = {}, .created = now}));
  }
  auto user = TRY(identity::find_user(txn, account, kUserName));
  if (!user) TRY(access::create_administrator(txn, account, kUserName, user_id, now));
  const std::string owner = user ? user->id : user_id;
  for (const identity::AccessKey& key : TRY(identity::list_access_keys(txn, account, owner))) {
    TRY(identity::delete_access_key(txn, account, owner, key.id));
  }
  return identity::create_access_key(
      txn, account, {.id = fresh.key_id, .user_id = owner, .secret = fresh.secret, .active = true, .created = now});
}

}  // namespace

Result<> ensure_management(store::Db& db, const std::filesystem::path& data, const Clock& clock, Random& random) {
  const std::filesystem::path path = data / kManagementFile;
  if (const auto credentials = read_file(path)) {
    if (TRY(is_valid(db, *credentials))) return {};
  }
  const auto account = AccountId::parse(access::kManagementAccount);
  CHECK(account.has_value());
  const Credentials fresh{identity::new_access_key_id(random), identity::new_secret_key(random)};
  const std::string user_id = identity::new_unique_id(identity::EntityKind::kUser, random);
  const Timestamp now = clock.now();
  TRY(db.write_blocking([&](store::Txn& txn) { return install(txn, *account, fresh, user_id, now); }));

  json::Value value = json::Value::object();
  value.set("AccountId", json::Value::string(account->str()))
      .set("AccessKeyId", json::Value::string(fresh.key_id))
      .set("SecretAccessKey", json::Value::string(fresh.secret));
  return write_file(path, value.dump() + "\n");
}

}  // namespace warifu::server
