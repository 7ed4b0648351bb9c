#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "gen/agentcore/events.h"

/// Payloads of events as the JSON text that is kept and answered. Pure.
namespace warifu::services::memory::payloads {

/// The array of items, each as it came: documents byte for byte. kValidation past kEventBytesMax in all, or
/// kMessageBytesMax of one `json` item; the message names the item and its size.
[[nodiscard]] Result<std::string> encode(const std::vector<model::agentcore::PayloadType>& items);

}  // namespace warifu::services::memory::payloads
