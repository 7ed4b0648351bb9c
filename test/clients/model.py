"""Requests made from the model: for any operation, the smallest input that is valid, in its protocol's form."""

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from raw import Request, label
from support import ROOT

# The services that this file knows how to speak to; each has a protocol of its own.
SERVICES = ("agentcore", "bedrock", "iam", "lambda", "logs", "organizations", "sts")
BODY_BYTES_MAX = 1 << 20
EPOCH_S = 1783165130

# One of these fits every pattern of the model; the first that does is taken.
SAMPLES = (
    "name",
    "Nobody-0123456789",
    "arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/Nobody-0123456789",
    "0000001783165130534#3f3e979a",
    "mem-01234567-0123-4567-89ab-0123456789ab",
    "123456",
    "v1",
    "/",
    "/name/",
    "https://issuer.example/path",
    "name@example.com",
    "111111111111",
    "r-ab12",
    "ou-ab12-01234567",
    "h-0123456789",
    "p-0123456789",
    "car-0123456789",
    "targetName",
    "0123456789",
    "01234567-0123-4567-89ab-0123456789ab",
    "arn:aws:iam::111111111111:role/Name",
    "arn:aws:bedrock-agentcore:us-east-1:111111111111:configuration-bundle/Nobody-0123456789",
    "s3://bucket/key",
    "https://issuer.example/.well-known/openid-configuration",
    "urn:ietf:params:oauth:request_uri:0123",
    "lambda:GetLayerVersion",
    "arn:aws:lambda:us-east-1:111111111111:function:name",
    "arn:aws:lambda:us-east-1:111111111111:layer:name:1",
)
# Not required by the model, since another member may stand in for it: one of them must be there.
NEEDED = ("logGroupName",)
A_RUNTIME = "arn:aws:bedrock-agentcore:us-east-1:111111111111:runtime/agent-0123456789"
# What is authorized as an ARN must be one.
NAMED_SAMPLES = {
    "serialNumberType": "arn:aws:iam::111111111111:mfa/name",
    "AmazonResourceName": "arn:aws:logs:us-east-1:111111111111:log-group:name",
}


@dataclass(frozen=True)
class Operation:
    """One modelled operation, with what the model says of its authorization."""

    service: str
    name: str
    rules: dict[str, Any]
    model: dict[str, Any]
    action: str

    def __str__(self) -> str:
        return f"{self.service}.{self.name}"

    @property
    def signing_name(self) -> str:
        return self.model["signing_name"]

    @property
    def is_query(self) -> bool:
        return self.model.get("protocol") == "query"

    @property
    def is_json(self) -> bool:
        return self.model.get("protocol", "").startswith("json")

    @property
    def refused_status(self) -> int:
        """Of a call without credentials or permission: the JSON services say 400 to everything that is the caller's."""
        return 400 if self.is_json else 403

    @property
    def facts(self) -> dict[str, Any]:
        return self.model["operations"][self.name]

    @property
    def body_bytes_max(self) -> int:
        return self.rules.get("body_bytes_max", BODY_BYTES_MAX)

    def request(self, **chosen: Any) -> Request:
        """The smallest valid request, with members set to what is `chosen`."""
        shape = self.model["shapes"][self.facts["input"]] if self.facts.get("input") else {"members": {}}
        if self.rules.get("on") == "invoked_runtime":
            chosen = {"agentRuntimeArn": A_RUNTIME} | chosen
        values = {
            name: chosen[name] if name in chosen else self._sample(member["shape"])
            for name, member in shape["members"].items()
            if member.get("required") or name in chosen or name in NEEDED
        }
        if self.is_json:
            target = f"{self.model['target_prefix']}.{self.name}"
            headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": target}
            return Request("POST", "/", json.dumps(values).encode(), headers)
        return self._query(values) if self.is_query else self._rest(shape, values)

    def _query(self, values: dict[str, Any]) -> Request:
        fields = {"Action": self.name, "Version": self.model["version"]}
        for name, value in values.items():
            flatten(name, value, fields)
        return Request("POST", "/", urlencode(fields).encode(), {"content-type": "application/x-www-form-urlencoded"})

    def _rest(self, shape: dict[str, Any], values: dict[str, Any]) -> Request:
        path, query, body = self.facts["uri"], [], {}
        for name, value in values.items():
            place = shape["members"][name].get("in", "body")
            if place == "label":
                path = path.replace("{" + name + "}", label(str(value)))
            elif place == "query":
                query += [(shape["members"][name].get("name", name), item) for item in as_list(value)]
            elif place == "body":
                body[name] = value
        method = self.facts["method"]
        content = b"" if method in ("GET", "DELETE") else json.dumps(body).encode()
        target = path + (("&" if "?" in path else "?") + urlencode(query) if query else "")
        return Request(method, target, content, {"content-type": "application/json"})

    def _sample(self, shape_name: str, depth: int = 0) -> Any:
        """The smallest valid value of a shape."""
        shape = self.model["shapes"][shape_name]
        kind = shape["type"]
        if kind == "structure":
            required = {name: member for name, member in shape["members"].items() if member.get("required")}
            # A structure without a member would not go over the wire at all in the query protocol.
            members = required or dict(list(shape["members"].items())[:1])
            return {name: self._sample(member["shape"], depth + 1) for name, member in members.items()}
        if kind == "union":
            name, member = next(iter(shape["members"].items()))
            return {name: self._sample(member["shape"], depth + 1)}
        if kind == "list":
            return [self._sample(shape["element"], depth + 1) for _ in range(max(1, shape.get("min", 1)))]
        if kind == "map":
            return {self._sample(shape["key"], depth + 1): self._sample(shape["value"], depth + 1)}
        if kind == "string":
            return sample_text(shape_name, shape)
        return {
            "integer": shape.get("min", 1),
            "long": max(1, shape.get("min", 1)),
            "double": 1.0,
            "boolean": False,
            "timestamp": EPOCH_S,
            "document": {},
            "blob": "bmFtZQ==",
        }[kind]


def sample_text(shape_name: str, shape: dict[str, Any]) -> str:
    """A text that satisfies the shape's values, length and pattern."""
    if shape.get("enum"):
        return shape["enum"][0]
    if shape_name in NAMED_SAMPLES:
        return NAMED_SAMPLES[shape_name]
    # Python's expressions know no classes of characters by name; letters, spaces and digits are enough for samples.
    pattern = shape.get("pattern", "").replace(r"\p{L}\p{Z}\p{N}", r"\w ").replace(r"\u10000-\u10FFFF", "")
    padded = tuple(text + text[-1] * (shape.get("min", 0) - len(text)) for text in SAMPLES)
    for text in SAMPLES + padded:
        fits = shape.get("min", 0) <= len(text) <= shape.get("max", 1 << 20)
        if fits and (not pattern or re.fullmatch(pattern, text)):
            return text
    raise AssertionError(f"no sample fits {shape_name}: {shape}")


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def flatten(name: str, value: Any, fields: dict[str, str]) -> None:
    """The query protocol's names for what lies inside `value`."""
    if isinstance(value, dict):
        for member, inner in value.items():
            flatten(f"{name}.{member}", inner, fields)
    elif isinstance(value, list):
        for index, inner in enumerate(value, 1):
            flatten(f"{name}.member.{index}", inner, fields)
    else:
        fields[name] = str(value).lower() if isinstance(value, bool) else str(value)


def operations() -> list[Operation]:
    """Every modelled operation of `SERVICES`."""
    found = []
    for service in SERVICES:
        model = json.loads((ROOT / "model" / f"{service}.json").read_text())
        rules = json.loads((ROOT / "model" / "authorization" / f"{service}.json").read_text())
        by_name = {name: rule for group in rules["groups"].values() for name, rule in group.items()}
        for name in model["operations"]:
            action = by_name.get(name, {}).get("action", f"{model['signing_name']}:{name}")
            found.append(Operation(service, name, by_name.get(name, {}), model, action))
    return found
