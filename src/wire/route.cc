#include "wire/route.h"

#include <algorithm>
#include <map>

#include "base/encoding.h"
#include "wire/form.h"
#include "wire/route_xml.h"

namespace warifu::wire {
namespace {

std::vector<std::string_view> split_path(std::string_view path) {
  std::vector<std::string_view> segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  while (true) {
    const std::size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool is_label(std::string_view segment) { return segment.starts_with('{') && segment.ends_with('}'); }

/// One segment deep in the paths of a service.
struct Node {
  std::map<std::string_view, std::unique_ptr<Node>> literals;
  std::unique_ptr<Node> label;
  std::vector<const Operation*> operations;  // that end here, by method
};

/// `find=LayerVersion` of `/2018-10-31/layers?find=LayerVersion`: what the query must hold beside the path.
std::string_view query_of(std::string_view uri) {
  const std::size_t mark = uri.find('?');
  return mark == std::string_view::npos ? std::string_view{} : uri.substr(mark + 1);
}

bool holds_field(std::string_view query, std::string_view field) {
  while (!query.empty()) {
    const std::string_view next = query.substr(0, query.find('&'));
    if (next == field) return true;
    query.remove_prefix(std::min(next.size() + 1, query.size()));
  }
  return false;
}

/// Of operations that share a path and method, the one whose field the query holds, before the one that asks for none.
const Operation* choose(const std::vector<const Operation*>& operations, std::string_view method,
                        std::string_view query) {
  const Operation* plain = nullptr;
  for (const Operation* operation : operations) {
    if (operation->method != method) continue;
    const std::string_view field = query_of(operation->uri);
    if (field.empty()) plain = operation;
    if (!field.empty() && holds_field(query, field)) return operation;
  }
  return plain;
}

void insert(Node& root, const Operation& operation) {
  Node* node = &root;
  for (const std::string_view segment : split_path(operation.uri.substr(0, operation.uri.find('?')))) {
    std::unique_ptr<Node>& next = is_label(segment) ? node->label : node->literals[segment];
    if (next == nullptr) next = std::make_unique<Node>();
    node = next.get();
  }
  node->operations.push_back(&operation);
}

/// Recursion is bounded by the depth of the tree, which is the model's. A label matches no empty segment.
const Operation* find(const Node& node, std::span<const std::string_view> segments, const http::Request& request) {
  if (segments.empty()) return choose(node.operations, request.method, request.query());
  if (const auto literal = node.literals.find(segments.front()); literal != node.literals.end()) {
    if (const Operation* operation = find(*literal->second, segments.subspan(1), request)) return operation;
  }
  if (node.label == nullptr || segments.front().empty()) return nullptr;
  return find(*node.label, segments.subspan(1), request);
}

Error unknown_operation() {
  return {.code = ErrorCode::kNotFound, .message = "Unknown operation", .aws_name = "UnknownOperationException"};
}

Result<Routed> with_labels(const Operation& operation, std::span<const std::string_view> segments) {
  Routed routed{.operation = &operation};
  const std::vector<std::string_view> model = split_path(operation.uri);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (!is_label(model[i])) continue;
    std::optional<std::string> value = percent_decode(segments[i]);
    if (!value || !is_utf8(*value)) return fail(validation_error("the request's path cannot be decoded"));
    routed.labels.emplace_back(model[i].substr(1, model[i].size() - 2), std::move(*value));
  }
  return routed;
}

/// The parameter of a query-protocol request, wherever its method puts parameters.
std::optional<std::string> parameter(const http::Request& request, std::string_view name) {
  return form_value(request.method == "GET" ? request.query() : std::string_view(request.body), name);
}

}  // namespace

struct Router::Tables {
  struct Entry {
    const Service* service;
    Node root;                                                // rest-json
    XmlRoutes xml;                                            // rest-xml
    std::map<std::string_view, const Operation*> operations;  // the others, by name
  };
  std::map<std::string_view, Entry> services;
  std::map<std::string_view, const Operation*> unsigned_operations;

  [[nodiscard]] static Result<Routed> rest(const Entry& entry, const http::Request& request) {
    const std::vector<std::string_view> segments = split_path(request.path());
    const Operation* operation = find(entry.root, segments, request);
    if (operation == nullptr) return fail(unknown_operation());
    return with_labels(*operation, segments);
  }

  [[nodiscard]] static Result<Routed> query(const Entry& entry, const http::Request& request) {
    const std::optional<std::string> action = parameter(request, "Action");
    if (!action) {
      return fail({.code = ErrorCode::kValidation,
                   .message = "The request must contain the parameter Action",
                   .aws_name = "MissingAction"});
    }
    const std::string version = parameter(request, "Version").value_or(std::string(entry.service->version));
    const auto found = entry.operations.find(*action);
    if (found == entry.operations.end() || version != entry.service->version) {
      return fail({.code = ErrorCode::kValidation,
                   .message = "Could not find operation " + *action + " for version " + version,
                   .aws_name = "InvalidAction"});
    }
    return Routed{.operation = found->second};
  }

  [[nodiscard]] static Result<Routed> target(const Entry& entry, const http::Request& request) {
    const std::string_view header = request.headers.get("X-Amz-Target").value_or(std::string_view{});
    const std::string_view prefix = entry.service->target_prefix;
    if (header.size() > prefix.size() && header.starts_with(prefix) && header[prefix.size()] == '.') {
      const auto found = entry.operations.find(header.substr(prefix.size() + 1));
      if (found != entry.operations.end()) return Routed{.operation = found->second};
    }
    return fail(unknown_operation());
  }
};

Router::Router(std::span<const Service* const> services) {
  auto tables = std::make_unique<Tables>();
  for (const Service* service : services) {
    Tables::Entry& entry = tables->services[service->signing_name];
    entry.service = service;
    for (const Operation* operation : service->operations) {
      if (service->protocol == Protocol::kRestJson) {
        insert(entry.root, *operation);
      } else if (service->protocol == Protocol::kRestXml) {
        entry.xml.add(*operation);
      } else {
        entry.operations.emplace(operation->name, operation);
      }
      if (operation->unsigned_allowed) tables->unsigned_operations.emplace(operation->name, operation);
    }
  }
  tables_ = std::move(tables);
}

Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

const Service* Router::service(std::string_view signing_name) const {
  const auto found = tables_->services.find(signing_name);
  return found == tables_->services.end() ? nullptr : found->second.service;
}

Result<Routed> Router::route(const Service& service, const http::Request& request) const {
  const auto found = tables_->services.find(service.signing_name);
  if (found == tables_->services.end()) return fail(unknown_operation());
  switch (service.protocol) {
    case Protocol::kRestJson:
      return Tables::rest(found->second, request);
    case Protocol::kQuery:
      return Tables::query(found->second, request);
    case Protocol::kJson10:
    case Protocol::kJson11:
      return Tables::target(found->second, request);
    case Protocol::kRestXml:
      return found->second.xml.route(request);
  }
  return fail(unknown_operation());
}

const Service* Router::spoken_service(const http::Request& request) const {
  if (const auto target = request.headers.get("x-amz-target")) {
    for (const auto& [name, entry] : tables_->services) {
      const std::string_view prefix = entry.service->target_prefix;
      if (!prefix.empty() && target->substr(0, target->find('.')) == prefix) return entry.service;
    }
  }
  const std::optional<std::string> version = parameter(request, "Version");
  if (!version || !parameter(request, "Action")) return nullptr;
  for (const auto& [name, entry] : tables_->services) {
    if (entry.service->protocol == Protocol::kQuery && entry.service->version == *version) return entry.service;
  }
  return nullptr;
}

const Operation* Router::unsigned_operation(const http::Request& request) const {
  if (request.path() != "/" || (request.method != "POST" && request.method != "GET")) return nullptr;
  const std::optional<std::string> action = parameter(request, "Action");
  if (!action) return nullptr;
  const auto found = tables_->unsigned_operations.find(*action);
  return found == tables_->unsigned_operations.end() ? nullptr : found->second;
}

}  // namespace warifu::wire
