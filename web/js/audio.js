// The page's part of a desktop's sound: the AudioContext, which only a gesture may
// start, and the volume. The samples come from the worker straight into the
// AudioWorklet.
//
//   const speaker = new Speaker(display);   // an instance of display.js's Display
//   speaker.offer(m);                     // the worker's message "sound"
//   speaker.gesture();                    // at each key and click: starts it, once
//   speaker.set({ muted, volume });       // volume 0…1
//
// The relay sends nothing while nobody listens (muted, or not started yet).

export class Speaker {
  constructor(display) {
    this.display = display;
    this.context = null;
    this.muted = false;
    this.volume = 1;
    this.offered = false; // the machine has sound
    this.listening = false;
    this.starting = null;
  }

  /** Sound was announced, or has ended (no channels). */
  offer({ channels }) {
    this.offered = channels > 0;
  }

  /** Whether this browser can play it. */
  get can() { return typeof AudioContext === "function" && typeof AudioWorkletNode === "function"; }

  /** A gesture: the first one starts the sound. */
  gesture() {
    if (this.muted || !this.can || this.context?.state === "running") return;
    this.starting ??= this.start().catch((e) => {
      console.error(e);
      this.starting = null;
    });
    this.context?.resume().catch(() => {});
  }

  async start() {
    this.context = new AudioContext({ sampleRate: 48000, latencyHint: "interactive" });
    await this.context.audioWorklet.addModule(new URL("asset:audio-worklet.js", import.meta.url));
    this.node = new AudioWorkletNode(this.context, "porthole-player", { numberOfInputs: 0, outputChannelCount: [2] });
    this.gain = new GainNode(this.context, { gain: this.volume });
    this.node.connect(this.gain).connect(this.context.destination);
    const { port1, port2 } = new MessageChannel();
    this.node.port.postMessage({ port: port1 }, [port1]);
    this.display.send({ t: "sound", port: port2 }, [port2]);
    this.listen();
  }

  set({ muted = this.muted, volume = this.volume }) {
    Object.assign(this, { muted, volume });
    if (this.gain) this.gain.gain.setTargetAtTime(muted ? 0 : volume, this.context.currentTime, 0.01);
    this.listen();
  }

  listen() {
    const on = Boolean(this.node) && !this.muted;
    if (on === this.listening) return;
    this.listening = on;
    this.display.send({ t: "listen", on });
    if (on) this.context.resume().catch(() => {});
    else this.context?.suspend().catch(() => {});
  }

  /** Seconds that wait to be played, the aim, and how often there were none. */
  stats() {
    if (!this.node) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.node.port.onmessage = ({ data }) => resolve(data);
      this.node.port.postMessage({ stats: true });
    });
  }

  close() { this.context?.close().catch(() => {}); }
}
