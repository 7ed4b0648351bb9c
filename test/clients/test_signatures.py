"""Signatures: what is sound is accepted, and every way of tampering is refused with AWS's own code and text."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from raw import Request, label
from support import Keys, Server, allow, policy, trust

LIST = Request("POST", "/memories/", b"{}", {"content-type": "application/json"})
WHO = Request(
    "POST", "/", b"Action=GetCallerIdentity&Version=2011-06-15", {"content-type": "application/x-www-form-urlencoded"}
)
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
UNKNOWN_KEY = "The security token included in the request is invalid."


@pytest.fixture(scope="module")
def keys(server: Server) -> Keys:
    return server.new_account()


def test_what_botocore_signs_is_accepted(server: Server, keys: Keys) -> None:
    assert LIST.signed(server, keys).send(server).status == 200
    assert WHO.signed(server, keys, "sts").send(server).status == 200


def test_presigned_queries_are_accepted(server: Server, keys: Keys) -> None:
    answer = Request("GET", "/?Action=GetCallerIdentity&Version=2011-06-15").presigned(server, keys).send(server)
    assert answer.status == 200 and keys.account.encode() in answer.body


def test_arns_in_paths_are_signed_twice_encoded(server: Server, keys: Keys) -> None:
    arn = f"arn:aws:bedrock-agentcore:us-east-1:{keys.account}:memory/Nothing-0123456789"
    answer = Request("GET", f"/tags/{label(arn)}").signed(server, keys).send(server)
    assert (answer.status, answer.code) == (404, "ResourceNotFoundException")


def flip_last(text: str) -> str:
    return text[:-1] + ("0" if text[-1] != "0" else "1")


TAMPERED = {
    "another signature": lambda r: r.in_authorization(flip_last),
    "an empty signature": lambda r: r.in_authorization(lambda a: a.split("Signature=")[0] + "Signature="),
    "another body": lambda r: Request(r.method, r.path, b'{"maxResults":1}', r.headers),
    "another method": lambda r: Request("PUT", r.path, r.body, r.headers),
    "another path": lambda r: Request(r.method, "/memories/create", r.body, r.headers),
    "another query": lambda r: Request(r.method, r.path + "?a=b", r.body, r.headers),
    "another host": lambda r: r.change(host="localhost"),
    "another signed header": lambda r: r.change(content_type="text/plain"),
    "a signed header removed": lambda r: r.change(content_type=None),
    "another secret's scope": lambda r: r.in_authorization(lambda a: a.replace("/us-east-1/", "/eu-west-1/")),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_tampering_is_a_signature_mismatch(server: Server, keys: Keys, what: str) -> None:
    # The content type must be among the signed headers for two of the cases.
    signed = sign_with_content_type(server, keys)
    assert signed.send(server).status == 200
    answer = TAMPERED[what](signed).send(server)
    assert (answer.status, answer.code) == (403, "InvalidSignatureException"), answer.body
    assert answer.message.startswith(MISMATCH)


def sign_with_content_type(server: Server, keys: Keys) -> Request:
    signed = LIST.signed(server, keys)
    assert "content-type" in signed.headers[next(name for name in signed.headers if name.lower() == "authorization")]
    return signed


def test_query_services_use_their_own_code_for_it(server: Server, keys: Keys) -> None:
    answer = WHO.signed(server, keys, "sts").in_authorization(flip_last).send(server)
    assert (answer.status, answer.code, answer.message) == (403, "SignatureDoesNotMatch", MISMATCH)
    assert answer.body.startswith(b"<") and b"<Type>Sender</Type>" in answer.body


def test_a_presigned_query_cannot_be_changed_or_used_late(
    server: Server, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = Request("GET", "/?Action=GetCallerIdentity&Version=2011-06-15").presigned(server, keys)
    changed = Request("GET", url.path.replace("GetCallerIdentity", "GetSessionToken"), b"", url.headers).send(server)
    assert (changed.status, changed.code) == (403, "SignatureDoesNotMatch")
    at(monkeypatch, timedelta(minutes=-10))
    late = (
        Request("GET", "/?Action=GetCallerIdentity&Version=2011-06-15")
        .presigned(server, keys, expires=300)
        .send(server)
    )
    assert late.status == 403 and late.code in ("SignatureDoesNotMatch", "ExpiredToken"), late.body


def at(monkeypatch: pytest.MonkeyPatch, shift: timedelta) -> None:
    """Lets botocore sign as if the clock stood elsewhere."""
    import botocore.auth
    import botocore.compat

    then = datetime.now(timezone.utc) + shift
    for module in (botocore.auth, botocore.compat):
        if hasattr(module, "get_current_datetime"):
            monkeypatch.setattr(
                module,
                "get_current_datetime",
                lambda remove_tzinfo=True: then.replace(tzinfo=None) if remove_tzinfo else then,
            )


@pytest.mark.parametrize(("minutes", "text"), [(-16, "Signature expired: "), (16, "Signature not yet current: ")])
def test_a_clock_that_is_off_is_named(
    server: Server, keys: Keys, monkeypatch: pytest.MonkeyPatch, minutes: int, text: str
) -> None:
    at(monkeypatch, timedelta(minutes=minutes))
    answer = LIST.signed(server, keys).send(server)
    assert (answer.status, answer.code) == (403, "InvalidSignatureException")
    assert answer.message.startswith(text)


@pytest.mark.parametrize("minutes", [-14, 14])
def test_a_clock_that_is_off_a_little_is_accepted(
    server: Server, keys: Keys, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    at(monkeypatch, timedelta(minutes=minutes))
    assert LIST.signed(server, keys).send(server).status == 200


def test_a_wrong_secret_and_an_unknown_key_are_told_apart(server: Server, keys: Keys) -> None:
    answer = LIST.signed(server, Keys(keys.account, keys.access_key, "x" * 40)).send(server)
    assert (answer.status, answer.code) == (403, "InvalidSignatureException")
    unknown = Keys(keys.account, "AKIA" + "A" * 16, keys.secret)
    answer = LIST.signed(server, unknown).send(server)
    assert (answer.status, answer.code, answer.message) == (403, "UnrecognizedClientException", UNKNOWN_KEY)
    answer = WHO.signed(server, unknown, "sts").send(server)
    assert (answer.status, answer.code, answer.message) == (403, "InvalidClientTokenId", UNKNOWN_KEY)


def test_without_a_signature_nothing_is_served(server: Server) -> None:
    for request in (
        LIST,
        Request("GET", "/tags/x"),
        Request("GET", "/nothing/here"),
        Request("DELETE", "/memories/x/delete"),
    ):
        answer = request.send(server)
        assert answer.status == 403 and answer.code.startswith("MissingAuthenticationToken"), (
            request.path,
            answer.status,
            answer.body,
        )
    answer = WHO.send(server)
    assert (answer.status, answer.code) == (403, "MissingAuthenticationToken")


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (lambda a: a.replace("AWS4-HMAC-SHA256", "AWS9-NONE"), "Unsupported AWS 'algorithm': 'AWS9-NONE'"),
        (lambda a: a.split(", Signature=")[0], "Authorization header requires 'Signature' parameter."),
        (lambda a: a.replace("SignedHeaders=", "Other="), "Authorization header requires 'SignedHeaders' parameter."),
        (lambda a: a.replace("Credential=", "Other="), "Authorization header requires 'Credential' parameter."),
        (lambda a: a.replace("/aws4_request", ""), "Credential must have exactly 5 slash-delimited elements"),
    ],
)
def test_an_incomplete_header_is_named(server: Server, keys: Keys, edit: Any, text: str) -> None:
    answer = WHO.signed(server, keys, "sts").in_authorization(edit).send(server)
    assert (answer.status, answer.code) == (400, "IncompleteSignature"), answer.body
    assert text in answer.message


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (
            lambda a: a.replace("/aws4_request", "/aws5_request"),
            "Credential should be scoped with a valid terminator: 'aws4_request'",
        ),
        (lambda a: a.replace("SignedHeaders=", "SignedHeaders=x-").replace("host;", ""), ""),
    ],
)
def test_a_wrong_scope_is_refused(server: Server, keys: Keys, edit: Any, text: str) -> None:
    answer = WHO.signed(server, keys, "sts").in_authorization(edit).send(server)
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch"), answer.body
    assert text in answer.message


def test_an_amz_header_that_was_not_signed_is_refused(server: Server, keys: Keys) -> None:
    answer = LIST.signed(server, keys).change(x_amz_extra="smuggled").send(server)
    assert (answer.status, answer.code) == (403, "InvalidSignatureException")


def test_the_body_is_what_was_hashed(server: Server, keys: Keys) -> None:
    unsigned = Request(
        "POST", "/memories/", b"{}", {"content-type": "application/json", "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    )
    assert unsigned.signed(server, keys).send(server).status in (400, 403)


@pytest.fixture(scope="module")
def session(server: Server, keys: Keys) -> Keys:
    iam = server.client("iam", keys)
    iam.create_role(RoleName="Signer", AssumeRolePolicyDocument=trust({"AWS": keys.account}))
    iam.put_role_policy(RoleName="Signer", PolicyName="p", PolicyDocument=policy(allow("bedrock-agentcore:*")))
    answer = server.client("sts", keys).assume_role(
        RoleArn=f"arn:aws:iam::{keys.account}:role/Signer", RoleSessionName="signer"
    )
    return Keys.of_credentials(keys.account, answer["Credentials"])


class TestSessionTokens:
    def test_a_session_signs_with_its_token(self, server: Server, session: Keys) -> None:
        assert LIST.signed(server, session).send(server).status == 200

    def test_without_its_token_the_key_is_unknown(self, server: Server, session: Keys) -> None:
        answer = LIST.signed(server, Keys(session.account, session.access_key, session.secret)).send(server)
        assert (answer.status, answer.code) == (403, "UnrecognizedClientException")

    @pytest.mark.parametrize(
        "edit", [flip_last, lambda token: token[:-8], lambda token: token[1:], lambda token: "x", lambda t: t + "A"]
    )
    def test_a_damaged_token_is_refused(self, server: Server, session: Keys, edit: Any) -> None:
        damaged = Keys(session.account, session.access_key, session.secret, edit(session.token))
        answer = LIST.signed(server, damaged).send(server)
        assert (answer.status, answer.code) == (403, "UnrecognizedClientException"), answer.body

    def test_a_token_of_another_session_is_refused(self, server: Server, keys: Keys, session: Keys) -> None:
        other = server.client("sts", keys).get_session_token()["Credentials"]
        mixed = Keys(session.account, session.access_key, session.secret, other["SessionToken"])
        assert LIST.signed(server, mixed).send(server).status == 403


def test_a_service_is_named_by_the_scope_alone(server: Server, keys: Keys) -> None:
    # The path is Memory's, the scope is STS's: it is an STS request, and STS has no such action.
    answer = LIST.signed(server, keys, "sts").send(server)
    assert answer.status in (400, 403, 404) and b"memories" not in answer.body
    answer = WHO.signed(server, keys, "iam").send(server)
    assert answer.status in (400, 403) and keys.account.encode() not in answer.body
    answer = LIST.signed(server, keys, "no-such-service").send(server)
    assert answer.status in (400, 403, 404)


def test_no_signed_request_reveals_the_secret_in_the_log(server: Server, keys: Keys) -> None:
    LIST.signed(server, keys).in_authorization(flip_last).send(server)
    assert keys.secret not in server.log()
    assert json.dumps(keys.secret) not in server.log()
