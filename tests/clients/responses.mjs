// What clients whose default is the Responses API get, as one JSON object: Vercel's AI SDK and
// OpenAI's Agents SDK, each with a streamed and a whole tool turn. `node responses.mjs MODEL STORE`.
import { createOpenAI } from "@ai-sdk/openai";
import { Agent, run, setTracingDisabled, tool as agentTool } from "@openai/agents";
import { generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

const [model, store] = process.argv.slice(2);
const prompt = "Where is my order 1042?";
const asked = [];
const execute = async (input) => (asked.push(input.order_number), "on its way");
const described = { description: "Look up an order by its number", execute };
const parameters = z.object({ order_number: z.string().describe("The order's number") });
const said = {};

{
  const openai = createOpenAI({ baseURL: process.env.OPENAI_BASE_URL });
  const options = {
    model: openai(model),
    prompt,
    maxRetries: 0,
    stopWhen: stepCountIs(2),
    tools: { find_order: tool({ ...described, inputSchema: parameters }) },
    providerOptions: { openai: { store: store === "true" } },
  };
  const whole = await generateText(options);
  said.vercelWhole = whole.steps.map((step) => step.text).join("");
  said.vercelStreamed = "";
  for await (const piece of streamText(options).textStream) said.vercelStreamed += piece;
}

{
  setTracingDisabled(true);
  const find = agentTool({ ...described, name: "find_order", parameters });
  const agent = new Agent({ name: "desk", model, tools: [find] });
  said.agentsWhole = (await run(agent, prompt)).finalOutput;
  const streamed = await run(agent, prompt, { stream: true });
  said.agentsHeard = "";
  for await (const piece of streamed.toTextStream()) said.agentsHeard += piece;
  await streamed.completed;
  said.agentsStreamed = streamed.finalOutput;
}
console.log(JSON.stringify({ said, asked }));
