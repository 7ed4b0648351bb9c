// Writes and reads one event through the AWS SDK for JavaScript: `memory.mjs <folder of node_modules> <memory>`.
// Prints one line of JSON: what came back, or the error's name, status and message.
import { createRequire } from "node:module";

const [folder, memoryId] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
const sdk = require("@aws-sdk/client-bedrock-agentcore");
const client = new sdk.BedrockAgentCoreClient({ maxAttempts: 1 });
const session = { memoryId, actorId: "team/js:1", sessionId: "one" };

async function main() {
  const created = await client.send(new sdk.CreateEventCommand({
    ...session,
    eventTimestamp: new Date("2026-07-04T11:38:50.534Z"),
    payload: [
      { conversational: { content: { text: "héllo 日本" }, role: "USER" } },
      { blob: { deep: [1, "two", null] } },
    ],
  }));
  const eventId = created.event.eventId;
  const read = await client.send(new sdk.GetEventCommand({ ...session, eventId }));
  const listed = await client.send(new sdk.ListEventsCommand({ ...session, includePayloads: true }));
  const deleted = await client.send(new sdk.DeleteEventCommand({ ...session, eventId }));
  const after = await client.send(new sdk.ListEventsCommand(session));
  return {
    eventId,
    timestamp: read.event.eventTimestamp.toISOString(),
    payload: read.event.payload,
    listed: listed.events.map((event) => event.eventId),
    deleted: deleted.eventId,
    left: after.events.length,
  };
}

main().then(
  (done) => console.log(JSON.stringify(done)),
  (error) => console.log(JSON.stringify({ error: error.name, status: error.$metadata?.httpStatusCode, message: error.message })),
);
