#include "gen/organizations/units.h"

#include "identity/tags.h"
#include "services/organizations/nouns.h"
#include "services/organizations/shared.h"

namespace warifu::services::organizations {
namespace {

using identity::Organization;
using identity::OrganizationNode;

m::OrganizationalUnit shape_of(const Organization& organization, const OrganizationNode& unit) {
  return {.id = unit.id,
          .arn = identity::organization_entity_arn(organization, unit.id),
          .name = unit.name,
          .path = std::nullopt};
}

Result<m::OrganizationalUnit> unit_of(store::Reader& reader, const Organization& organization, std::string_view id) {
  const auto unit = TRY(identity::find_node(reader, organization, id));
  if (unit && !unit->parent.empty()) return shape_of(organization, *unit);
  return fail({.code = ErrorCode::kNotFound,
               .message = "You specified an organizational unit that doesn't exist.",
               .aws_name = "OrganizationalUnitNotFoundException"});
}

Result<std::vector<OrganizationNode>> units_below(store::Reader& reader, const Organization& organization,
                                                  const std::string& parent) {
  TRY(require_parent(reader, organization, parent));
  auto units = TRY(identity::list_units(reader, organization));
  std::erase_if(units, [&](const OrganizationNode& unit) { return unit.parent != parent; });
  return units;
}

Task<Result<m::CreateOrganizationalUnitOutput>> create_unit(api::Call& call, m::CreateOrganizationalUnitInput input) {
  return manage<m::CreateOrganizationalUnitOutput>(
      call,
      [input = std::move(input), &random = call.random(), account = call.account()](
          store::Txn& txn, const Organization& organization) -> Result<m::CreateOrganizationalUnitOutput> {
        // The id holds the root's, which only the transaction knows; a repeated transaction may draw another.
        const OrganizationNode unit{
            .id = identity::new_unit_id(organization.root, random), .name = input.name, .parent = input.parent_id};
        TRY(identity::create_unit(txn, organization, unit));
        TRY(identity::put_tags(txn, account, identity::organization_entity_arn(organization, unit.id),
                               tags_from(input.tags)));
        return m::CreateOrganizationalUnitOutput{.organizational_unit = shape_of(organization, unit)};
      });
}

Task<Result<m::UpdateOrganizationalUnitOutput>> update_unit(api::Call& call, m::UpdateOrganizationalUnitInput input) {
  return manage<m::UpdateOrganizationalUnitOutput>(
      call,
      [input = std::move(input)](store::Txn& txn,
                                 const Organization& organization) -> Result<m::UpdateOrganizationalUnitOutput> {
        if (input.name) TRY(identity::rename_unit(txn, organization, input.organizational_unit_id, *input.name));
        return m::UpdateOrganizationalUnitOutput{.organizational_unit =
                                                     TRY(unit_of(txn, organization, input.organizational_unit_id))};
      });
}

Task<Result<m::DeleteOrganizationalUnitOutput>> delete_unit(api::Call& call, m::DeleteOrganizationalUnitInput input) {
  return manage<m::DeleteOrganizationalUnitOutput>(
      call,
      [input = std::move(input)](store::Txn& txn,
                                 const Organization& organization) -> Result<m::DeleteOrganizationalUnitOutput> {
        TRY(identity::delete_unit(txn, organization, input.organizational_unit_id));
        return m::DeleteOrganizationalUnitOutput{};
      });
}

Task<Result<m::DescribeOrganizationalUnitOutput>> describe_unit(api::Call& call,
                                                                m::DescribeOrganizationalUnitInput input) {
  return inspect<m::DescribeOrganizationalUnitOutput>(
      call,
      [input = std::move(input)](store::Reader& reader,
                                 const Organization& organization) -> Result<m::DescribeOrganizationalUnitOutput> {
        return m::DescribeOrganizationalUnitOutput{
            .organizational_unit = TRY(unit_of(reader, organization, input.organizational_unit_id))};
      });
}

Task<Result<m::ListOrganizationalUnitsForParentOutput>> list_units_for_parent(
    api::Call& call, m::ListOrganizationalUnitsForParentInput input) {
  return inspect<m::ListOrganizationalUnitsForParentOutput>(
      call,
      [&call, input = std::move(input)](store::Reader& reader, const Organization& organization)
          -> Result<m::ListOrganizationalUnitsForParentOutput> {
        auto units = TRY(units_below(reader, organization, input.parent_id));
        const auto page = TRY(page_of(call, std::move(units), input.next_token, input.max_results,
                                      [](const OrganizationNode& unit) { return unit.id; }));
        m::ListOrganizationalUnitsForParentOutput output{.organizational_units = std::vector<m::OrganizationalUnit>{},
                                                         .next_token = page.next};
        for (const auto& unit : page.items) output.organizational_units->push_back(shape_of(organization, unit));
        return output;
      });
}

Task<Result<m::ListChildrenOutput>> list_children(api::Call& call, m::ListChildrenInput input) {
  return inspect<m::ListChildrenOutput>(
      call,
      [&call, input = std::move(input)](store::Reader& reader,
                                        const Organization& organization) -> Result<m::ListChildrenOutput> {
        std::vector<m::Child> children;
        for (const auto& unit : TRY(units_below(reader, organization, input.parent_id))) {
          if (input.child_type == "ORGANIZATIONAL_UNIT") children.push_back({.id = unit.id, .type = input.child_type});
        }
        for (const auto& member : TRY(identity::list_members(reader, organization))) {
          if (input.child_type != "ACCOUNT" || member.parent != input.parent_id) continue;
          children.push_back({.id = member.account, .type = input.child_type});
        }
        auto page = TRY(page_of(call, std::move(children), input.next_token, input.max_results,
                                [](const m::Child& child) { return *child.id; }));
        return m::ListChildrenOutput{.children = std::move(page.items), .next_token = page.next};
      });
}

Task<Result<m::ListParentsOutput>> list_parents(api::Call& call, m::ListParentsInput input) {
  return inspect<m::ListParentsOutput>(
      call,
      [input = std::move(input)](store::Reader& reader,
                                 const Organization& organization) -> Result<m::ListParentsOutput> {
        std::string parent;
        if (const auto node = TRY(identity::find_node(reader, organization, input.child_id))) parent = node->parent;
        for (const auto& member : TRY(identity::list_members(reader, organization))) {
          if (member.account == input.child_id) parent = member.parent;
        }
        if (parent.empty()) {
          return fail({.code = ErrorCode::kNotFound,
                       .message = "You specified a child that doesn't exist.",
                       .aws_name = "ChildNotFoundException"});
        }
        const std::string type = parent == organization.root ? "ROOT" : "ORGANIZATIONAL_UNIT";
        return m::ListParentsOutput{.parents = std::vector<m::Parent>{{.id = parent, .type = type}}};
      });
}

}  // namespace

void bind_units(api::Registry& registry) {
  registry.bind(m::ops::kCreateOrganizationalUnit, create_unit);
  registry.bind(m::ops::kUpdateOrganizationalUnit, update_unit);
  registry.bind(m::ops::kDeleteOrganizationalUnit, delete_unit);
  registry.bind(m::ops::kDescribeOrganizationalUnit, describe_unit);
  registry.bind(m::ops::kListOrganizationalUnitsForParent, list_units_for_parent);
  registry.bind(m::ops::kListChildren, list_children);
  registry.bind(m::ops::kListParents, list_parents);
}

}  // namespace warifu::services::organizations
