// The loudspeaker: a ring of samples in a worklet, the count of what was rendered, and its view.

import { PlayQueue, Resampler, Tape, clock, peaks, toFloat, wav } from "./pure.mjs";
import { Link, addWorklet, element } from "./link.mjs";

const REFUSED = 1000; // ms after which a context that does not start counts as blocked
const KEPT = 120; // seconds of sound for the replay
const CALM = 700; // ms of silence before the replay is made, which takes the page a while
const STEP = 0.02; // seconds a column of the waveform
const COLUMNS = 300;

function playWorklet() {
  registerProcessor("voicekit-play", class extends AudioWorkletProcessor {
    constructor({ processorOptions: { rate } }) {
      super();
      this.queue = new PlayQueue(rate, sampleRate);
      this.sounding = false;
      this.told = 0;
      this.port.onmessage = ({ data: { k, gen, samples } }) => {
        if (k === "push") this.queue.push(gen, samples);
        else if (k === "rest") this.queue.rest();
        else if (k === "flush") this.tell(this.queue.flush(gen), (this.sounding = false));
        else this.over = true;
      };
    }
    tell() {
      const { played, gen, underruns } = this.queue;
      this.told = played;
      this.port.postMessage({ played, gen, underruns, sounding: this.sounding });
    }
    process(_, [[out]]) {
      if (this.over) return false;
      const count = this.queue.render(out);
      const changed = this.sounding !== count > 0;
      this.sounding = count > 0;
      if (changed || this.queue.played - this.told >= this.queue.rate / 10) this.tell();
      return true;
    }
  });
}

class Playback {
  constructor(model, signal) {
    this.model = model;
    this.rate = model.get("_rate");
    this.state = "waiting";
    this.gen = this.base = this.total = this.origin = 0;
    this.next = null; // the number that the next block should have
    this.blocks = []; // { gen, pcm, peaks } in the order of playing, from sample number `first` on
    this.first = 0;
    const link = (this.link = new Link(model, signal));
    link.release = (code) => {
      this.close(code);
      this.origin = this.total; // the kernel counts anew when it meets this page again
    };
    link.met = () => {
      this.next = null;
      link.settle(this);
    };
    Object.assign(link.handlers, {
      open: () => this.open(),
      pcm: (message, buffers) => this.take(message, buffers[0]),
      flush: ({ gen }) => this.flush(gen),
      rest: () => this.node?.port.postMessage({ k: "rest" }),
      close: ({ code }) => this.close(code),
    });
    // Any gesture on the page may have been what the browser waited for.
    const gesture = () => this.state === "blocked" && this.resume();
    for (const kind of ["pointerdown", "keydown"]) {
      window.addEventListener(kind, gesture, { capture: true, signal });
    }
  }

  get seconds() {
    return this.total / this.rate;
  }

  report(state, code = "") {
    Object.assign(this, { state, code });
    this.link.send({ k: "state", state, code, detail: this.detail });
    this.link.draw();
  }

  open() {
    return (this.opening ??= this.prepare().catch((error) => {
      this.detail = `${error}`;
      this.close(window.isSecureContext ? "no-sound" : "insecure-sound", "failed");
    }));
  }

  async prepare() {
    // At the sound's own rate what is rendered is what was sent; the browser converts the whole
    // mix afterwards. Where it refuses the rate, the worklet's resampler works.
    let context;
    try {
      context = new AudioContext({ sampleRate: this.rate, latencyHint: "interactive" });
    } catch {
      context = new AudioContext({ latencyHint: "interactive" });
    }
    this.context = context;
    context.onstatechange = () => this.settled(context);
    context.resume().catch(() => {});
    setTimeout(() => this.settled(context, true), REFUSED);
    await addWorklet(context, Tape, Resampler, PlayQueue, playWorklet);
    if (this.context !== context) return;
    this.node = new AudioWorkletNode(context, "voicekit-play", {
      numberOfInputs: 0, outputChannelCount: [1], processorOptions: { rate: this.rate } });
    this.node.port.onmessage = ({ data }) => this.context === context && this.told(data);
    this.node.connect(context.destination);
  }

  // A new context after a gesture runs at once, and holds nothing stale.
  resume() {
    this.report("ready");
    this.open();
  }

  settled(context, late = false) {
    if (this.context !== context) return;
    const running = context.state === "running";
    if (running && this.state !== "open" && this.state !== "playing") {
      this.report("open");
      this.link.send({ k: "latency", seconds: context.outputLatency ?? 0 });
    } else if (!running && (late || ["open", "playing"].includes(this.state))) {
      this.close("blocked", "blocked");
    }
  }

  async take({ gen, seq }, buffer) {
    if (gen < this.gen) return;
    if (this.next !== null && seq > this.next) this.refuse(this.next, seq); // lost on the way
    this.next = seq + 1;
    if (gen > this.gen) this.flush(gen);
    if (!this.node) await this.open();
    if (gen < this.gen) return;
    // Queued now, it would play stale after the gesture.
    if (this.state === "blocked" || !this.node) return this.refuse(seq, seq + 1);
    const pcm = new Int16Array(buffer.buffer ?? buffer, buffer.byteOffset ?? 0, buffer.byteLength / 2);
    const samples = toFloat(pcm);
    this.node.port.postMessage({ k: "push", gen, samples }, [samples.buffer]);
    this.blocks.push({ gen, pcm: pcm.slice(), peaks: peaks(pcm, Math.round(this.rate * STEP)) });
  }

  refuse(from, to) {
    this.link.send({ k: "refused", from, to });
  }

  flush(gen) {
    if (gen <= this.gen) return;
    this.gen = gen;
    if (this.node) this.node.port.postMessage({ k: "flush", gen });
    else this.told({ played: this.total - this.base, gen, underruns: 0, sounding: false });
  }

  told({ played, gen, underruns, sounding }) {
    this.link.beat();
    const total = (this.total = this.base + played);
    this.link.send({ k: "played", played: total - this.origin, gen, underruns, sounding });
    if (gen === this.gen) this.cut(gen);
    if (!sounding) this.trim();
    if (this.node && this.state !== "blocked") this.state = sounding ? "playing" : "open";
    clearTimeout(this.calm);
    this.replayable = false;
    if (!sounding) this.calm = setTimeout(() => this.rested(), CALM);
    this.link.draw();
  }

  rested() {
    this.replayable = true;
    this.link.draw();
  }

  // Forget what an older generation than `gen` had left when it was silenced.
  cut(gen) {
    let room = this.total - this.first;
    const heard = [];
    for (const block of this.blocks) {
      const played = block.gen < gen ? Math.max(0, Math.min(room, block.pcm.length)) : Infinity;
      room -= block.pcm.length;
      if (played >= block.pcm.length) heard.push(block);
      else if (played) {
        const pcm = block.pcm.slice(0, played);
        heard.push({ gen, pcm, peaks: peaks(pcm, Math.round(this.rate * STEP)) });
      }
    }
    this.blocks = heard;
  }

  // What is older than the replay keeps.
  trim() {
    let kept = this.blocks.reduce((sum, { pcm }) => sum + pcm.length, 0);
    while (kept > KEPT * this.rate && this.blocks.length > 1) {
      const gone = this.blocks.shift().pcm.length;
      this.first += gone;
      kept -= gone;
    }
  }

  get sound() {
    return this.blocks.map(({ pcm }) => pcm);
  }

  // The loudest sample of each step of the newest sound that was played, 0 to 1.
  get peaks() {
    const columns = [];
    let at = this.first;
    for (const { pcm, peaks } of this.blocks) {
      const step = pcm.length / peaks.length;
      peaks.forEach((peak, n) => at + n * step < this.total && columns.push(peak));
      at += pcm.length;
    }
    return columns.slice(-COLUMNS);
  }

  close(code = "", state = "stopped") {
    const { context, node } = this;
    this.base = this.total;
    this.cut(Infinity);
    clearTimeout(this.calm);
    this.context = this.node = this.opening = null;
    node?.port.postMessage({ k: "over" });
    context?.close();
    this.replayable = true;
    if (this.state !== "waiting") this.report(state, code);
  }
}

const playbacks = new Map(); // the widget's key → its playback

function initialize({ model, signal }) {
  const key = model.get("_key");
  playbacks.set(key, new Playback(model, signal));
  signal.addEventListener("abort", () => playbacks.delete(key));
}

function paint(canvas, playback) {
  const pen = canvas.getContext("2d");
  const { width, height } = canvas;
  pen.clearRect(0, 0, width, height);
  pen.fillStyle = getComputedStyle(canvas).color;
  playback.peaks.forEach((peak, n) => {
    const tall = Math.max(1, peak * height);
    pen.fillRect((n * width) / COLUMNS, (height - tall) / 2, width / COLUMNS - 0.5, tall);
  });
}

function render({ model, el, signal }) {
  const playback = playbacks.get(model.get("_key"));
  if (!playback) return;
  const { link } = playback;
  el.classList.add("voicekit");
  const group = element(el, "div", {}, { role: "group", "aria-label": "Speaker" });
  const row = element(group, "div", { className: "voicekit-row" });
  const enable = element(row, "button", { type: "button", textContent: "Enable sound" });
  const stop = element(row, "button", { type: "button", textContent: "Stop" });
  const figures = element(row, "span", { className: "voicekit-figures" });
  const canvas = element(group, "canvas", { width: 600, height: 40 }, { role: "img" });
  const replay = element(group, "audio", { controls: true },
    { "aria-label": "Replay of what was played" });
  const status = element(group, "div", { className: "voicekit-status" },
    { role: "status", "aria-live": "polite" });
  enable.onclick = () => {
    if (!link.leased && link.alive) link.hello("claim");
    else playback.resume();
  };
  stop.onclick = () => {
    const gen = playback.gen + 1;
    playback.flush(gen);
    link.send({ k: "ask", what: "interrupt", gen });
  };
  let [made, drawn, later] = [0, 0, 0];
  const draw = () => {
    [drawn, later] = [performance.now(), 0];
    const elsewhere = !link.leased && link.alive && playback.state === "stopped";
    enable.hidden = playback.state !== "blocked" && !elsewhere;
    enable.textContent = elsewhere ? "Play here" : "Enable sound";
    stop.disabled = playback.state !== "playing";
    figures.textContent = playback.seconds ? `${clock(playback.seconds)} played` : "";
    canvas.hidden = !playback.seconds;
    canvas.setAttribute("aria-label", `Waveform of ${playback.seconds.toFixed(1)} s played`);
    if (playback.seconds) paint(canvas, playback);
    replay.hidden = !playback.replayable || !playback.seconds;
    if (!replay.hidden && made !== playback.seconds) {
      made = playback.seconds;
      URL.revokeObjectURL(replay.src);
      replay.src = URL.createObjectURL(wav(playback.sound, playback.rate));
    }
    const words = [link.words(`state-${playback.state}`), link.words(playback.code)];
    const sentence = words.filter(Boolean).join(" ");
    if (status.textContent !== sentence) status.textContent = sentence;
    status.className = `voicekit-status voicekit-${playback.code ? "warn" : playback.state}`;
  };
  link.show(() => {
    const wait = 100 - (performance.now() - drawn);
    if (wait <= 0) draw();
    else later ||= setTimeout(draw, wait);
  }, signal, () => playback.flush(playback.gen + 1));
  signal.addEventListener("abort", () => {
    clearTimeout(later);
    URL.revokeObjectURL(replay.src);
  });
}

export { Playback, playWorklet };
export default { initialize, render };
