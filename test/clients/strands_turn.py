"""One turn of a Strands agent whose history lies in a memory:

    strands_turn.py <memory> <session> <actor> <text> [<namespace to retrieve from>]

The model is made up: it answers with what it was shown, so that a test can see what was restored and retrieved."""

import json
import sys
from collections.abc import AsyncGenerator
from typing import Any

from bedrock_agentcore.memory.integrations.strands.config import AgentCoreMemoryConfig, RetrievalConfig
from bedrock_agentcore.memory.integrations.strands.session_manager import AgentCoreMemorySessionManager
from strands import Agent
from strands.models.model import Model


class Echo(Model):
    """Answers with the number of messages that it was shown, and the first of them."""

    def update_config(self, **model_config: Any) -> None:
        pass

    def get_config(self) -> dict[str, Any]:
        return {}

    async def structured_output(self, *_: Any, **__: Any) -> AsyncGenerator[dict[str, Any], None]:
        raise NotImplementedError
        yield {}

    async def stream(self, messages: Any, *_: Any, **__: Any) -> AsyncGenerator[dict[str, Any], None]:
        text = f"{len(messages)} messages, the first: {messages[0]['content'][0]['text']}"
        yield {"messageStart": {"role": "assistant"}}
        yield {"contentBlockStart": {"start": {}}}
        yield {"contentBlockDelta": {"delta": {"text": text}}}
        yield {"contentBlockStop": {}}
        yield {"messageStop": {"stopReason": "end_turn"}}
        yield {
            "metadata": {"usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}, "metrics": {"latencyMs": 1}}
        }


def main(memory_id: str, session_id: str, actor_id: str, text: str, namespace: str = "") -> None:
    retrieval = {namespace: RetrievalConfig(top_k=5, relevance_score=0.3)} if namespace else None
    config = AgentCoreMemoryConfig(
        memory_id=memory_id, session_id=session_id, actor_id=actor_id, retrieval_config=retrieval
    )
    with AgentCoreMemorySessionManager(agentcore_memory_config=config, region_name="us-east-1") as manager:
        agent = Agent(model=Echo(), session_manager=manager, agent_id="planner", callback_handler=None)
        restored = len(agent.messages)
        answer = agent(text)
        print(json.dumps({"restored": restored, "answer": str(answer).strip(), "messages": len(agent.messages)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
