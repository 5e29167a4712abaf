// The clipboard, both ways, by real copy and paste: without a question of the browser,
// and in all browsers. What the endpoint forbids the relay refuses; here it is only
// not offered.

import { has, t } from "./i18n.js";
import { emit } from "./api.js";
import { show as showNotice } from "./notices.js";

const together = 400; // ms: forms of one content come one after the other
const settle = 30; // ms without another form
const forms = ["text/plain", "text/html", "image/png"];

export class Clipboard {
  constructor(send) {
    this.send = send;
    this.limit = 0; // bytes, 0: not known
    this.copyOff = this.pasteOff = true;
    this.abilities = { html: false, image: false };
    this.remote = new Map(); // what the machine copied: type → text or Uint8Array
    this.waiting = false; // it is not in the browser's clipboard yet
    this.told = false;
    window.addEventListener("focus", () => { this.flush(); this.look(); });
  }

  /** What the endpoint allows. */
  allow({ disableCopy, disablePaste, readOnly, clipboard }) {
    this.copyOff = disableCopy;
    this.pasteOff = disablePaste || readOnly;
    if (clipboard !== undefined) this.limit = clipboard;
  }

  mayPaste() { return !this.pasteOff; }

  // From here to the machine

  /** A paste event: everything that it has is on its way when this is done. */
  async pasted(data) {
    if (this.pasteOff) return;
    const text = data.getData("text/plain");
    const html = this.abilities.html ? data.getData("text/html") : "";
    const file = this.abilities.image && !text ? [...data.files].find((f) => f.type === "image/png") : null;
    if (text) this.give("text/plain", text);
    if (html) this.give("text/html", html);
    if (file) this.give("image/png", await file.arrayBuffer());
  }

  /** Give the machine a content, unless it came from there. */
  give(type, data) {
    if (this.pasteOff) return false;
    if (typeof data === "string" && data === this.remote.get(type)) return true;
    const size = typeof data === "string" ? new Blob([data]).size : data.byteLength;
    if (this.limit && size > this.limit) {
      showNotice(t("clipboard.tooLarge", (this.limit / 1e6).toFixed(1)), "");
      return false;
    }
    if (type === "text/plain") this.remote.clear(); // what is newest counts on both sides
    this.send({ t: "clipboard", type, data }, typeof data === "string" ? undefined : [data]);
    return true;
  }

  /** Where the person has allowed it for good, the clipboard goes over when they come back. */
  async look() {
    if (this.pasteOff) return;
    try {
      if ((await navigator.permissions.query({ name: "clipboard-read" })).state !== "granted") return;
      const text = await navigator.clipboard.readText();
      if (text && text !== this.given) this.give("text/plain", this.given = text);
    } catch { /* not in this browser */ }
  }

  /** The text of the browser's clipboard, or null when it does not show it. */
  async read() {
    try {
      return await navigator.clipboard.readText();
    } catch {
      return null;
    }
  }

  // From the machine to here

  /** The machine has copied something. */
  received(type, data) {
    if (this.copyOff || !forms.includes(type)) return;
    const now = performance.now();
    if (now - (this.at ?? -Infinity) > together || this.remote.has(type)) this.remote.clear();
    this.at = now;
    this.remote.set(type, data);
    this.waiting = true;
    this.promise?.();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), settle);
  }

  /** Whether the machine has copied something that can be had here. */
  get any() { return this.remote.size > 0; }

  items() {
    const blobs = {};
    for (const [type, data] of this.remote) blobs[type] = new Blob([data], { type });
    return blobs;
  }

  /** Put it into the browser's clipboard, if that is possible now. */
  async flush(gesture = false) {
    if (!this.waiting || !gesture && !document.hasFocus()) return;
    const what = this.remote;
    if (!what.size) return;
    try {
      if (what.size === 1 && what.has("text/plain")) await navigator.clipboard.writeText(what.get("text/plain"));
      else await navigator.clipboard.write([new ClipboardItem(this.items())]);
      this.waiting = false;
      emit("clipboard");
    } catch {
      if (gesture && !this.told) { // not even then: once, a note with a button
        this.told = true;
        showNotice(t("clipboard.waits"), "", [t("action.copy"), () => this.byHand()]);
      }
    }
  }

  /** A key that copies: Safari wants to be told now what will come later. */
  key(e) {
    if (this.copyOff || !(e.ctrlKey || e.metaKey) || !["KeyC", "KeyX"].includes(e.code) || !/^((?!chrome|android).)*safari/i.test(navigator.userAgent)) return;
    const later = new Promise((resolve, reject) => {
      this.promise = () => this.remote.has("text/plain") && resolve(new Blob([this.remote.get("text/plain")], { type: "text/plain" }));
      setTimeout(reject, 3000);
    });
    navigator.clipboard?.write([new ClipboardItem({ "text/plain": later })]).then(() => { this.waiting = false; emit("clipboard"); }, () => {});
  }

  /** The event copy, which needs no permission. */
  copy(e) {
    if (this.copyOff || !this.any) return;
    e.preventDefault();
    for (const [type, data] of this.remote) {
      if (typeof data === "string") e.clipboardData.setData(type, data);
    }
    this.waiting = false;
  }

  /** Copy by a button: by the new way, or by the event. */
  async byHand() {
    await this.flush(true);
    if (this.waiting) document.execCommand("copy");
    if (has("clipboard.copied") && !this.waiting) showNotice(t("clipboard.copied"), "");
  }
}
