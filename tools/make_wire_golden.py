#!/usr/bin/env python3
"""Writes test/wire/<service>.json: requests as botocore serialises them, and responses as botocore must parse them.

Responses are written by a small encoder here that shares nothing with the server's, and are refused unless botocore
parses them back to the very output that the case states. Run by hand with a Python that has botocore:
    python tools/make_wire_golden.py --out test/wire
"""
import argparse
import base64
import datetime
import json
import pathlib
from xml.sax.saxutils import escape

import botocore.awsrequest
import botocore.loaders
import botocore.model
import botocore.parsers
import botocore.serialize

REQUEST_ID = "7a62c49f-347e-4fc4-9331-6e8eEXAMPLE0"
MODELS = {"agentcore": ["bedrock-agentcore", "bedrock-agentcore-control"], "iam": ["iam"], "sts": ["sts"]}
ARN = "arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/Shared-NCd6eP6wJq"
ROLE = "arn:aws:iam::111111111111:role/team/MemoryRole"
MOMENT = datetime.datetime(2026, 7, 4, 11, 38, 50, 534000, tzinfo=datetime.timezone.utc)
SECOND = MOMENT.replace(microsecond=0)
EVENT = {"memoryId": "Shared-NCd6eP6wJq", "actorId": "user-001", "sessionId": "s-1",
         "eventId": "0000001783165130534#3f3e979a", "eventTimestamp": MOMENT,
         "payload": [{"conversational": {"content": {"text": "grüezi \"Welt\" \u2028\n"}, "role": "USER"}},
                     {"blob": {"a": [1, 2.5, None, True, {"deep": "\U0001f600"}]}}],
         "branch": {"name": "main"}, "metadata": {"k": {"stringValue": "v"}}}
MEMORY = {"arn": ARN, "id": "Shared-NCd6eP6wJq", "name": "Shared", "eventExpiryDuration": 90, "status": "ACTIVE",
          "createdAt": SECOND, "updatedAt": SECOND,
          "strategies": [{"strategyId": "Facts-Vu0glFBLrC", "name": "Facts", "type": "SEMANTIC", "status": "ACTIVE",
                          "namespaces": ["/a/{actorId}/"], "namespaceTemplates": ["/a/{actorId}/"]}]}
TRUST = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"},"Action":"sts:AssumeRole"}]}'
USER = {"Path": "/a&b<'\">/", "UserName": "alice", "UserId": "AIDAEXAMPLEEXAMPLEXX", "Arn": "arn:aws:iam::111111111111:user/a&b/alice",
        "CreateDate": SECOND}

REQUESTS = {
    "agentcore": [
        ("CreateEvent", {"memoryId": ARN, "actorId": "team/user:1", "sessionId": "s-1", "eventTimestamp": MOMENT,
                         "payload": EVENT["payload"], "branch": {"name": "b", "rootEventId": EVENT["eventId"]},
                         "metadata": EVENT["metadata"], "clientToken": "t-1", "extractionMode": "SKIP"}),
        ("CreateEvent", {"memoryId": "Shared-NCd6eP6wJq", "actorId": "a", "eventTimestamp": SECOND, "payload": [],
                         "clientToken": "t-2", "extractionConfig": {"namespaceVariables": {"team": "blue"}}}),
        ("GetEvent", {"memoryId": "Shared-NCd6eP6wJq", "actorId": "team/user:1", "sessionId": "s-1", "eventId": EVENT["eventId"]}),
        ("ListEvents", {"memoryId": ARN, "actorId": "a", "sessionId": "s", "includePayloads": False, "maxResults": 100,
                        "filter": {"branch": {"name": "b", "includeParentBranches": True},
                                   "eventMetadata": [{"left": {"metadataKey": "k"}, "operator": "EQUALS_TO",
                                                      "right": {"metadataValue": {"stringValue": "v"}}}]}}),
        ("DeleteEvent", {"memoryId": ARN, "actorId": "a", "sessionId": "s", "eventId": EVENT["eventId"]}),
        ("ListSessions", {"memoryId": ARN, "actorId": "a", "filter": {"eventFilter": "HAS_EVENTS"}}),
        ("ListActors", {"memoryId": ARN, "nextToken": "a+b/c=="}),
        ("CreateMemory", {"name": "Shared", "eventExpiryDuration": 90, "clientToken": "t", "tags": {"team": "blue", "a b": ""},
                          "memoryExecutionRoleArn": ROLE,
                          "memoryStrategies": [{"semanticMemoryStrategy": {"name": "Facts", "namespaces": ["/a/{actorId}/"]}},
                                               {"customMemoryStrategy": {"name": "Own", "configuration": {"semanticOverride": {
                                                   "extraction": {"appendToPrompt": "p", "modelId": "m"}}}}}]}),
        ("GetMemory", {"memoryId": "Shared-NCd6eP6wJq", "view": "without_decryption"}),
        ("ListMemories", {"maxResults": 10}),
        ("UpdateMemory", {"memoryId": "Shared-NCd6eP6wJq", "clientToken": "t", "description": "d",
                          "memoryStrategies": {"deleteMemoryStrategies": [{"memoryStrategyId": "Facts-Vu0glFBLrC"}]}}),
        ("DeleteMemory", {"memoryId": "Shared-NCd6eP6wJq", "clientToken": "t+ /?&"}),
        ("TagResource", {"resourceArn": ARN, "tags": {"team": "blue"}}),
        ("UntagResource", {"resourceArn": ARN, "tagKeys": ["team", "a b"]}),
        ("ListTagsForResource", {"resourceArn": ARN}),
        ("PutResourcePolicy", {"resourceArn": ARN, "policy": TRUST}),
        ("GetResourcePolicy", {"resourceArn": ARN}),
        ("DeleteResourcePolicy", {"resourceArn": ARN}),
        ("RetrieveMemoryRecords", {"memoryId": ARN, "namespace": "/a/b/", "searchCriteria": {"searchQuery": "q", "topK": 3}}),
        ("BatchCreateMemoryRecords", {"memoryId": ARN, "clientToken": "t", "records": [
            {"requestIdentifier": "r", "namespaces": ["/a/"], "content": {"text": "x"}, "timestamp": MOMENT,
             "metadata": {"n": {"numberValue": 0.25}, "l": {"stringListValue": ["a", "b"]}, "d": {"dateTimeValue": SECOND}}}]}),
    ],
    "iam": [
        ("CreateUser", {"UserName": "alice", "Path": "/team/", "Tags": [{"Key": "a+b", "Value": ""}, {"Key": "k", "Value": "v+w=x"}]}),
        ("GetUser", {}),
        ("CreateRole", {"RoleName": "MemoryRole", "AssumeRolePolicyDocument": TRUST, "MaxSessionDuration": 7200}),
        ("PutRolePolicy", {"RoleName": "MemoryRole", "PolicyName": "p", "PolicyDocument": TRUST}),
        ("ListUsers", {"MaxItems": 10, "Marker": "m"}),
        ("UntagRole", {"RoleName": "MemoryRole", "TagKeys": ["a", "b c"]}),
        ("GetAccountAuthorizationDetails", {"Filter": ["User", "Role"]}),
        ("SimulateCustomPolicy", {"PolicyInputList": [TRUST], "ActionNames": ["s3:GetObject"], "ContextEntries": [
            {"ContextKeyName": "aws:SourceIp", "ContextKeyValues": ["10.0.0.1", "10.0.0.2"], "ContextKeyType": "ipList"}]}),
        ("UpdateAccountPasswordPolicy", {"MinimumPasswordLength": 12, "RequireSymbols": True}),
    ],
    "sts": [
        ("AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "s=1", "DurationSeconds": 900, "Policy": TRUST, "ExternalId": "ex",
                        "PolicyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}],
                        "Tags": [{"Key": "team", "Value": "blue"}], "TransitiveTagKeys": ["team"]}),
        ("GetCallerIdentity", {}),
        ("GetSessionToken", {"DurationSeconds": 3600}),
    ],
}
RESPONSES = {
    "agentcore": [
        ("CreateEvent", 201, {"event": EVENT}),
        ("GetEvent", 200, {"event": EVENT}),
        ("ListEvents", 200, {"events": [{k: v for k, v in EVENT.items() if k != "payload"}], "nextToken": "n"}),
        ("ListSessions", 200, {"sessionSummaries": []}),
        ("CreateMemory", 202, {"memory": {**MEMORY, "status": "CREATING"}}),
        ("ListMemories", 200, {"memories": [{k: MEMORY[k] for k in ("arn", "id", "status", "createdAt", "updatedAt")}]}),
        ("DeleteMemory", 202, {"memoryId": "Shared-NCd6eP6wJq", "status": "DELETING"}),
        ("TagResource", 204, {}),
        ("ListTagsForResource", 200, {"tags": {"a": "", "team": "blue"}}),
        ("PutResourcePolicy", 201, {"policy": TRUST}),
        ("DeleteResourcePolicy", 204, {}),
        ("RetrieveMemoryRecords", 200, {"memoryRecordSummaries": [
            {"memoryRecordId": "mem-" + "a" * 36, "content": {"text": "x"}, "memoryStrategyId": "Facts-Vu0glFBLrC",
             "namespaces": ["/a/"], "createdAt": SECOND, "score": 0.4189935}]}),
    ],
    "iam": [
        ("GetUser", 200, {"User": {**USER, "Tags": [{"Key": "k", "Value": "v"}]}}),
        ("ListUsers", 200, {"Users": [USER, USER], "IsTruncated": True, "Marker": "m"}),
        ("ListAccountAliases", 200, {"AccountAliases": [], "IsTruncated": False}),
        ("DeleteUser", 200, {}),
        ("GetAccountSummary", 200, {"SummaryMap": {"Groups": 1, "Users": 27}}),
        ("CreateAccessKey", 200, {"AccessKey": {"UserName": "alice", "AccessKeyId": "AKIAEXAMPLEEXAMPLEXX", "Status": "Active",
                                                "SecretAccessKey": "s/+", "CreateDate": SECOND}}),
    ],
    "sts": [
        ("AssumeRole", 200, {"Credentials": {"AccessKeyId": "ASIAEXAMPLEEXAMPLEXX", "SecretAccessKey": "s", "SessionToken": "t//==",
                                             "Expiration": SECOND},
                             "AssumedRoleUser": {"AssumedRoleId": "AROAEXAMPLE:s", "Arn": "arn:aws:sts::111111111111:assumed-role/MemoryRole/s"},
                             "PackedPolicySize": 6}),
        ("GetCallerIdentity", 200, {"UserId": "AIDAEXAMPLE", "Account": "111111111111", "Arn": "arn:aws:iam::111111111111:user/a"}),
    ],
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    for service, names in MODELS.items():
        models = [service_model(name) for name in names]
        cases = {"requests": [request_case(models, *case) for case in REQUESTS[service]],
                 "responses": [response_case(models, *case) for case in RESPONSES[service]]}
        (arguments.out / f"{service}.json").write_text(json.dumps(cases, indent=1, ensure_ascii=False) + "\n")


def service_model(name):
    return botocore.model.ServiceModel(botocore.loaders.Loader().load_service_model(name, "service-2"), name)


def operation_of(models, name):
    model = next(m for m in models if name in m.operation_names)
    return model, model.operation_model(name)


def request_case(models, name, parameters):
    model, operation = operation_of(models, name)
    # The data plane's clients send milliseconds; all others whole seconds.
    precision = "millisecond" if model.service_name == "bedrock-agentcore" else "legacy"
    serializer = botocore.serialize.create_serializer(model.protocol, True, timestamp_precision=precision)
    raw = serializer.serialize_to_request(parameters, operation)
    botocore.awsrequest.prepare_request_dict(raw, endpoint_url="http://127.0.0.1:4566")
    request = botocore.awsrequest.create_request_object(raw).prepare()
    body = request.body.decode() if isinstance(request.body, bytes) else (request.body or "")
    shape = operation.input_shape
    return {"operation": name, "method": request.method, "target": request.url.removeprefix("http://127.0.0.1:4566"), "body": body,
            "input": plain(shape, parameters) if shape else {}}


def response_case(models, name, status, output):
    model, operation = operation_of(models, name)
    shape = operation.output_shape
    if model.protocol == "query":
        body = xml_response(model, operation, output)
    else:
        body = "" if status == 204 else json.dumps(plain(shape, output), separators=(",", ":"), ensure_ascii=False)
    parsed = botocore.parsers.create_parser(model.protocol).parse({"headers": {}, "body": body.encode(), "status_code": status}, shape)
    parsed.pop("ResponseMetadata", None)
    if parsed != output:
        raise SystemExit(f"{name}: botocore reads {parsed}, meant {output}")
    return {"operation": name, "status": status, "output": plain(shape, output) if shape else {}, "body": body}


def plain(shape, value):
    """The value as JSON, members in the model's order, map keys sorted, timestamps in epoch seconds."""
    kind = shape.type_name
    if kind == "structure":
        if getattr(shape, "is_document_type", False):
            return value
        return {n: plain(m, value[n]) for n, m in shape.members.items() if n in value}
    if kind == "list":
        return [plain(shape.member, v) for v in value]
    if kind == "map":
        return {k: plain(shape.value, value[k]) for k in sorted(value)}
    if kind == "timestamp":
        stamp = value.timestamp()
        return int(stamp) if stamp == int(stamp) else round(stamp, 3)
    if kind == "blob":
        return base64.b64encode(value).decode()
    return value


def xml_response(model, operation, output):
    namespace = model.metadata["xmlNamespace"]
    shape, result = operation.output_shape, ""
    if shape is not None:
        wrapper = shape.serialization["resultWrapper"]
        result = f"<{wrapper}>{xml_members(shape, output)}</{wrapper}>"
    return (f'<{operation.name}Response xmlns="{namespace}">{result}<ResponseMetadata><RequestId>{REQUEST_ID}</RequestId>'
            f"</ResponseMetadata></{operation.name}Response>")


def xml_members(shape, value):
    return "".join(f"<{n}>{xml_value(m, value[n])}</{n}>" for n, m in shape.members.items() if n in value)


def xml_value(shape, value):
    kind = shape.type_name
    if kind == "structure":
        return xml_members(shape, value)
    if kind == "list":
        return "".join(f"<member>{xml_value(shape.member, v)}</member>" for v in value)
    if kind == "map":
        return "".join(f"<entry><key>{escape(k)}</key><value>{xml_value(shape.value, value[k])}</value></entry>" for k in sorted(value))
    if kind == "timestamp":
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if kind == "boolean":
        return "true" if value else "false"
    return escape(str(value), {'"': "&quot;", "'": "&apos;"})


if __name__ == "__main__":
    main()
