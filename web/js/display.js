// The page's side of a desktop's worker: starts it, gives it the canvas, and paints
// itself where workers have no canvas. Everything else of the worker goes to tell; the
// messages both ways are described in display-worker.js.
//
//   const display = new Display({ canvas, url, view: { width, height, scale, drive: true },
//     hello: { timeZone, locale, keyboard, touch }, resume, tell: (m) => {…} });
//   display.send({ t: "view", width, height, scale, drive });
//   const figures = await display.stats();

import { Surface } from "./display-surface.js";
import { way } from "./way.js";
import { join } from "./way-worker.js";

export class Display {
  constructor({ canvas, url, view, hello, resume, tell }) {
    this.tell = tell;
    this.asked = new Map(); // answers that are waited for
    this.next = 1;
    this.worker = new Worker(new URL("asset:display-worker.js", import.meta.url), { type: "module", name: "desktop" });
    this.worker.onmessage = ({ data }) => this.receive(data);
    this.worker.onerror = (e) => tell({ t: "failed", message: e.message || "the worker did not start" });
    let offscreen = null;
    try {
      offscreen = canvas.transferControlToOffscreen();
    } catch { /* not in this browser: the page paints */ }
    if (!offscreen) this.surface = new Surface(canvas, (width, height) => tell({ t: "size", width, height }));
    this.send({ t: "start", url, way: Boolean(way), view, hello: hello ?? {}, resume: resume ?? null, hidden: document.hidden, canvas: offscreen }, offscreen ? [offscreen] : []);
    this.seen = () => this.send({ t: "hidden", on: document.hidden });
    document.addEventListener("visibilitychange", this.seen);
  }

  send(message, transfer) { this.worker.postMessage(message, transfer ?? []); }

  receive(m) {
    switch (m.t) {
      case "frame":
        this.paint(m);
        break;
      case "dial":
        this.dial(m.id);
        break;
      case "opened":
        this.opened?.(m.ok);
        break;
      case "directClosed":
        if (m.id === this.direct?.id) this.direct.end();
        break;
      case "stats":
      case "screenshot":
        this.asked.get(m.id)?.(m);
        this.asked.delete(m.id);
        break;
      default:
        this.tell(m);
    }
  }

  /** The worker wants a socket: way-worker.js. */
  async dial(id) {
    const open = (url, protocols, ms) => new Promise((resolve) => {
      this.opened = (ok) => resolve(ok ? this.direct = new Direct(id) : null);
      this.send({ t: "open", id, url, protocols, ms });
    });
    try {
      const socket = await way.dial(open);
      if (socket === this.direct) return this.send({ t: "dialed", id });
      const port = join(socket);
      this.send({ t: "dialed", id, port }, [port]);
    } catch (e) {
      this.send({ t: "dialed", id, error: e.message });
    }
  }

  paint({ stream, ops }) {
    const from = performance.now();
    for (const op of ops) {
      this.surface.paint(op);
      op.picture?.image.close();
    }
    this.send({ t: "framePainted", stream, ms: performance.now() - from });
  }

  ask(t) {
    return new Promise((resolve) => {
      this.asked.set(this.next, resolve);
      this.send({ t, id: this.next++ });
    });
  }

  /** The session's figures, as the worker's stats message has them. */
  stats() { return this.ask("stats"); }

  /** The desktop as a PNG. */
  async screenshot() {
    if (this.surface) return new Promise((resolve) => { this.surface.canvas.toBlob(resolve, "image/png"); });
    return (await this.ask("screenshot")).blob;
  }

  /** Ends the worker; the session waits at the relay unless bye was sent. */
  close() {
    document.removeEventListener("visibilitychange", this.seen);
    this.worker.terminate();
  }
}

/** What the page knows of the worker's direct WebSocket. */
class Direct extends EventTarget {
  constructor(id) {
    super();
    this.id = id;
    this.readyState = 1;
  }

  end() {
    this.readyState = 3;
    this.dispatchEvent(new Event("close"));
  }
}
