#pragma once

#include "api/call.h"
#include "api/registry.h"
#include "gen/s3/buckets.h"
#include "gen/s3/listings.h"
#include "gen/s3/multipart.h"
#include "gen/s3/objects.h"
#include "gen/s3/policies.h"
#include "services/s3/service.h"

/// Every handler, by the noun that it is about. Internal to the module.
namespace warifu::services::s3 {

namespace m = model::s3;

/// What a write says of the object beside its bytes: the row without what the bytes decide. Refuses what is not done
/// here, by its name. Instantiated for PutObject, CopyObject and CreateMultipartUpload.
template <class Input>
[[nodiscard]] Result<ObjectRow> described(const Input& input);

[[nodiscard]] Task<Result<m::PutObjectOutput>> put_object(api::Call& call, Service& service, m::PutObjectInput input);
[[nodiscard]] Task<Result<m::CopyObjectOutput>> copy_object(api::Call& call, Service& service,
                                                            m::CopyObjectInput input);
[[nodiscard]] Task<Result<api::Download<m::GetObjectOutput>>> get_object(api::Call& call, Service& service,
                                                                         m::GetObjectInput input);
[[nodiscard]] Task<Result<m::HeadObjectOutput>> head_object(api::Call& call, m::HeadObjectInput input);
[[nodiscard]] Task<Result<m::DeleteObjectOutput>> delete_object(api::Call& call, Service& service,
                                                                m::DeleteObjectInput input);
[[nodiscard]] Task<Result<m::DeleteObjectsOutput>> delete_objects(api::Call& call, Service& service,
                                                                  m::DeleteObjectsInput input);
void bind_buckets(api::Registry& registry, Service& service);
void bind_settings(api::Registry& registry);
void bind_listings(api::Registry& registry);
void bind_multipart(api::Registry& registry, Service& service);
void bind_object_tags(api::Registry& registry);

/// The bytes of a version, or of the part of it that `offset` and `size` say.
[[nodiscard]] Result<std::vector<struct Segment>> segments_of(store::Reader& reader, const AccountId& owner,
                                                              const ObjectRow& row, std::uint64_t offset,
                                                              std::uint64_t size);

}  // namespace warifu::services::s3
