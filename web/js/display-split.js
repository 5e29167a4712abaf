// Reads the framing of the relay's messages (docs/wire.md), so that the bytes of
// pictures which the browser decodes never go through the program: their records are
// replaced by one with the picture's number. Everything else is copied to the
// program as it is, once.

const mark = 0x10, begin = 0x60, rect = 0x62, rectData = 0x63, streamEnd = 0x70;
const maxRecord = 2 ** 32;

export class Split {
  /** pictures takes what stays here: see display-pictures.js. */
  constructor(pictures) {
    this.pictures = pictures;
    this.offset = 0; // bytes of the stream's records since its beginning, for Resume
    this.segments = []; // what the program gets of the current message
    this.open = null; // a picture whose bytes have not all come
  }

  /** Read a message; gives how many bytes the program gets, -1 if it is none. */
  split(buffer) {
    const p = new Uint8Array(buffer);
    this.segments = [];
    this.total = 0;
    let from = 0; // what the program gets begins here
    for (this.at = 0; this.at < p.length;) {
      const start = this.at;
      const length = this.varint(p, p.length);
      const body = this.at + 1;
      const end = this.at + length;
      if (!(length > 0 && length < maxRecord && end <= p.length)) return -1;
      const type = p[this.at];
      this.at = body;
      if (type >= begin && type < streamEnd || type === mark) this.offset += end - start;
      let kept = false;
      if (type === begin) {
        this.offset = 0;
        this.open = null;
        this.pictures.begin();
      } else if (type === rect) {
        kept = this.rect(p, end);
      } else if (type === rectData && this.open) {
        kept = true;
        this.open.last = this.varint(p, end) !== 0;
        this.part(p.subarray(Math.min(this.at, end), end));
      }
      if (kept) {
        this.push(p.subarray(from, start));
        from = end;
        if (this.open.size > this.open.most) return -1;
        if (this.open.last) this.finish();
      }
      this.at = end;
    }
    this.push(p.subarray(from));
    return this.total;
  }

  /** Copy what the program gets of the message that was split last. */
  take(to) {
    let at = 0;
    for (const s of this.segments) {
      to.set(s, at);
      at += s.length;
    }
    this.segments = [];
  }

  push(bytes) {
    if (!bytes.length) return;
    this.segments.push(bytes);
    this.total += bytes.length;
  }

  /** A field; one that is missing at the end is 0, one that is cut off NaN. */
  varint(p, end) {
    if (this.at >= end) return 0;
    let value = 0, factor = 1;
    for (let i = 0; i < 10; i++, factor *= 128) {
      if (this.at >= end) return NaN;
      const b = p[this.at++];
      value += (b & 127) * factor;
      if (b < 128) return value;
    }
    return NaN;
  }

  /** The head of a rectangle; tells whether its bytes stay here. */
  rect(p, end) {
    const head = this.at;
    const x = this.varint(p, end), y = this.varint(p, end), w = this.varint(p, end), h = this.varint(p, end);
    const codec = this.varint(p, end);
    const headEnd = this.at;
    const last = this.varint(p, end) !== 0;
    this.open = null;
    if (!this.pictures.takes(codec)) return false;
    const most = w * h <= 1 << 26 ? (128 << 10) + 6 * (w + 15) * (h + 15) : 0;
    this.open = { x, y, w, h, codec, last, head: p.slice(head, headEnd), parts: [], size: 0, most };
    this.part(p.subarray(Math.min(this.at, end), end));
    return true;
  }

  part(bytes) {
    this.open.parts.push(bytes);
    this.open.size += bytes.length;
  }

  /** All of a picture is there: it is decoded, and the program gets its number. */
  finish() {
    const { x, y, w, h, codec, head, parts, size } = this.open;
    this.open = null;
    let bytes = parts[0];
    if (parts.length > 1) {
      bytes = new Uint8Array(size);
      let at = 0;
      for (const part of parts) {
        bytes.set(part, at);
        at += part.length;
      }
    }
    const id = this.pictures.start(codec, bytes, x, y, w, h);
    const record = new Uint8Array(head.length + 7); // its length is below 128
    record[0] = head.length + 6;
    record[1] = rect;
    record.set(head, 2);
    record[head.length + 2] = 1; // last
    new DataView(record.buffer).setUint32(head.length + 3, id, true);
    this.push(record);
  }
}
