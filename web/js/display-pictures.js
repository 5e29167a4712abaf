// Pictures that the browser decodes: JPEG and PNG by ImageDecoder (three times as
// quick as createImageBitmap of a Blob, which is for browsers without it), H.264 by
// VideoDecoder. Decoding begins when the bytes are there, beside everything else;
// pictures are claimed by their number when it is their turn to be painted. JPEG and
// PNG become R, G, B, A as soon as they are decoded: drawing a frame of Y, Cb and Cr on
// a canvas in memory takes two to three times as long.

import { Buffers, converts } from "./display-pixels.js";
import { Video, supported } from "./display-video.js";

const jpeg = 2, png = 3, h264 = 24; // wire's codecs
const types = { [jpeg]: "image/jpeg", [png]: "image/png" };

/** One picture: done when image is there, or when there is none to show. */
export class Picture {
  constructor() {
    this.image = null; // VideoFrame, ImageBitmap or Pixels
    this.done = false;
    this.closed = false;
    this.then = null;
  }

  finish(image) {
    if (this.closed || this.done) {
      image?.close();
      return;
    }
    this.image = image;
    this.done = true;
    this.then?.();
  }

  close() {
    this.closed = true;
    this.image?.close();
    this.image = null;
  }
}

export class Pictures {
  constructor() {
    this.failed = () => {}; // told in words when one cannot be decoded
    this.next = 1;
    this.open = new Map(); // by number, until they are claimed
    this.firsts = []; // the first number of streams that have come and not begun
    this.videos = new Video(this);
    this.decoded = 0;
    this.decodeMs = 0; // from the bytes to the picture, all added up: several are decoded at a time
    this.buffers = null; // where pictures become pixels; null: they do not
  }

  /** Make pixels of pictures where the browser can: for a canvas in memory. */
  async convert() {
    if (await converts()) this.buffers = new Buffers();
  }

  takes(codec) { return codec === jpeg || codec === png || codec === h264; }

  /** A stream begins in the message that is being read. */
  begin() {
    this.firsts.push(this.next);
    this.videos.reset();
  }

  /** The program has come to that place: what belongs to streams before is dropped. */
  begun() {
    const first = this.firsts.shift() ?? this.next;
    for (const [id, p] of this.open) {
      if (id >= first) break;
      p.close();
      this.open.delete(id);
    }
  }

  claim(id) {
    const p = this.open.get(id) ?? new Picture();
    this.open.delete(id);
    return p;
  }

  /** Begin to decode; gives the picture's number. */
  start(codec, bytes, x, y, w, h) {
    const id = this.next;
    this.next = (this.next + 1) >>> 0;
    const p = new Picture();
    this.open.set(id, p);
    if (codec === h264) {
      this.videos.decode(p, bytes, `${x},${y},${w},${h}`);
      return id;
    }
    const problem = check(codec, bytes, w, h);
    if (problem) {
      this.fail(p, problem);
      return id;
    }
    const from = performance.now();
    decode(types[codec], bytes, this.buffers).then((image) => {
      this.decoded++;
      this.decodeMs += performance.now() - from;
      p.finish(image);
    }, (e) => this.fail(p, `${types[codec]}: ${e.message}`));
    return id;
  }

  /** A picture cannot be decoded; its place stays as it was. Told later, since the program may be calling. */
  fail(p, problem) {
    queueMicrotask(() => {
      if (!p.closed) this.failed(problem);
      p.finish(null);
    });
  }

  /** The video that this browser decodes, as a list of codecs. */
  video() { return supported(); }

  stats() { return { pictures: this.decoded, pictureMs: this.decodeMs }; }
}

async function decode(type, data, buffers) {
  if (!globalThis.ImageDecoder) return createImageBitmap(new Blob([data], { type }), { colorSpaceConversion: "none" });
  const decoder = new ImageDecoder({ data, type, colorSpaceConversion: "none" });
  try {
    const { image } = await decoder.decode();
    return buffers ? await buffers.pixels(image) : image;
  } finally {
    decoder.close();
  }
}

/** What is wrong with a picture's own size: a few bytes could make the browser allocate gigabytes. */
function check(codec, d, w, h) {
  const [pw, ph] = codec === png ? pngSize(d) : jpegSize(d);
  if (pw >= w && ph >= h && pw <= (w + 15 & ~15) && ph <= (h + 15 & ~15)) return "";
  return `a picture of ${pw}×${ph} pixels for a rectangle of ${w}×${h}`;
}

function pngSize(d) {
  if (d.length < 24 || d[0] !== 0x89 || d[1] !== 0x50 || d[12] !== 0x49 || d[13] !== 0x48) return [0, 0];
  const view = new DataView(d.buffer, d.byteOffset, d.length);
  return [view.getUint32(16), view.getUint32(20)];
}

/** The size in a JPEG's frame header (ITU-T T.81 B.2.2). */
function jpegSize(d) {
  if (d[0] !== 0xff || d[1] !== 0xd8) return [0, 0];
  for (let i = 2; i + 9 <= d.length && d[i] === 0xff;) {
    const m = d[i + 1];
    if (m === 0xff) {
      i++;
      continue;
    }
    if (m >= 0xc0 && m <= 0xcf && m !== 0xc4 && m !== 0xc8 && m !== 0xcc) return [d[i + 7] << 8 | d[i + 8], d[i + 5] << 8 | d[i + 6]];
    if (m === 0xda || m === 0xd9) break;
    i += 2 + (d[i + 2] << 8 | d[i + 3]);
  }
  return [0, 0];
}
