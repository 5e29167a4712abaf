// The tunnel of the session page through the authority, as with authentik: a WebSocket
// to /ws/rac/TOKEN/ on the authority's host that carries Guacamole instructions. The relay
// at its other end speaks the private ones of docs/tunnel.md; nobody in between acts on
// them. The tunnel is the leash: when the authority closes it, the session ends.

export const subprotocol = "porthole.v1";
const foreign = "guacamole";

/** How the relay knows this page from authentik's own: the query value audio. */
export const mark = "porthole.1";

const firstOffer = 15_000; // ms; the authority may have to find a relay
const silence = 15_000; // ms; the relay says something every 5 s at least
const nopEvery = 5_000;
const maxPart = 4096; // bytes of a message in one instruction
const window = 64; // parts on their way unacknowledged
const ackEvery = 16;
const maxMessage = 64 << 20; // bytes of a message
const maxQueue = 4 << 20; // bytes that wait to be sent

/** Splits a message of whole instructions: arrays of texts, the opcode first. */
export function parse(text) {
  const all = [];
  let elements = [];
  for (let at = 0; at < text.length;) {
    const point = text.indexOf(".", at);
    const digits = point < 0 ? "" : text.slice(at, point);
    if (!/^\d{1,7}$/.test(digits)) throw new SyntaxError("malformed instruction");
    const end = point + 1 + Number(digits);
    if (end >= text.length) throw new SyntaxError("instruction cut off");
    elements.push(text.slice(point + 1, end));
    if (text[end] === ";") {
      all.push(elements);
      elements = [];
    } else if (text[end] !== ",") throw new SyntaxError("malformed instruction");
    at = end + 1;
  }
  if (elements.length) throw new SyntaxError("instruction cut off");
  return all;
}

/** One instruction as text. Lengths count UTF-16 code units, as in JavaScript. */
export const format = (...elements) => `${elements.map((e) => `${String(e).length}.${e}`).join(",")};`;

const encode = (bytes) => bytes.toBase64?.() ?? btoa(String.fromCharCode(...bytes));
const decode = (text) => Uint8Array.fromBase64?.(text) ?? Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/**
 * One tunnel, until it is closed. It calls
 *
 *   offered({secret, address, protocol})  the relay tells where it is
 *   plain()                               it is the relay itself that answers: no tunnel
 *   closed({code, opened, offered, foreign, error})  it is over; foreign: the outpost is
 *                                         not Porthole; error: what it said, with a code
 */
export class Tunnel {
  constructor(url, on) {
    this.on = on;
    this.offers = 0;
    this.number = 0; // of the newest socket
    this.socket = null;
    this.over = false;
    this.ws = new WebSocket(url, [subprotocol, foreign]);
    this.ws.onopen = () => this.opened();
    this.ws.onmessage = (e) => this.receive(e.data);
    this.ws.onclose = (e) => this.end({ code: e.code });
    this.watch(firstOffer);
  }

  opened() {
    this.isOpen = true;
    if (this.ws.protocol === subprotocol) {
      this.on.plain();
      return this.close();
    }
    this.beat = setInterval(() => this.say("nop"), nopEvery);
  }

  /** Give up when nothing comes for a while. */
  watch(ms) {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.end({ code: 0 }), ms);
  }

  receive(text) {
    if (this.over) return;
    let all;
    try {
      all = parse(typeof text === "string" ? text : "");
      for (const [opcode, ...args] of all) this.act(opcode, args);
    } catch (e) {
      console.error(e);
      this.end({ code: 0 });
    }
    if (this.offers) this.watch(silence);
  }

  act(opcode, args) {
    switch (opcode) {
      case "porthole":
        this.offers++;
        this.on.offered({ secret: args[1] ?? "", address: args[2] ?? "", protocol: args[3] ?? "" });
        break;
      case "porthole-data":
        if (Number(args[0]) === this.number) this.socket?.part(args[1] === "1", args[2] ?? "");
        break;
      case "porthole-ack":
        if (Number(args[0]) === this.number) this.socket?.acked(Number(args[1]));
        break;
      case "porthole-close":
        if (Number(args[0]) === this.number) this.socket?.end(1000);
        break;
      case "error":
        this.end({ code: 0, error: { text: args[0] ?? "", status: Number(args[1]) } });
        break;
      case "disconnect":
        this.end({ code: 1000 });
        break;
      case "": case "nop": case "sync": case "name":
        break;
      default: // pictures of another outpost
        if (!this.offers) this.end({ code: 0, foreign: true });
    }
  }

  say(...elements) {
    if (!this.over && this.isOpen) this.ws.send(format(...elements));
  }

  /** Have another offer made. */
  ask() { this.say("porthole-ask"); }

  /** A socket to the relay that goes through the tunnel; it is open at once. */
  through() {
    this.socket?.end(1000);
    this.socket = new Through(this, ++this.number);
    return this.socket;
  }

  close() { this.end({ code: 1000 }); }

  end(why) {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.watchdog);
    clearInterval(this.beat);
    this.ws.close();
    this.socket?.end(1006);
    this.on.closed({ opened: Boolean(this.isOpen), offered: this.offers > 0, ...why });
  }
}

/**
 * As much of a WebSocket as the programs use, made of instructions. The relay's messages
 * come in parts, which are acknowledged; so do ours.
 */
class Through extends EventTarget {
  constructor(tunnel, number) {
    super();
    Object.assign(this, { tunnel, number, protocol: subprotocol, readyState: 1 });
    this.parts = []; // of the message that is coming
    this.size = 0;
    this.taken = 0;
    this.told = 0;
    this.queue = []; // parts that wait for room
    this.queued = 0;
    this.sent = 0;
    this.theirs = 0;
  }

  part(last, text) {
    if (this.readyState !== 1) return;
    const bytes = decode(text);
    this.parts.push(bytes);
    if ((this.size += bytes.length) > maxMessage) return this.end(1009);
    if (++this.taken - this.told >= ackEvery) {
      this.told = this.taken;
      this.tunnel.say("porthole-ack", this.number, this.taken);
    }
    if (!last) return;
    let at = 0;
    const message = new Uint8Array(this.size);
    for (const p of this.parts) {
      message.set(p, at);
      at += p.length;
    }
    this.parts = [];
    this.size = 0;
    this.dispatchEvent(new MessageEvent("message", { data: message.buffer }));
  }

  acked(parts) {
    this.theirs = Math.max(this.theirs, parts);
    while (this.queue.length && this.sent - this.theirs < window) {
      const [last, text] = this.queue.shift();
      this.queued -= text.length;
      this.put(last, text);
    }
  }

  put(last, text) {
    this.sent++;
    this.tunnel.say("porthole-data", this.number, last ? 1 : 0, text);
  }

  send(bytes) {
    if (this.readyState !== 1) return;
    const all = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
    let at = 0;
    do {
      const part = all.subarray(at, at + maxPart);
      at += part.length;
      const last = at === all.length;
      const text = encode(part);
      if (!this.queue.length && this.sent - this.theirs < window) {
        this.put(last, text);
      } else {
        this.queue.push([last, text]);
        this.queued += text.length;
      }
    } while (at < all.length);
    if (this.queued > maxQueue) this.close();
  }

  close() {
    if (this.readyState !== 1) return;
    this.tunnel.say("porthole-close", this.number);
    this.end(1000);
  }

  end(code) {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.queue = [];
    this.dispatchEvent(new CloseEvent("close", { code }));
  }
}
