import boto3

control_client = boto3.client("bedrock-agentcore-control", region_name="us-east-1")

response = control_client.create_memory(
    name="CrossAccountDemoMemory",
    description="Demo memory for cross-account access",
    eventExpiryDuration=30,
    memoryStrategies=[
        {"semanticMemoryStrategy": {"name": "UserFacts", "description": "Extract factual information about the user"}},
        {"userPreferenceMemoryStrategy": {"name": "UserPreferences", "description": "Learn user preferences"}},
    ],
)

memory_id = response["memory"]["id"]
memory_arn = response["memory"]["arn"]
print(f"Memory ID: {memory_id}")
print(f"Memory ARN: {memory_arn}")
