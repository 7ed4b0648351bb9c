#include "services/s3/service.h"

#include "base/log.h"

namespace warifu::services::s3 {

Result<std::unique_ptr<Service>> Service::open(const std::filesystem::path& folder, store::Db& db, Random& random) {
  auto blobs = TRY(Blobs::open(folder, random));
  const std::size_t swept = TRY(blobs->sweep([&](const AccountId& owner, const std::string& id) -> Result<bool> {
    return db.read([&](store::Reader& reader) -> Result<bool> {
      return TRY(reader.get(partition_of(owner), file_key(id))).has_value();
    });
  }));
  if (swept > 0) log::info("files of objects that were never stored were removed", {{"files", std::to_string(swept)}});
  return std::unique_ptr<Service>(new Service(std::move(blobs)));
}

}  // namespace warifu::services::s3
