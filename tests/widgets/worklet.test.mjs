// The worklets as the browser gets them: source text joined, in a scope of their own.
import assert from "node:assert/strict";
import test from "node:test";
import vm from "node:vm";
import { Framer, PlayQueue, Resampler, Tape } from "../../voicekit/widgets/static/pure.mjs";
import { captureWorklet } from "../../voicekit/widgets/static/microphone.mjs";
import { playWorklet } from "../../voicekit/widgets/static/speaker.mjs";

function load(rate, ...parts) {
  let made;
  class AudioWorkletProcessor {
    constructor() {
      this.port = { sent: [], postMessage: (message) => this.port.sent.push(message) };
    }
  }
  const scope = { AudioWorkletProcessor, sampleRate: rate, registerProcessor: (_, c) => (made = c) };
  vm.runInNewContext(`${parts.slice(0, -1).map(String).join("\n")}\n(${parts.at(-1)})();`, scope);
  return made;
}
const turn = (player) => {
  const out = new Float32Array(128);
  return [player.process([], [[out]]), out];
};

test("the microphone's worklet mixes channels, cuts frames and ends when told", () => {
  const Capture = load(16000, Tape, Resampler, Framer, captureWorklet);
  const node = new Capture({ processorOptions: { rate: 16000, size: 320 } });
  assert.equal(node.process([[]]), true);
  const [left, right] = [new Float32Array(128).fill(0.5), new Float32Array(128).fill(-0.25)];
  for (let n = 0; n < 5; n++) assert.equal(node.process([[left, right]]), true);
  assert.equal(node.port.sent.length, 2);
  assert.ok(node.port.sent[1].length === 320 && node.port.sent[1].every((x) => x === 0.125));
  node.port.onmessage({ data: "over" });
  assert.equal(node.process([[left]]), false);
});

test("the speaker's worklet tells of the start, every tenth of a second, the end and a flush", () => {
  const Play = load(16000, Tape, Resampler, PlayQueue, playWorklet);
  const player = new Play({ processorOptions: { rate: 16000 } });
  const post = (data) => player.port.onmessage({ data });
  turn(player);
  assert.deepEqual(player.port.sent, []);
  post({ k: "push", gen: 1, samples: new Float32Array(128 * 20).fill(0.1) });
  for (let n = 0; n < 21; n++) turn(player);
  const told = player.port.sent.map((m) => [m.played, m.sounding]);
  assert.deepEqual(told, [[128, true], [1792, true], [2560, false]]);
  post({ k: "push", gen: 1, samples: new Float32Array(1280) });
  turn(player);
  post({ k: "flush", gen: 2 });
  const last = player.port.sent.at(-1);
  assert.deepEqual([last.played, last.gen, last.sounding], [2688, 2, false]);
  assert.ok(turn(player)[1].every((sample) => sample === 0));
  post({ k: "over" });
  assert.equal(turn(player)[0], false);
});
