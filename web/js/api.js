// The automation API globalThis.porthole, as docs/automation.md describes it. It
// is there from the first moment; the Go program, once it runs, answers behind it
// by the functions that it puts into porthole.ui, which belong to the page alone.

const listeners = new Map();
const most = 1000; // listeners of an event
let state = "loading";
let reason = null;
const ui = {};

/** Tell those who listen. One that fails does not keep the others from hearing. */
export function emit(event, detail) {
  for (const fn of [...(listeners.get(event) ?? [])]) {
    try {
      fn(detail);
    } catch (e) {
      globalThis.reportError ? reportError(e) : console.error(e);
    }
  }
}

/** Change the state; "ended" is the last one. */
export function setState(to, why) {
  if (state === to || state === "ended") return;
  state = to;
  reason = why ?? null;
  emit("state", to);
  if (to === "ended") emit("ended", reason);
}

export const porthole = Object.freeze({
  get state() { return state; },
  get reason() { return reason; },
  stats: () => ui.stats?.() ?? {
    framesPainted: 0, bytesIn: 0, bytesOut: 0, rtt: 0, keyToPaint: { count: 0, last: 0, p50: 0, p95: 0, p99: 0 },
    stateFrames: 0, longestTask: 0, cols: 0, rows: 0, outputBytes: 0,
  },
  text: () => ui.text?.() ?? "",
  scrollback: () => ui.scrollback?.() ?? "",
  size: () => ui.size?.() ?? { cols: 0, rows: 0, cellWidth: 0, cellHeight: 0 },
  on(event, fn) {
    if (typeof fn !== "function") throw new TypeError("porthole.on needs a function");
    const list = listeners.get(event) ?? [];
    if (list.length >= most) throw new RangeError("too many listeners");
    listeners.set(event, [...list, fn]);
    let on = true;
    return () => {
      if (!on) return;
      on = false;
      const now = listeners.get(event);
      listeners.set(event, now.toSpliced(now.indexOf(fn), 1));
    };
  },
  sendText: (text) => Boolean(ui.sendText?.(String(text))),
  sendKey(codes) { return Boolean(ui.sendCodes?.(String(codes))); },
  pointer: (p) => Boolean(ui.pointer?.(p)),
  screenshot: () => Promise.resolve(ui.screenshot?.() ?? null),
  clipboard: (text) => ui.clipboard?.(text) ?? (text === undefined ? "" : false),
  disconnect() { ui.disconnect?.(); },
  ui,
});
