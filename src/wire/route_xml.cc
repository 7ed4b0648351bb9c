#include "wire/route_xml.h"

#include <algorithm>

#include "base/encoding.h"

namespace warifu::wire {
namespace {

constexpr std::string_view kCopySource = "x-amz-copy-source";

/// What may be named beside a bucket or object in S3's API, served here or not.
constexpr std::string_view kParts[] = {"abac",
                                       "accelerate",
                                       "acl",
                                       "analytics",
                                       "annotation",
                                       "annotations",
                                       "attributes",
                                       "cors",
                                       "delete",
                                       "encryption",
                                       "intelligent-tiering",
                                       "inventory",
                                       "legal-hold",
                                       "lifecycle",
                                       "location",
                                       "logging",
                                       "metadataAnnotationTable",
                                       "metadataConfiguration",
                                       "metadataInventoryTable",
                                       "metadataJournalTable",
                                       "metadataTable",
                                       "metrics",
                                       "notification",
                                       "object-lock",
                                       "ownershipControls",
                                       "policy",
                                       "policyStatus",
                                       "publicAccessBlock",
                                       "renameObject",
                                       "replication",
                                       "requestPayment",
                                       "restore",
                                       "retention",
                                       "select",
                                       "session",
                                       "tagging",
                                       "torrent",
                                       "uploadId",
                                       "uploads",
                                       "versioning",
                                       "versions",
                                       "website"};

/// Names of the query's fields, as far as they matter here: none of those is ever written with an escape.
std::vector<std::string_view> fields_of(std::string_view query) {
  std::vector<std::string_view> fields;
  while (!query.empty()) {
    const std::string_view field = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(field.size() + 1, query.size()));
    fields.push_back(field);
  }
  return fields;
}

std::string_view name_of(std::string_view field) { return field.substr(0, field.find('=')); }

bool names(const std::vector<std::string_view>& fields, std::string_view name) {
  return std::ranges::any_of(fields, [&](std::string_view field) { return name_of(field) == name; });
}

std::string_view asked_field(const Operation& operation) {
  const std::size_t mark = operation.uri.find('?');
  return mark == std::string_view::npos ? std::string_view{} : operation.uri.substr(mark + 1);
}

/// How much the operation asks for of what the request has; -1: it does not fit.
int fit(const Operation& operation, const std::vector<std::string_view>& fields, bool copies) {
  int asked = 0;
  if (const std::string_view field = asked_field(operation); !field.empty()) {
    const bool with_value = field.find('=') != std::string_view::npos;
    if (with_value ? std::ranges::find(fields, field) == fields.end() : !names(fields, field)) return -1;
    ++asked;
  }
  for (const Member& member : operation.input->members) {
    if (!member.required) continue;
    if (member.location == Location::kQuery) {
      if (!names(fields, member.wire_name)) return -1;
      ++asked;
    }
    if (member.location == Location::kHeader && member.wire_name == kCopySource) {
      if (!copies) return -1;
      ++asked;
    }
  }
  return asked;
}

/// What the operation is asked with, by its path or as a parameter.
bool speaks_of(const Operation& operation, std::string_view part) {
  if (name_of(asked_field(operation)) == part) return true;
  return std::ranges::any_of(operation.input->members, [&](const Member& member) {
    return member.location == Location::kQuery && member.wire_name == part;
  });
}

Error refused(ErrorCode code, std::string_view name, std::string message) {
  return {.code = code, .message = std::move(message), .aws_name = name};
}

Result<std::string> label(std::string_view raw) {
  std::optional<std::string> text = percent_decode(raw);
  if (text && is_utf8(*text)) return std::move(*text);
  return fail(refused(ErrorCode::kValidation, "InvalidURI", "Couldn't parse the specified URI."));
}

}  // namespace

void XmlRoutes::add(const Operation& operation) {
  const std::string_view path = operation.uri.substr(0, operation.uri.find('?'));
  levels_[path == "/" ? 0 : path == "/{Bucket}" ? 1 : 2].push_back(&operation);
}

Result<Routed> XmlRoutes::route(const http::Request& request) const {
  std::string_view path = request.path();
  if (path.starts_with('/')) path.remove_prefix(1);
  const std::string_view bucket = path.substr(0, path.find('/'));
  const std::string_view key = path.substr(std::min(bucket.size() + 1, path.size()));
  if (bucket.empty() && !key.empty()) {
    return fail(refused(ErrorCode::kValidation, "InvalidBucketName", "The specified bucket is not valid."));
  }
  const std::vector<std::string_view> fields = fields_of(request.query());
  const bool copies = request.headers.get(kCopySource).has_value();

  const Operation* chosen = nullptr;
  int best = -1;
  for (const Operation* operation : levels_[bucket.empty() ? 0 : key.empty() ? 1 : 2]) {
    if (operation->method != request.method) continue;
    const int asked = fit(*operation, fields, copies);
    if (asked > best) {
      best = asked;
      chosen = operation;
    }
  }
  for (const std::string_view part : kParts) {
    if (!names(fields, part) || (chosen != nullptr && speaks_of(*chosen, part))) continue;
    return fail(refused(ErrorCode::kUnsupported, "NotImplemented",
                        "A header you provided implies functionality that is not implemented"));
  }
  if (chosen == nullptr) {
    return fail(refused(ErrorCode::kValidation, "MethodNotAllowed",
                        "The specified method is not allowed against this resource."));
  }
  Routed routed{.operation = chosen};
  if (!bucket.empty()) routed.labels.emplace_back("Bucket", TRY(label(bucket)));
  if (!key.empty()) routed.labels.emplace_back("Key", TRY(label(key)));
  return routed;
}

}  // namespace warifu::wire
