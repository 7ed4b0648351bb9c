import sys

import boto3

client = boto3.client("bedrock-agentcore", region_name="us-east-1")

response = client.list_events(memoryId=sys.argv[1], actorId="user-001", sessionId="cross-account-session-001")
for event in response["events"]:
    print(f"Event ID: {event['eventId']}")
