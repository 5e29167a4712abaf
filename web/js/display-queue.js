// What is to be painted, in order. An update's rectangles wait for its frame; a frame
// is painted in one go when all its pictures are decoded, and after those before it.
// A worker's canvas is shown when the task ends, so nobody sees half of an update.

export class Queue {
  /**
   * surface paints, or is null: then the page does. buffer gives the program's
   * memory. painted is told how many frames were painted, how long it took, ms,
   * how many of them had something to paint, and which was the last of those, from 1.
   */
  constructor(surface, pictures, buffer, tell, painted) {
    Object.assign(this, { surface, pictures, buffer, tell, painted });
    this.watched = false;
    this.stream = 0;
    this.frames = [newFrame()];
    this.planned = false;
    this.longest = 0; // ms of painting without a pause
    this.waited = 0; // ms that frames waited for their pictures
    this.sent = []; // frames at the page
  }

  get last() { return this.frames[this.frames.length - 1]; }

  size(w, h, fresh) {
    if (fresh) {
      for (const f of this.frames) for (const op of f.ops) op.picture?.close();
      this.frames = [newFrame()];
      this.sent = [];
      this.stream++;
      this.pictures.begun();
    }
    this.add({ kind: "size", w, h });
  }

  add(op) { this.last.ops.push(op); }

  picture(x, y, w, h, id) {
    const picture = this.pictures.claim(id);
    const frame = this.last;
    frame.ops.push({ kind: "picture", x, y, w, h, picture });
    if (picture.done) return;
    frame.waiting++;
    picture.then = () => {
      frame.waiting--;
      this.pump();
    };
  }

  /** An update is complete. It is painted when the program has returned. */
  frame(number) {
    this.last.number = number;
    this.last.at = performance.now();
    this.frames.push(newFrame());
    if (!this.planned) {
      this.planned = true;
      queueMicrotask(() => {
        this.planned = false;
        this.pump();
      });
    }
  }

  /** Paint what is ready. */
  pump() {
    const from = performance.now();
    let n = 0;
    let shown = 0; // of them, those with something to paint: the relay measures by others
    let last = 0; // the last of those
    while (this.frames.length > 1 && this.frames[0].waiting === 0) {
      const frame = this.frames.shift();
      this.waited += from - frame.at;
      if (!this.surface) {
        this.sendToPage(frame);
        continue;
      }
      try {
        for (const op of frame.ops) this.surface.paint(op, this.buffer);
      } catch (e) {
        this.pictures.failed(`the browser cannot paint it: ${e.message}`);
      }
      for (const op of frame.ops) op.picture?.close();
      n++;
      if (!frame.ops.length) continue;
      shown++;
      last = n;
      if (this.watched) this.tell({ t: "painted", number: frame.number, at: performance.timeOrigin + performance.now() });
    }
    if (n === 0) return;
    const took = performance.now() - from;
    this.longest = Math.max(this.longest, took);
    this.painted(n, took, shown, last);
  }

  /** Have the page paint a frame: all that it needs goes along. */
  sendToPage(frame) {
    const transfer = [];
    const ops = [];
    for (const op of frame.ops) {
      if (op.kind === "pixels") {
        const pix = new Uint8ClampedArray(this.buffer(), op.at, 4 * op.w * op.h).slice();
        transfer.push(pix.buffer);
        ops.push({ ...op, pix });
      } else if (op.kind === "picture") {
        const image = op.picture.image;
        op.picture.image = null;
        if (!image) continue;
        transfer.push(image);
        ops.push({ ...op, picture: { image } });
      } else {
        ops.push(op);
      }
    }
    this.sent.push(frame);
    this.tell({ t: "frame", stream: this.stream, ops }, transfer);
  }

  /** The page has painted its oldest frame. */
  paintedByPage({ stream, ms }) {
    if (stream !== this.stream) return;
    const frame = this.sent.shift();
    const shown = frame.ops.length ? 1 : 0;
    if (this.watched && shown) this.tell({ t: "painted", number: frame.number, at: performance.timeOrigin + performance.now() });
    this.painted(1, ms, shown, shown);
  }

  screenshot() { return this.surface ? this.surface.canvas.convertToBlob({ type: "image/png" }) : Promise.resolve(null); }

  stats() { return { framesWaiting: this.frames.length - 1, longestPaint: this.longest, waitedMs: this.waited }; }
}

function newFrame() { return { ops: [], waiting: 0, number: 0, at: 0 }; }
