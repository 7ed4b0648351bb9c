#!/usr/bin/env python3
"""Reads AWS's published service models (as botocore carries them) and writes ours: model/<service>.json.

What comes over are facts of the wire: names, shapes, constraints, HTTP bindings, errors. Documentation does not.
Run by hand when AWS's models move: tools/import_model.py --botocore <site-packages>/botocore/data --out model
"""

import argparse
import gzip
import json
import pathlib
import sys

MEMORY_DATA = """
CreateEvent GetEvent ListEvents DeleteEvent ListSessions ListActors IngestData
BatchCreateMemoryRecords BatchUpdateMemoryRecords BatchDeleteMemoryRecords GetMemoryRecord DeleteMemoryRecord
ListMemoryRecords RetrieveMemoryRecords StartMemoryExtractionJob ListMemoryExtractionJobs
""".split()
MEMORY_CONTROL = """
CreateMemory GetMemory ListMemories UpdateMemory DeleteMemory
TagResource UntagResource ListTagsForResource PutResourcePolicy GetResourcePolicy DeleteResourcePolicy
""".split()
GATEWAY = """
CreateGateway GetGateway ListGateways UpdateGateway DeleteGateway
CreateGatewayTarget GetGatewayTarget ListGatewayTargets UpdateGatewayTarget DeleteGatewayTarget
SynchronizeGatewayTargets
CreateGatewayRule GetGatewayRule ListGatewayRules UpdateGatewayRule DeleteGatewayRule
CreateGatewayRateLimit GetGatewayRateLimit ListGatewayRateLimits UpdateGatewayRateLimit DeleteGatewayRateLimit
BatchPutGatewayRateLimits
""".split()
RUNTIME_CONTROL = """
CreateAgentRuntime GetAgentRuntime ListAgentRuntimes UpdateAgentRuntime DeleteAgentRuntime ListAgentRuntimeVersions
CreateAgentRuntimeEndpoint GetAgentRuntimeEndpoint ListAgentRuntimeEndpoints UpdateAgentRuntimeEndpoint
DeleteAgentRuntimeEndpoint
""".split()
RUNTIME_DATA = """
InvokeAgentRuntime InvokeAgentRuntimeCommand GetAgentCard StopRuntimeSession
""".split()
CREDENTIALS_CONTROL = """
CreateApiKeyCredentialProvider GetApiKeyCredentialProvider ListApiKeyCredentialProviders
UpdateApiKeyCredentialProvider DeleteApiKeyCredentialProvider
CreateOauth2CredentialProvider GetOauth2CredentialProvider ListOauth2CredentialProviders
UpdateOauth2CredentialProvider DeleteOauth2CredentialProvider
CreateWorkloadIdentity GetWorkloadIdentity ListWorkloadIdentities UpdateWorkloadIdentity DeleteWorkloadIdentity
GetTokenVault SetTokenVaultCMK
""".split()
CREDENTIALS_DATA = """
GetWorkloadAccessToken GetWorkloadAccessTokenForJWT GetWorkloadAccessTokenForUserId
GetResourceApiKey GetResourceOauth2Token CompleteResourceTokenAuth
""".split()
IAM = """
CreateUser GetUser ListUsers UpdateUser DeleteUser TagUser UntagUser ListUserTags
PutUserPermissionsBoundary DeleteUserPermissionsBoundary
PutUserPolicy GetUserPolicy DeleteUserPolicy ListUserPolicies AttachUserPolicy DetachUserPolicy ListAttachedUserPolicies
CreateAccessKey ListAccessKeys UpdateAccessKey DeleteAccessKey GetAccessKeyLastUsed
CreateGroup GetGroup ListGroups UpdateGroup DeleteGroup AddUserToGroup RemoveUserFromGroup ListGroupsForUser
PutGroupPolicy GetGroupPolicy DeleteGroupPolicy ListGroupPolicies AttachGroupPolicy DetachGroupPolicy
ListAttachedGroupPolicies
CreateRole GetRole ListRoles UpdateRole UpdateRoleDescription DeleteRole UpdateAssumeRolePolicy TagRole UntagRole
ListRoleTags PutRolePermissionsBoundary DeleteRolePermissionsBoundary CreateServiceLinkedRole DeleteServiceLinkedRole
GetServiceLinkedRoleDeletionStatus
PutRolePolicy GetRolePolicy DeleteRolePolicy ListRolePolicies AttachRolePolicy DetachRolePolicy ListAttachedRolePolicies
CreatePolicy GetPolicy ListPolicies DeletePolicy CreatePolicyVersion GetPolicyVersion ListPolicyVersions
SetDefaultPolicyVersion DeletePolicyVersion ListEntitiesForPolicy TagPolicy UntagPolicy ListPolicyTags
CreateInstanceProfile GetInstanceProfile ListInstanceProfiles DeleteInstanceProfile AddRoleToInstanceProfile
RemoveRoleFromInstanceProfile ListInstanceProfilesForRole TagInstanceProfile UntagInstanceProfile
ListInstanceProfileTags
CreateAccountAlias DeleteAccountAlias ListAccountAliases GetAccountSummary GetAccountAuthorizationDetails
GetAccountPasswordPolicy UpdateAccountPasswordPolicy DeleteAccountPasswordPolicy
CreateOpenIDConnectProvider GetOpenIDConnectProvider ListOpenIDConnectProviders DeleteOpenIDConnectProvider
AddClientIDToOpenIDConnectProvider RemoveClientIDFromOpenIDConnectProvider UpdateOpenIDConnectProviderThumbprint
TagOpenIDConnectProvider UntagOpenIDConnectProvider ListOpenIDConnectProviderTags
CreateLoginProfile GetLoginProfile UpdateLoginProfile DeleteLoginProfile ChangePassword
CreateVirtualMFADevice DeleteVirtualMFADevice EnableMFADevice DeactivateMFADevice ListMFADevices ListVirtualMFADevices
ResyncMFADevice GetMFADevice TagMFADevice UntagMFADevice ListMFADeviceTags
SimulateCustomPolicy SimulatePrincipalPolicy GetContextKeysForCustomPolicy GetContextKeysForPrincipalPolicy
""".split()
ORGANIZATIONS = """
CreateOrganization DescribeOrganization DeleteOrganization EnableAllFeatures LeaveOrganization
CreateAccount DescribeCreateAccountStatus ListCreateAccountStatus CloseAccount DescribeAccount ListAccounts
ListAccountsForParent MoveAccount RemoveAccountFromOrganization
InviteAccountToOrganization AcceptHandshake DeclineHandshake CancelHandshake DescribeHandshake
ListHandshakesForAccount ListHandshakesForOrganization
ListRoots ListChildren ListParents CreateOrganizationalUnit UpdateOrganizationalUnit DeleteOrganizationalUnit
DescribeOrganizationalUnit ListOrganizationalUnitsForParent
CreatePolicy UpdatePolicy DeletePolicy DescribePolicy ListPolicies AttachPolicy DetachPolicy ListPoliciesForTarget
ListTargetsForPolicy DescribeEffectivePolicy EnablePolicyType DisablePolicyType
TagResource UntagResource ListTagsForResource
EnableAWSServiceAccess DisableAWSServiceAccess ListAWSServiceAccessForOrganization
RegisterDelegatedAdministrator DeregisterDelegatedAdministrator ListDelegatedAdministrators
ListDelegatedServicesForAccount PutResourcePolicy DescribeResourcePolicy DeleteResourcePolicy
""".split()
CLOUDTRAIL = """
LookupEvents CreateTrail UpdateTrail DeleteTrail GetTrail GetTrailStatus DescribeTrails ListTrails StartLogging
StopLogging PutEventSelectors GetEventSelectors ListPublicKeys AddTags RemoveTags ListTags
""".split()

LAMBDA = """
CreateFunction GetFunction GetFunctionConfiguration ListFunctions UpdateFunctionCode UpdateFunctionConfiguration
DeleteFunction PublishVersion ListVersionsByFunction
CreateAlias GetAlias ListAliases UpdateAlias DeleteAlias AddPermission RemovePermission GetPolicy
Invoke TagResource UntagResource ListTags
PutFunctionConcurrency GetFunctionConcurrency DeleteFunctionConcurrency
PublishLayerVersion GetLayerVersion GetLayerVersionByArn ListLayers ListLayerVersions DeleteLayerVersion
AddLayerVersionPermission RemoveLayerVersionPermission GetLayerVersionPolicy
GetAccountSettings
""".split()
LOGS = """
CreateLogGroup DeleteLogGroup DescribeLogGroups CreateLogStream DeleteLogStream DescribeLogStreams
PutLogEvents GetLogEvents FilterLogEvents StartLiveTail PutRetentionPolicy DeleteRetentionPolicy
TagResource UntagResource ListTagsForResource TagLogGroup UntagLogGroup ListTagsLogGroup
""".split()

S3 = """
CreateBucket DeleteBucket ListBuckets HeadBucket GetBucketLocation PutBucketVersioning GetBucketVersioning
PutBucketTagging GetBucketTagging DeleteBucketTagging PutBucketEncryption GetBucketEncryption DeleteBucketEncryption
PutBucketPolicy GetBucketPolicy DeleteBucketPolicy GetBucketPolicyStatus
PutPublicAccessBlock GetPublicAccessBlock DeletePublicAccessBlock
PutBucketOwnershipControls GetBucketOwnershipControls DeleteBucketOwnershipControls GetBucketAcl GetObjectAcl
GetBucketCors GetBucketWebsite GetBucketLifecycleConfiguration GetBucketReplication GetObjectLockConfiguration
GetBucketAccelerateConfiguration GetBucketRequestPayment GetBucketLogging GetBucketNotificationConfiguration
PutObject GetObject HeadObject DeleteObject CopyObject DeleteObjects ListObjects ListObjectsV2 ListObjectVersions
PutObjectTagging GetObjectTagging DeleteObjectTagging GetObjectAttributes
CreateMultipartUpload UploadPart UploadPartCopy CompleteMultipartUpload AbortMultipartUpload ListParts
ListMultipartUploads
""".split()
# What the body's first element is called: botocore's models do not say.
S3_ROOTS = {
    "ListBuckets": "ListAllMyBucketsResult",
    "ListObjects": "ListBucketResult",
    "ListObjectsV2": "ListBucketResult",
    "ListObjectVersions": "ListVersionsResult",
    "ListMultipartUploads": "ListMultipartUploadsResult",
    "ListParts": "ListPartsResult",
    "CreateMultipartUpload": "InitiateMultipartUploadResult",
    "CompleteMultipartUpload": "CompleteMultipartUploadResult",
    "DeleteObjects": "DeleteResult",
    "GetBucketLocation": "LocationConstraint",
    "GetBucketVersioning": "VersioningConfiguration",
    "GetBucketTagging": "Tagging",
    "GetObjectTagging": "Tagging",
    "GetBucketAcl": "AccessControlPolicy",
    "GetObjectAcl": "AccessControlPolicy",
    "GetObjectAttributes": "GetObjectAttributesResponse",
    "GetBucketCors": "CORSConfiguration",
    "GetBucketWebsite": "WebsiteConfiguration",
    "GetBucketLifecycleConfiguration": "LifecycleConfiguration",
    "GetBucketAccelerateConfiguration": "AccelerateConfiguration",
    "GetBucketRequestPayment": "RequestPaymentConfiguration",
    "GetBucketLogging": "BucketLoggingStatus",
    "GetBucketNotificationConfiguration": "NotificationConfiguration",
}

# What is served: one model may join several of AWS's, where one signing name covers them.
SERVICES = {
    "agentcore": {
        "signing_name": "bedrock-agentcore",
        "event_source": "bedrock-agentcore.amazonaws.com",
        "planes": [
            ("bedrock-agentcore/2024-02-28", MEMORY_DATA + CREDENTIALS_DATA + RUNTIME_DATA),
            ("bedrock-agentcore-control/2023-06-05", MEMORY_CONTROL + GATEWAY + RUNTIME_CONTROL + CREDENTIALS_CONTROL),
        ],
    },
    "bedrock": {
        "signing_name": "bedrock",
        "event_source": "bedrock.amazonaws.com",
        "planes": [
            ("bedrock-runtime/2023-09-30", "Converse ConverseStream InvokeModel InvokeModelWithResponseStream".split())
        ],
    },
    "iam": {
        "signing_name": "iam",
        "event_source": "iam.amazonaws.com",
        "global": True,
        "planes": [("iam/2010-05-08", IAM)],
    },
    "organizations": {
        "signing_name": "organizations",
        "event_source": "organizations.amazonaws.com",
        "global": True,
        "planes": [("organizations/2016-11-28", ORGANIZATIONS)],
    },
    "accessanalyzer": {
        "signing_name": "access-analyzer",
        "event_source": "access-analyzer.amazonaws.com",
        "planes": [("accessanalyzer/2019-11-01", ["ValidatePolicy"])],
    },
    "cloudtrail": {
        "signing_name": "cloudtrail",
        "event_source": "cloudtrail.amazonaws.com",
        "planes": [("cloudtrail/2013-11-01", CLOUDTRAIL)],
    },
    "lambda": {
        "signing_name": "lambda",
        "event_source": "lambda.amazonaws.com",
        "typed_errors": True,
        "planes": [("lambda/2015-03-31", LAMBDA)],
    },
    "logs": {
        "signing_name": "logs",
        "event_source": "logs.amazonaws.com",
        "planes": [("logs/2014-03-28", LOGS)],
    },
    "s3": {
        "signing_name": "s3",
        "event_source": "s3.amazonaws.com",
        "planes": [("s3/2006-03-01", S3)],
        "roots": S3_ROOTS,
    },
    "sts": {
        "signing_name": "sts",
        "event_source": "sts.amazonaws.com",
        "global": True,
        "planes": [("sts/2011-06-15", None)],
    },
}

# The two planes of AgentCore use some names for different things; the control plane's gets the longer one.
RENAMES = {
    # An operation's output is named after it, so these two give way.
    "bedrock-runtime/2023-09-30": {
        "ConverseOutput": "ConverseAnswer",
        "ConverseStreamOutput": "ConverseEvent",
    },
    "bedrock-agentcore-control/2023-06-05": {
        "ExtractionConfig": "MetadataExtractionConfig",
        "MemoryId": "ControlMemoryId",
        "MemoryStrategyId": "ControlMemoryStrategyId",
        "Namespace": "NamespaceTemplate",
        "NamespacesList": "NamespaceTemplatesList",
    },
}

# Where observed behaviour differs from the published model: service -> shape -> what to change, and why.
AMENDMENTS = {
    "agentcore": {
        # ListEvents with includePayloads=false leaves the member out, though it is modelled as required.
        # What it holds was checked when it came in and is kept as JSON text: it goes out as that text.
        "Event": {"optional": ["payload"], "shapes": {"payload": "MemoryDocument"}},
        # The live service's own text for a malformed id.
        "MemoryId": {"invalid_message": "Invalid memoryId: not a valid memory ID or ARN"},
        # The ARN in the id's place is a common mistake, and says as well which gateway is meant.
        "GatewayIdentifier": {
            "pattern": "(arn:aws:bedrock-agentcore:[a-z0-9-]{1,20}:[0-9]{12}:gateway/)?"
            "([0-9a-z][-]?){1,100}-[0-9a-z]{10}"
        },
        # A list leaves out a description that was never given, which may not be empty.
        "AgentRuntime": {"optional": ["description"]},
        # Images may lie in any registry, or only on this machine.
        "RuntimeContainerUri": {"pattern": "[^\\s@:]+(:[0-9]{1,5}/[^\\s@:]+)?(:[^\\s:@]{1,300})?(@[^\\s@]+)?"},
        # A network of one's own need not speak TLS; whether plain HTTP may be reached is the operator's to say.
        "McpServerTargetConfigurationEndpointString": {"pattern": "https?://.*"},
        "PassthroughEndpoint": {"pattern": "https?://[a-zA-Z0-9\\-\\.]+(:[0-9]{1,5})?(/.*)?"},
    },
    # The handler says InvalidLocationConstraint, InvalidStorageClass, InvalidEncryptionAlgorithmError and the like.
    "s3": {
        "BucketLocationConstraint": {"unbounded": True},
        "StorageClass": {"unbounded": True},
        "ServerSideEncryption": {"unbounded": True},
        "ChecksumAlgorithm": {"unbounded": True},
        "EncodingType": {"unbounded": True},
        "BucketVersioningStatus": {"unbounded": True},
        "MFADelete": {"unbounded": True},
        "ObjectKey": {"unbounded": True},
    },
    # Their handler says InvalidMaxResultsException and InvalidLookupAttributesException, as AWS's list of errors does.
    "cloudtrail": {"MaxResults": {"unbounded": True}, "LookupAttributeKey": {"unbounded": True}},
}

# Members that are not taken over, with all that only they reach: what a guardrail found, which nothing here says.
LEFT_OUT = {
    "ConverseResponse": ["trace"],
    "ConverseStreamMetadataEvent": ["trace"],
}

LOCATIONS = {
    "uri": "label",
    "querystring": "query",
    "header": "header",
    "headers": "prefix_headers",
    "statusCode": "status",
}
SCALARS = ("string", "blob", "boolean", "integer", "long", "float", "double", "timestamp")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--botocore", required=True, type=pathlib.Path, help="botocore's data folder")
    parser.add_argument("--out", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    for name, service in SERVICES.items():
        model = import_service(arguments.botocore, name, service)
        (arguments.out / f"{name}.json").write_text(dump(model))
        print(f"{name}: {len(model['operations'])} operations, {len(model['shapes'])} shapes")


def import_service(data, name, service):
    model = {"service": name}
    model.update({k: v for k, v in service.items() if k not in ("planes", "roots")})
    model.update({"operations": {}, "errors": {}, "shapes": {}})
    for folder, wanted in service["planes"]:
        source = json.load(gzip.open(data / folder / "service-2.json.gz"))
        add_metadata(model, source["metadata"])
        Plane(source, model, RENAMES.get(folder, {})).add(wanted or sorted(source["operations"]))
    for operation, root in service.get("roots", {}).items():
        model["operations"][operation]["result_wrapper"] = root
    amend(model, AMENDMENTS.get(name, {}))
    for key in ("operations", "errors", "shapes"):
        model[key] = dict(sorted(model[key].items()))
    return model


def add_metadata(model, metadata):
    model["protocol"] = metadata["protocol"]
    if metadata["protocol"] == "json":
        model["protocol"] = "json" + metadata["jsonVersion"]
        model["target_prefix"] = metadata["targetPrefix"]
    if metadata["protocol"] == "rest-xml":
        model["xml_namespace"] = "http://s3.amazonaws.com/doc/2006-03-01/"
    if metadata["protocol"] == "query":
        model["version"] = metadata["apiVersion"]
        model["xml_namespace"] = metadata["xmlNamespace"]


class Plane:
    """One of AWS's models, on its way into ours."""

    def __init__(self, source, model, renames):
        self.source, self.model, self.renames = source, model, renames

    def add(self, names):
        for name in names:
            self.model["operations"][name] = self.operation(self.source["operations"][name])

    def operation(self, source):
        http = source["http"]
        result = {"method": http["method"], "uri": http["requestUri"]}
        if http.get("responseCode", 200) != 200:
            result["status"] = http["responseCode"]
        if source.get("authtype") == "none":
            result["unsigned"] = True
        for side in ("input", "output"):
            if side in source:
                result[side] = self.shape(source[side]["shape"])
        if "resultWrapper" in source.get("output", {}):
            result["result_wrapper"] = source["output"]["resultWrapper"]
        result["errors"] = sorted(self.error(e["shape"]) for e in source.get("errors", []))
        return result

    def error(self, name):
        error = self.source["shapes"][name].get("error", {})
        entry = {"code": error.get("code", name), "status": error.get("httpStatusCode", 400)}
        # Lambda's exceptions spell the member either way, and its clients read it as it is modelled.
        members = self.source["shapes"][name].get("members", {})
        if self.model.get("typed_errors") and "Message" in members:
            entry["message"] = "Message"
        self.merge("errors", entry["code"], entry)
        return entry["code"]

    def shape(self, name):
        """Adds the shape and all that it reaches; answers its name in our model."""
        ours = self.renames.get(name, name)
        if (ours, id(self)) in SEEN:
            return ours
        SEEN.add((ours, id(self)))
        source = dict(self.source["shapes"][name])
        if name in LEFT_OUT:
            source["members"] = {k: v for k, v in source["members"].items() if k not in LEFT_OUT[name]}
        self.merge("shapes", ours, self.convert(source))
        return ours

    def convert(self, source):
        kind = source["type"]
        if source.get("document"):
            result = {"type": "document"}
        elif kind == "structure":
            result = {"type": "union" if source.get("union") else "structure", "members": self.members(source)}
        elif kind == "list":
            result = {"type": "list", "element": self.shape(source["member"]["shape"])}
            if "locationName" in source["member"]:
                result["element_name"] = source["member"]["locationName"]
        elif kind == "map":
            result = {
                "type": "map",
                "key": self.shape(source["key"]["shape"]),
                "value": self.shape(source["value"]["shape"]),
            }
        elif kind in SCALARS:
            result = {"type": "double" if kind == "float" else kind}
        else:
            sys.exit(f"unknown type {kind}")
        for trait in ("min", "max", "pattern", "enum", "sensitive", "flattened", "timestampFormat"):
            if trait in source:
                result[trait] = source[trait]
        return result

    def members(self, source):
        required = set(source.get("required", []))
        members = {}
        for name, member in source.get("members", {}).items():
            entry = {"shape": self.shape(member["shape"])}
            if name in required:
                entry["required"] = True
            if "location" in member:
                entry["in"] = LOCATIONS[member["location"]]
            # A stream of events is the whole body, whatever the protocol makes of other members.
            if source.get("payload") == name or self.source["shapes"][member["shape"]].get("eventstream"):
                entry["in"] = "payload"
            if member.get("locationName", name) != name:
                entry["name"] = member["locationName"]
            for trait in ("idempotencyToken", "timestampFormat", "streaming"):
                if trait in member:
                    entry[trait] = member[trait]
            members[name] = entry
        return members

    def merge(self, section, name, entry):
        known = self.model[section].setdefault(name, entry)
        if known != entry:
            sys.exit(f"two meanings of {name}: {known} and {entry}; add a line to RENAMES")


SEEN = set()


def amend(model, amendments):
    for shape, amendment in amendments.items():
        for member in amendment.get("optional", []):
            del model["shapes"][shape]["members"][member]["required"]
        for member, other in amendment.get("shapes", {}).items():
            model["shapes"][shape]["members"][member]["shape"] = other
        for trait in ("min", "max", "enum") if amendment.get("unbounded") else ():
            model["shapes"][shape].pop(trait, None)
        for trait in ("invalid_message", "pattern"):
            if trait in amendment:
                model["shapes"][shape][trait] = amendment[trait]


def dump(model):
    """One line an operation or scalar, one line a member, so that a change of AWS's model reads as a small diff."""
    lines = []
    for key, value in model.items():
        if key not in ("operations", "errors", "shapes"):
            lines.append(f"  {json.dumps(key)}: {json.dumps(value)}")
            continue
        entries = ",\n".join(f"    {json.dumps(name)}: {dump_entry(entry)}" for name, entry in value.items())
        lines.append(f"  {json.dumps(key)}: {{\n{entries}\n  }}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def dump_entry(entry):
    if not entry.get("members"):
        return json.dumps(entry)
    head = {k: v for k, v in entry.items() if k != "members"}
    members = ",\n".join(f"      {json.dumps(n)}: {json.dumps(m)}" for n, m in entry["members"].items())
    return json.dumps(head)[:-1] + ', "members": {\n' + members + "\n    }}"


if __name__ == "__main__":
    main()
