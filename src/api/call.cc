#include "api/call.h"

#include <fmt/format.h>

#include "api/recording.h"
#include "base/check.h"

namespace warifu::api {
namespace {

constexpr std::string_view kPagePurpose = "paging-token";
constexpr std::size_t kPageTokenCharsMax = 8192;

}  // namespace

Call::Call(const Environment& environment, const access::Principal& principal)
    : environment_(environment), db_(&environment.db), principal_(principal), owner_(principal.account) {}

void Call::record_in(Recording& recording) {
  recording_ = &recording;
  db_ = &recording.db(environment_.db);
}

void Call::answered(const wire::Operation& operation, const void* output) {
  if (recording_ != nullptr) recording_->answered(operation, output);
}

// The token says for whom and what it is good, since the position alone would open another's listing.
std::string Call::page_token(std::string_view position) const {
  const std::string bound =
      fmt::format("{}\n{}\n{}\n{}\n{}", account().str(), region_, operation_, resource_, position);
  return environment_.sealer.seal(kPagePurpose, bound);
}

Result<std::string> Call::page_position(std::string_view token) const {
  if (token.size() > kPageTokenCharsMax) return fail(validation_error("invalid nextToken"));
  const auto opened = environment_.sealer.open(kPagePurpose, token);
  const std::string prefix = fmt::format("{}\n{}\n{}\n{}\n", account().str(), region_, operation_, resource_);
  if (!opened || !opened->starts_with(prefix)) return fail(validation_error("invalid nextToken"));
  return opened->substr(prefix.size());
}

Result<bool> Call::allowed_with(store::Reader& reader, std::string_view key, std::string_view value) const {
  CHECK(ask_again_ != nullptr, "only an operation whose elements are asked one by one is asked again");
  return ask_again_(reader, key, value);
}

Result<bool> Call::may(store::Reader& reader, std::string_view action, std::string_view resource,
                       const std::function<void(policy::Context&)>& fill) const {
  CHECK(ask_other_ != nullptr, "only a call on a resource is asked about others");
  return ask_other_(reader, action, resource, fill);
}

}  // namespace warifu::api
