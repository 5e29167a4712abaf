// Decoded frames as pixels, R, G, B, A, in memory that is used again and again.

const kept = 48 << 20; // bytes of unused memory
const least = 16 << 10;

/** The pixels of a picture, like an image that is to be closed. */
class Pixels {
  constructor(buffers, memory, w, h) {
    Object.assign(this, { buffers, memory });
    this.data = new ImageData(memory.subarray(0, 4 * w * h), w, h);
  }

  close() {
    if (this.memory) this.buffers.give(this.memory);
    this.memory = this.data = null;
  }
}

export class Buffers {
  constructor() {
    this.free = new Map(); // lists of memory by its size
    this.held = 0; // bytes in them
  }

  /** The pixels of a frame, which is closed. */
  async pixels(frame) {
    try {
      const { width: w, height: h } = frame.visibleRect;
      const memory = this.take(4 * w * h);
      await frame.copyTo(memory, { format: "RGBA", colorSpace: "srgb" });
      return new Pixels(this, memory, w, h);
    } finally {
      frame.close();
    }
  }

  take(size) {
    let n = least;
    while (n < size) n *= 2;
    const memory = this.free.get(n)?.pop();
    if (!memory) return new Uint8ClampedArray(n);
    this.held -= n;
    return memory;
  }

  give(memory) {
    const n = memory.length;
    if (this.held + n > kept) return;
    this.held += n;
    const list = this.free.get(n);
    if (list) list.push(memory);
    else this.free.set(n, [memory]);
  }
}

/** Whether this browser gives R, G, B, A of any frame. Some ignore the wish. */
export async function converts() {
  if (!globalThis.VideoFrame) return false;
  const init = { codedWidth: 2, codedHeight: 2, timestamp: 0 };
  try {
    const luma = new VideoFrame(new Uint8Array([255, 255, 255, 255, 128, 128]), { ...init, format: "I420" });
    const blue = new VideoFrame(new Uint8Array(16).map((_, i) => (i % 4 === 0 || i % 4 === 3 ? 255 : 0)), { ...init, format: "BGRX" });
    try {
      const a = new Uint8Array(16), b = new Uint8Array(16);
      await Promise.all([luma.copyTo(a, { format: "RGBA", colorSpace: "srgb" }), blue.copyTo(b, { format: "RGBA", colorSpace: "srgb" })]);
      return a.every((v) => v > 250) && b[0] === 0 && b[2] === 255 && b[3] === 255;
    } finally {
      luma.close();
      blue.close();
    }
  } catch {
    return false;
  }
}
