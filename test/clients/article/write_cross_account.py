import sys
from datetime import datetime, timezone

import boto3

client = boto3.client("bedrock-agentcore", region_name="us-east-1")

response = client.create_event(
    memoryId=sys.argv[1],
    actorId="user-001",
    sessionId="cross-account-session-001",
    eventTimestamp=datetime.now(timezone.utc),
    payload=[
        {"conversational": {"content": {"text": "Could you help me plan a journey?"}, "role": "USER"}},
        {"conversational": {"content": {"text": "Gladly. Where to?"}, "role": "ASSISTANT"}},
        {"conversational": {"content": {"text": "Three nights in Kyoto. I love matcha sweets."}, "role": "USER"}},
    ],
)
print(f"Event created: {response['event']['eventId']}")
