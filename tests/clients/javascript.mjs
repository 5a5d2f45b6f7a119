// What the official JavaScript SDKs get from the stand-in, as one JSON object on standard output.
import { ElevenLabsClient, ElevenLabsError } from "@elevenlabs/elevenlabs-js";
import OpenAI from "openai";

const VOICE = "21m00Tcm4TlvDq8ikWAM";
const eleven = new ElevenLabsClient({
  apiKey: process.env.ELEVENLABS_API_KEY,
  baseUrl: process.env.ELEVENLABS_BASE_URL,
});
const openai = new OpenAI({ maxRetries: 0 }); // reads OPENAI_BASE_URL and OPENAI_API_KEY

async function bytes(stream) {
  let size = 0;
  for await (const chunk of stream) size += chunk.length;
  return size;
}

const request = { text: "Your parcel is on its way.", modelId: "eleven_flash_v2_5" };
const got = {};

got.models = (await eleven.models.list()).map((model) => model.modelId);
got.voices = (await eleven.voices.search({ search: "Rachel" })).voices.map((voice) => voice.name);
got.pcm = await bytes(await eleven.textToSpeech.stream(VOICE, { ...request, outputFormat: "pcm_22050" }));
got.mp3 = await bytes(await eleven.textToSpeech.convert(VOICE, request));
const timed = await eleven.textToSpeech.convertWithTimestamps(VOICE, request);
got.characters = timed.alignment.characters.join("");
try {
  await eleven.textToSpeech.convert("no-such-voice", request);
} catch (error) {
  got.elevenError = [error instanceof ElevenLabsError, error.statusCode, error.body.detail.status];
}

const question = { model: "gpt-6-luna", reasoning_effort: "none", messages: [{ role: "user", content: "Hello!" }] };
const whole = await openai.chat.completions.create(question);
got.whole = whole.choices[0].message.content;
got.streamed = "";
for await (const chunk of await openai.chat.completions.create({ ...question, stream: true })) {
  got.streamed += chunk.choices[0]?.delta?.content ?? "";
}
const tools = [{
  type: "function",
  function: {
    name: "find_order",
    description: "Look an order up by its number",
    parameters: { type: "object", properties: { order_number: { type: "string" } }, required: ["order_number"] },
  },
}];
const asked = await openai.chat.completions.create({
  ...question, tools, messages: [{ role: "user", content: "Where is my order 1042?" }],
});
const call = asked.choices[0].message.tool_calls[0].function;
got.tool = [call.name, JSON.parse(call.arguments)];
try {
  await openai.chat.completions.create({ ...question, model: "no-such-model" });
} catch (error) {
  got.openaiError = [error instanceof OpenAI.NotFoundError, error.status, error.code];
}
console.log(JSON.stringify(got));
