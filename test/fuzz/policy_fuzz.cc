#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "policy/decide.h"
#include "policy/explain.h"
#include "policy/positions.h"
#include "policy/values.h"
#include "test/differential/reference.h"
#include "test/policy/engine.h"

namespace {

/// The same question, in the words of the reference: it shares no code with the engine, only what was accepted.
void beside_reference(std::string_view text, warifu::policy::Kind kind, const warifu::policy::Decision& decision,
                      const warifu::cases::Query& query, const std::string& layer) {
  using namespace warifu;
  if (cases::document_kind(layer) != kind) return;
  const std::vector<cases::CaseLayer> layers = {{layer, {std::string(text)}}};
  const std::string wanted = to_string(reference::Evaluator(layers).decide(query));
  const std::string mine = to_string(cases::outcome_of(decision));
  CHECK(mine == wanted, mine + " where the reference says " + wanted);
}

}  // namespace

// The first byte chooses the kind of document, the rest is its text. What parses must compile, and be decided the same
// with and without the index; whatever it says, a caller without a name gets nothing out of an identity policy.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warifu::policy;
  if (size == 0) return 0;
  const auto kind = static_cast<Kind>(data[0] % 7);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  (void)read_date(text);
  (void)read_ip_range(text);
  (void)compare_decimal(text, "1.5");
  (void)map_principals(
      text, [](PrincipalType, std::string_view value) -> warifu::Result<std::string> { return std::string(value); });

  (void)locate(text, {"Statement", std::size_t{1}, "Resource", std::size_t{0}});
  const auto parsed = parse(text, kind);
  if (!parsed) {
    CHECK(!parsed.error().message.empty() && parsed.error().fields.size() == 1, "a refusal names its element");
    return 0;
  }
  (void)context_keys(*parsed);
  const std::vector<std::shared_ptr<const CompiledPolicy>> policies = {CompiledPolicy::compile(*parsed)};
  CHECK(policies[0]->statement_count() == parsed->statements().size(), "every statement is compiled");
  static Context context;
  context.clear();
  context.set(key("aws:username"), "a*${aws:userid}");
  context.set(key("aws:SourceIp"), "::ffff:10.0.0.1");
  context.set(key("aws:CurrentTime"), "2026-01-01T00:00:00Z");
  const std::vector<std::string_view> tags = {"a", "B"};
  context.set_many(key("aws:TagKeys"), tags);
  const PrincipalView user = {.kind = PrincipalKind::kUser,
                              .account = "111111111111",
                              .arn = "arn:aws:iam::111111111111:user/alice",
                              .unique_id = "AIDAALICEALICEALICE1"};
  for (const LayerKind layer : {LayerKind::kIdentity, LayerKind::kResource, LayerKind::kTrust, LayerKind::kSession}) {
    const std::vector<Layer> layers = {{layer, policies}};
    for (const PrincipalView& principal : {user, PrincipalView{}}) {
      const Request request = {.principal = principal,
                               .action = "s3:GetObject",
                               .resource = "arn:aws:s3:us-east-1:111111111111:box/a:b",
                               .resource_account = "111111111111",
                               .context = context};
      const Decision decision = decide(layers, request);
      CHECK(decision == decide(layers, request, {.use_index = false}), "the index may only skip");
      const bool grants = layer == LayerKind::kResource || layer == LayerKind::kTrust;
      CHECK(!decision.allowed || grants || principal.kind == PrincipalKind::kUser, "nobody was let in");
      const bool is_user = principal.kind == PrincipalKind::kUser;
      const warifu::cases::Query query{.caller = {.kind = is_user ? "user" : "anonymous",
                                                  .account = std::string(principal.account),
                                                  .arn = std::string(principal.arn),
                                                  .issuer = {},
                                                  .id = std::string(principal.unique_id)},
                                       .action = "s3:GetObject",
                                       .resource = "arn:aws:s3:us-east-1:111111111111:box/a:b",
                                       .owner = "111111111111",
                                       .context = {{"aws:username", {"a*${aws:userid}"}},
                                                   {"aws:SourceIp", {"::ffff:10.0.0.1"}},
                                                   {"aws:CurrentTime", {"2026-01-01T00:00:00Z"}},
                                                   {"aws:TagKeys", {"a", "B"}, true}}};
      beside_reference(text, kind, decision, query, warifu::cases::layer_name(layer));
    }
  }
  return 0;
}
