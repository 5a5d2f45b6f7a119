// The official browser client runs a script in writing: agent id, then the lines, one argument each.
import { Conversation } from "@elevenlabs/client";

const [agentId, ...lines] = process.argv.slice(2);
const said = [];
const asked = [];
let left;
const over = new Promise((resolve) => (left = resolve));
const heard = async (count) => {
  while (said.length < count) await new Promise((resolve) => setTimeout(resolve, 10));
};
const talk = await Conversation.startSession({
  agentId,
  origin: process.env.ELEVENLABS_BASE_URL.replace("http", "ws"),
  connectionType: "websocket",
  textOnly: true,
  clientTools: {
    find_order: ({ order_id }) => {
      asked.push(order_id);
      return `Order ${order_id} arrives on Friday.`;
    },
  },
  onMessage: ({ message }) => said.push(message),
  onDisconnect: left,
});
for (const [number, line] of lines.entries()) {
  await heard(number + 1);
  talk.sendUserMessage(line);
}
const { reason } = await over;
console.log(JSON.stringify({ id: talk.getId(), said, asked, reason }));
process.exit(0);
