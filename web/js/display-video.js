// H.264 rectangles (rfbproto, "Open H.264 Encoding"): 32 bits of length, 32 bits of
// flags, then the bytes of a picture as Annex B. Each place and size on the desktop
// has a decoder of its own, at most 64 of them.

const mostContexts = 64;
const resetContext = 1, resetAll = 2; // flags
const patience = 250; // ms until a decoder that gives no picture is not waited for any more

/** What of H.264 this browser decodes, as a list of codecs. */
export async function supported() {
  if (!globalThis.VideoDecoder) return "";
  const found = [];
  for (const codec of ["avc1.42e01e", "avc1.4d0028", "avc1.640028"]) {
    try {
      if ((await VideoDecoder.isConfigSupported({ codec, optimizeForLatency: true })).supported) found.push(codec);
    } catch { /* not this one */ }
  }
  return found.join(",");
}

export class Video {
  /** owner is told of failures: owner.fail(picture, problem). */
  constructor(owner) {
    this.owner = owner;
    this.contexts = new Map(); // by place, the one that was used last at the end
  }

  /** A new stream: no context is worth anything. */
  reset() {
    for (const c of this.contexts.values()) c.close();
    this.contexts.clear();
  }

  decode(picture, bytes, place) {
    if (!globalThis.VideoDecoder) return this.owner.fail(picture, "H.264, which this browser does not decode");
    if (bytes.length < 8) return this.owner.fail(picture, "H.264 without its head");
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const length = view.getUint32(0), flags = view.getUint32(4);
    if (length !== bytes.length - 8) return this.owner.fail(picture, `H.264 of ${length} bytes in ${bytes.length - 8}`);
    if (flags & resetAll) this.reset();
    let context = this.contexts.get(place);
    this.contexts.delete(place);
    if (context && flags & resetContext) {
      context.close();
      context = null;
    }
    if (!context && this.contexts.size >= mostContexts) {
      const [oldest, c] = this.contexts.entries().next().value;
      c.close();
      this.contexts.delete(oldest);
    }
    context ??= new Context((p, problem) => this.owner.fail(p, problem));
    this.contexts.set(place, context);
    context.decode(picture, bytes.subarray(8));
  }
}

/** One decoder and the pictures that wait for it. */
class Context {
  constructor(fail) {
    this.fail = fail;
    this.decoder = null;
    this.waiting = new Map(); // pictures by the time stamp of their chunk
    this.time = 0;
  }

  close() {
    for (const p of this.waiting.values()) p.finish(null);
    this.waiting.clear();
    if (this.decoder && this.decoder.state !== "closed") this.decoder.close();
    this.decoder = null;
  }

  decode(picture, data) {
    const { key, pictures, codec } = look(data);
    if (!this.decoder) {
      if (!key || !codec) return this.fail(picture, "H.264 that does not begin with a key picture");
      this.decoder = new VideoDecoder({
        output: (frame) => this.output(frame),
        error: (e) => {
          for (const p of this.waiting.values()) this.fail(p, `H.264: ${e.message}`);
          this.waiting.clear();
        },
      });
      this.decoder.configure({ codec, optimizeForLatency: true });
    }
    const timestamp = this.time++;
    if (pictures) {
      this.waiting.set(timestamp, picture);
      setTimeout(() => {
        this.waiting.delete(timestamp);
        picture.finish(null);
      }, patience);
    } else {
      picture.finish(null); // tables alone show nothing
    }
    try {
      this.decoder.decode(new EncodedVideoChunk({ type: key ? "key" : "delta", timestamp, data }));
    } catch (e) {
      this.waiting.delete(timestamp);
      this.fail(picture, `H.264: ${e.message}`);
    }
  }

  output(frame) {
    const picture = this.waiting.get(frame.timestamp);
    this.waiting.delete(frame.timestamp);
    if (picture) picture.finish(frame);
    else frame.close();
  }
}

/** What is in a chunk (ITU-T H.264 Annex B and 7.4.1). */
function look(d) {
  let key = false, pictures = false, codec = "";
  for (let i = 0; i + 3 < d.length; i++) {
    if (d[i] !== 0 || d[i + 1] !== 0 || d[i + 2] !== 1) continue;
    const type = d[i + 3] & 31;
    if (type === 5) key = true;
    if (type === 1 || type === 5) pictures = true;
    if (type === 7 && i + 6 < d.length) {
      codec = `avc1.${[d[i + 4], d[i + 5], d[i + 6]].map((b) => b.toString(16).padStart(2, "0")).join("")}`;
    }
    i += 3;
  }
  return { key, pictures, codec };
}
