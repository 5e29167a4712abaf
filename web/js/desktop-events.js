// What a person does, written down for the worker: the events of wasm/display/input,
// whose package comment says what each holds. Events collect until flush.

const utf8 = new TextEncoder();

/** The modifiers of an event, as input.Mod… */
export function modifiers(e) {
  const state = (name) => e.getModifierState?.(name) ?? false;
  return (e.shiftKey ? 1 : 0) | (e.ctrlKey ? 2 : 0) | (e.altKey ? 4 : 0) | (e.metaKey ? 8 : 0)
    | (state("AltGraph") ? 16 : 0) | (state("CapsLock") ? 32 : 0) | (state("NumLock") ? 64 : 0) | (state("ScrollLock") ? 128 : 0);
}

/** Options, as input.Option… */
export const option = { mac: 1, windows: 2, cmdIsControl: 4, optionIsAltGr: 8, touchpad: 16, byMeaning: 32, noLocks: 64 };

/** Times that the worker's rules need, ms. */
export const longPress = 500, altGrWait = 30;

export class Events {
  /** send gets the bytes of all events since the last flush. */
  constructor(send) {
    this.send = send;
    this.bytes = new Uint8Array(1 << 12);
    this.view = new DataView(this.bytes.buffer);
    this.used = 0;
    this.held = 0; // something must reach the worker first
    this.move = null; // a movement that waits for the next frame
    this.waiting = false;
  }

  room(n) {
    if (this.used + n <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.used + n));
    larger.set(this.bytes.subarray(0, this.used));
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }

  u8(v) { this.room(1); this.view.setUint8(this.used, v); this.used += 1; return this; }
  u16(v) { this.room(2); this.view.setUint16(this.used, v, true); this.used += 2; return this; }
  u32(v) { this.room(4); this.view.setUint32(this.used, v, true); this.used += 4; return this; }
  i16(v) { return this.u16(Math.max(-32760, Math.min(32760, Math.round(v))) & 0xffff); }
  f32(v) { this.room(4); this.view.setFloat32(this.used, v, true); this.used += 4; return this; }
  f64(v) { this.room(8); this.view.setFloat64(this.used, v, true); this.used += 8; return this; }

  raw(b) { this.room(b.length); this.bytes.set(b, this.used); this.used += b.length; return this; }

  name(s) {
    const b = utf8.encode(s ?? "");
    return b.length <= 64 ? this.u8(b.length).raw(b) : this.u8(0);
  }

  options(bits) { return this.settle().u8(1).u16(bits).flush(); }

  key(e, down, composing) {
    this.settle().u8(2).u8((down ? 1 : 0) | (e.repeat ? 2 : 0) | (composing ? 4 : 0)).u16(modifiers(e)).f64(e.timeStamp);
    return this.u8(e.location).name(e.code).name(e.key).flush();
  }

  text(s) {
    const b = utf8.encode(s);
    return b.length ? this.settle().u8(3).u32(b.length).raw(b).flush() : this;
  }

  combo(codes) {
    this.settle().u8(4).u8(codes.length);
    for (const c of codes) this.name(c);
    return this.flush();
  }

  press(code, key = "") { return this.settle().u8(5).name(code).name(key).flush(); }
  latch(code, on) { return this.settle().u8(6).u8(on ? 1 : 0).name(code).flush(); }

  pointer(e, x, y) { return this.settle().u8(7).u8(e.buttons & 31).u16(modifiers(e)).f64(e.timeStamp).f32(x).f32(y).flush(); }

  /**
   * A movement. The first of a frame goes out at once, the newest of the others with
   * the next frame or before whatever comes next. write writes it.
   */
  moved(write) {
    this.move = write;
    if (this.waiting) return;
    this.waiting = true;
    this.settle().flush();
    requestAnimationFrame(() => {
      this.waiting = false;
      this.settle().flush();
    });
  }

  motion(e, dx, dy) { return this.settle().u8(8).u8(e.buttons & 31).u16(modifiers(e)).f64(e.timeStamp).f32(dx).f32(dy).flush(); }

  wheel(e, x, y) {
    this.settle().u8(9).u16(modifiers(e)).f64(e.timeStamp).f32(x).f32(y).f32(e.deltaX).f32(e.deltaY).u8(e.deltaMode);
    return this.i16(e.wheelDeltaX ?? 0).i16(e.wheelDeltaY ?? 0).flush();
  }

  touch(phase, finger, e, x, y) {
    return this.settle().u8(10).u8(phase).u8(finger).f64(e.timeStamp).f32(e.clientX).f32(e.clientY).f32(x).f32(y).flush();
  }

  release() { return this.settle().u8(11).flush(); }
  tick() { return this.settle().u8(12).f64(performance.now()).flush(); }

  /** Write the movement that waits. */
  settle() {
    const write = this.move;
    this.move = null;
    write?.();
    return this;
  }

  flush() {
    if (this.used && !this.held) {
      this.send(this.bytes.slice(0, this.used));
      this.used = 0;
    }
    return this;
  }

  /** Keep events back until what they need is on its way; gives the function that lets them go. */
  hold() {
    this.held++;
    let on = true;
    return () => {
      if (!on) return;
      on = false;
      this.held--;
      this.flush();
    };
  }
}
