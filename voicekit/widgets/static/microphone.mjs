// The microphone: an ipywebrtc stream, a worklet that cuts it into frames, and its view.

import { Framer, Resampler, Tape, clock, decibels, toPcm } from "./pure.mjs";
import { Link, addWorklet, element } from "./link.mjs";

const ASLEEP = 3000; // ms after which a sound engine that does not start counts as missing
const PART = 400_000; // samples of a clip in one message: 0.8 MB, below what proxies cut off

function captureWorklet() {
  registerProcessor("voicekit-capture", class extends AudioWorkletProcessor {
    constructor({ processorOptions: { rate, size } }) {
      super();
      this.framer = new Framer(sampleRate, rate, size);
      this.mono = new Float32Array(128);
      this.port.onmessage = () => (this.over = true);
    }
    process([channels]) {
      if (this.over) return false;
      if (!channels.length) return true;
      const mono = this.mono;
      for (let i = 0; i < mono.length; i++) {
        mono[i] = 0;
        for (const channel of channels) mono[i] += channel[i] / channels.length;
      }
      this.framer.push(mono, (frame) => this.port.postMessage(frame, [frame.buffer]));
      return true;
    }
  });
}

class Capture {
  constructor(model, signal) {
    this.model = model;
    this.rate = model.get("_rate");
    this.state = "waiting";
    this.level = -Infinity;
    this.run = this.seq = 0;
    this.devices = [];
    const link = (this.link = new Link(model, signal));
    link.release = (code) => this.stop(code);
    link.met = () => link.settle(this);
    Object.assign(link.handlers, {
      start: (message) => this.start(message),
      stop: () => this.stop(),
      mute: ({ on }) => this.mute(on),
      record: ({ take }) => this.record(take),
      recorded: () => this.recording && this.recorder?.set("recording", false),
    });
  }

  // The kernel hears of every state, with a code for which it has the words.
  report(state, code = "", more = {}) {
    Object.assign(this, { state, code });
    this.link.send({ k: "state", run: this.run, state, code, ...more });
    this.link.draw();
  }

  // webrtc-adapter, which ipywebrtc loads, replaces the instance's getUserMedia by one that drops
  // most constraints; the prototype's is the browser's own.
  async open(device) {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw Object.assign(new Error(), { name: window.isSecureContext ? "Missing" : "Insecure" });
    }
    const id = this.model.get("stream").replace("IPY_MODEL_", "");
    const source = await this.model.widget_manager.get_model(id);
    this.source = source;
    if (source.get("_model_name") === "CameraStreamModel") {
      const on = this.model.get("processing");
      const asked = source.get("constraints").audio;
      const audio = { channelCount: 1, echoCancellation: on, noiseSuppression: on,
        autoGainControl: on, ...(asked === true ? {} : asked) };
      const all = device ? await navigator.mediaDevices.enumerateDevices() : [];
      const named = all.find((d) => d.kind === "audioinput" && d.label === device);
      if (device) audio.deviceId = { exact: named?.deviceId ?? device };
      // Where ipywebrtc keeps its stream: its recorder then shares this one, and a stream that
      // was denied or has ended does not stay there for good.
      source.cameraStream = MediaDevices.prototype.getUserMedia.call(
        navigator.mediaDevices, { audio, video: false });
    }
    return source.captureStream();
  }

  async start({ run, device, muted }) {
    if (run <= this.run) return;
    this.stop();
    Object.assign(this, { run, seq: 0, device, slept: null });
    const stale = () => this.run !== run || this.state !== "asking";
    this.report("asking");
    let stream;
    try {
      stream = await this.open(device);
      if (stale()) return this.end(stream);
      this.stream = stream;
      await this.listen(stream);
      if (stale()) return this.end(stream);
    } catch (error) {
      if (stale()) return;
      this.halt();
      const code = CODES[error.name] ?? "broken";
      const webview = code === "denied" && location.protocol === "vscode-webview:";
      return this.report("failed", webview ? "webview" : code, { detail: `${error}` });
    }
    const [track] = stream.getAudioTracks();
    track.addEventListener("ended", () => this.run === run && this.stop("device-gone"));
    const { deviceId, groupId, ...settings } = track.getSettings();
    this.report("listening", "", { settings, rate: this.context.sampleRate });
    this.mute(muted);
    const all = await navigator.mediaDevices.enumerateDevices();
    this.devices = all.filter((d) => d.kind === "audioinput" && d.deviceId);
    this.device ||= deviceId;
    const named = this.devices.map((d) => ({ id: d.deviceId, label: d.label }));
    this.link.send({ k: "devices", devices: named, device: this.device });
    this.link.draw();
  }

  async listen(stream) {
    // At the wished rate the browser itself resamples; Firefox before 2025 refuses to.
    for (const options of [{ sampleRate: this.rate }, {}]) {
      this.context = new AudioContext(options);
      try {
        this.input = this.context.createMediaStreamSource(stream);
        break;
      } catch (error) {
        this.context.close();
        if (!options.sampleRate) throw error;
      }
    }
    const { context, run } = this;
    const awake = context.resume();
    await addWorklet(context, Tape, Resampler, Framer, captureWorklet);
    if (this.run !== run || context.state === "closed") return;
    const size = Math.round(this.rate * this.model.get("frame"));
    this.node = new AudioWorkletNode(context, "voicekit-capture", {
      numberOfOutputs: 0, processorOptions: { rate: this.rate, size } });
    this.node.port.onmessage = ({ data }) => this.run === run && this.frame(data);
    this.input.connect(this.node);
    await Promise.race([awake, asleep()]);
    context.onstatechange = () => this.context === context && this.turned(context);
  }

  // A browser may put the page's sound engine to sleep while it listens: wake it, or say so. What
  // was missed meanwhile is a gap in the numbers, so that the frames after it keep their time.
  async turned(context) {
    if (context.state === "running") {
      const missed = (performance.now() - (this.slept ?? performance.now())) / 1000;
      this.seq += Math.round(missed / this.model.get("frame"));
      this.slept = null;
      return;
    }
    this.slept ??= performance.now();
    try {
      await Promise.race([context.resume(), asleep()]);
    } catch {
      if (this.context === context && context.state !== "running") this.stop("asleep");
    }
  }

  frame(samples) {
    const ended = (performance.timeOrigin + performance.now()) / 1000;
    const message = { k: "pcm", run: this.run, seq: this.seq++, t: ended };
    if (!this.link.send(message, [toPcm(samples).buffer])) return this.stop("kernel-gone");
    this.link.beat();
    this.level = decibels(samples);
    if (performance.now() - (this.drawn ?? 0) < 90) return;
    this.drawn = performance.now();
    this.link.draw();
  }

  get elapsed() {
    return this.seq * this.model.get("frame");
  }

  mute(on) {
    this.muted = Boolean(on);
    // A disabled track yields silence, so the sequence goes on and a listener hears a pause.
    this.stream?.getAudioTracks().forEach((track) => (track.enabled = !on));
    this.link.draw();
  }

  end(stream) {
    stream?.getTracks().forEach((track) => track.stop());
    // An AudioStream or VideoStream keeps its element; a CameraStream opens a new one next time.
    if (this.source?.cameraStream) this.source.cameraStream = null;
  }

  stop(code = "") {
    this.halt();
    if (["asking", "listening"].includes(this.state) || code) this.report("stopped", code);
  }

  halt() {
    const { context, node, stream } = this;
    this.context = this.node = this.stream = null;
    if (this.recorder?.get("recording")) this.recorder.set("recording", false);
    node?.port.postMessage("over");
    context?.close();
    this.end(stream);
    this.level = -Infinity;
  }

  // Push to talk: ipywebrtc's recorder makes the clip, the browser decodes it.
  async record(take) {
    const id = this.model.get("_recorder").replace("IPY_MODEL_", "");
    const recorder = (this.recorder = await this.model.widget_manager.get_model(id));
    const audio = recorder.get("audio");
    const came = async () => {
      audio.off("change:value", came);
      this.recording = false;
      this.link.draw();
      try {
        this.deliver(take, await this.decode(audio.get("value")));
      } catch (error) {
        this.link.send({ k: "clip", take, code: "undecodable", detail: `${error}` });
      }
    };
    audio.on("change:value", came);
    recorder.set("recording", true);
    this.recording = true;
    this.link.send({ k: "recording", take });
    this.link.draw();
  }

  async decode(value) {
    const bytes = value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength);
    const decoded = await new OfflineAudioContext(1, 1, this.rate).decodeAudioData(bytes);
    return toPcm(decoded.getChannelData(0));
  }

  deliver(take, pcm) {
    const parts = Math.max(1, Math.ceil(pcm.length / PART));
    for (let part = 0; part < parts; part++) {
      const piece = pcm.slice(part * PART, (part + 1) * PART);
      this.link.send({ k: "clip", take, part, parts }, [piece.buffer]);
    }
  }
}

const asleep = () => new Promise((_, reject) => {
  setTimeout(() => reject(Object.assign(new Error(), { name: "Asleep" })), ASLEEP);
});

const CODES = {
  Insecure: "insecure", Missing: "no-access", NotAllowedError: "denied", SecurityError: "denied",
  NotFoundError: "no-device", OverconstrainedError: "no-device", NotReadableError: "busy",
  AbortError: "busy", Asleep: "asleep",
};

const captures = new Map(); // the widget's key → its capture

function initialize({ model, signal }) {
  const key = model.get("_key");
  captures.set(key, new Capture(model, signal));
  signal.addEventListener("abort", () => captures.delete(key));
}

function render({ model, el, signal }) {
  const capture = captures.get(model.get("_key"));
  if (!capture) return;
  const { link } = capture;
  const ask = (what, more = {}) => () => link.send({ k: "ask", what, ...more });
  el.classList.add("voicekit");
  const group = element(el, "div", {}, { role: "group", "aria-label": "Microphone" });
  const row = element(group, "div", { className: "voicekit-row" });
  const toggle = element(row, "button", { type: "button" });
  const mute = element(row, "button", { type: "button", textContent: "Mute" });
  const talk = element(row, "button", { type: "button" });
  const meter = element(row, "meter", { min: -60, max: 0, low: -50, high: -6, optimum: -20 },
    { "aria-label": "Level in decibels" });
  const figures = element(row, "span", { className: "voicekit-figures" });
  const device = element(row, "select", {}, { "aria-label": "Microphone device" });
  const status = element(group, "div", { className: "voicekit-status" },
    { role: "status", "aria-live": "polite" });
  const on = () => ["asking", "listening"].includes(capture.state);
  toggle.onclick = () => {
    if (!link.leased && link.alive) return link.hello("claim");
    if (on()) capture.stop();
    else ask("start")();
  };
  mute.onclick = () => ask("mute", { on: !capture.muted })();
  talk.onclick = () => ask(capture.recording ? "recorded" : "record")();
  device.onchange = () => ask("device", { device: device.value })();
  const set = (node, key, value) => node[key] === value || (node[key] = value);
  link.show(() => {
    const elsewhere = !link.leased && link.alive && capture.state !== "waiting";
    set(toggle, "textContent", elsewhere ? "Use it here" : on() ? "Stop" : "Start microphone");
    set(toggle, "disabled", !link.alive || capture.state === "closed");
    for (const button of [mute, talk]) set(button, "disabled", capture.state !== "listening");
    mute.setAttribute("aria-pressed", String(Boolean(capture.muted)));
    set(mute, "textContent", capture.muted ? "Unmute" : "Mute");
    set(talk, "textContent", capture.recording ? "Finish the clip" : "Record a clip");
    const level = Math.max(-60, capture.level);
    set(meter, "value", level);
    const heard = capture.state === "listening";
    set(figures, "textContent", heard ? `${Math.round(level)} dB · ${clock(capture.elapsed)}` : "");
    const labels = capture.devices.map((d) => d.label).join("\n");
    if (device.dataset.labels !== labels) {
      device.dataset.labels = labels;
      device.replaceChildren(...capture.devices.map((d) => new Option(d.label, d.deviceId)));
    }
    set(device, "hidden", capture.devices.length < 2);
    if (capture.device) set(device, "value", capture.device);
    const shown = heard && capture.muted ? "muted" : capture.state;
    const sentence = [link.words(`state-${shown}`), link.words(capture.code)].filter(Boolean);
    set(status, "textContent", sentence.join(" "));
    set(status, "className", `voicekit-status voicekit-${capture.code ? "warn" : shown}`);
  }, signal, () => capture.stop("unseen"));
}

export { captureWorklet, Capture };
export default { initialize, render };
