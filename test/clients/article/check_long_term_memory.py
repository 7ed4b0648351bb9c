import sys

import boto3

client = boto3.client("bedrock-agentcore", region_name="us-east-1")

response = client.list_memory_records(memoryId=sys.argv[1], namespacePath="/")
for record in response["memoryRecordSummaries"]:
    print(f"[{record['memoryStrategyId']}] {record['content']['text']}")
