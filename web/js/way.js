// The way of this page to the relay where it leads through an authority, as with
// authentik: the tunnel (tunnel.js) is kept open as long as the page lives, and wire goes
// by a WebSocket straight to the relay, or, where that is closed, through the tunnel. A
// page that is not marked by its server has no Way; its programs open /ws/rac/TOKEN/
// themselves.

import { porthole } from "./api.js";
import { relay, token } from "./place.js";
import { mark, subprotocol, Tunnel } from "./tunnel.js";

const directWait = 4_000; // ms for the direct connection
const offerWait = 15_000; // ms for an offer, the way to the relay included
const fresh = 20_000; // ms that an offer's secret is used within; it is good for 30 s
const firstPause = 300; // ms before the tunnel is opened again
const longestPause = 5_000;
const restarts = new Set([1001, 1006, 1012, 1013]); // codes of a server that goes or comes, or of no line
const refusals = 2; // tunnels in a row that the authority closes at once

const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

class Way {
  constructor(url, base) {
    this.url = url; // of the tunnel
    this.base = base; // what relative addresses of the relay mean
    this.kind = ""; // direct, tunnel, or plain: there is no tunnel
    this.why = ""; // of the tunnel: none, mixed or blocked
    this.offer = null; // unused, with the time at which it came
    this.waiting = []; // for an offer
    this.refused = 0;
    this.known = false; // an offer has come, ever
    this.worked = false; // a direct connection has opened, ever
    this.failed = false; // the last one has not
    this.pause = firstPause;
    this.changed = () => {};
    this.ended = () => {};
    this.open();
  }

  open() {
    if (this.over) return;
    this.tunnel = new Tunnel(this.url, {
      offered: (offer) => this.offered(offer),
      plain: () => this.plain(),
      closed: (how) => this.closed(how),
    });
  }

  offered(offer) {
    this.offer = { ...offer, at: performance.now() };
    this.protocol = offer.protocol;
    this.known = true;
    this.refused = 0;
    this.pause = firstPause;
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  plain() {
    this.over = true;
    this.set("plain", "");
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  async closed(how) {
    if (this.over) return;
    this.offer = null;
    const fatal = this.fatal(how);
    if (fatal) {
      // On the direct way the relay says why, as soon as it gives the tunnel up.
      if (this.kind === "direct" && this.live?.readyState === 1) {
        await new Promise((resolve) => { this.live.addEventListener("close", resolve); });
      }
      return this.end(fatal);
    }
    await wait(this.pause);
    this.pause = Math.min(this.pause * 2, longestPause);
    this.open();
  }

  /** What makes another try useless; null: it may help. */
  fatal({ code, opened, offered, foreign, error }) {
    if (error) return { code: "outpost", detail: error.text };
    if (foreign) return { code: "not-porthole" };
    if (!opened) return null;
    if (offered) return null;
    if (code === 0) return { code: "no-outpost" };
    if (restarts.has(code)) return null;
    if (++this.refused < refusals) return null;
    return { code: this.known ? "authority-ended" : "authority-refused" };
  }

  end(why) {
    if (this.over) return;
    this.over = true;
    this.reason = why;
    this.tunnel?.close();
    for (const resolve of this.waiting.splice(0)) resolve();
    this.ended(why);
  }

  /** Close everything: the session has ended. */
  close() {
    this.over = true;
    this.tunnel?.close();
  }

  /** The next offer; null if none comes. */
  async next() {
    const usable = () => this.offer && performance.now() - this.offer.at < fresh;
    if (!usable() && !this.over) {
      this.offer = null;
      if (this.tunnel && !this.tunnel.over && this.tunnel.offers) this.tunnel.ask();
      await Promise.race([new Promise((resolve) => { this.waiting.push(resolve); }), wait(offerWait)]);
    }
    return this.offer;
  }

  /**
   * Finds a socket for wire. open(url, protocols, ms) opens a real one and gives it, or
   * null. It throws when there is no way now; the caller tries again.
   */
  async dial(open) {
    const offer = await this.next();
    if (this.kind === "plain") {
      const ws = await open(this.url, [subprotocol], offerWait);
      if (ws) return ws;
    }
    if (!offer || this.over) throw new Error("there is no tunnel to the relay");
    const { url, why } = this.direct(offer.address);
    if (url && (this.worked || !this.failed)) {
      this.offer = null; // its secret is good once
      const ws = await open(url, [subprotocol, `porthole.secret.${offer.secret}`], directWait).catch(() => null);
      this.failed = !ws;
      if (ws) {
        this.worked = true;
        this.live = ws;
        this.set("direct", "");
        return ws;
      }
    }
    if (!this.tunnel || this.tunnel.over) throw new Error("the tunnel is closed");
    this.set("tunnel", why || "blocked");
    return this.tunnel.through();
  }

  /** The direct address for this page, or why there is none. */
  direct(address) {
    if (!address) return { why: "none" };
    const url = new URL(address, this.base);
    url.protocol = url.protocol.replace(/^http/, "ws");
    if (location.protocol === "https:" && url.protocol === "ws:") return { why: "mixed" };
    return { url: url.href };
  }

  set(kind, why) {
    const before = this.kind + this.why;
    this.kind = kind;
    this.why = why;
    if (before !== kind + why) this.changed(kind, why);
  }
}

/** The address of the tunnel: the same as authentik's own page uses, with our mark. */
async function address() {
  const url = new URL(`ws/rac/${token}/`, await relay());
  url.protocol = url.protocol.replace(/^http/, "ws");
  url.search = new URLSearchParams({
    screen_width: Math.max(1, innerWidth), screen_height: Math.max(1, innerHeight),
    screen_dpi: Math.round(devicePixelRatio * 96), audio: mark,
  });
  return url.href;
}

/** The way of this page; null: there is no authority in between. */
export const way = document.documentElement.dataset.way === "tunnel" && token
  ? new Way(await address(), new URL("../", location.href)) : null;
if (way) porthole.on("ended", () => way.close());
