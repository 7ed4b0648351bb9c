"""A keep-alive connection that signs what it sends: what makes a round of writes cheap."""

import http.client
import json
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from raw import Answer, Request, label
from support import Keys, Server

TIMEOUT_S = 60
PAGE = 100
CREDENTIALS = ("AccessKeyId", "SecretAccessKey", "SessionToken")

# How a connection ends when the server behind it is killed.
BROKEN = (OSError, http.client.HTTPException)


class Line:
    """One connection of one caller; not for two threads at once. It may be used again after it broke."""

    def __init__(self, server: Server, keys: Keys):
        self.server, self.keys = server, keys
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_S)

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: Any) -> None:
        self._connection.close()

    def call(self, method: str, path: str, body: Any = None, service: str = "bedrock-agentcore") -> Answer:
        """Sends `body` as JSON, or as it is when it is bytes. Raises one of BROKEN when no whole answer came."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        kind = "application/x-www-form-urlencoded" if isinstance(body, bytes) else "application/json"
        request = Request(method, path, content, {"content-type": kind} if content else {})
        signed = request.signed(self.server, self.keys, service)
        try:
            self._connection.request(method, signed.path, content or None, signed.headers)
            response = self._connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, headers, response.read())
        except BROKEN:
            self._connection.close()
            raise

    def query(self, service: str, action: str, **parameters: str) -> Answer:
        """An operation of IAM or STS."""
        version = {"iam": "2010-05-08", "sts": "2011-06-15"}[service]
        return self.call("POST", "/", urlencode({"Action": action, "Version": version} | parameters).encode(), service)

    def pages(self, path: str, member: str, **body: Any) -> Iterator[dict[str, Any]]:
        """What a listing holds, over all of its pages."""
        token: dict[str, str] = {}
        while True:
            answer = self.call("POST", path, {"maxResults": PAGE} | body | token)
            assert answer.status == 200, (path, answer)
            page = answer.json()
            yield from page[member]
            if not page.get("nextToken"):
                return
            token = {"nextToken": page["nextToken"]}


def actors_path(memory: str) -> str:
    return f"/memories/{label(memory)}/actors"


def sessions_path(memory: str, actor: str) -> str:
    return f"/memories/{label(memory)}/actor/{label(actor)}/sessions"


def session_path(memory: str, actor: str, session: str) -> str:
    return f"{sessions_path(memory, actor)}/{label(session)}"


def event_path(memory: str, actor: str, session: str, event_id: str) -> str:
    return f"{session_path(memory, actor, session)}/events/{label(event_id)}"


def xml(answer: Answer, element: str) -> str:
    """The text of the first `element` of an answer of IAM or STS, whose values here hold nothing escaped."""
    found = re.search(rf"<{element}>([^<]*)</{element}>".encode(), answer.body)
    assert found, (element, answer)
    return found.group(1).decode()


def make_memory(line: Line, name: str, **more: Any) -> dict[str, Any]:
    """An active memory."""
    answer = line.call("POST", "/memories/create", {"name": name, "eventExpiryDuration": 30} | more)
    assert answer.status == 202, answer
    memory_id = answer.json()["memory"]["id"]
    for _ in range(100):
        memory = line.call("GET", f"/memories/{label(memory_id)}/details").json()["memory"]
        if memory["status"] == "ACTIVE":
            return memory
        time.sleep(0.05)
    raise AssertionError(f"{memory_id} did not become ACTIVE")
