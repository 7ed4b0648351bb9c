#include "services/s3/handlers.h"
#include "services/s3/service.h"

namespace warifu::services::s3 {

void bind(api::Registry& registry, Service& service) {
  using api::Call;
  registry.bind(m::ops::kPutObject,
                [&service](Call& call, m::PutObjectInput in) { return put_object(call, service, std::move(in)); });
  registry.bind(m::ops::kCopyObject,
                [&service](Call& call, m::CopyObjectInput in) { return copy_object(call, service, std::move(in)); });
  registry.bind_bytes(m::ops::kGetObject, [&service](Call& call, m::GetObjectInput in) {
    return get_object(call, service, std::move(in));
  });
  registry.bind(m::ops::kHeadObject, head_object);
  registry.bind(m::ops::kDeleteObject, [&service](Call& call, m::DeleteObjectInput in) {
    return delete_object(call, service, std::move(in));
  });
  registry.bind(m::ops::kDeleteObjects, [&service](Call& call, m::DeleteObjectsInput in) {
    return delete_objects(call, service, std::move(in));
  });
  bind_buckets(registry, service);
  bind_settings(registry);
  bind_listings(registry);
  bind_multipart(registry, service);
  bind_object_tags(registry);
}

}  // namespace warifu::services::s3
