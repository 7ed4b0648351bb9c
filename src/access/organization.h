#pragma once

#include <vector>

#include "access/authorize.h"

namespace warifu::access {

/// Whether resource control policies speak about an action: only on resources, and only of the services that support
/// them (AWS Organizations user guide, "AWS services that support RCPs").
[[nodiscard]] bool resource_control_applies(const Ask& ask);

/// Adds what organizations have to say to one decision: aws:PrincipalOrgID, aws:ResourceOrgID, aws:SourceOrgID and
/// their paths where the account meant is in an organization, and the resource control layers of the resource's
/// account. (Service control layers came with the subject.) Returns what the layers look into: keep it until the
/// decision is made; nullptr where there are no organizations, and then nothing was read.
[[nodiscard]] Result<PlacePointer> add_organization(store::Reader& reader, const Subject& subject, const Ask& ask,
                                                    policy::Context& context, std::vector<policy::Layer>& layers);

}  // namespace warifu::access
