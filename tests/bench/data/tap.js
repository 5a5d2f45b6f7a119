// Runs in every page before its own scripts. It notes what goes through the page's audio, and never
// changes it: `window.tap` holds the microphone tracks that were opened and, per direction, the
// samples that passed and the times (Date.now) at which sound began and ended.
(() => {
  const PROCESSOR = `
    registerProcessor('voicekit-tap', class extends AudioWorkletProcessor {
      constructor(options) {
        super();
        this.loud = options.processorOptions.loud;
        this.on = false;
        this.quiet = 0;
        this.keep = true;
        this.port.onmessage = ({ data }) => (this.keep = data);
      }
      process([[samples = new Float32Array(128)]]) {
        const now = Date.now();
        const peak = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        const loud = peak > this.loud;
        // Sound has ended at its first quiet quantum; told once 0.1 s of them came.
        if (loud) this.quiet = 0;
        else if (!this.quiet++) this.since = now;
        const over = this.quiet === Math.ceil(sampleRate / 1280);
        if (loud && !this.on) this.port.postMessage({ event: 'on', at: now });
        if (this.on && over) this.port.postMessage({ event: 'off', at: this.since });
        this.on = loud || (this.on && !over);
        if (this.keep) {
          this.port.postMessage({ frame: currentFrame, at: now, samples: samples.slice() });
        }
        return true;
      }
    });`;
  const module = URL.createObjectURL(new Blob([PROCESSOR], { type: 'text/javascript' }));
  const fresh = () => ({ rate: 0, blocks: [], events: [] });
  const tap = (window.tap = { tracks: [], contexts: [], input: fresh(), output: fresh() });
  // A tap that keeps nothing but events costs the page next to nothing.
  const ears = new Set();
  let keep = true;
  Object.defineProperty(tap, 'keep', {
    set: (on) => {
      keep = on;
      for (const ear of ears) ear.port.postMessage(on);
    },
  });
  tap.live = () => tap.tracks.filter((track) => track.readyState === 'live').length;
  tap.clear = () => {
    for (const way of ['input', 'output']) Object.assign(tap[way], { blocks: [], events: [] });
  };
  // What passed since the last clear as base64 of float32, and at which frame each block began.
  tap.take = (way) => {
    const blocks = tap[way].blocks;
    const all = new Float32Array(blocks.length * 128);
    blocks.forEach((block, n) => all.set(block.samples, n * 128));
    const bytes = new Uint8Array(all.buffer);
    let text = '';
    for (let n = 0; n < bytes.length; n += 32768) {
      text += String.fromCharCode(...bytes.subarray(n, n + 32768));
    }
    return {
      rate: tap[way].rate,
      frames: blocks.map((block) => block.frame),
      times: blocks.map((block) => block.at),
      samples: btoa(text),
    };
  };

  const listen = (node, way, output = 0) => {
    const ear = new AudioWorkletNode(node.context, 'voicekit-tap', {
      numberOfOutputs: 0, channelCount: 1, channelCountMode: 'explicit',
      processorOptions: { loud: way === 'input' ? 0.05 : 0 },
    });
    tap[way].rate = node.context.sampleRate;
    ear.port.onmessage = ({ data }) => {
      if (data.event) tap[way].events.push(data);
      else tap[way].blocks.push(data);
    };
    ears.add(ear);
    ear.port.postMessage(keep);
    connect.call(node, ear, output);
  };

  const addModule = AudioWorklet.prototype.addModule;
  AudioWorklet.prototype.addModule = async function (...given) {
    await addModule.call(this, module);
    return addModule.apply(this, given);
  };
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (...given) {
    const [target, output] = given;
    const speaker = target instanceof AudioDestinationNode && this instanceof AudioWorkletNode;
    if (speaker) listen(this, 'output', output);
    if (this instanceof MediaStreamAudioSourceNode && target instanceof AudioWorkletNode) {
      listen(this, 'input', output);
    }
    return connect.apply(this, given);
  };
  const getUserMedia = MediaDevices.prototype.getUserMedia;
  MediaDevices.prototype.getUserMedia = async function (...given) {
    const stream = await getUserMedia.apply(this, given);
    tap.tracks.push(...stream.getTracks());
    return stream;
  };
  const Context = window.AudioContext;
  window.AudioContext = class extends Context {
    constructor(...given) {
      super(...given);
      tap.contexts.push(this);
    }
  };
})();
