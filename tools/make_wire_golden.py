#!/usr/bin/env python3
"""Writes test/wire/<service>.json from test/wire/cases.json: requests as botocore serialises them, and responses as
botocore must parse them.

Responses are written by a small encoder here that shares nothing with the server's, and are refused unless botocore
parses them back to the very output that the case states. Run by hand with a Python that has botocore:
    python tools/make_wire_golden.py test/wire
A case is `[operation, input]` or `[operation, status, output]`; `{"$ms": …}` is a time.
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

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
ENDPOINT = "http://127.0.0.1:4566"
REQUEST_ID = "7a62c49f-347e-4fc4-9331-6e8eEXAMPLE0"
MODELS = {"agentcore": ["bedrock-agentcore", "bedrock-agentcore-control"], "bedrock": ["bedrock-runtime"],
          "iam": ["iam"], "sts": ["sts"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder
    for service, cases in json.loads((folder / "cases.json").read_text()).items():
        models = [service_model(name) for name in MODELS[service]]
        golden = {"requests": [request_case(models, name, times(value)) for name, value in cases["requests"]],
                  "responses": [response_case(models, n, status, times(v)) for n, status, v in cases["responses"]]}
        (folder / f"{service}.json").write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n")


def times(value):
    if isinstance(value, list):
        return [times(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"$ms"}:
        return EPOCH + datetime.timedelta(milliseconds=value["$ms"])
    return {key: times(item) for key, item in value.items()}


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
    botocore.awsrequest.prepare_request_dict(raw, endpoint_url=ENDPOINT)
    request = botocore.awsrequest.create_request_object(raw).prepare()
    body = request.body.decode() if isinstance(request.body, bytes) else (request.body or "")
    shape = operation.input_shape
    target = request.url.removeprefix(ENDPOINT)
    return {"operation": name, "method": request.method, "target": target, "body": body,
            "input": plain(shape, parameters) if shape else {}}


def response_case(models, name, status, output):
    model, operation = operation_of(models, name)
    shape = operation.output_shape
    if model.protocol == "query":
        body = xml_response(model, operation, output)
    else:
        body = "" if status == 204 else json.dumps(plain(shape, output), separators=(",", ":"), ensure_ascii=False)
    response = {"headers": {}, "body": body.encode(), "status_code": status}
    parsed = botocore.parsers.create_parser(model.protocol).parse(response, shape)
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
    metadata = f"<ResponseMetadata><RequestId>{REQUEST_ID}</RequestId></ResponseMetadata>"
    return f'<{operation.name}Response xmlns="{namespace}">{result}{metadata}</{operation.name}Response>'


def xml_members(shape, value):
    return "".join(f"<{n}>{xml_value(m, value[n])}</{n}>" for n, m in shape.members.items() if n in value)


def xml_value(shape, value):
    kind = shape.type_name
    if kind == "structure":
        return xml_members(shape, value)
    if kind == "list":
        return "".join(f"<member>{xml_value(shape.member, v)}</member>" for v in value)
    if kind == "map":
        entries = ((escape(k), xml_value(shape.value, value[k])) for k in sorted(value))
        return "".join(f"<entry><key>{k}</key><value>{v}</value></entry>" for k, v in entries)
    if kind == "timestamp":
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if kind == "boolean":
        return "true" if value else "false"
    return escape(str(value), {'"': "&quot;", "'": "&apos;"})


if __name__ == "__main__":
    main()
