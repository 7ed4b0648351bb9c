"""One question to a Strands agent whose model is Bedrock's, with a tool:

    strands_bedrock.py <model id> <text>

The endpoint and the credentials come from the environment, as on AWS."""

import json
import sys

from strands import Agent, tool
from strands.models import BedrockModel


@tool
def weather(city: str) -> str:
    """Tells the weather of a city.

    Args:
        city: the city's name
    """
    return f"rain in {city}"


def main(model_id: str, text: str) -> None:
    # Without a model id the agent takes Strands' own default, as its documentation's first example does.
    model = BedrockModel(model_id=model_id) if model_id else None
    agent = Agent(model=model, tools=[weather], system_prompt="Answer briefly.", callback_handler=None)
    answer = agent(text)
    print(json.dumps({"answer": str(answer).strip(), "stop": answer.stop_reason, "messages": len(agent.messages)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
