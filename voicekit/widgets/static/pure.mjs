// What needs no browser: numbers in, numbers out. `node --test tests/widgets/*.test.mjs` runs it.
// The classes also travel into the AudioWorklet as source text, so they use nothing from outside
// themselves and each other.

export function toFloat(pcm) {
  const samples = new Float32Array(pcm.length);
  for (let i = 0; i < pcm.length; i++) samples[i] = pcm[i] / 32768;
  return samples;
}

// The exact inverse of toFloat: every 16-bit value comes back as it was.
export function toPcm(samples) {
  const pcm = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; i++) {
    pcm[i] = Math.max(-32768, Math.min(32767, Math.round(samples[i] * 32768)));
  }
  return pcm;
}

export function decibels(samples) {
  let power = 0;
  for (let i = 0; i < samples.length; i++) power += samples[i] * samples[i];
  return power ? 10 * Math.log10(power / samples.length) : -Infinity;
}

export function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

// The loudest sample of each `step` of them, 0 to 1.
export function peaks(pcm, step) {
  const found = [];
  for (let start = 0; start < pcm.length; start += step) {
    let peak = 0;
    const end = Math.min(pcm.length, start + step);
    for (let i = start; i < end; i++) peak = Math.max(peak, Math.abs(pcm[i]));
    found.push(peak / 32768);
  }
  return found;
}

// A WAV file of PCM16 mono blocks, for the browser's own player.
export function wav(blocks, rate) {
  const view = new DataView(new ArrayBuffer(44));
  const bytes = blocks.reduce((sum, block) => sum + block.byteLength, 0);
  const text = (at, word) => [...word].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
  text(0, "RIFF"), view.setUint32(4, 36 + bytes, true), text(8, "WAVEfmt ");
  view.setUint32(16, 16, true), view.setUint16(20, 1, true), view.setUint16(22, 1, true);
  view.setUint32(24, rate, true), view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true), view.setUint16(34, 16, true);
  text(36, "data"), view.setUint32(40, bytes, true);
  return new Blob([view, ...blocks], { type: "audio/wav" });
}

// A ring of samples that are addressed by their number since the beginning; 0 outside.
export class Tape {
  constructor(capacity) {
    this.data = new Float32Array(capacity);
    this.start = this.end = 0;
  }
  push(samples) {
    const room = Math.min(samples.length, this.data.length - (this.end - this.start));
    for (let i = 0; i < room; i++) this.data[(this.end + i) % this.data.length] = samples[i];
    this.end += room;
    return samples.length - room; // what did not fit
  }
  at(index) {
    return index < this.start || index >= this.end ? 0 : this.data[index % this.data.length];
  }
  forget(before) {
    this.start = Math.min(this.end, Math.max(this.start, before));
  }
}

// Windowed-sinc interpolation on the exact grid of two whole-numbered rates; equal rates pass
// through untouched.
export class Resampler {
  constructor(from, to) {
    const gcd = (a, b) => (b ? gcd(b, a % b) : a);
    this.up = to / gcd(from, to);
    this.down = from / gcd(from, to);
    const cut = Math.min(1, to / from) * (from === to ? 1 : 0.95);
    this.half = from === to ? 0 : Math.ceil(24 / cut);
    this.table = [];
    for (let phase = 0; from !== to && phase < this.up; phase++) {
      const row = new Float32Array(2 * this.half);
      for (let k = 0; k < row.length; k++) {
        const x = k - this.half + 1 - phase / this.up;
        const sinc = x ? Math.sin(Math.PI * cut * x) / (Math.PI * cut * x) : 1;
        const window = 0.42 + 0.5 * Math.cos((Math.PI * x) / this.half)
          + 0.08 * Math.cos((2 * Math.PI * x) / this.half);
        row[k] = cut * sinc * (Math.abs(x) > this.half ? 0 : window);
      }
      this.table.push(row);
    }
    this.index = this.phase = 0; // the next output lies at index + phase / up
  }
  next(tape) {
    let sum = 0;
    if (!this.half) sum = tape.at(this.index);
    else {
      const row = this.table[this.phase];
      const first = this.index - this.half + 1;
      for (let k = 0; k < row.length; k++) sum += row[k] * tape.at(first + k);
    }
    this.phase += this.down;
    this.index += Math.floor(this.phase / this.up);
    this.phase %= this.up;
    return sum;
  }
}

// The microphone's side: samples at any rate in, whole frames of `size` samples at `rate` out.
export class Framer {
  constructor(from, rate, size) {
    this.tape = new Tape(from);
    this.resampler = new Resampler(from, rate);
    this.frame = new Float32Array(size);
    this.filled = 0;
  }
  push(samples, emit) {
    this.tape.push(samples);
    while (this.resampler.index + this.resampler.half < this.tape.end) {
      this.frame[this.filled++] = this.resampler.next(this.tape);
      if (this.filled === this.frame.length) {
        emit(this.frame.slice());
        this.filled = 0;
      }
    }
    this.tape.forget(this.resampler.index - this.resampler.half);
  }
}

// The speaker's side: blocks of a generation in, rendered samples out, and a count of what was
// rendered, in samples of the blocks' rate. A newer generation silences the older one.
export class PlayQueue {
  constructor(from, to, seconds = 10, gap = 1) {
    this.rate = from;
    this.gap = gap * to;
    this.tape = new Tape(seconds * from);
    this.resampler = new Resampler(from, to);
    this.gen = this.played = this.underruns = this.discarded = 0;
    this.dry = Infinity; // output samples since the queue ran empty; 0 while it plays
  }
  get waiting() {
    return Math.max(0, this.tape.end - this.resampler.index);
  }
  rest() {
    this.dry = Infinity; // what comes next is no continuation
  }
  push(gen, samples) {
    if (gen < this.gen) return false;
    if (gen > this.gen) this.flush(gen);
    // Dry for a moment and then going on is a gap that one hears; dry for long was the end.
    if (this.dry && this.dry < this.gap) this.underruns++;
    if (this.dry) this.dry = 0;
    this.tape.push(samples);
    return true;
  }
  flush(gen) {
    if (gen <= this.gen) return;
    this.gen = gen;
    this.discarded += this.waiting;
    this.tape.start = this.tape.end;
    this.resampler.index = this.tape.end;
    this.dry = Infinity;
  }
  render(out) {
    let count = 0;
    while (count < out.length && this.resampler.index < this.tape.end) {
      out[count++] = this.resampler.next(this.tape);
    }
    const done = Math.min(this.resampler.index, this.tape.end);
    this.played = done - this.discarded;
    this.tape.forget(done - this.resampler.half);
    out.fill(0, count);
    if (count < out.length) this.dry += out.length - count;
    return count;
  }
}
