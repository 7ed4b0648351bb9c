"""Agents talk to their model: Converse and ConverseStream, carried to an OpenAI-compatible endpoint."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EventStreamError

from chat_double import MODES, ChatDouble
from support import REGION, Keys, Server, allow, not_allowed, policy, refused, run_python

BEDROCK_SCRIPT = Path(__file__).parent / "strands_bedrock.py"
CLAUDE = "anthropic.claude-sonnet-4-20250514-v1:0"
KEY = "sk-a-key-of-the-test"
TIMEOUT_S = 3
WEATHER = {
    "tools": [
        {
            "toolSpec": {
                "name": "weather",
                "description": "tells the weather",
                "inputSchema": {"json": {"type": "object", "properties": {"city": {"type": "string"}}}},
            }
        }
    ]
}


def model_arn(model: str, region: str = REGION) -> str:
    return f"arn:aws:bedrock:{region}::foundation-model/{model}"


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"text": text}]}


def mode(name: str) -> str:
    """The Bedrock id under which the endpoint behaves in this way."""
    return f"double.{name}-v1:0"


@pytest.fixture(scope="module")
def double() -> Iterator[ChatDouble]:
    with ChatDouble() as running:
        yield running


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory, double: ChatDouble) -> Iterator[Server]:
    """A server that knows the endpoint: `echo` for every id but those that ask for another of its moods."""
    folder = tmp_path_factory.mktemp("bridge")
    key = folder / "key"
    key.write_text(KEY + "\n")
    moods = [flag for name in MODES for flag in ("--llm-model-map", f"{mode(name)}={name}")]
    running = Server(
        folder / "data",
        *("--llm-url", double.url, "--llm-model", "echo", "--llm-key-file", str(key)),
        *("--llm-timeout-seconds", str(TIMEOUT_S), *moods),
    ).start()
    yield running
    assert running.stop() == 0, running.log()[-3000:]


@pytest.fixture(scope="module")
def admin(bridge: Server) -> Keys:
    return bridge.new_account()


@pytest.fixture(scope="module")
def runtime(bridge: Server, admin: Keys) -> Any:
    return bridge.client("bedrock-runtime", admin)


@pytest.fixture
def caller(bridge: Server, admin: Keys, request: pytest.FixtureRequest) -> Any:
    """Makes a user of the account with these statements, and returns a runtime client of it and its ARN."""

    def make(*statements: dict[str, Any]) -> tuple[Any, str]:
        iam = bridge.client("iam", admin)
        name = f"user-{abs(hash(request.node.nodeid)) % 10**9}-{len(iam.list_users()['Users'])}"
        arn = iam.create_user(UserName=name)["User"]["Arn"]
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=policy(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        keys = Keys(admin.account, key["AccessKeyId"], key["SecretAccessKey"])
        return bridge.client("bedrock-runtime", keys), arn

    return make


def events(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return list(answer["stream"])


def text_in(stream: list[dict[str, Any]]) -> str:
    deltas = [event["contentBlockDelta"]["delta"] for event in stream if "contentBlockDelta" in event]
    return "".join(delta.get("text", "") for delta in deltas)


def test_a_conversation_reaches_the_model_and_its_answer_comes_back(runtime: Any, double: ChatDouble) -> None:
    answer = runtime.converse(
        modelId=CLAUDE,
        system=[{"text": "Be brief."}],
        messages=[user("Hello"), {"role": "assistant", "content": [{"text": "Hi"}]}, user("How are you?")],
        inferenceConfig={"maxTokens": 100, "temperature": 0.5, "topP": 0.25, "stopSequences": ["END"]},
    )
    assert answer["output"]["message"] == {"role": "assistant", "content": [{"text": "You said: How are you?"}]}
    assert answer["stopReason"] == "end_turn"
    assert answer["usage"] == {"inputTokens": 7, "outputTokens": 5, "totalTokens": 12}
    assert answer["metrics"]["latencyMs"] >= 0
    asked = double.last
    assert asked["model"] == "echo" and "stream" not in asked
    assert asked["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi"},
        {"role": "user", "content": "How are you?"},
    ]
    assert [asked[name] for name in ("max_tokens", "temperature", "top_p", "stop")] == [100, 0.5, 0.25, ["END"]]
    assert double.headers[-1]["authorization"] == f"Bearer {KEY}"


def test_an_answer_that_is_cut_says_so(runtime: Any) -> None:
    answer = runtime.converse(modelId=CLAUDE, messages=[user("one two three")], inferenceConfig={"maxTokens": 3})
    assert answer["stopReason"] == "max_tokens"
    assert answer["output"]["message"]["content"] == [{"text": "You said: one "}]


def test_a_tool_goes_there_and_back(runtime: Any, double: ChatDouble) -> None:
    question = user("What is the weather?")
    asked_for = runtime.converse(modelId=CLAUDE, messages=[question], toolConfig=WEATHER)
    assert asked_for["stopReason"] == "tool_use"
    call = asked_for["output"]["message"]["content"][0]["toolUse"]
    assert (call["name"], call["input"]) == ("weather", {"city": "Kyoto"})
    result = {"toolUseId": call["toolUseId"], "content": [{"json": {"sky": "rain"}}], "status": "success"}
    answer = runtime.converse(
        modelId=CLAUDE,
        messages=[question, asked_for["output"]["message"], {"role": "user", "content": [{"toolResult": result}]}],
        toolConfig=WEATHER | {"toolChoice": {"auto": {}}},
    )
    assert answer["output"]["message"]["content"][0]["text"].startswith("The tool says: {")
    carried = double.last["messages"]
    assert carried[1]["tool_calls"][0]["id"] == carried[2]["tool_call_id"] == call["toolUseId"]
    assert json.loads(carried[2]["content"]) == {"sky": "rain"}


def test_a_picture_goes_along(runtime: Any, double: ChatDouble) -> None:
    picture = {"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}}
    runtime.converse(modelId=CLAUDE, messages=[{"role": "user", "content": [{"text": "What is it?"}, picture]}])
    url = double.last["messages"][-1]["content"][1]["image_url"]["url"]
    assert url == "data:image/png;base64,iVBORw=="


def test_a_stream_has_the_events_of_bedrock(runtime: Any) -> None:
    stream = events(runtime.converse_stream(modelId=CLAUDE, messages=[user("Hello you")]))
    assert [next(iter(event)) for event in stream] == (
        ["messageStart"] + ["contentBlockDelta"] * 4 + ["contentBlockStop", "messageStop", "metadata"]
    )
    assert stream[0]["messageStart"] == {"role": "assistant"}
    assert text_in(stream) == "You said: Hello you"
    assert stream[-2]["messageStop"] == {"stopReason": "end_turn"}
    assert stream[-1]["metadata"]["usage"] == {"inputTokens": 2, "outputTokens": 4, "totalTokens": 6}


def test_a_stream_carries_tool_calls(runtime: Any) -> None:
    stream = events(runtime.converse_stream(modelId=CLAUDE, messages=[user("weather")], toolConfig=WEATHER))
    start = stream[1]["contentBlockStart"]
    assert start["contentBlockIndex"] == 0 and start["start"]["toolUse"]["name"] == "weather"
    deltas = [event["contentBlockDelta"]["delta"] for event in stream if "contentBlockDelta" in event]
    assert len(deltas) == 2
    assert json.loads("".join(delta["toolUse"]["input"] for delta in deltas)) == {"city": "Kyoto"}
    assert stream[-2]["messageStop"]["stopReason"] == "tool_use"


def test_a_stream_comes_as_the_model_makes_it(runtime: Any, double: ChatDouble) -> None:
    came = []
    for event in runtime.converse_stream(modelId=mode("slow"), messages=[user("a b c d e f")])["stream"]:
        if "contentBlockDelta" in event:
            came.append(time.monotonic())
    assert len(came) == 8
    assert came[-1] - came[0] > 5 * double.delay_s, "the words did not come one by one"


def test_a_reader_that_leaves_ends_the_call_upstream(runtime: Any, double: ChatDouble) -> None:
    double.gone.clear()
    stream = runtime.converse_stream(modelId=mode("endless"), messages=[user("on and on")])["stream"]
    for _ in range(3):
        next(iter(stream))
    stream.close()
    assert double.gone.wait(10), "the endpoint still talks to nobody"


def test_a_model_needs_its_permission(caller: Any, double: ChatDouble) -> None:
    before = len(double.requests)
    nobody, arn = caller()
    denied = not_allowed(arn, "bedrock:InvokeModel", model_arn(CLAUDE), "identity-based policy")
    with refused("AccessDeniedException", 403, text=denied):
        nobody.converse(modelId=CLAUDE, messages=[user("Hello")])
    reader, arn = caller(allow("bedrock:InvokeModel", model_arn(CLAUDE)))
    action = "bedrock:InvokeModelWithResponseStream"
    denied = not_allowed(arn, action, model_arn(CLAUDE), "identity-based policy")
    with refused("AccessDeniedException", 403, text=denied):
        reader.converse_stream(modelId=CLAUDE, messages=[user("Hello")])
    with refused("AccessDeniedException", 403, pattern="amazon.nova"):
        reader.converse(modelId="amazon.nova-lite-v1:0", messages=[user("Hello")])
    assert len(double.requests) == before, "a denied call reached the endpoint"
    assert reader.converse(modelId=CLAUDE, messages=[user("Hello")])["stopReason"] == "end_turn"
    assert reader.converse(modelId=model_arn(CLAUDE), messages=[user("Hello")])["stopReason"] == "end_turn"


def test_an_inference_profile_needs_itself_and_its_models(caller: Any, admin: Keys) -> None:
    profile = f"arn:aws:bedrock:{REGION}:{admin.account}:inference-profile/us.{CLAUDE}"
    half, arn = caller(allow("bedrock:InvokeModel", profile))
    with refused("AccessDeniedException", 403, pattern=f"on resource: {model_arn(CLAUDE)} "):
        half.converse(modelId=f"us.{CLAUDE}", messages=[user("Hello")])
    whole, _ = caller(allow("bedrock:InvokeModel", [profile, model_arn(CLAUDE, "*")]))
    assert whole.converse(modelId=f"us.{CLAUDE}", messages=[user("Hello")])["stopReason"] == "end_turn"
    assert whole.converse(modelId=profile, messages=[user("Hello")])["stopReason"] == "end_turn"


@pytest.mark.parametrize(
    ("mood", "code", "status"),
    [
        ("busy", "ThrottlingException", 429),
        ("down", "ServiceUnavailableException", 503),
        ("denied", "ModelErrorException", 424),
        ("garbage", "ModelErrorException", 424),
        ("huge", "ModelErrorException", 424),
        ("hang", "ModelTimeoutException", 408),
    ],
)
def test_what_the_endpoint_does_wrong_is_told(
    runtime: Any, bridge: Server, mood: str, code: str, status: int
) -> None:
    with refused(code, status) as told:
        runtime.converse(modelId=mode(mood), messages=[user("Hello")])
    assert KEY not in told.error.response["Error"]["Message"]
    if mood not in ("garbage", "huge"):
        with refused(code, status):
            runtime.converse_stream(modelId=mode(mood), messages=[user("Hello")])
    assert KEY not in bridge.log()


def test_a_stream_that_breaks_ends_with_an_exception(runtime: Any) -> None:
    for mood, code in (("broken", "serviceUnavailableException"), ("garbage", "modelStreamErrorException")):
        stream = runtime.converse_stream(modelId=mode(mood), messages=[user("Hello")])["stream"]
        with pytest.raises(EventStreamError, match=code):
            list(stream)


def test_what_cannot_be_carried_is_refused_by_name(runtime: Any, double: ChatDouble) -> None:
    before = len(double.requests)
    document = {"document": {"name": "plan", "format": "pdf", "source": {"bytes": b"%PDF"}}}
    with refused("ValidationException", 400, pattern=r"messages\.0\.content\.1\.document is not supported"):
        runtime.converse(modelId=CLAUDE, messages=[{"role": "user", "content": [{"text": "Read"}, document]}])
    guardrail = {"guardrailIdentifier": "abc", "guardrailVersion": "1"}
    with refused("ValidationException", 400, pattern="guardrailConfig is not supported"):
        runtime.converse(modelId=CLAUDE, messages=[user("Hello")], guardrailConfig=guardrail)
    assert len(double.requests) == before


def test_without_an_endpoint_the_error_says_how_to_name_one(server: Server, owner: Keys) -> None:
    client = server.client("bedrock-runtime", owner)
    for call in (client.converse, client.converse_stream):
        with refused("ResourceNotFoundException", 404, pattern="--llm-url http://127.0.0.1:11434/v1 --llm-model"):
            call(modelId=CLAUDE, messages=[user("Hello")])


def test_invoke_model_is_authorized_and_not_implemented(runtime: Any, caller: Any) -> None:
    nobody, _ = caller()
    with refused("AccessDeniedException", 403, pattern="bedrock:InvokeModel on resource"):
        nobody.invoke_model(modelId=CLAUDE, body=b"{}")
    with refused("NotImplementedException", pattern="not implemented"):
        runtime.invoke_model(modelId=CLAUDE, body=b"{}")


@pytest.mark.parametrize("model_id", [f"us.{CLAUDE}", ""])
def test_a_strands_agent_uses_its_tool(bridge: Server, admin: Keys, double: ChatDouble, model_id: str) -> None:
    done = run_python(bridge.environment(admin), BEDROCK_SCRIPT, model_id, "Tell me the weather.")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.strip().splitlines()[-1])
    assert answer == {"answer": "The tool says: rain in Kyoto", "stop": "end_turn", "messages": 4}
    assert double.last["stream"] is True
    assert double.last["messages"][0] == {"role": "system", "content": "Answer briefly."}
