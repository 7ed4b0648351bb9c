"""Agents that run: code from S3, one isolated session each, invoked by boto3 and the AWS CLI, across accounts."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from agents_made import agent_role, archive, ask, deploy, sdk_folders
from functions import eventually
from support import Keys, Server, allow, policy, refused, run_aws, wait_until_active

INVOKE = "bedrock-agentcore:InvokeAgentRuntime"

AGENT = '''
import json, os, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

calls = []


class Agent(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def send(self, body, kind="application/json", status=200):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.send(json.dumps({"status": "Healthy", "time_of_last_update": int(time.time())}).encode())

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        calls.append(asked)
        print("asked", asked, flush=True)
        if asked.get("stream"):
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for number in range(3):
                line = f"data: {number}\\n\\n".encode()
                self.wfile.write(f"{len(line):x}\\r\\n".encode() + line + b"\\r\\n")
                self.wfile.flush()
            self.wfile.write(b"0\\r\\n\\r\\n")
            return
        if asked.get("exit"):
            print("a last word", file=sys.stderr, flush=True)
            os._exit(asked["exit"])
        who = None
        if asked.get("who"):
            import boto3

            who = boto3.client("sts").get_caller_identity()["Arn"]
        self.send(json.dumps({
            "pid": os.getpid(), "calls": len(calls), "who": who,
            "session": self.headers.get("X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"),
            "environment": os.environ.get("GREETING"),
        }).encode())

    def log_message(self, *args):
        pass


ThreadingHTTPServer(("0.0.0.0", 8080), Agent).serve_forever()
'''


APP = '''
import asyncio

from bedrock_agentcore import BedrockAgentCoreApp, RequestContext

app = BedrockAgentCoreApp()


@app.entrypoint
async def answer(payload, context: RequestContext):
    if payload.get("stream"):
        async def parts():
            for number in range(3):
                yield {"part": number}
        return parts()
    if payload.get("remember"):
        import boto3

        memory = boto3.client("bedrock-agentcore")
        listed = memory.list_events(memoryId=payload["remember"], actorId="ann", sessionId="one")["events"]
        return {"events": len(listed)}
    return {"said": payload["prompt"], "session": context.session_id}


app.run()
'''


def session() -> str:
    return f"session-{uuid.uuid4()}"


@pytest.fixture(scope="module")
def maker(server: Server) -> Keys:
    return server.new_account()


@pytest.fixture(scope="module")
def runtime(server: Server, maker: Keys) -> dict[str, Any]:
    role = agent_role(server, maker)
    return deploy(server, maker, "echo", archive(AGENT), role, environmentVariables={"GREETING": "hello"})


def test_a_session_is_one_process_and_another_session_another(
    server: Server, maker: Keys, runtime: dict[str, Any]
) -> None:
    arn, one, two = runtime["agentRuntimeArn"], session(), session()
    first = ask(server, maker, arn, {}, runtimeSessionId=one)
    again = ask(server, maker, arn, {}, runtimeSessionId=one)
    other = ask(server, maker, arn, {}, runtimeSessionId=two)
    assert (first["calls"], again["calls"], other["calls"]) == (1, 2, 1)
    assert (first["session"], other["session"], first["environment"]) == (one, two, "hello")


def test_an_agent_has_its_roles_credentials_and_no_others(
    server: Server, maker: Keys, runtime: dict[str, Any]
) -> None:
    who = ask(server, maker, runtime["agentRuntimeArn"], {"who": True}, runtimeSessionId=session())["who"]
    assert who.startswith(f"arn:aws:sts::{maker.account}:assumed-role/AgentRole/")


def test_events_come_as_the_agent_makes_them(server: Server, maker: Keys, runtime: dict[str, Any]) -> None:
    client = server.client("bedrock-agentcore", maker)
    answer = client.invoke_agent_runtime(agentRuntimeArn=runtime["agentRuntimeArn"], payload=b'{"stream": true}')
    assert answer["contentType"] == "text/event-stream"
    assert len(answer["runtimeSessionId"]) >= 33
    assert answer["response"].read() == b"data: 0\n\ndata: 1\n\ndata: 2\n\n"


def test_an_agent_that_ends_is_told_with_its_code_and_last_words(
    server: Server, maker: Keys, runtime: dict[str, Any]
) -> None:
    arn, one = runtime["agentRuntimeArn"], session()
    with refused("RuntimeClientError", 424, pattern=r"exit status 7(.|\n)*a last word"):
        ask(server, maker, arn, {"exit": 7}, runtimeSessionId=one)
    assert ask(server, maker, arn, {}, runtimeSessionId=one)["calls"] == 1, "the next call starts it anew"


def test_a_program_that_never_serves_is_told_at_once(server: Server, maker: Keys) -> None:
    role = agent_role(server, maker, name="Broken")
    made = deploy(server, maker, "broken", archive("import nothing_like_it\n"), role)
    with refused("RuntimeClientError", 424, pattern="ModuleNotFoundError: No module named 'nothing_like_it'"):
        ask(server, maker, made["agentRuntimeArn"], {})


def test_a_stopped_session_begins_anew(server: Server, maker: Keys, runtime: dict[str, Any]) -> None:
    arn, one = runtime["agentRuntimeArn"], session()
    assert ask(server, maker, arn, {}, runtimeSessionId=one)["calls"] == 1
    client = server.client("bedrock-agentcore", maker)
    client.stop_runtime_session(agentRuntimeArn=arn, runtimeSessionId=one)
    assert ask(server, maker, arn, {}, runtimeSessionId=one)["calls"] == 1


def test_output_reaches_the_accounts_logs(server: Server, maker: Keys, runtime: dict[str, Any]) -> None:
    mark = str(uuid.uuid4())
    ask(server, maker, runtime["agentRuntimeArn"], {"mark": mark}, runtimeSessionId=session())
    logs = server.client("logs", maker)
    group = f"/aws/bedrock-agentcore/runtimes/{runtime['agentRuntimeId']}-DEFAULT"

    def found() -> bool:
        try:
            events = logs.filter_log_events(logGroupName=group)["events"]
        except logs.exceptions.ResourceNotFoundException:
            return False
        return any(mark in event["message"] for event in events)

    eventually(found)


def test_another_account_invokes_with_both_policies_and_not_without(
    server: Server, maker: Keys, runtime: dict[str, Any], stranger: Keys
) -> None:
    arn = runtime["agentRuntimeArn"]
    control = server.client("bedrock-agentcore-control", maker)
    with refused("AccessDeniedException", pattern="no resource-based policy allows"):
        ask(server, stranger, arn, {})
    for one in (arn, f"{arn}/runtime-endpoint/DEFAULT"):
        principal = {"AWS": f"arn:aws:iam::{stranger.account}:root"}
        control.put_resource_policy(resourceArn=one, policy=policy(allow(INVOKE, one, Principal=principal)))
    assert ask(server, stranger, arn, {})["calls"] == 1


def test_a_new_version_serves_new_sessions_and_old_ones_keep_theirs(server: Server, maker: Keys) -> None:
    role = agent_role(server, maker, name="Versions")
    made = deploy(server, maker, "versions", archive(AGENT), role, environmentVariables={"GREETING": "one"})
    arn, old = made["agentRuntimeArn"], session()
    assert ask(server, maker, arn, {}, runtimeSessionId=old)["environment"] == "one"
    control = server.client("bedrock-agentcore-control", maker)
    got = control.get_agent_runtime(agentRuntimeId=made["agentRuntimeId"])
    kept = ("agentRuntimeId", "agentRuntimeArtifact", "networkConfiguration", "roleArn")
    control.update_agent_runtime(environmentVariables={"GREETING": "two"}, **{name: got[name] for name in kept})
    assert ask(server, maker, arn, {}, runtimeSessionId=session())["environment"] == "two"
    assert ask(server, maker, arn, {}, runtimeSessionId=old)["environment"] == "one"


def test_a_command_runs_inside_the_session(server: Server, maker: Keys, runtime: dict[str, Any]) -> None:
    client = server.client("bedrock-agentcore", maker)
    answer = client.invoke_agent_runtime_command(
        agentRuntimeArn=runtime["agentRuntimeArn"],
        runtimeSessionId=session(),
        body={"command": "echo to stdout; echo to stderr >&2; ls main.py; exit 3"},
    )
    out, end = {"stdout": "", "stderr": ""}, None
    for event in answer["stream"]:
        chunk = event["chunk"]
        for name in out:
            out[name] += chunk.get("contentDelta", {}).get(name, "")
        end = chunk.get("contentStop", end)
    assert out == {"stdout": "to stdout\nmain.py\n", "stderr": "to stderr\n"}
    assert end["exitCode"] == 3


def test_a_deleted_runtime_is_gone_with_its_sessions(server: Server, maker: Keys) -> None:
    role = agent_role(server, maker, name="Deleted")
    made = deploy(server, maker, "deleted", archive(AGENT), role)
    one = session()
    ask(server, maker, made["agentRuntimeArn"], {}, runtimeSessionId=one)
    server.client("bedrock-agentcore-control", maker).delete_agent_runtime(agentRuntimeId=made["agentRuntimeId"])
    with refused("ResourceNotFoundException", 404):
        ask(server, maker, made["agentRuntimeArn"], {}, runtimeSessionId=one)


@pytest.fixture(scope="module")
def app(server: Server, maker: Keys) -> dict[str, Any]:
    """The SDK's own app, with a memory that its role may read."""
    control = server.client("bedrock-agentcore-control", maker)
    memory = wait_until_active(control, control.create_memory(name="Notes", eventExpiryDuration=30)["memory"]["id"])
    role = agent_role(server, maker, allow("bedrock-agentcore:ListEvents", memory["arn"]), name="App")
    made = deploy(server, maker, "app", archive(APP, sdk_folders()), role)
    return made | {"memory": memory["id"]}


def test_the_sdks_app_answers_streams_and_works_as_its_role(
    server: Server, maker: Keys, app: dict[str, Any]
) -> None:
    arn, one = app["agentRuntimeArn"], session()
    assert ask(server, maker, arn, {"prompt": "hi"}, runtimeSessionId=one) == {"said": "hi", "session": one}
    client = server.client("bedrock-agentcore", maker)
    answer = client.invoke_agent_runtime(agentRuntimeArn=arn, payload=b'{"stream": true}', runtimeSessionId=one)
    assert answer["response"].read() == b'data: {"part": 0}\n\ndata: {"part": 1}\n\ndata: {"part": 2}\n\n'
    assert ask(server, maker, arn, {"remember": app["memory"]}, runtimeSessionId=one) == {"events": 0}


def test_the_cli_invokes(server: Server, maker: Keys, app: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    named = ["--agent-runtime-arn", app["agentRuntimeArn"], "--payload", '{"prompt": "hi"}']
    done = run_aws(server.environment(maker), "bedrock-agentcore", "invoke-agent-runtime", *named, str(out))
    assert done.returncode == 0, done.stderr
    assert json.loads(out.read_text())["said"] == "hi"
