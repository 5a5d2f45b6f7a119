// The page's end of a widget: who it is, whether the kernel lends it the sound device, and whether
// the kernel still answers. See link.py for the other end.

export const BEAT = 1000; // ms between pings
export const SILENCE = 5000; // ms without an answer after which the kernel counts as gone

// `crypto.randomUUID` exists on secure origins only, and an id is needed to say so.
const newId = () => Math.random().toString(36).slice(2) + Date.now().toString(36);

export class Link {
  constructor(model, signal) {
    this.model = model;
    this.cid = newId();
    this.leased = null; // not known before the first answer, so that a no is news as well
    this.alive = true;
    this.views = new Set();
    this.handlers = { ack: (message) => this.acknowledged(message) };
    this.lastPing = this.lastAck = Date.now();
    model.on("msg:custom", (message, buffers) => {
      if (message.cid === this.cid) this.handlers[message.k]?.(message, buffers ?? []);
    });
    const timer = setInterval(() => this.beat(), BEAT);
    const leave = () => this.send({ k: "bye" });
    window.addEventListener("pagehide", leave);
    signal.addEventListener("abort", () => {
      clearInterval(timer);
      window.removeEventListener("pagehide", leave);
      this.leased = this.alive = false;
      this.release?.("closed");
    });
    this.hello("hello");
  }

  hello(k) {
    this.lastPing = Date.now();
    this.send({
      k,
      secure: window.isSecureContext,
      microphone: Boolean(navigator.mediaDevices?.getUserMedia),
      webview: location.protocol === "vscode-webview:",
    });
  }

  // Custom messages only: a synchronised trait waits until the kernel is idle. False when the
  // connection is closed, which a kernel's restart or the widget's own end does.
  //
  // `silent` asks the kernel for no status around the message. With a status the page would be
  // drawn anew fifty times a second, and what the kernel sends next would wait in the server for
  // the page's acknowledgement of the status (Nagle's algorithm). JupyterLab keeps the future of
  // a message until its status comes, so this one is disposed of at once.
  send(message, buffers) {
    const content = { cid: this.cid, ...message };
    try {
      if (this.comm) {
        const data = { method: "custom", content: { ...content, silent: true } };
        this.comm.send(data, {}, buffers).dispose();
      } else this.model.send(content, undefined, buffers);
      return true;
    } catch {
      return false;
    }
  }

  // Also called for every frame, since a browser slows the timers of a tab in the background.
  beat() {
    const now = Date.now();
    if (now - this.lastPing >= BEAT * 0.9) this.hello("ping");
    if (this.alive && now - this.lastAck > SILENCE) {
      this.alive = this.leased = false;
      this.release?.("kernel-gone");
      // Should the kernel have been slow only, it meets a page that begins anew.
      this.send({ k: "bye" });
      this.cid = newId();
      this.draw();
    }
  }

  acknowledged({ lease, id }) {
    this.lastAck = Date.now();
    if (!this.comm) this.find(id);
    const changed = this.leased !== lease || !this.alive;
    if (this.leased && !lease) this.release?.("elsewhere");
    [this.alive, this.leased] = [true, lease];
    if (changed) this.met?.();
    if (changed) this.draw();
  }

  // The comm below anywidget and ipywidgets, where the front end is built like JupyterLab's.
  async find(id) {
    const model = await this.model.widget_manager?.get_model?.(id);
    const comm = model?.comm?.jsServicesComm;
    if (typeof comm?.send === "function") this.comm = comm;
  }

  // What a device's state becomes when the kernel lends it to this page, or not any more.
  settle(device) {
    if (!this.leased) Object.assign(device, { state: "stopped", code: "elsewhere" });
    else if (device.state === "waiting" || device.code === "elsewhere") {
      Object.assign(device, { state: "ready", code: "" });
    }
  }

  draw() {
    for (const view of this.views) view();
  }

  words(code) {
    return code ? this.model.get("_words")[code] ?? code : "";
  }

  // Draw now and on every change until the view goes; `last` runs when no view is left for long.
  show(draw, signal, last) {
    this.views.add(draw);
    draw();
    signal.addEventListener("abort", () => {
      this.views.delete(draw);
      // A moved or re-run output takes its view away and brings it back at once.
      setTimeout(() => this.views.size || last?.(), 1000);
    });
  }
}

export function element(parent, tag, properties = {}, attributes = {}) {
  const made = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  parent.append(made);
  return made;
}

// The worklet's code is the text of the classes it needs and of the function that registers it.
export async function addWorklet(context, ...parts) {
  const source = `${parts.slice(0, -1).map(String).join("\n")}\n(${parts.at(-1)})();`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    await context.audioWorklet.addModule(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}
