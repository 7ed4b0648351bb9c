#!/usr/bin/env python3
"""Writes src/lint/actions.cc: the actions that services have, from AWS's published service models.

Run by hand when AWS's models move: tools/make_actions.py --botocore <site-packages>/botocore/data
"""

import argparse
import gzip
import json
import pathlib
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Service → its models, and the actions that are permissions without being operations (service authorization reference).
SERVICES = {
    "bedrock-agentcore": (["bedrock-agentcore", "bedrock-agentcore-control"], """
        AllowVendedLogDeliveryForResource AuthorizeAction GatewayAssociateWebACL GatewayDisassociateWebACL
        GatewayGetWebACLForResource GatewayListResourcesForWebACL InvokeAgentRuntimeCommandShell
        InvokeAgentRuntimeForUser InvokeAgentRuntimeWithWebSocketStream InvokeAgentRuntimeWithWebSocketStreamForUser
        InvokeGateway ManageResourceScopedPolicy PartiallyAuthorizeActions PutSystemLogEvents
        ConnectBrowserAutomationStream ConnectBrowserLiveViewStream ListAgentRuntimeVersionsByCapacityProvider"""),
    "iam": (["iam"], "PassRole CreateServiceSpecificCredential GetAccountName PutAccountName"),
    "kms": (["kms"], "ReEncryptFrom ReEncryptTo SynchronizeMultiRegionKey"),
    "organizations": (["organizations"], ""),
    "sts": (["sts"], "TagSession SetSourceIdentity SetContext GetServiceBearerToken"),
}


def operations(data: pathlib.Path, model: str) -> set[str]:
    versions = sorted((data / model).iterdir())
    with gzip.open(versions[-1] / "service-2.json.gz", "rt", encoding="utf-8") as file:
        return set(json.load(file)["operations"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--botocore", type=pathlib.Path, required=True)
    data = parser.parse_args().botocore
    rows = []
    for service, (models, extra) in SERVICES.items():
        names = set(extra.split()).union(*(operations(data, model) for model in models))
        lines = textwrap.wrap(" ".join(sorted(names)), 110)
        text = "\n".join(f'     "{line}{" " if line is not lines[-1] else ""}"' for line in lines)
        rows.append(f'    {{"{service}",\n{text}}},\n')
    body = (
        "// Made by tools/make_actions.py from AWS's published service models: do not edit.\n"
        '#include "lint/actions.h"\n\n#include <array>\n\nnamespace warifu::lint {\nnamespace {\n\n'
        "constexpr std::array kServices = std::to_array<ServiceActions>({\n" + "".join(rows) + "});\n\n"
        "}  // namespace\n\nstd::span<const ServiceActions> services() { return kServices; }\n\n"
        "}  // namespace warifu::lint\n")
    (ROOT / "src/lint/actions.cc").write_text(body, encoding="utf-8")


if __name__ == "__main__":
    main()
