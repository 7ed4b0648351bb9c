#include "server/services.h"

#include "services/accounts/operations.h"
#include "services/iam/operations.h"
#include "services/memory/operations.h"
#include "services/sts/operations.h"

namespace warifu::server {

void bind_services(api::Registry& registry) {
  services::accounts::bind(registry);
  services::iam::bind(registry);
  services::memory::bind(registry);
  services::sts::bind(registry);
}

}  // namespace warifu::server
