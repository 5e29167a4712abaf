// The worker of a desktop session: it loads the Go program wasm/display, which owns
// the socket and decides what is painted, and gives it what only a browser has.
//
//   display-split.js     messages of the relay: pictures stay here, the rest goes to Go
//   display-pictures.js  JPEG, PNG and H.264, decoded by the browser
//   display-pixels.js    decoded frames as pixels in memory
//   display-queue.js     what is to be painted, in order, frame by frame
//   display-surface.js   a canvas (also on the page, where workers have none)
//   display-sound.js     sound, on its way to the AudioWorklet
//   way-worker.js        sockets where the way leads through an authority; it documents its messages
//
// The page talks to it through the class Display of display.js. Messages are objects
// with their kind in t.
//
// # From the page
//
//   start       url (of the WebSocket), way (sockets come by way-worker.js instead), canvas (OffscreenCanvas, or null: the page paints), view {width, height,
//               scale, drive}, hello {timeZone, locale, keyboard, touch: texts}, hidden, resume {connection, secret} or null
//   view        width, height (CSS pixels of the view), scale (device pixel ratio), drive: the view gives the
//               desktop its size. The worker waits until it has settled.
//   hidden      on: nobody sees the tab
//   input       events: Uint8Array, as wasm/display/input documents
//   answer      id, values: texts, or null when the person cancelled
//   clipboard   type, data: a text, or an ArrayBuffer for image/png
//   typed       text: to be typed as if on a keyboard
//   power       action: 1 shut down, 2 reboot, 3 reset
//   quality     level: 0 follows the line, 1 (least bytes) … 9, 10 without loss
//   listen      on: the person wants to hear sound
//   sound       port: MessagePort of the AudioWorklet (audio.js)
//   watch       on: painted is posted after each frame
//   stats       id: answered with the figures
//   screenshot  id: answered with the picture
//   refresh, retry (connect now), drop (end the socket and connect anew), bye
//   framePainted  of display.js, where the page paints
//
// # To the page
//
//   loaded        part: how much of the program is loaded, 0…1
//   state         state: connecting, prompting, connected, reconnecting, ended
//   save          connection, secret: for the tab's sessionStorage, and start.resume after a reload
//   welcome       connection, endpoint, protocol, user, readOnly, disableCopy, disablePaste, clipboard (bytes),
//                 resumeFor (s), resumed (0 new, 1 continued, 2 new picture)
//   progress      step, detail
//   connected     endpoint, protocol, user, readOnly, disableCopy, disablePaste
//   prompt        id, title, instruction, fields [{label, echo, name}]; promptGone id
//   notice        code, text, detail
//   reconnecting  attempt, inMs, first
//   end           code, step, message, remedy, canReconnect, forget: what save gave is worth nothing now
//   info          name, protection (0 nothing, 1 login, 2 unverified, 3 all), security, server, abilities (bits)
//   size          width, height of the desktop, when its first frame is painted
//   cursor        x, y (hot spot), width, height, pixels: Uint8ClampedArray RGBA; no size: hidden
//   pointerMoved  x, y; pointerMode relative; leds scroll, num, caps; bell
//   hand          commands: numbers, what the page is to do for a finger (wasm/display/input, ForPage)
//   clipboard     type, data: text, or Uint8Array for image/png
//   sound         rate, channels: there is sound now (0 channels: no more); codec
//   painted       number, at: ms since 1970; only after watch
//   stats, screenshot  id, and the answer: figures, or blob (image/png)
//   frame         of display.js, where the page paints
//   failed        message: the program has stopped; the session waits at the relay

import "asset:wasm_exec.js";
import { Pictures } from "./display-pictures.js";
import { Queue } from "./display-queue.js";
import { Sound } from "./display-sound.js";
import { Split } from "./display-split.js";
import { Surface } from "./display-surface.js";
import { WorkerWay } from "./way-worker.js";

const pictures = new Pictures();
const split = new Split(pictures);
const sound = new Sound(tell);
let queue = null;
let memory = null; // of the program; its buffer is another one after it has grown
let program = null; // the functions of the program
let way = null;
let early = []; // messages of the page before the program runs

function tell(message, transfer) { self.postMessage(message, transfer ?? []); }

const imports = {
  take: (p) => split.take(new Uint8Array(memory.buffer, p >>> 0)),
  offset: () => split.offset,
  now: () => performance.now(),
  size: (w, h, fresh) => queue.size(w, h, fresh !== 0),
  pixels: (x, y, w, h, p) => queue.add({ kind: "pixels", x, y, w, h, at: p >>> 0 }),
  picture: (x, y, w, h, id) => queue.picture(x, y, w, h, id >>> 0),
  image: (kind, w, h, p, n) => pictures.start(kind === 2 ? 3 : 2, new Uint8Array(memory.buffer, p >>> 0, n).slice(), 0, 0, w, h),
  copy: (x, y, w, h, fromX, fromY) => queue.add({ kind: "copy", x, y, w, h, fromX, fromY }),
  fill: (x, y, w, h, color) => queue.add({ kind: "fill", x, y, w, h, color: color >>> 0 }),
  frame: (number) => queue.frame(number),
  soundFormat: (codec, rate, channels) => sound.format(codec, rate, channels),
  sound: (time, p, n) => sound.data(time, new Uint8Array(memory.buffer, p >>> 0, n)),
};

// What the program calls by syscall/js.
globalThis.porthole = {
  split: (buffer) => split.split(buffer),
  complain: (text) => console.error(text),
  post(message) {
    if (message.t === "stats") Object.assign(message, queue.stats(), pictures.stats());
    tell(message);
  },
  ready(fromPage, painted, failed) {
    program = { fromPage, painted, failed };
    pictures.failed = failed;
    for (const m of early) fromPage(m);
    early = null;
  },
};

/** Fetch and compile the program, telling how far it is. */
async function load(url, size) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`status ${response.status}`);
  let got = 0;
  const counted = response.body.pipeThrough(new TransformStream({
    transform(chunk, controller) {
      got += chunk.byteLength;
      tell({ t: "loaded", part: Math.min(1, got / size) });
      controller.enqueue(chunk);
    },
  }));
  const go = new globalThis.Go();
  const { instance } = await WebAssembly.instantiateStreaming(
    new Response(counted, { headers: { "Content-Type": "application/wasm" } }), { ...go.importObject, porthole: imports });
  memory = instance.exports.mem;
  return { go, instance };
}

async function start(m) {
  const missing = [];
  if (!m.canvas) missing.push("OffscreenCanvas");
  if (!globalThis.ImageDecoder || !globalThis.VideoDecoder) missing.push("WebCodecs");
  if (missing.length) {
    tell({ t: "notice", code: "display-slow", text: "This browser lacks what makes the picture quick; it is slower here than in others.", detail: missing.join(", ") });
  }
  const surface = m.canvas ? new Surface(m.canvas, (w, h) => tell({ t: "size", width: w, height: h })) : null;
  queue = new Queue(surface, pictures, () => memory.buffer, tell, (n, ms, shown, last) => program.painted(n, ms, shown, last));
  const [{ go, instance }, can] = await Promise.all([
    load(new URL("asset:display.wasm", import.meta.url), Number("asset-size:display.wasm")), abilities(), surface && pictures.convert(),
  ]);
  delete m.canvas;
  if (m.way) {
    way = new WorkerWay(tell);
    globalThis.portholeDial = () => way.dial();
  }
  Object.assign(m.hello ??= {}, can);
  early.unshift(m);
  await go.run(instance); // runs for ever
  throw new Error("the program ended");
}

/** What this browser decodes. */
async function abilities() {
  const [video, opus] = await Promise.all([pictures.video(), sound.opus()]);
  return { pictures: "jpeg,png,webp", video, audio: opus ? "opus,pcm" : "pcm" };
}

self.onmessage = ({ data: m }) => {
  switch (m.t) {
    case "start":
      start(m).catch((e) => { console.error(e); tell({ t: "failed", message: String(e?.message ?? e) }); });
      break;
    case "sound":
      sound.port = m.port;
      break;
    case "watch":
      queue.watched = m.on;
      break;
    case "screenshot":
      queue.screenshot().then((blob) => tell({ t: "screenshot", id: m.id, blob }));
      break;
    case "framePainted":
      queue.paintedByPage(m);
      break;
    case "open":
      way.open(m);
      break;
    case "dialed":
      way.dialed(m);
      break;
    default:
      if (early) early.push(m);
      else program.fromPage(m);
  }
};
