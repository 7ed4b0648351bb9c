#include "api/workload_token.h"

#include "json/value.h"
#include "json/writer.h"

namespace warifu::api {
namespace {

constexpr std::string_view kPurpose = "workload access token";
/// How templates end whose resource is the workload identity that a token was given to.
constexpr std::string_view kPlace = "/workload-identity/{workloadIdentityToken}";

}  // namespace

std::string seal_workload_token(const Sealer& sealer, const WorkloadToken& token) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("account").string(token.account).key("region").string(token.region);
  writer.key("workload").string(token.workload).key("user").string(token.user);
  writer.key("expires").integer(token.expires.ms).end_object();
  return sealer.seal(kPurpose, text);
}

std::optional<WorkloadToken> open_workload_token(const Sealer& sealer, std::string_view text) {
  const std::optional<std::string> opened = sealer.open(kPurpose, text);
  if (!opened) return std::nullopt;
  const Result<json::Value> value = json::parse(*opened);
  const json::Value* expires = value ? value->find("expires") : nullptr;
  if (expires == nullptr) return std::nullopt;
  return WorkloadToken{.account = value->find_string("account").value_or(""),
                       .region = value->find_string("region").value_or(""),
                       .workload = value->find_string("workload").value_or(""),
                       .user = value->find_string("user").value_or(""),
                       .expires = {expires->as_int64().value_or(0)}};
}

void name_workload(const Sealer& sealer, const wire::Permission& permission, Target& target) {
  if (!permission.resource.ends_with(kPlace)) return;
  const std::size_t name = target.arn.rfind('/') + 1;
  const std::optional<WorkloadToken> token = open_workload_token(sealer, std::string_view(target.arn).substr(name));
  target.arn.erase(name);
  target.arn += token ? token->workload : "-";
}

}  // namespace warifu::api
