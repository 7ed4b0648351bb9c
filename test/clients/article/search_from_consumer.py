import sys

import boto3

client = boto3.client("bedrock-agentcore", region_name="us-east-1")

response = client.retrieve_memory_records(
    memoryId=sys.argv[1],
    namespacePath="/",
    searchCriteria={"searchQuery": "What are the food preferences of this user?", "topK": 5},
)
for record in response["memoryRecordSummaries"]:
    print(f"Score={record.get('score', 'N/A')}: {record['content']['text']}")
