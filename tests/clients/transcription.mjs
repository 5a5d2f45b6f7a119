// What the official JavaScript clients transcribe, in Node and as in a browser, as one JSON object.
// Takes a file of PCM16 at 16 kHz.
import { readFileSync } from "node:fs";
import { Scribe } from "@elevenlabs/client";
import { ElevenLabsClient, RealtimeEvents } from "@elevenlabs/elevenlabs-js";

const sound = readFileSync(process.argv[2]);
const baseUrl = process.env.ELEVENLABS_BASE_URL;
const apiKey = process.env.ELEVENLABS_API_KEY;
const eleven = new ElevenLabsClient({ apiKey, baseUrl });
const options = { modelId: "scribe_v2_realtime", audioFormat: "pcm_16000", sampleRate: 16000 };
const got = {};

// Sends all of the sound once the session has started; gives every text until the last commit.
function listen(connection, wanted, commit) {
  const partial = [], committed = [];
  const all = new Promise((resolve, reject) => {
    connection.on(RealtimeEvents.PARTIAL_TRANSCRIPT, ({ text }) => partial.push(text));
    connection.on(RealtimeEvents.COMMITTED_TRANSCRIPT, ({ text }) => {
      committed.push(text);
      if (committed.length === wanted) resolve({ partial, committed });
    });
    connection.on(RealtimeEvents.ERROR, reject);
    connection.on(RealtimeEvents.SESSION_STARTED, () => {
      for (let at = 0; at < sound.length; at += 3200) {
        connection.send({ audioBase64: sound.subarray(at, at + 3200).toString("base64") });
      }
      if (commit) connection.commit();
    });
  });
  return all.finally(() => connection.close());
}

const vad = { ...options, commitStrategy: "vad", vadSilenceThresholdSecs: 0.5 };
const node = await listen(await eleven.speechToText.realtime.connect(vad), 2, false);
got.vad = node.committed;
got.partial = node.partial;
got.manual = (await listen(await eleven.speechToText.realtime.connect(options), 1, true)).committed;

const { token } = await eleven.tokens.singleUse.create("realtime_scribe");
const browser = { ...vad, token, baseUri: baseUrl.replace("http", "ws") };
got.browser = (await listen(Scribe.connect(browser), 2, false)).committed;
got.usedToken = await listen(Scribe.connect(browser), 2, false).catch(({ error }) => error);
const wrong = new ElevenLabsClient({ apiKey: "wrong", baseUrl });
got.error = await listen(await wrong.speechToText.realtime.connect(options), 1, true).catch(
  ({ error }) => error,
);

const file = new Blob([sound]);
const batch = { file, modelId: "scribe_v2", fileFormat: "pcm_s16le_16" };
got.batch = [(await eleven.speechToText.convert(batch)).text];
console.log(JSON.stringify(got));
process.exit(0);
