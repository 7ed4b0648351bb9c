"""What the server says on the wire, whatever the operation: ids, hosts, limits, and no more than it should."""

import re
import socket
from typing import Any

import pytest

from raw import Request
from support import Keys, Server

LIST = Request("POST", "/memories/", b"{}", {"content-type": "application/json"})
WHO = Request(
    "POST", "/", b"Action=GetCallerIdentity&Version=2011-06-15", {"content-type": "application/x-www-form-urlencoded"}
)
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


@pytest.fixture(scope="module")
def keys(server: Server) -> Keys:
    return server.new_account()


def test_every_answer_carries_a_request_id(server: Server, keys: Keys) -> None:
    ids = set()
    for answer in (
        LIST.signed(server, keys).send(server),
        LIST.send(server),
        Request("GET", "/nothing").send(server),
        WHO.signed(server, keys, "sts").send(server),
        Request("GET", "/_warifu/health").send(server),
    ):
        assert re.fullmatch(UUID, answer.headers["x-amzn-requestid"]), answer.headers
        ids.add(answer.headers["x-amzn-requestid"])
    assert len(ids) == 5


def test_query_answers_repeat_the_request_id_in_their_body(server: Server, keys: Keys) -> None:
    answer = WHO.signed(server, keys, "sts").send(server)
    assert answer.headers["x-amzn-requestid"].encode() in answer.body


def test_health_and_metrics_need_no_signature(server: Server, keys: Keys) -> None:
    LIST.signed(server, keys).send(server)
    assert Request("GET", "/_warifu/health").send(server).status == 200
    metrics = Request("GET", "/_warifu/metrics").send(server)
    assert metrics.status == 200 and b"# TYPE" in metrics.body
    assert keys.secret.encode() not in metrics.body and keys.access_key.encode() not in metrics.body


def test_nothing_else_is_served_under_the_servers_own_prefix(server: Server) -> None:
    for path in ("/_warifu/", "/_warifu/accounts", "/_warifu/../memories/", "/_warifu/%2e%2e/memories/"):
        assert Request("GET", path).send(server).status in (400, 403, 404), path
    assert Request("POST", "/_warifu/accounts", b"{}").send(server).status in (400, 403, 404, 405)


def test_no_cors_headers_are_sent(server: Server, keys: Keys) -> None:
    answer = LIST.change(origin="https://evil.example").signed(server, keys).send(server)
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    preflight = Request(
        "OPTIONS", "/memories/", b"", {"origin": "https://evil.example", "access-control-request-method": "POST"}
    )
    answer = preflight.send(server)
    assert answer.status >= 400 and not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:4566", "127.0.0.1.evil.example", "169.254.169.254", "a@127.0.0.1"]
)
def test_an_unknown_host_is_refused_before_anything_else(server: Server, keys: Keys, host: str) -> None:
    answer = LIST.change(host=host).signed(server, keys).send(server)
    assert 400 <= answer.status < 500 and answer.status not in (402, 404), answer.status
    assert Request("GET", "/_warifu/metrics", b"", {"host": host}).send(server).status >= 400


@pytest.mark.parametrize(
    "host", ["bedrock-agentcore.us-east-1.amazonaws.com", "bedrock-agentcore-control.us-east-1.amazonaws.com"]
)
def test_the_real_names_work_when_they_lead_here(server: Server, keys: Keys, host: str) -> None:
    assert LIST.change(host=host).signed(server, keys).send(server).status == 200


@pytest.mark.parametrize(
    "host", ["iam.amazonaws.com", "sts.us-east-1.amazonaws.com", "bedrock-agentcore.eu-west-1.amazonaws.com"]
)
def test_a_host_that_names_another_service_or_region_is_refused(server: Server, keys: Keys, host: str) -> None:
    answer = LIST.change(host=host).signed(server, keys).send(server)
    assert answer.status in (400, 403), answer.status


def test_an_unknown_operation_is_told_only_to_who_signed(server: Server, keys: Keys) -> None:
    answer = Request("GET", "/no/such/route").signed(server, keys).send(server)
    assert (answer.status, answer.code) == (404, "UnknownOperationException")
    answer = (
        Request("POST", "/", b"Action=NoSuchAction&Version=2011-06-15", dict(WHO.headers))
        .signed(server, keys, "sts")
        .send(server)
    )
    assert (answer.status, answer.code) == (400, "InvalidAction")


def test_a_body_that_is_no_json_is_invalid(server: Server, keys: Keys) -> None:
    for body in (b"{", b"[]", b'{"name":}', b"\xff\xfe", b'"x"', b"[" * 2000, b'{"a":' * 2000):
        answer = (
            Request("POST", "/memories/create", body, {"content-type": "application/json"})
            .signed(server, keys)
            .send(server)
        )
        assert answer.status == 400 and answer.code in ("SerializationException", "ValidationException"), (
            body[:9],
            answer.status,
            answer.body,
        )


def test_members_that_nobody_knows_are_tolerated(server: Server, keys: Keys) -> None:
    request = Request(
        "POST", "/memories/", b'{"maxResults":5,"newMember":{"a":[1]}}', {"content-type": "application/json"}
    )
    assert request.signed(server, keys).send(server).status == 200


def test_a_body_over_the_limit_is_refused(server: Server, keys: Keys) -> None:
    big = Request("POST", "/memories/create", b"", {"content-length": str(1 << 40), "content-type": "application/json"})
    assert big.send(server).status in (400, 403, 413)
    answer = Request(
        "POST", "/memories/create", b'{"a":"' + b"x" * (32 << 20) + b'"}', {"content-type": "application/json"}
    )
    try:
        assert answer.signed(server, keys).send(server).status == 413
    except (BrokenPipeError, ConnectionResetError):
        pass  # The server answered and closed while we were still sending: as good a refusal.
    assert LIST.signed(server, keys).send(server).status == 200


def test_keep_alive_serves_many_requests_on_one_connection(server: Server, keys: Keys) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        stream = connection.makefile("rb")
        for _ in range(3):
            connection.sendall(wire_bytes(LIST.signed(server, keys), server))
            assert read_answer(stream)[0] == 200


def test_pipelined_requests_are_answered_in_order(server: Server, keys: Keys) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        stream = connection.makefile("rb")
        health = b"GET /_warifu/health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
        connection.sendall(wire_bytes(LIST.signed(server, keys), server) + health + wire_bytes(LIST, server) + health)
        assert [read_answer(stream)[0] for _ in range(4)] == [200, 200, 403, 200]


def test_chunked_bodies_and_expectations_are_understood(server: Server, keys: Keys) -> None:
    signed = LIST.signed(server, keys)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        stream = connection.makefile("rb")
        head = "".join(
            f"{name}: {value}\r\n" for name, value in signed.headers.items() if name.lower() != "content-length"
        )
        connection.sendall(
            (
                f"POST /memories/ HTTP/1.1\r\nhost: 127.0.0.1:{server.port}\r\n{head}transfer-encoding: chunked\r\n"
                "expect: 100-continue\r\n\r\n"
            ).encode()
        )
        assert b"100" in stream.readline()
        assert stream.readline() == b"\r\n"
        connection.sendall(b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n")
        assert read_answer(stream)[0] == 200


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"GET / HTTP/9.9\r\n\r\n",
        b"NONSENSE\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n" + b"x: y\r\n" * 5000 + b"\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
    ],
)
def test_malformed_requests_are_refused_and_harm_nobody(server: Server, keys: Keys, bytes_sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        try:
            connection.sendall(bytes_sent)
            answered = connection.recv(4096)
            assert answered == b"" or re.match(rb"HTTP/1\.1 (4\d\d|505)", answered), answered
        except (BrokenPipeError, ConnectionResetError):
            pass  # closed without a word: refused
    assert LIST.signed(server, keys).send(server).status == 200


def wire_bytes(request: Request, server: Server) -> bytes:
    """The request as bytes, for sending several at once."""
    headers = {"host": f"127.0.0.1:{server.port}", "content-length": str(len(request.body))} | {
        name.lower(): value for name, value in request.headers.items()
    }
    head = f"{request.method} {request.path} HTTP/1.1\r\n" + "".join(
        f"{name}: {value}\r\n" for name, value in headers.items()
    )
    return head.encode() + b"\r\n" + request.body


def read_answer(stream: Any) -> tuple[int, bytes]:
    status = int(stream.readline().split()[1])
    length = 0
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return status, stream.read(length)
