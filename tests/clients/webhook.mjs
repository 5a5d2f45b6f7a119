// What clients that nobody here wrote get from a kit webhook, as one JSON object: Vercel's AI SDK
// and xsAI, each with a streamed tool turn, and OpenAI's JavaScript SDK.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { streamText as xsStreamText } from "@xsai/stream-text";
import { rawTool } from "@xsai/tool";
import { jsonSchema, stepCountIs, streamText, tool } from "ai";
import OpenAI from "openai";

const apiKey = process.env.OPENAI_API_KEY;
const baseURL = process.env.OPENAI_BASE_URL;
const messages = [{ role: "user", content: "Where is order 1042?" }];
const parameters = { type: "object", properties: { number: { type: "string" } }, required: ["number"] };
const description = "Look an order up by its number";
const got = {};

{
  const asked = [];
  const provider = createOpenAICompatible({ name: "kit", baseURL, apiKey, includeUsage: true });
  const result = streamText({
    model: provider("any"),
    messages,
    maxRetries: 0,
    stopWhen: stepCountIs(2),
    tools: {
      find_order: tool({
        description,
        inputSchema: jsonSchema(parameters),
        execute: async (input) => (asked.push(input.number), "on its way"),
      }),
    },
  });
  let text = "";
  for await (const piece of result.textStream) text += piece;
  const usage = await result.usage;
  got.vercel = { text, asked, finish: await result.finishReason, counted: usage.outputTokens > 0 };
}

{
  const asked = [];
  const find = rawTool({
    name: "find_order",
    description,
    parameters,
    execute: async (input) => (asked.push(input.number), "on its way"),
  });
  const { textStream } = xsStreamText({
    apiKey, baseURL: `${baseURL}/`, model: "any", messages, tools: [find], maxSteps: 2,
  });
  let text = "";
  for await (const piece of textStream) text += piece;
  got.xsai = { text, asked };
}

{
  const client = new OpenAI({ maxRetries: 0 });
  const stream = client.chat.completions.stream({
    model: "any", messages, tools: [{ type: "function", function: { name: "find_order", parameters } }],
  });
  const { message, finish_reason } = (await stream.finalChatCompletion()).choices[0];
  const call = message.tool_calls[0].function;
  got.openai = { text: message.content, asked: [JSON.parse(call.arguments).number], finish: finish_reason };
}
console.log(JSON.stringify(got));
