// Hands: listeners for keys, text, pointer, wheel and fingers. They only write down
// what happened; what it means is decided in wasm/display/input.

import { altGrWait, Events, longPress, option } from "./desktop-events.js";
import { mac } from "./shortcut.js";

const area = document.getElementById("desktop");
const canvas = document.getElementById("picture");
const typing = document.getElementById("typing");
const windows = /^Win/.test(navigator.platform);
const touchFirst = matchMedia("(pointer: coarse)").matches;
/** What a phone's keyboard finds to delete. */
const filler = touchFirst ? "\u00a0".repeat(16) : "";

export class Input {
  /**
   * send posts to the worker; view maps places; clipboard takes paste and copy; menu
   * opens the menu; gesture runs at each key, click or tap.
   */
  constructor({ send, view, clipboard, menu, gesture }) {
    Object.assign(this, { send, view, clipboard, menu, gesture });
    this.events = new Events((events) => send({ t: "input", events }));
    this.scanCodes = false;
    this.relative = false; // the machine takes movements
    this.wantLock = false; // the person wants the pointer caught
    this.options = { cmdIsControl: true, optionIsAltGr: true, touchpad: false, byMeaning: false };
    this.dead = false; // a dead key went before
    this.fingers = new Map(); // pointerId → number
    this.listen();
  }

  listen() {
    const on = (target, names, f, options) => {
      for (const name of names.split(" ")) target.addEventListener(name, f, options);
    };
    on(window, "keydown keyup", (e) => this.key(e), true);
    on(typing, "compositionstart", () => this.composing(true));
    on(typing, "compositionend", () => { this.composing(false); this.typed(); });
    on(typing, "input", (e) => { if (!e.isComposing || touchFirst) this.typed(); });
    on(window, "paste", (e) => this.paste(e), true);
    on(window, "copy cut", (e) => { if (this.active()) this.clipboard.copy(e); }, true);
    on(area, "pointerdown pointermove pointerup pointercancel", (e) => this.pointer(e));
    on(area, "pointerleave", () => this.view.rest());
    on(area, "wheel", (e) => this.wheel(e), { passive: false });
    // Back and forward are the machine's, a drag is no selection, a press no menu.
    on(area, "mousedown mouseup auxclick contextmenu dragstart selectstart", (e) => e.preventDefault());
    on(window, "mouseup auxclick", (e) => { if (e.button > 2 && this.active()) e.preventDefault(); });
    on(area, "dragover drop", (e) => e.preventDefault());
    on(window, "blur pagehide", () => this.release());
    on(document, "visibilitychange", () => { if (document.hidden) this.release(); });
    on(window, "focus", () => this.focus());
    on(document, "pointerlockchange", () => this.lockChanged());
    this.reset();
  }

  /** Whether the machine has the keyboard: no menu, dialog or form has it. */
  active() {
    const at = document.activeElement;
    return (at === typing || at === document.body || !at || at === area) && !document.querySelector("dialog[open]");
  }

  focus() {
    if (!document.querySelector("dialog[open], #menu:not([hidden])")) typing.focus({ preventScroll: true });
  }

  setOptions(o) {
    Object.assign(this.options, o);
    const { cmdIsControl, optionIsAltGr, touchpad, byMeaning } = this.options;
    this.events.options((mac ? option.mac : 0) | (windows ? option.windows : 0) | (cmdIsControl ? option.cmdIsControl : 0)
      | (optionIsAltGr ? option.optionIsAltGr : 0) | (touchpad ? option.touchpad : 0) | (byMeaning ? option.byMeaning : 0)
      | (touchFirst ? option.noLocks : 0));
  }

  release() {
    this.view.rest();
    this.fingers.clear();
    clearTimeout(this.long);
    this.dead = false;
    this.events.release();
  }

  // Keys

  key(e) {
    if (!this.active()) return;
    const down = e.type === "keydown";
    if (down) this.gesture();
    if (down && e.ctrlKey !== e.metaKey && e.shiftKey && !e.altKey && e.code === "KeyM") {
      e.preventDefault();
      e.stopPropagation();
      this.release();
      return this.menu();
    }
    if (document.activeElement !== typing) typing.focus({ preventScroll: true });
    const byPlace = this.scanCodes && !this.options.byMeaning;
    const modifier = ["Shift", "Control", "Alt", "Meta", "AltGraph", "CapsLock"].includes(e.key);
    let composing = e.isComposing || e.keyCode === 229 || e.key === "Process";
    if (!composing && !byPlace && down && !modifier) {
      composing = this.dead && [...e.key].length === 1; // its text comes by itself
      this.dead = e.key === "Dead";
      if (this.dead) composing = true;
    }
    if (composing) return this.events.key(e, down, true);
    if (down && !e.repeat && this.isPaste(e) && this.clipboard.mayPaste()) return this.pasteKey(e);
    if (down) this.clipboard.key(e);
    this.events.key(e, down, false);
    e.preventDefault();
    if (down && windows && e.code === "ControlLeft") setTimeout(() => this.events.tick(), altGrWait + 5);
  }

  isPaste(e) {
    const control = mac ? e.metaKey : e.ctrlKey;
    const v = e.key.toLowerCase() === "v" || e.code === "KeyV" && e.key > "\x7f";
    return control && !e.altKey && v || e.shiftKey && !e.ctrlKey && !e.altKey && e.code === "Insert";
  }

  /** The key that pastes: the clipboard goes first, which the browser shows by the event paste. */
  pasteKey(e) {
    const go = this.events.hold();
    this.pasting = go;
    this.events.key(e, true, false);
    setTimeout(() => { // no event came: the clipboard is empty, or the browser keeps it
      if (this.pasting === go) this.pasting = null;
      else return;
      go();
    }, 50);
  }

  async paste(e) {
    if (!this.active()) return;
    e.preventDefault();
    const byKey = this.pasting;
    const go = byKey ?? this.events.hold();
    this.pasting = null;
    if (!byKey) this.events.combo(["ControlLeft", "KeyV"]); // from the browser's own menu
    await this.clipboard.pasted(e.clipboardData);
    go();
  }

  composing(on) {
    typing.classList.toggle("composing", on && !touchFirst);
    if (on && !touchFirst) this.events.settle().flush();
  }

  /** What stands in the field is text that keys alone did not make. */
  typed() {
    const now = typing.value, before = this.before;
    let same = 0;
    while (same < now.length && same < before.length && now[same] === before[same]) same++;
    for (let n = [...before.slice(same)].length; n > 0; n--) this.events.press("Backspace");
    for (const [i, line] of now.slice(same).split(/\r?\n/).entries()) {
      if (i) this.events.press("Enter");
      if (line) this.events.text(line);
    }
    this.dead = false;
    this.before = now;
    if (!touchFirst || now.length > 200 || now.length < 4 || now.includes("\n")) this.reset();
  }

  reset() {
    typing.value = this.before = filler;
    typing.setSelectionRange(filler.length, filler.length);
  }

  // Pointer

  pointer(e) {
    if (e.pointerType === "touch") return this.finger(e);
    if (e.type === "pointerdown") {
      this.gesture();
      this.focus();
      area.setPointerCapture(e.pointerId);
      if ((this.wantLock || this.relative) && !document.pointerLockElement) this.lock();
    }
    e.preventDefault();
    if (document.pointerLockElement === canvas) {
      const dx = e.movementX, dy = e.movementY;
      if (e.type !== "pointermove") return this.events.motion(e, dx, dy);
      this.dx = (this.dx ?? 0) + dx;
      this.dy = (this.dy ?? 0) + dy;
      return this.events.moved(() => { this.events.motion(e, this.dx, this.dy); this.dx = this.dy = 0; });
    }
    if (e.pointerType === "mouse") this.view.nudge(e.clientX, e.clientY, () => this.events.pointer(e, ...this.view.at(e.clientX, e.clientY)));
    const [x, y] = this.view.at(e.clientX, e.clientY);
    if (e.type === "pointermove" && e.buttons === this.buttons) return this.events.moved(() => this.events.pointer(e, x, y));
    this.buttons = e.type === "pointercancel" ? 0 : e.buttons;
    this.events.pointer(e, x, y);
  }

  wheel(e) {
    e.preventDefault();
    this.events.wheel(e, ...this.view.at(e.clientX, e.clientY));
  }

  finger(e) {
    e.preventDefault();
    if (e.type === "pointerdown") {
      let n = 0;
      while ([...this.fingers.values()].includes(n)) n++;
      this.fingers.set(e.pointerId, n);
      area.setPointerCapture(e.pointerId);
      if (this.fingers.size === 1) this.long = setTimeout(() => this.events.tick(), longPress + 10);
    }
    const finger = this.fingers.get(e.pointerId);
    if (finger === undefined) return;
    const phase = { pointerdown: 0, pointermove: 1, pointerup: 2, pointercancel: 3 }[e.type];
    const [x, y] = this.view.at(e.clientX, e.clientY);
    if (phase >= 2) this.fingers.delete(e.pointerId);
    this.events.touch(phase, finger, e, x, y);
    if (phase === 2) this.gesture();
  }

  // A caught pointer

  async lock() {
    try {
      await canvas.requestPointerLock({ unadjustedMovement: true });
    } catch {
      try { await canvas.requestPointerLock(); } catch { this.lockRefused?.(); }
    }
  }

  catchPointer(on) {
    this.wantLock = on;
    if (on) this.lock();
    else document.exitPointerLock?.();
  }

  lockChanged() {
    const on = document.pointerLockElement === canvas;
    if (!on) this.wantLock = false;
    this.caught?.(on);
  }
}
