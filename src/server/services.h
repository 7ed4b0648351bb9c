#pragma once

#include <memory>
#include <stop_token>

#include "api/registry.h"
#include "base/clock.h"
#include "server/options.h"
#include "services/credentials/tokens.h"
#include "services/gateway/control.h"
#include "services/gateway/data_plane.h"
#include "services/memory/extraction_notices.h"
#include "services/memory/long_term.h"
#include "store/store.h"

namespace warifu::server {

/// Embedders, index and threads of long-term memory: the endpoint that the options name, else the transformer that is
/// installed in the data folder, makes new vectors; the table in the binary stands behind it. Errors are one line for a
/// person.
[[nodiscard]] Result<std::unique_ptr<services::memory::LongTerm>> make_long_term(const ServeOptions& options);

/// What gateways' targets may reach, and the names of this server. Errors are one line for a person.
[[nodiscard]] Result<services::gateway::DataPlaneOptions> gateway_options(const ServeOptions& options);

/// Binds every handler that this server has. `long_term`, `extraction`, `tokens` and the gateways' connector must
/// outlive its calls.
void bind_services(api::Registry& registry, services::memory::LongTerm& long_term,
                   services::memory::extraction::Notices& extraction, services::gateway::Control gateways,
                   services::credentials::Tokens& tokens);

/// Fetches tokens for workloads; addresses as gateways may connect to.
[[nodiscard]] Result<std::unique_ptr<services::credentials::Tokens>> make_tokens(const ServeOptions& options,
                                                                                 const Clock& clock);

/// Finishes what services left half done when the server last ended: sweeps of deleted memories, and vectors of
/// `embedder` for records that have those of an earlier one. From then on erases records that expire, every few
/// minutes. In bounded transactions; blocks until `stop`, for a thread of its own.
void run_background_work(store::Db& db, search::Embedder& embedder, const Clock& clock, const std::stop_token& stop);

}  // namespace warifu::server
