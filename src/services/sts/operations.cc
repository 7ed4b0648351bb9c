#include "services/sts/operations.h"

#include "services/sts/roles.h"
#include "services/sts/users.h"

namespace warifu::services::sts {

void bind(api::Registry& registry) {
  namespace ops = model::sts::ops;
  registry.bind(ops::kAssumeRole, assume_role);
  registry.bind(ops::kGetCallerIdentity, get_caller_identity);
  registry.bind(ops::kGetSessionToken, get_session_token);
  registry.bind(ops::kGetFederationToken, get_federation_token);
  registry.bind(ops::kGetAccessKeyInfo, get_access_key_info);
  registry.bind(ops::kDecodeAuthorizationMessage, decode_authorization_message);
}

}  // namespace warifu::services::sts
