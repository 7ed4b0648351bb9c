#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "identity/resource_policies.h"
#include "services/lambda/configuration.h"
#include "services/lambda/errors.h"
#include "services/lambda/limits.h"
#include "services/lambda/operations.h"
#include "services/lambda/statements.h"

namespace warifu::services::lambda {
namespace {

constexpr std::string_view kNoLayer = "The resource you requested does not exist.";

Result<m::GetLayerVersionResponse> require_version(store::Reader& reader, const LayerRef& ref) {
  auto row = TRY(rows::find_layer_version(reader, ref));
  if (!row || row->deleted) return fail(resource_not_found(std::string(kNoLayer)));
  return std::move(row->version);
}

m::LayerVersionsListItem item_of(const m::GetLayerVersionResponse& version) {
  return {.layer_version_arn = version.layer_version_arn,
          .version = version.version,
          .description = version.description,
          .created_date = version.created_date,
          .compatible_architectures = version.compatible_architectures,
          .compatible_runtimes = version.compatible_runtimes,
          .license_info = version.license_info};
}

bool has(const std::optional<std::vector<std::string>>& list, const std::optional<std::string>& wanted) {
  return !wanted || (list && std::ranges::find(*list, *wanted) != list->end());
}

Result<LayerRef> layer_named(const api::Call& call, const std::string& name) {
  LayerRef ref{.owner = call.account(), .region = call.region(), .name = name};
  if (!name.starts_with("arn:")) return ref;
  auto parsed = LayerRef::parse(name);
  // Listings ask for no permission on the layer itself: they show the caller's own.
  if (!parsed || parsed->owner != call.account() || parsed->region != call.region()) {
    return fail(resource_not_found(std::string(kNoLayer)));
  }
  return std::move(*parsed);
}

template <class Input>
bool matches(const m::GetLayerVersionResponse& version, const Input& input) {
  return has(version.compatible_runtimes, input.compatible_runtime) &&
         has(version.compatible_architectures, input.compatible_architecture);
}

}  // namespace

Task<Result<m::PublishLayerVersionOutput>> publish_layer_version(api::Call& call, Service& service,
                                                                 m::PublishLayerVersionInput input) {
  const LayerRef ref = CO_TRY(LayerRef::of(call));
  if (ref.owner != call.account()) co_return fail(invalid_parameter("Layers are published in one's own account"));
  const Uploaded uploaded = CO_TRY(co_await upload(call, service, ref.owner,
                                                   {.zip_file = std::move(input.content.zip_file),
                                                    .s3_bucket = input.content.s3_bucket,
                                                    .s3_key = input.content.s3_key,
                                                    .s3_object_version = input.content.s3_object_version,
                                                    .image_uri = {}}));
  const auto body = [ref, input, uploaded, now = call.now()](store::Txn& txn) -> Result<m::PublishLayerVersionOutput> {
    std::string last = TRY(txn.get(ref.partition(), keys::layer(ref))).value_or("0");
    LayerRef made = ref;
    std::from_chars(last.data(), last.data() + last.size(), made.version);
    ++made.version;
    TRY(txn.put(ref.partition(), keys::layer(ref), std::to_string(made.version)));
    LayerRow row{.version = {.content = m::LayerVersionContentOutput{.code_sha256 = uploaded.sha256,
                                                                     .code_size = uploaded.bytes},
                             .layer_arn = ref.arn(),
                             .layer_version_arn = made.version_arn(),
                             .description = input.description.value_or(""),
                             .created_date = lambda_time(now),
                             .version = made.version,
                             .compatible_architectures = input.compatible_architectures,
                             .compatible_runtimes = input.compatible_runtimes,
                             .license_info = input.license_info},
                 .code_id = uploaded.code_id};
    TRY(code::adopt(txn, ref.owner, uploaded.code_id));
    TRY(rows::put_layer_version(txn, made, row));
    return m::PublishLayerVersionOutput{.content = row.version.content,
                                        .layer_arn = row.version.layer_arn,
                                        .layer_version_arn = row.version.layer_version_arn,
                                        .description = row.version.description,
                                        .created_date = row.version.created_date,
                                        .version = row.version.version,
                                        .compatible_architectures = row.version.compatible_architectures,
                                        .compatible_runtimes = row.version.compatible_runtimes,
                                        .license_info = row.version.license_info};
  };
  co_return co_await call.db().write(body);
}

Task<Result<m::GetLayerVersionOutput>> get_layer_version(api::Call& call, m::GetLayerVersionInput) {
  const LayerRef ref = CO_TRY(LayerRef::of(call));
  co_return call.db().read([&](store::Reader& reader) { return require_version(reader, ref); });
}

Task<Result<m::GetLayerVersionByArnOutput>> get_layer_version_by_arn(api::Call& call, m::GetLayerVersionByArnInput) {
  const LayerRef ref = CO_TRY(LayerRef::of(call));
  co_return call.db().read([&](store::Reader& reader) { return require_version(reader, ref); });
}

Task<Result<m::ListLayersOutput>> list_layers(api::Call& call, m::ListLayersInput input) {
  const auto limit = static_cast<std::size_t>(std::min(input.max_items.value_or(kPageMax), kPageMax));
  std::string after;
  if (input.marker && !input.marker->empty()) after = CO_TRY(call.page_position(*input.marker));
  co_return call.db().read([&](store::Reader& reader) -> Result<m::ListLayersOutput> {
    m::ListLayersOutput output;
    auto& layers = output.layers.emplace();
    for (const std::string& name : TRY(rows::layer_names(reader, call.account(), call.region(), after))) {
      if (layers.size() == limit) {
        output.next_marker = call.page_token(after);
        break;
      }
      after = name;
      const LayerRef ref{.owner = call.account(), .region = call.region(), .name = name};
      TRY(rows::each_layer_version(reader, ref, 0, [&](const LayerRow& row) {
        if (row.deleted || !matches(row.version, input)) return true;
        layers.push_back({.layer_name = name, .layer_arn = ref.arn(), .latest_matching_version = item_of(row.version)});
        return false;
      }));
    }
    return output;
  });
}

Task<Result<m::ListLayerVersionsOutput>> list_layer_versions(api::Call& call, m::ListLayerVersionsInput input) {
  const LayerRef ref = CO_TRY(layer_named(call, input.layer_name));
  const auto limit = static_cast<std::size_t>(std::min(input.max_items.value_or(kPageMax), kPageMax));
  std::int64_t before = 0;
  if (input.marker && !input.marker->empty()) {
    const std::string position = CO_TRY(call.page_position(*input.marker));
    std::from_chars(position.data(), position.data() + position.size(), before);
  }
  co_return call.db().read([&](store::Reader& reader) -> Result<m::ListLayerVersionsOutput> {
    m::ListLayerVersionsOutput output;
    auto& versions = output.layer_versions.emplace();
    TRY(rows::each_layer_version(reader, ref, before, [&](const LayerRow& row) {
      if (row.deleted || !matches(row.version, input)) return true;
      if (versions.size() == limit) {
        output.next_marker = call.page_token(std::to_string(before));
        return false;
      }
      before = row.version.version.value_or(0);
      versions.push_back(item_of(row.version));
      return true;
    }));
    return output;
  });
}

Task<Result<m::DeleteLayerVersionOutput>> delete_layer_version(api::Call& call, Service& service,
                                                               m::DeleteLayerVersionInput) {
  const LayerRef ref = CO_TRY(LayerRef::of(call));
  // Its code stays while functions that were made with it go on with it.
  const auto body = [ref](store::Txn& txn) -> Result<std::string> {
    auto row = TRY(rows::find_layer_version(txn, ref));
    if (!row) return std::string();
    row->deleted = true;
    TRY(rows::put_layer_version(txn, ref, *row));
    TRY(identity::erase_resource_policy(txn, ref.owner, ref.version_arn()));
    return rows::free_layer_version(txn, ref);
  };
  const std::string freed = CO_TRY(co_await call.db().write(body));
  if (!freed.empty()) (void)co_await service.code().erase(ref.owner, freed);
  co_return m::DeleteLayerVersionOutput{};
}

Task<Result<m::AddLayerVersionPermissionOutput>> add_layer_permission(api::Call& call,
                                                                      m::AddLayerVersionPermissionInput input) {
  const LayerRef ref = CO_TRY(LayerRef::of(call));
  const statements::Permission permission{.id = input.statement_id,
                                          .action = input.action,
                                          .principal = input.principal,
                                          .organization = input.organization_id.value_or("")};
  const auto body = [ref, permission, revision = input.revision_id,
                     now = call.now()](store::Txn& txn) -> Result<m::AddLayerVersionPermissionOutput> {
    TRY(require_version(txn, ref));
    const std::string arn = ref.version_arn();
    std::string statement = TRY(statements::statement_of(txn, permission, arn));
    std::string after = TRY(statements::add(txn, ref.owner, arn, permission.id, statement, revision, now));
    return m::AddLayerVersionPermissionOutput{.statement = std::move(statement), .revision_id = std::move(after)};
  };
  co_return co_await call.db().write(body);
}

Task<Result<m::RemoveLayerVersionPermissionOutput>> remove_layer_permission(
    api::Call& call, m::RemoveLayerVersionPermissionInput input) {
  const LayerRef ref = CO_TRY(LayerRef::of(call));
  const auto body = [ref, input, now = call.now()](store::Txn& txn) -> Result<m::RemoveLayerVersionPermissionOutput> {
    TRY(require_version(txn, ref));
    TRY(statements::remove(txn, ref.owner, ref.version_arn(), input.statement_id, input.revision_id, now));
    return m::RemoveLayerVersionPermissionOutput{};
  };
  co_return co_await call.db().write(body);
}

Task<Result<m::GetLayerVersionPolicyOutput>> get_layer_policy(api::Call& call, m::GetLayerVersionPolicyInput) {
  const LayerRef ref = CO_TRY(LayerRef::of(call));
  co_return call.db().read([&](store::Reader& reader) -> Result<m::GetLayerVersionPolicyOutput> {
    TRY(require_version(reader, ref));
    statements::Shown shown = TRY(statements::show(reader, ref.owner, ref.version_arn()));
    return m::GetLayerVersionPolicyOutput{.policy = std::move(shown.policy), .revision_id = std::move(shown.revision)};
  });
}

}  // namespace warifu::services::lambda
