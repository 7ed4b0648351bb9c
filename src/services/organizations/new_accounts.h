#pragma once

#include <string>
#include <vector>

#include "gen/organizations/accounts.h"
#include "identity/handshakes.h"
#include "services/organizations/shared.h"

namespace warifu::services::organizations {

/// Everything random about a new account, drawn before the transaction.
struct NewAccount {
  std::string request_id;
  std::vector<AccountId> numbers;  // the first that is free is taken
  std::string role_id;
};
[[nodiscard]] NewAccount draw_account(Random& random);

/// Makes the account, a member below the root, and the role through which the management account administers it, or
/// writes down why not.
[[nodiscard]] Result<identity::CreatedAccount> make_account(store::Txn& txn, const identity::Organization& organization,
                                                            const m::CreateAccountInput& input, const NewAccount& drawn,
                                                            Timestamp now);

}  // namespace warifu::services::organizations
