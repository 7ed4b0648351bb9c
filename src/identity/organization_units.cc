#include <fmt/format.h>

#include <algorithm>

#include "identity/organization_rows.h"
#include "identity/tags.h"

namespace warifu::identity {
namespace {

Error no_such_unit() {
  return organization_error("OrganizationalUnitNotFoundException",
                            "You specified an organizational unit that doesn't exist.");
}

Result<OrganizationNode> require_unit(store::Reader& reader, const Organization& organization, std::string_view id) {
  std::optional<OrganizationNode> node = TRY(find_node(reader, organization, id));
  if (!node || node->parent.empty()) return fail(no_such_unit());
  return std::move(*node);
}

/// Names are unique among the units below one parent.
Result<> require_free_name(store::Reader& reader, const Organization& organization, const OrganizationNode& unit) {
  const auto units = TRY(list_units(reader, organization));
  const bool taken = std::ranges::any_of(units, [&](const OrganizationNode& other) {
    return other.parent == unit.parent && other.name == unit.name && other.id != unit.id;
  });
  if (!taken) return {};
  return fail(organization_error("DuplicateOrganizationalUnitException", "An OU with the same name already exists."));
}

}  // namespace

Result<std::optional<OrganizationNode>> find_node(store::Reader& reader, const Organization& organization,
                                                  std::string_view id) {
  return get_row<OrganizationNode>(reader, home_of(organization), key_of(kNodes, id));
}

Result<std::vector<OrganizationNode>> list_units(store::Reader& reader, const Organization& organization) {
  auto nodes = TRY(all_rows<OrganizationNode>(reader, home_of(organization), kNodes));
  std::erase_if(nodes, [](const OrganizationNode& node) { return node.parent.empty(); });
  return nodes;
}

Result<> create_unit(store::Txn& txn, const Organization& organization, const OrganizationNode& unit) {
  if (!TRY(find_node(txn, organization, unit.parent))) {
    return fail(organization_error("ParentNotFoundException", "You specified parent that doesn't exist."));
  }
  // The nodes down to the parent are the root and as many units as lie above.
  if (TRY(nodes_down_to(txn, organization, unit.parent)).size() > kUnitDepthMax) {
    return fail(constraint_violation("OU_DEPTH_LIMIT_EXCEEDED",
                                     "You have exceeded the allowed depth of organizational units."));
  }
  if (TRY(list_units(txn, organization)).size() >= kOrganizationalUnitsMax) {
    return fail(constraint_violation("OU_NUMBER_LIMIT_EXCEEDED",
                                     "You have exceeded the allowed number of organizational units."));
  }
  TRY(require_free_name(txn, organization, unit));
  TRY(put_row(txn, home_of(organization), key_of(kNodes, unit.id), unit));
  TRY(open_target(txn, organization, unit.id));
  return touch_organizations(txn);
}

Result<> rename_unit(store::Txn& txn, const Organization& organization, std::string_view id, std::string_view name) {
  OrganizationNode unit = TRY(require_unit(txn, organization, id));
  unit.name = name;
  TRY(require_free_name(txn, organization, unit));
  return put_row(txn, home_of(organization), key_of(kNodes, id), unit);
}

Result<> delete_unit(store::Txn& txn, const Organization& organization, std::string_view id) {
  TRY(require_unit(txn, organization, id));
  const auto is_below = [&](const auto& child) { return child.parent == id; };
  const auto units = TRY(list_units(txn, organization));
  const auto members = TRY(list_members(txn, organization));
  if (std::ranges::any_of(units, is_below) || std::ranges::any_of(members, is_below)) {
    return fail(organization_error("OrganizationalUnitNotEmptyException",
                                   "The specified organizational unit is not empty. Move all accounts to another root "
                                   "or to other OUs, remove all child OUs, and try the operation again."));
  }
  TRY(close_target(txn, organization, id));
  TRY(erase_all_tags(txn, account_of(organization.management), organization_entity_arn(organization, id)));
  TRY(txn.erase(home_of(organization), key_of(kNodes, id)));
  return touch_organizations(txn);
}

Result<std::vector<OrganizationNode>> nodes_down_to(store::Reader& reader, const Organization& organization,
                                                    std::string_view parent) {
  std::vector<OrganizationNode> nodes;
  std::string next(parent);
  while (!next.empty()) {
    std::optional<OrganizationNode> node = TRY(find_node(reader, organization, next));
    if (!node || nodes.size() > kUnitDepthMax) return fail(internal_error("an organization's tree is broken"));
    next = node->parent;
    nodes.push_back(std::move(*node));
  }
  std::ranges::reverse(nodes);
  return nodes;
}

Result<std::string> organization_path(store::Reader& reader, const Organization& organization,
                                      std::string_view parent) {
  std::string path = organization.id + "/";
  for (const OrganizationNode& node : TRY(nodes_down_to(reader, organization, parent))) path += node.id + "/";
  return path;
}

}  // namespace warifu::identity
