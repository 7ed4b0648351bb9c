"""AgentCore Memory's control plane, as boto3 sees it."""

import re
import uuid
from typing import Any

import pytest

from support import UNCHECKED, Keys, Server, refused, run_aws, wait_until_active

MEMORY_ID = r"[a-zA-Z][a-zA-Z0-9_]{0,47}-[a-zA-Z0-9]{10}"


@pytest.fixture
def unchecked(server: Server, owner: Keys) -> Any:
    """A client that sends what it is told to, valid or not."""
    return server.client("bedrock-agentcore-control", owner, config=UNCHECKED)


def test_a_memory_is_creating_then_active(control: Any, owner: Keys) -> None:
    answer = control.create_memory(name="Diary", description="what was said", eventExpiryDuration=30)
    made = answer["memory"]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert re.fullmatch(MEMORY_ID, made["id"]) and made["id"].startswith("Diary-")
    assert made["arn"] == f"arn:aws:bedrock-agentcore:us-east-1:{owner.account}:memory/{made['id']}"
    assert (made["name"], made["description"], made["eventExpiryDuration"]) == ("Diary", "what was said", 30)
    assert made["status"] == "CREATING"
    assert "encryptionKeyArn" not in made

    control.get_waiter("memory_created").wait(memoryId=made["id"], WaiterConfig={"Delay": 1, "MaxAttempts": 5})
    read = control.get_memory(memoryId=made["id"])["memory"]
    assert read["status"] == "ACTIVE"
    assert read["createdAt"] == made["createdAt"]


def test_strategies_come_back_with_ids_types_and_namespaces(control: Any) -> None:
    made = control.create_memory(
        name="Learner",
        eventExpiryDuration=7,
        memoryStrategies=[
            {"semanticMemoryStrategy": {"name": "Facts", "description": "what is so"}},
            {"userPreferenceMemoryStrategy": {"name": "Likes"}},
            {"summaryMemoryStrategy": {"name": "Digest", "namespaces": ["/digest/{actorId}/{sessionId}/"]}},
        ],
    )["memory"]
    strategies = {strategy["name"]: strategy for strategy in wait_until_active(control, made["id"])["strategies"]}
    assert {name: strategy["type"] for name, strategy in strategies.items()} == {
        "Facts": "SEMANTIC",
        "Likes": "USER_PREFERENCE",
        "Digest": "SUMMARIZATION",
    }
    for name, strategy in strategies.items():
        assert re.fullmatch(name + r"-[a-zA-Z0-9]{10}", strategy["strategyId"])
        assert strategy["status"] == "ACTIVE"
        assert strategy["namespaces"] == strategy["namespaceTemplates"]
    assert strategies["Facts"]["namespaces"] == ["/strategies/{memoryStrategyId}/actors/{actorId}/"]
    assert strategies["Digest"]["namespaces"] == ["/digest/{actorId}/{sessionId}/"]
    assert strategies["Facts"]["description"] == "what is so"


def test_the_same_client_token_makes_one_memory(control: Any) -> None:
    token = str(uuid.uuid4())
    first = control.create_memory(name="Once", eventExpiryDuration=30, clientToken=token)["memory"]
    again = control.create_memory(name="Once", eventExpiryDuration=30, clientToken=token)["memory"]
    assert first["id"] == again["id"]
    with refused("ValidationException", 400):
        control.create_memory(name="Twice", eventExpiryDuration=30, clientToken=token)


def test_a_name_is_taken_once_per_account_and_region(server: Server, control: Any, owner: Keys, stranger: Keys) -> None:
    control.create_memory(name="Mine", eventExpiryDuration=30)
    with refused("ValidationException", 400, text="Memory with name 'Mine' already exists"):
        control.create_memory(name="Mine", eventExpiryDuration=30)
    server.client("bedrock-agentcore-control", owner, region="eu-west-1").create_memory(
        name="Mine", eventExpiryDuration=30
    )
    server.client("bedrock-agentcore-control", stranger).create_memory(name="Mine", eventExpiryDuration=30)


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"name": "has-hyphen"}, "name"),
        ({"name": "1digit"}, "name"),
        ({"name": "x" * 49}, "name"),
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"eventExpiryDuration": 2}, "eventExpiryDuration"),
        ({"eventExpiryDuration": 3651}, "eventExpiryDuration"),
        ({"eventExpiryDuration": None}, "eventExpiryDuration"),
        ({"description": ""}, "description"),
        ({"description": "x" * 4097}, "description"),
        ({"tags": {"k" * 129: "v"}}, "tags"),
        ({"memoryStrategies": [{"semanticMemoryStrategy": {"name": "not ok"}}]}, "memoryStrategies"),
        (
            {"memoryStrategies": [{"semanticMemoryStrategy": {"name": "S", "namespaces": ["/a", "/b"]}}]},
            "memoryStrategies",
        ),
        (
            {"memoryStrategies": [{"semanticMemoryStrategy": {"name": "S", "namespaces": ["/{nobody}/"]}}]},
            "memoryStrategies",
        ),
    ],
)
def test_an_invalid_member_is_named(unchecked: Any, change: dict[str, Any], member: str) -> None:
    request = {"name": "Valid", "eventExpiryDuration": 30, "clientToken": str(uuid.uuid4())} | change
    request = {name: value for name, value in request.items() if value is not None}
    with refused("ValidationException", 400, pattern=rf"\b{member}\b") as refusal:
        unchecked.create_memory(**request)
    assert refusal.error.response.get("reason") == "FieldValidationFailed"


@pytest.mark.parametrize(("name", "expiry"), [("x", 3), ("x" * 48, 3650)])
def test_members_at_their_limits_are_accepted(control: Any, name: str, expiry: int) -> None:
    assert control.create_memory(name=name, eventExpiryDuration=expiry)["memory"]["eventExpiryDuration"] == expiry


@pytest.mark.parametrize(
    "unsupported",
    [
        {"encryptionKeyArn": "arn:aws:kms:us-east-1:111111111111:key/00000000-0000-4000-8000-000000000000"},
        {
            "streamDeliveryResources": {
                "resources": [
                    {
                        "kinesis": {
                            "dataStreamArn": "arn:aws:kinesis:us-east-1:111111111111:stream/s",
                            "contentConfigurations": [{"type": "MEMORY_RECORDS", "level": "FULL_CONTENT"}],
                        }
                    }
                ]
            }
        },
        {
            "memoryStrategies": [
                {
                    "customMemoryStrategy": {
                        "name": "Own",
                        "configuration": {
                            "selfManagedConfiguration": {
                                "invocationConfiguration": {
                                    "topicArn": "arn:aws:sns:us-east-1:111111111111:t",
                                    "payloadDeliveryBucketName": "bucket",
                                }
                            }
                        },
                    }
                }
            ],
        },
    ],
)
def test_what_cannot_be_honoured_is_refused_and_named(
    unchecked: Any, control: Any, unsupported: dict[str, Any]
) -> None:
    name = "selfManagedConfiguration" if "memoryStrategies" in unsupported else next(iter(unsupported))
    with refused("ValidationException", 400, pattern=name):
        unchecked.create_memory(name="Refused", eventExpiryDuration=30, clientToken=str(uuid.uuid4()), **unsupported)
    assert [memory for memory in control.list_memories()["memories"] if memory["id"].startswith("Refused-")] == []


def test_list_pages_and_survives_deletion_between_pages(control: Any) -> None:
    made = [control.create_memory(name=f"Page{number}", eventExpiryDuration=30)["memory"]["id"] for number in range(5)]
    first = control.list_memories(maxResults=2)
    assert len(first["memories"]) == 2 and "name" not in first["memories"][0]
    control.delete_memory(memoryId=first["memories"][0]["id"])
    control.delete_memory(memoryId=first["memories"][1]["id"])
    seen = [memory["id"] for memory in first["memories"]]
    token = first["nextToken"]
    while token:
        page = control.list_memories(maxResults=2, nextToken=token)
        seen += [memory["id"] for memory in page["memories"]]
        token = page.get("nextToken")
    assert sorted(seen) == sorted(made)


def test_a_paging_token_belongs_to_its_account_and_cannot_be_made_up(
    server: Server, control: Any, stranger: Keys
) -> None:
    for number in range(3):
        control.create_memory(name=f"Token{number}", eventExpiryDuration=30)
    token = control.list_memories(maxResults=1)["nextToken"]
    with refused("ValidationException", 400):
        server.client("bedrock-agentcore-control", stranger).list_memories(nextToken=token)
    flipped = ("A" if token[len(token) // 2] != "A" else "B").join(
        (token[: len(token) // 2], token[len(token) // 2 + 1 :])
    )
    for forged in (flipped, "nonsense", "x" * 3000):
        with refused("ValidationException", 400):
            control.list_memories(nextToken=forged)


def test_update_changes_what_it_names_and_nothing_else(control: Any, memory: dict[str, Any]) -> None:
    answer = control.update_memory(
        memoryId=memory["id"],
        description="changed",
        eventExpiryDuration=60,
        memoryStrategies={"addMemoryStrategies": [{"semanticMemoryStrategy": {"name": "Later"}}]},
    )
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    read = wait_until_active(control, memory["id"])
    assert (read["description"], read["eventExpiryDuration"], read["name"]) == ("changed", 60, memory["name"])
    strategy = read["strategies"][0]
    assert strategy["name"] == "Later"

    control.update_memory(
        memoryId=memory["id"],
        memoryStrategies={"deleteMemoryStrategies": [{"memoryStrategyId": strategy["strategyId"]}]},
    )
    read = wait_until_active(control, memory["id"])
    assert read.get("strategies", []) == [] and read["description"] == "changed"


def test_delete_answers_and_then_the_memory_is_gone(control: Any, data: Any, memory: dict[str, Any]) -> None:
    answer = control.delete_memory(memoryId=memory["id"])
    assert (answer["memoryId"], answer["status"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (
        memory["id"],
        "DELETING",
        202,
    )
    with refused("ResourceNotFoundException", 404):
        control.get_memory(memoryId=memory["id"])
    with refused("ResourceNotFoundException", 404):
        data.list_actors(memoryId=memory["id"])
    with refused("ResourceNotFoundException", 404):
        control.delete_memory(memoryId=memory["id"])


def test_a_malformed_id_is_invalid_and_an_unknown_one_is_not_found(server: Server, owner: Keys) -> None:
    unchecked = server.client("bedrock-agentcore-control", owner, config=UNCHECKED)
    with refused("ValidationException", 400):
        unchecked.get_memory(memoryId="no")
    with refused("ResourceNotFoundException", 404):
        unchecked.get_memory(memoryId="Nothing-0123456789")


def test_tags_are_set_at_creation_changed_and_removed(control: Any) -> None:
    made = control.create_memory(name="Tagged", eventExpiryDuration=30, tags={"team": "blue", "stage": "test"})[
        "memory"
    ]
    arn = made["arn"]
    assert control.list_tags_for_resource(resourceArn=arn)["tags"] == {"team": "blue", "stage": "test"}
    assert control.tag_resource(resourceArn=arn, tags={"team": "red"})["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert control.untag_resource(resourceArn=arn, tagKeys=["stage"])["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert control.list_tags_for_resource(resourceArn=arn)["tags"] == {"team": "red"}
    with refused("ValidationException", 400):
        control.tag_resource(resourceArn=arn, tags={f"k{number}": "v" for number in range(50)})


def test_another_account_sees_none_of_it(server: Server, stranger: Keys, memory: dict[str, Any]) -> None:
    theirs = server.client("bedrock-agentcore-control", stranger)
    assert memory["id"] not in {listed["id"] for listed in theirs.list_memories()["memories"]}
    with refused("ResourceNotFoundException", 404):
        theirs.get_memory(memoryId=memory["id"])
    with refused("AccessDeniedException", 403):
        theirs.list_tags_for_resource(resourceArn=memory["arn"])


def test_another_region_sees_none_of_it(server: Server, owner: Keys, memory: dict[str, Any]) -> None:
    elsewhere = server.client("bedrock-agentcore-control", owner, region="eu-central-1")
    assert elsewhere.list_memories()["memories"] == []
    with refused("ResourceNotFoundException", 404):
        elsewhere.get_memory(memoryId=memory["id"])
    data = server.client("bedrock-agentcore", owner, region="eu-central-1")
    with pytest.raises(data.exceptions.ClientError):
        data.list_actors(memoryId=memory["arn"])


def test_the_command_line_works_the_same(server: Server, owner: Keys) -> None:
    environment = server.environment(owner)
    done = run_aws(
        environment,
        "bedrock-agentcore-control",
        "create-memory",
        "--name",
        "FromShell",
        "--event-expiry-duration",
        "30",
        "--query",
        "memory.id",
        "--output",
        "text",
    )
    assert done.returncode == 0, done.stderr
    done = run_aws(
        environment, "bedrock-agentcore-control", "list-memories", "--query", "memories[].id", "--output", "text"
    )
    assert re.fullmatch(r"FromShell-\w{10}", done.stdout.strip()), done.stdout + done.stderr
