#pragma once

#include <filesystem>
#include <memory>

#include "api/registry.h"
#include "base/hop.h"
#include "services/s3/blobs.h"
#include "store/store.h"

namespace warifu::services::s3 {

/// What S3's handlers share: the files of objects and the threads that read and write them. Outlives its calls.
class Service {
 public:
  /// `folder` holds the bodies. Sweeps what no row names: call before the first request. Errors: the disk's.
  [[nodiscard]] static Result<std::unique_ptr<Service>> open(const std::filesystem::path& folder, store::Db& db,
                                                             Random& random);
  ~Service() { workers_.join(); }
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  [[nodiscard]] Blobs& blobs() { return *blobs_; }
  [[nodiscard]] Workers& workers() { return workers_; }

 private:
  explicit Service(std::unique_ptr<Blobs> blobs) : blobs_(std::move(blobs)) {}

  std::unique_ptr<Blobs> blobs_;
  Workers workers_{4};
};

/// Binds every operation. `service` outlives the registry's calls.
void bind(api::Registry& registry, Service& service);

}  // namespace warifu::services::s3
