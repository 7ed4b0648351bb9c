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
        {
            "conversational": {
                "content": {
                    "text": "I'd like to spend 3 nights and 4 days in Kyoto next month. I'd rather see Japanese sweets "
                    "and cafes than temples and shrines. I also love matcha sweets."
                },
                "role": "USER",
            }
        },
        {"conversational": {"content": {"text": "Then let me look for tea houses and cafes."}, "role": "ASSISTANT"}},
    ],
)
print(f"Event created: {response['event']['eventId']}")
