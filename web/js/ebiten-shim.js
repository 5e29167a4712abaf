// What Ebiten needs to know of this page before it starts. Ebiten reads
// requestAnimationFrame when its package is initialised and asks for a frame for
// ever; here a frame comes only when somebody calls portholeWake, so that an
// idle terminal costs nothing. Where Ebiten does not draw, none of this is
// installed.

import { fallBack } from "./drawing.js";

const raf = window.requestAnimationFrame.bind(window);
let held = null;
let credit = 8; // frames for the start

/** Prepare the page for Ebiten. */
export function installShim() {
  window.requestAnimationFrame = hold;
  globalThis.portholeWake = wake;
  navigator.getGamepads = () => []; // Ebiten polls them in every frame
  measureInDevicePixels();
  HTMLCanvasElement.prototype.getContext = plainContext;
  addEventListener("webglcontextlost", lost, true);
}

function hold(callback) {
  if (credit > 0) {
    credit--;
    return raf(callback);
  }
  held = callback;
  return 0;
}

/** Let Ebiten draw n frames. */
function wake(n = 1) {
  credit = Math.max(credit, n);
  if (held) {
    const callback = held;
    held = null;
    credit--;
    raf(callback);
  }
}

// Ebiten sizes its canvas by the body and caches the pixel ratio for ever; device
// pixels make it sharp at any zoom.
function measureInDevicePixels() {
  for (const [name, css] of [["clientWidth", "innerWidth"], ["clientHeight", "innerHeight"]]) {
    Object.defineProperty(document.body, name, {
      configurable: true,
      get: () => Math.round(window[css] * window.devicePixelRatio),
    });
  }
}

// A terminal needs no antialiasing, depth or stencil, which cost much where WebGL
// is drawn in software; and rows that did not change stay from the frame before.
const getContext = HTMLCanvasElement.prototype.getContext;

function plainContext(kind, attributes) {
  if (kind === "webgl2" || kind === "webgl") {
    attributes = { ...attributes, antialias: false, depth: false, preserveDrawingBuffer: true, powerPreference: "low-power" };
  }
  const context = getContext.call(this, kind, attributes);
  if (!context && kind === "webgl2") fallBack();
  return context;
}

// Ebiten cannot get over a lost context; the page comes back and resumes. Where
// contexts are lost again and again, that would never end: there the page does
// without.
const lostKey = "porthole.lost";

function lost(e) {
  e.stopImmediatePropagation();
  e.preventDefault();
  const now = Date.now();
  const before = (sessionStorage.getItem(lostKey) ?? "").split(" ").map(Number).filter((at) => now - at < 60_000 && at > 0);
  if (before.length >= 3) return fallBack();
  sessionStorage.setItem(lostKey, [...before, now].join(" "));
  location.reload();
}
