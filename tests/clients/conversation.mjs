// The official browser client converses in writing with the agent named by the first argument.
import { Conversation } from "@elevenlabs/client";

const said = [];
let left;
const over = new Promise((resolve) => (left = resolve));
const heard = async (count) => {
  while (said.length < count) await new Promise((resolve) => setTimeout(resolve, 10));
};
const talk = await Conversation.startSession({
  agentId: process.argv[2],
  origin: process.env.ELEVENLABS_BASE_URL.replace("http", "ws"),
  connectionType: "websocket",
  textOnly: true,
  onMessage: ({ message }) => said.push(message),
  onDisconnect: left,
});
await heard(1);
talk.sendUserMessage("Say hello.");
await heard(2);
talk.sendUserMessage("Goodbye.");
const { reason } = await over;
console.log(JSON.stringify({ id: talk.getId(), said, reason }));
process.exit(0);
