"""Requests that no SDK would send: signed by botocore, then changed byte by byte, and sent over a bare connection."""

import http.client
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from support import REGION, Keys, Server


@dataclass
class Request:
    """What goes over the wire; a test changes it after it was signed."""

    method: str = "GET"
    path: str = "/"
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def signed(self, server: Server, keys: Keys, service: str = "bedrock-agentcore", region: str = REGION) -> "Request":
        """Signs in the Authorization header, as an SDK does."""
        return self._sign(server, SigV4Auth(_credentials(keys), service, region))

    def presigned(
        self, server: Server, keys: Keys, service: str = "sts", region: str = REGION, expires: int = 60
    ) -> "Request":
        """Signs in the query, as a presigned URL does."""
        return self._sign(server, SigV4QueryAuth(_credentials(keys), service, region, expires=expires))

    def _sign(self, server: Server, signer: Any) -> "Request":
        request = AWSRequest(self.method, server.url + self.path, headers=dict(self.headers), data=self.body)
        signer.add_auth(request)
        parts = urlsplit(request.url)
        return Request(
            self.method,
            parts.path + ("?" + parts.query if parts.query else ""),
            self.body,
            dict(request.headers.items()),
        )

    def change(self, **headers: str | None) -> "Request":
        """With headers replaced, added or (None) removed; `x_amz_date` names `x-amz-date`."""
        changed = dict(self.headers)
        for name, value in headers.items():
            wire_name = name.replace("_", "-").lower()
            for present in [present for present in changed if present.lower() == wire_name]:
                del changed[present]
            if value is not None:
                changed[wire_name] = value
        return Request(self.method, self.path, self.body, changed)

    def in_authorization(self, edit: Callable[[str], str]) -> "Request":
        return self.change(
            authorization=edit(next(value for name, value in self.headers.items() if name.lower() == "authorization"))
        )

    def send(self, server: Server) -> "Answer":
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        names = {name.lower() for name in self.headers}
        connection.putrequest(self.method, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in ({} if "host" in names else {"host": f"127.0.0.1:{server.port}"}).items():
            connection.putheader(name, value)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        if (
            "content-length" not in names
            and "transfer-encoding" not in names
            and (self.body or self.method in ("POST", "PUT"))
        ):
            connection.putheader("content-length", str(len(self.body)))
        connection.endheaders(self.body or None)
        response = connection.getresponse()
        answer = Answer(
            response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        )
        connection.close()
        return answer


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The error's code, wherever its protocol puts it."""
        header = self.headers.get("x-amzn-errortype")
        if header:
            return header.split(":")[0]
        found = re.search(rb"<Code>([^<]+)</Code>", self.body)
        if found:
            return found.group(1).decode()
        return self.json().get("__type", "").split("#")[-1] if self.body.startswith(b"{") else ""

    @property
    def message(self) -> str:
        found = re.search(rb"<Message>([^<]*)</Message>", self.body)
        if found:
            return (
                found.group(1)
                .decode()
                .replace("&apos;", "'")
                .replace("&quot;", '"')
                .replace("&#39;", "'")
                .replace("&amp;", "&")
            )
        return str(self.json().get("message", self.json().get("Message", ""))) if self.body.startswith(b"{") else ""

    def json(self) -> dict[str, Any]:
        return json.loads(self.body)


def label(value: str) -> str:
    """`value` as one segment of a path."""
    return quote(value, safe="-_.~")


def _credentials(keys: Keys) -> Credentials:
    return Credentials(keys.access_key, keys.secret, keys.token)
