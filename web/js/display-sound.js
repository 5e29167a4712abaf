// Sound in the worker: packets from the relay become samples and go straight to the
// AudioWorklet (audio-worklet.js), past the page, which may be busy.

const opus = 0, pcm = 1; // wire's codecs

export class Sound {
  constructor(tell) {
    this.tell = tell; // the page
    this.port = null; // the AudioWorklet's; null: nobody listens
    this.decoder = null;
    this.codec = -1;
    this.channels = 0;
    this.rate = 0;
  }

  async opus() {
    try {
      return Boolean((await AudioDecoder.isConfigSupported({ codec: "opus", sampleRate: 48000, numberOfChannels: 2 })).supported);
    } catch {
      return false;
    }
  }

  /** Sound begins, or goes on after a gap: then the form is the same. */
  format(codec, rate, channels) {
    if (codec === this.codec && rate === this.rate && channels === this.channels && (codec === pcm || this.decoder?.state === "configured")) return;
    if (this.decoder && this.decoder.state !== "closed") this.decoder.close();
    Object.assign(this, { codec, rate, channels, decoder: null });
    if (codec === opus && channels > 0) {
      if (!globalThis.AudioDecoder) return this.broken("this browser does not decode Opus");
      this.decoder = new AudioDecoder({ output: (a) => this.decoded(a), error: (e) => this.broken(e.message) });
      this.decoder.configure({ codec: "opus", sampleRate: rate, numberOfChannels: channels });
    } else if (codec !== pcm) {
      this.channels = 0;
    }
    this.tell({ t: "sound", codec, rate, channels: this.channels });
  }

  broken(message) {
    this.channels = 0;
    this.tell({ t: "notice", code: "sound-failed", text: "The sound from the machine cannot be played.", detail: message });
  }

  /** Bytes of sound; they are only lent. */
  data(time, bytes) {
    if (!this.port || !this.channels) return;
    if (this.codec === pcm) return this.pcm(bytes);
    if (this.decoder?.state !== "configured" || this.decoder.decodeQueueSize > 50) return; // a second of packets
    this.decoder.decode(new EncodedAudioChunk({ type: "key", timestamp: time, data: bytes }));
  }

  pcm(bytes) {
    const n = Math.floor(bytes.length / 2 / this.channels);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const planes = [];
    for (let c = 0; c < this.channels; c++) {
      const plane = new Float32Array(n);
      for (let i = 0; i < n; i++) plane[i] = view.getInt16(2 * (i * this.channels + c), true) / 32768;
      planes.push(plane);
    }
    this.send(planes, this.rate);
  }

  decoded(a) {
    const planes = [];
    for (let c = 0; c < a.numberOfChannels; c++) {
      const plane = new Float32Array(a.numberOfFrames);
      a.copyTo(plane, { planeIndex: c, format: "f32-planar" });
      planes.push(plane);
    }
    this.send(planes, a.sampleRate);
    a.close();
  }

  send(planes, rate) { this.port?.postMessage({ planes, rate }, planes.map((p) => p.buffer)); }
}
