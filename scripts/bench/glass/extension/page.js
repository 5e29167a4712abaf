// Looks at the page from outside of its program, alike for every product: what its
// canvas shows, frame by frame, and how long its main thread was busy. On the canvas
// is a stamp, drawn by the benchmark on the remote screen (stamp.go): 26 blocks, the
// first white, the second black, then the clock in milliseconds, highest bit first.

(() => {
  if (top !== window || location.pathname === "/blank") return;
  const plan = probePlan;
  const bits = 24, blocks = bits + 2;
  const tell = (kind, figures) => dispatchEvent(new CustomEvent("probe", { detail: JSON.stringify({ kind, ...figures }) }));
  const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
  const frame = () => new Promise((resolve) => { requestAnimationFrame(resolve); });

  let longest = 0;
  new PerformanceObserver((list) => {
    for (const e of list.getEntries()) longest = Math.max(longest, e.duration);
  }).observe({ type: "longtask" });
  addEventListener("error", (e) => tell("log", { text: `error: ${e.message}` }));
  addEventListener("unhandledrejection", (e) => tell("log", { text: `rejected: ${e.reason}` }));

  // Painted updates: noVNC copies what it has drawn to the canvas of the page, once an
  // update; Porthole's worker tells of each.
  let painted = 0, counted = false, onPainted = null;
  const update = (at) => {
    painted++;
    onPainted?.(at);
  };
  const now = () => performance.timeOrigin + performance.now(); // comparable with a worker's
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (...args) {
    if (this.canvas.isConnected && !counted) {
      update(now());
      counted = true;
      queueMicrotask(() => { counted = false; });
    }
    return draw.apply(this, args);
  };
  const Plain = Worker;
  let worker = null;
  globalThis.Worker = class extends Plain {
    constructor(...args) {
      super(...args);
      if (args[1]?.name !== "desktop") return;
      worker = this;
      this.addEventListener("message", ({ data }) => { if (data?.t === "painted") update(data.at); });
    }
  };

  /** The canvas of the desktop: the largest that is shown. */
  const screen = () => {
    let best = null;
    for (const c of document.querySelectorAll("canvas")) {
      if (c.width >= plan.width / 4 && c.width * c.height > (best ? best.width * best.height : 0)) best = c;
    }
    return best;
  };
  const glass = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

  /** Pixels of a part of the desktop, scaled to w × h. */
  const look = (x, y, width, height, w, h) => {
    const c = screen();
    if (!c) return null;
    const k = c.width / plan.width;
    glass.canvas.width = w;
    glass.canvas.height = h;
    draw.call(glass, c, x * k, y * k, width * k, height * k, 0, 0, w, h);
    return glass.getImageData(0, 0, w, h).data;
  };

  /** The clock on the screen, −1 if there is none. */
  const stamp = () => {
    // Of each block its middle quarter, so that what is lossy does no harm.
    const p = look(plan.x, plan.y, blocks * plan.block, plan.block, blocks * 4, 4);
    if (!p) return -1;
    const bit = (i) => p[4 * (2 * blocks * 4 + 4 * i + 2) + 1] > 127 ? 1 : 0;
    if (!bit(0) || bit(1)) return -1;
    let v = 0;
    for (let i = 0; i < bits; i++) v = v * 2 + bit(i + 2);
    return v;
  };

  const until = async (condition, ms) => {
    const end = performance.now() + ms;
    while (!condition()) {
      if (performance.now() > end) return false;
      await frame();
    }
    return true;
  };

  const median = (list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? -1;
  const at = (list, q) => list.sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * q))] ?? -1;

  /** What is shown while the remote screen moves. */
  async function watch() {
    worker?.postMessage({ t: "watch", on: true });
    await wait(plan.warm);
    // First without looking at the canvas: that makes the browser copy it.
    longest = 0;
    let before = painted, frames = 0, from = performance.now();
    tell("begin");
    while (performance.now() - from < plan.time) {
      await frame();
      frames++;
    }
    const seconds = (performance.now() - from) / 1000;
    const figures = { seconds, frames: frames / seconds, painted: (painted - before) / seconds };
    tell("end");
    await wait(100); // tasks that have not ended are not told yet
    figures.longest = longest;

    const seen = new Set(), late = [], gaps = [], looks = [];
    from = performance.now();
    let last = stamp(), lastAt = from;
    while (performance.now() - from < plan.time) {
      await frame();
      const begun = performance.now(), v = stamp(), now = performance.now();
      looks.push(now - begun);
      if (v < 0 || v === last) continue;
      last = v;
      gaps.push(now - lastAt);
      lastAt = now;
      if (seen.has(v)) continue;
      seen.add(v);
      late.push((Date.now() - v) & (2 ** bits - 1));
    }
    const looked = (performance.now() - from) / 1000;
    tell("figures", { ...figures, pictures: seen.size / looked, late: median(late), late95: at(late, 0.95), gap95: at(gaps, 0.95), look: median(looks) });
  }

  /** From a key to its picture. */
  async function keys() {
    await wait(plan.warm);
    tell("begin");
    worker?.postMessage({ t: "watch", on: true });
    const hash = () => {
      const p = look(0, 0, plan.width * 0.85, 48, Math.round(plan.width * 0.85), 48);
      let h = 0;
      for (let i = 0; i < p.length; i += 4) h = (h * 31 + p[i] + p[i + 1]) | 0;
      return h;
    };
    const took = [];
    let lost = 0;
    for (let i = 0; i < plan.keys; i++) {
      const target = document.activeElement && document.activeElement !== document.body ? document.activeElement : screen();
      const key = { key: "a", code: "KeyA", keyCode: 65, which: 65, bubbles: true, cancelable: true, composed: true };
      const before = hash(), from = now();
      // Nothing else moves on the screen: the next update is the key's.
      const shown = new Promise((resolve) => { onPainted = resolve; });
      target.dispatchEvent(new KeyboardEvent("keydown", key));
      target.dispatchEvent(new KeyboardEvent("keyup", key));
      const at = await Promise.race([shown, wait(2000)]);
      onPainted = null;
      if (await until(() => hash() !== before, 1000) && at) took.push(at - from);
      else lost++;
      await wait(80 + Math.random() * 40);
    }
    tell("end");
    tell("figures", { keys: took.length, lost, p50: at(took, 0.5), p95: at(took, 0.95), longest });
  }

  const start = async () => {
    const shown = plan.keys ? () => { const p = look(plan.x, plan.y, 64, 64, 8, 8); return p && p[1] + p[5] > 0; } : () => stamp() >= 0;
    if (!await until(shown, plan.patience)) {
      tell("failed", { text: `nothing is shown after ${plan.patience} ms; ${document.body?.innerText.slice(0, 400)}` });
      return;
    }
    tell("shown", { ms: performance.now() });
    if (plan.keys) await keys();
    else if (plan.time) await watch();
  };
  addEventListener("DOMContentLoaded", () => { start().catch((e) => tell("failed", { text: String(e?.stack ?? e) })); });
})();
