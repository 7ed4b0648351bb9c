"""What lies in the data folder: no value in the open, and nothing that opens without the master key."""

import base64
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from line import CREDENTIALS, Line, make_memory, xml
from raw import label
from support import BINARY, Keys, Server, allow, clean_environment, policy, trust

NEEDLE = "a-sentence-that-nobody-else-would-write"
SESSION = "a-session-whose-name-is-part-of-a-key"


def write_everywhere(server: Server) -> list[str]:
    """Writes NEEDLE wherever a caller can put a value. Returns what else must not be found."""
    keys = server.new_account()
    with Line(server, keys) as line:
        memory = make_memory(line, "Sealed", description=NEEDLE, tags={"sealed": NEEDLE})
        event = {
            "actorId": "ann",
            "sessionId": SESSION,
            "eventTimestamp": time.time(),
            "payload": [{"conversational": {"content": {"text": NEEDLE}, "role": "USER"}}, {"blob": {NEEDLE: NEEDLE}}],
            "metadata": {"sealed": {"stringValue": NEEDLE}},
            "clientToken": NEEDLE,
        }
        assert line.call("POST", f"/memories/{memory['id']}/events", event).status == 201
        shared = policy(allow("bedrock-agentcore:*", memory["arn"], Principal={"AWS": keys.account}, Sid=plain(NEEDLE)))
        assert line.call("PUT", f"/resourcepolicy/{label(memory['arn'])}", {"policy": shared}).status == 201

        document = policy(allow("bedrock-agentcore:*", f"arn:aws:s3:::{NEEDLE}"))
        trusted = trust({"AWS": keys.account}, Sid=plain(NEEDLE))
        role = {"RoleName": "Sealed", "PolicyName": "Sealed", "PolicyDocument": document}
        for action, parameters in (
            ("CreateRole", {"RoleName": "Sealed", "AssumeRolePolicyDocument": trusted, "Description": NEEDLE}),
            ("PutRolePolicy", role),
            ("TagRole", {"RoleName": "Sealed", "Tags.member.1.Key": "sealed", "Tags.member.1.Value": NEEDLE}),
            ("CreatePolicy", {"PolicyName": "Sealed", "PolicyDocument": document, "Description": NEEDLE}),
        ):
            answer = line.query("iam", action, **parameters)
            assert answer.status == 200, answer
        arn = f"arn:aws:iam::{keys.account}:role/Sealed"
        session = line.query("sts", "AssumeRole", RoleArn=arn, RoleSessionName=plain(NEEDLE), Policy=document)
        secret, token = (xml(session, part) for part in CREDENTIALS[1:])
    return [keys.secret, secret, token, plain(NEEDLE)]


def plain(text: str) -> str:
    return text.replace("-", "")


def forms(secret: str) -> list[bytes]:
    """`secret` as it is, and in base64 wherever it may begin in a longer text."""
    content = secret.encode()
    shifted = [base64.b64encode(b"\0" * shift + content)[4 if shift else 0 :] for shift in range(3)]
    return [content] + [text.rstrip(b"=")[:-1] for text in shifted]


def holding(folder: Path, secrets: list[bytes]) -> list[str]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [str(file) for file in files if any(secret in file.read_bytes() for secret in secrets)]


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_no_value_lies_in_the_open(make_server: Any, end: str) -> None:
    server = make_server().start()
    secrets = [*write_everywhere(server), NEEDLE]
    assert end == "kill" or server.stop() == 0
    server.kill()
    found = [form for secret in secrets for form in forms(secret)]
    assert holding(server.data, found) == []
    # The names of sessions are parts of keys, which are not sealed: so the search does see what is written there.
    assert holding(server.data, [SESSION.encode()]) != []
    assert not [form for form in found if form in server.log().encode()]


@pytest.fixture
def sealed(make_server: Any) -> tuple[Server, Keys, str]:
    """A server that was stopped, and its account with a memory."""
    server = make_server().start()
    keys = server.new_account()
    with Line(server, keys) as line:
        memory = make_memory(line, "Kept")["id"]
    assert server.stop() == 0
    return server, keys, memory


def refusal(data: Path) -> str:
    """The one line with which a server refuses to start on `data`."""
    done = subprocess.run(
        [str(BINARY), "serve", "--listen", "127.0.0.1:0", "--data", str(data)],
        capture_output=True,
        text=True,
        timeout=20,
        stdin=subprocess.DEVNULL,
        check=False,
        env=clean_environment(),
    )
    assert done.returncode not in (0, None) and done.returncode > 0, done
    assert "listening" not in done.stdout
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


@pytest.mark.parametrize("key", [None, b"x" * 32, b"", b"x" * 31], ids=["none", "another", "empty", "short"])
def test_nothing_opens_without_its_master_key(sealed: tuple[Server, Keys, str], key: bytes | None) -> None:
    server, keys, memory = sealed
    file = server.data / "master.key"
    kept = server.data.parent / "master.key.kept"
    shutil.copy2(file, kept)
    file.unlink()
    if key is not None:
        file.write_bytes(key)
        file.chmod(0o600)
    assert "master" in refusal(server.data)

    shutil.copy2(kept, file)
    server.start()
    with Line(server, keys) as line:
        assert line.call("GET", f"/memories/{memory}/details").status == 200


def test_a_newer_format_is_refused_and_left_as_it_is(sealed: tuple[Server, Keys, str]) -> None:
    server, keys, memory = sealed
    stamp = server.data / "store" / "FORMAT"
    known = stamp.read_text()
    version = int(re.fullmatch(r"warifu-store (\d+)\n", known).group(1))
    stamp.write_text(f"warifu-store {version + 1}\n")
    assert str(version + 1) in refusal(server.data)
    assert stamp.read_text() == f"warifu-store {version + 1}\n"

    stamp.write_text(known)
    server.start()
    with Line(server, keys) as line:
        assert line.call("GET", f"/memories/{memory}/details").status == 200


@pytest.mark.parametrize("text", ["", "warifu-store\n", "warifu-store x\n", "something else\n", None])
def test_data_without_a_sound_stamp_are_refused(sealed: tuple[Server, Keys, str], text: str | None) -> None:
    stamp = sealed[0].data / "store" / "FORMAT"
    stamp.unlink()
    if text is not None:
        stamp.write_text(text)
    refusal(sealed[0].data)


def test_two_servers_do_not_share_a_folder(sealed: tuple[Server, Keys, str]) -> None:
    server, keys, memory = sealed
    server.start()
    for _ in range(2):
        assert "in use" in refusal(server.data)
    with Line(server, keys) as line:
        assert line.call("GET", f"/memories/{memory}/details").status == 200
    # The one that was killed holds the folder no longer.
    server.kill()
    server.start()
    with Line(server, keys) as line:
        assert line.call("GET", f"/memories/{memory}/details").status == 200
