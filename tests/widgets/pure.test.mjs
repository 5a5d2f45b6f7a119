// The widgets' arithmetic, in Node: `node --test tests/widgets/*.test.mjs`.
import assert from "node:assert/strict";
import test from "node:test";
import {
  Framer, PlayQueue, Resampler, Tape, clock, decibels, peaks, toFloat, toPcm, wav,
} from "../../voicekit/widgets/static/pure.mjs";

const sine = (rate, hertz, seconds, loud = 0.5) =>
  Float32Array.from({ length: rate * seconds }, (_, i) =>
    loud * Math.sin((2 * Math.PI * hertz * i) / rate));
const render = (queue, blocks) => {
  const out = [];
  for (let n = 0; n < blocks; n++) {
    const block = new Float32Array(128);
    queue.render(block);
    out.push(...block);
  }
  return out;
};
const ramp = (from, count) => Float32Array.from({ length: count }, (_, i) => (from + i) / 32768);

test("every 16-bit value survives the way to float and back", () => {
  const all = Int16Array.from({ length: 65536 }, (_, i) => i - 32768);
  assert.deepEqual(toPcm(toFloat(all)), all);
});

test("what is too loud is clipped, not wrapped", () => {
  assert.deepEqual([...toPcm(Float32Array.of(2, -2, 1))], [32767, -32768, 32767]);
});

test("decibels and clock are what a person reads", () => {
  assert.ok(Math.abs(decibels(sine(16000, 400, 1, 1)) + 3.01) < 0.01);
  assert.equal(decibels(new Float32Array(8)), -Infinity);
  assert.deepEqual([clock(0), clock(61.9), clock(600)], ["0:00", "1:01", "10:00"]);
});

test("a column of the waveform is its loudest sample", () => {
  assert.deepEqual(peaks(Int16Array.of(1, -16384, 3, 8192, 0), 3), [0.5, 0.25]);
});

test("a WAV file has its header and its samples", async () => {
  const file = wav([Int16Array.of(1), Int16Array.of(-2)], 22050);
  const bytes = Buffer.from(await file.arrayBuffer());
  assert.equal(bytes.toString("latin1", 0, 4) + bytes.toString("latin1", 8, 16), "RIFFWAVEfmt ");
  assert.equal(bytes.readUInt32LE(4), bytes.length - 8);
  assert.equal(bytes.readUInt32LE(24), 22050);
  assert.deepEqual([bytes.readInt16LE(44), bytes.readInt16LE(46)], [1, -2]);
});

test("a tape keeps what fits and is silent outside", () => {
  const tape = new Tape(4);
  assert.equal(tape.push(Float32Array.of(1, 2, 3)), 0);
  tape.forget(2);
  assert.equal(tape.push(Float32Array.of(4, 5, 6, 7)), 1);
  assert.deepEqual([1, 2, 3, 4, 5, 6].map((i) => tape.at(i)), [0, 3, 4, 5, 6, 0]);
});

for (const [from, to] of [[48000, 16000], [44100, 16000], [22050, 48000], [16000, 44100]]) {
  test(`a tone stays what it was from ${from} to ${to}, however it is cut`, () => {
    const tone = sine(from, 1000, 0.5);
    const want = sine(to, 1000, 0.5);
    const whole = [];
    const framer = new Framer(from, to, 1);
    for (let at = 0; at < tone.length; at += 128) {
      framer.push(tone.subarray(at, at + 128), (frame) => whole.push(frame[0]));
    }
    const { half } = new Resampler(from, to);
    const edge = Math.ceil((half * to) / from) + 1; // the beginning has no past
    assert.ok(whole.length >= want.length - edge);
    let worst = 0;
    for (let i = edge; i < whole.length; i++) worst = Math.max(worst, Math.abs(whole[i] - want[i]));
    assert.ok(worst < 0.002, `off by ${worst}`);
  });
}

test("what the lower rate cannot hold is filtered out, not folded back", () => {
  const out = [];
  const framer = new Framer(48000, 16000, 160);
  framer.push(sine(48000, 11000, 0.5), (frame) => out.push(frame));
  const settled = out.slice(2);
  assert.ok(settled.length > 10);
  for (const frame of settled) assert.ok(decibels(frame) < -65, `${decibels(frame)} dB`);
});

test("frames are whole and exact where the rates agree", () => {
  const frames = [];
  const framer = new Framer(16000, 16000, 320);
  const given = ramp(0, 128 * 15);
  for (let at = 0; at < given.length; at += 128) {
    framer.push(given.subarray(at, at + 128), (frame) => frames.push(frame));
  }
  assert.equal(frames.length, 6);
  assert.deepEqual(Float32Array.from(frames.flatMap((f) => [...f])), given);
});

test("blocks are rendered without a gap and counted", () => {
  const queue = new PlayQueue(16000, 16000);
  for (let n = 0; n < 5; n++) queue.push(1, ramp(1 + 100 * n, 100));
  const out = render(queue, 5);
  assert.deepEqual(Float32Array.from(out.slice(0, 500)), ramp(1, 500));
  assert.ok(out.slice(500).every((sample) => sample === 0));
  assert.equal(queue.played, 500);
  assert.equal(queue.waiting, 0);
  assert.equal(queue.underruns, 0);
});

test("a newer generation silences the older one, which stays silent", () => {
  const queue = new PlayQueue(16000, 16000);
  queue.push(1, ramp(1, 1000));
  render(queue, 2);
  queue.flush(2);
  assert.equal(queue.played, 256);
  assert.equal(queue.push(1, ramp(1, 100)), false);
  assert.ok(render(queue, 2).every((sample) => sample === 0));
  assert.ok(queue.push(3, ramp(5, 128)));
  assert.deepEqual(Float32Array.from(render(queue, 1)), ramp(5, 128));
  assert.equal(queue.played, 256 + 128);
  assert.equal(queue.gen, 3);
  queue.flush(2);
  assert.equal(queue.gen, 3);
});

test("after a flush nothing of the old sound leaks through the filter", () => {
  const queue = new PlayQueue(16000, 48000);
  queue.push(1, ramp(20000, 1600));
  render(queue, 4);
  queue.flush(2);
  queue.push(2, new Float32Array(1600));
  assert.ok(render(queue, 8).every((sample) => sample === 0));
});

test("a gap in going on is an underrun; a pause, a flush and a rest are none", () => {
  const queue = new PlayQueue(16000, 16000);
  const say = () => queue.push(queue.gen, ramp(1, 128));
  say(), render(queue, 2), say();
  assert.equal(queue.underruns, 1);
  render(queue, 2 + 125), say(); // a second of silence
  assert.equal(queue.underruns, 1);
  render(queue, 2), queue.rest(), say();
  assert.equal(queue.underruns, 1);
  render(queue, 2), queue.flush(queue.gen + 1), say();
  assert.equal(queue.underruns, 1);
});

test("played counts samples of the sound, whatever the device's rate is", () => {
  const queue = new PlayQueue(16000, 48000);
  queue.push(0, new Float32Array(16000));
  render(queue, 375); // one second of 48 kHz
  assert.equal(queue.played, 16000);
});
