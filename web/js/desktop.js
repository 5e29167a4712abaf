// The page of a desktop. The worker (display.js) has the socket and paints; here are
// the person's hands, the clipboard, the menu and the sizes. Each has a file of its own;
// here they meet.

import { porthole } from "./api.js";
import { t, translate } from "./i18n.js";
import { Display } from "./display.js";
import { Speaker } from "./audio.js";
import { Clipboard } from "./desktop-clipboard.js";
import { Cursor } from "./desktop-cursor.js";
import { Input } from "./desktop-input.js";
import { installKeys, latched } from "./desktop-keys.js";
import { ability, installDesktopMenu } from "./desktop-menu.js";
import { get, installSettings } from "./desktop-settings.js";
import { View } from "./desktop-view.js";
import { home, token } from "./place.js";
import * as session from "./session.js";

const $ = (id) => document.getElementById(id);
const touch = matchMedia("(pointer: coarse)").matches;
let display = null;
let last = null; // figures
let store = "";

const send = (message, transfer) => display?.send(message, transfer);
const view = new View((window) => send({ t: "view", ...window }));
const cursor = new Cursor(view);
const clipboard = new Clipboard(send);
const input = new Input({ send, view, clipboard, menu: () => session.toggleMenu(), gesture });
let speaker = null; // audio.js

/** A key, click or tap: browsers allow some things only then. */
function gesture() {
  clipboard.flush(true);
  if ((desktop.info?.abilities ?? 0) & ability.sound) speaker?.gesture();
}

const desktop = {
  input, clipboard,
  info: null,
  limits: {}, // of Welcome
  focus: () => input.focus(),
  type: (text) => send({ t: "typed", text }),
  power: (action) => send({ t: "power", action }),
  async figures() {
    last = await display?.stats() ?? last;
    return last;
  },
  async screenshot() { return display?.screenshot(); },
  async saveScreenshot() {
    const blob = await desktop.screenshot();
    if (!blob) return;
    const at = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
    const a = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: `${desktop.limits.endpoint || "desktop"} ${at}.png` });
    a.click();
    setTimeout(() => URL.revokeObjectURL(a.href), 60_000);
  },
};
const menu = installDesktopMenu(desktop);
installKeys(input.events, () => input.focus());
installSettings(apply, () => input.focus());
input.caught = (on) => {
  showPointer();
  if (on) session.notice({ code: "pointer-caught", text: "", detail: "" });
};
input.lockRefused = () => session.notice({ code: "pointer-refused", text: "", detail: "" });

/** Put a choice into force. */
function apply(name) {
  switch (name) {
    case "scaling":
    case "smooth":
      view.set(get("scaling"), Boolean((desktop.info?.abilities ?? 0) & ability.resize), get("smooth"));
      break;
    case "quality":
      send({ t: "quality", level: get("quality") });
      break;
    case "mute":
    case "volume":
      sound();
      break;
    default:
      input.setOptions({ cmdIsControl: get("cmdIsControl"), optionIsAltGr: get("optionIsAltGr"), touchpad: get("touchpad"), byMeaning: get("layout") === "meaning" });
      showPointer();
  }
  menu.info();
}

/** The pointer's picture is needed where the browser's own is not at its place. */
function showPointer() {
  cursor.show(Boolean(document.pointerLockElement) && !input.relative || touch && (get("touchpad") || input.relative));
}

/** Sound as it is wanted. */
function sound() {
  speaker?.set({ muted: get("mute") || get("volume") === 0, volume: get("volume") / 100 });
}

/** What the worker tells. */
const told = {
  loaded: ({ part }) => session.loaded(part),
  state({ state }) {
    if (state !== "ended") session.setState(state); // end follows, and says why
  },
  save: ({ connection, secret }) => remember(`${connection} ${secret}`),
  welcome(m) {
    desktop.limits = m;
    session.welcome(m);
    clipboard.allow(m);
    apply("options");
  },
  progress: (m) => session.progress(m),
  connected(m) {
    session.connected(m);
    clipboard.allow(m);
    menu.connected(m);
    if (get("quality")) apply("quality");
    sound();
    view.resized();
  },
  prompt: (m) => session.prompt(m),
  promptGone: () => session.promptGone(),
  notice: (m) => session.notice(m),
  reconnecting: (m) => session.reconnecting(m),
  end(m) {
    if (m.forget) remember(null);
    input.release();
    document.exitPointerLock?.();
    session.ended(m);
  },
  failed({ message }) {
    console.error(message);
    const loaded = porthole.state !== "loading";
    session.ended({ code: loaded ? "program" : "load", step: loaded ? "" : "page", message: t(loaded ? "fail.program" : "fail.load"),
      remedy: t(loaded ? "fail.program.remedy" : "fail.load.remedy"), canReconnect: true });
  },
  info(m) {
    const before = desktop.info?.abilities ?? 0;
    desktop.info = m;
    input.scanCodes = Boolean(m.abilities & ability.scanCodes);
    clipboard.abilities = { html: Boolean(m.abilities & ability.clipHTML), image: Boolean(m.abilities & ability.clipImage) };
    if ((before ^ m.abilities) & ability.resize) apply("scaling");
    session.title(m.name === desktop.limits.endpoint ? "" : m.name);
    session.emit("title", m.name);
    menu.info();
  },
  size({ width, height }) {
    view.size(width, height);
    session.emit("resize", { width, height });
  },
  cursor: (m) => cursor.set(m),
  pointerMoved: ({ x, y }) => cursor.move(x, y),
  pointerMode({ relative }) {
    input.relative = relative;
    if (!relative && !input.wantLock) document.exitPointerLock?.();
    showPointer();
  },
  bell() {
    session.bell(get("bell"));
    session.emit("bell");
  },
  hand({ commands: c }) {
    for (let i = 0; i < c.length;) {
      switch (c[i]) {
        case 1: view.zoomBy(c[i + 1], c[i + 2], c[i + 3]); i += 4; break;
        case 2: view.pan(c[i + 1], c[i + 2]); i += 3; break;
        case 3:
          cursor.move(c[i + 1], c[i + 2]);
          if (cursor.shown) view.follow(c[i + 1], c[i + 2]);
          i += 3;
          break;
        case 4: longPressed(c[i + 1], c[i + 2]); i += 3; break;
        case 5: latched(c[i + 1]); i += 2; break;
        case 6: view.zoomBy(c[i + 1], ...view.from(c[i + 2], c[i + 3])); i += 4; break;
        default: return;
      }
    }
  },
  sound: (m) => speaker.offer(m),
  clipboard: ({ type, data }) => clipboard.received(type, data),
};

/** A sign that a long press was taken. */
function longPressed(x, y) {
  navigator.vibrate?.(15);
  const ring = Object.assign(document.createElement("div"), { className: "long-press" });
  Object.assign(ring.style, { left: `${x}px`, top: `${y}px` });
  document.body.append(ring);
  setTimeout(() => ring.remove(), 400);
}

/** The resume secret lives as long as the tab. */
function remember(text) {
  try {
    if (text) sessionStorage.setItem(store, text);
    else sessionStorage.removeItem(store);
  } catch { /* a reload begins anew */ }
}

function resume() {
  try {
    const [connection, secret] = (sessionStorage.getItem(store) ?? "").split(" ");
    return secret ? { connection, secret } : null;
  } catch {
    return null;
  }
}

/** Whether the machine takes input. */
const works = () => porthole.state === "connected" && !desktop.limits.readOnly;

// What the page's common parts and the automation API ask of a program.
Object.assign(porthole.ui, {
  options: () => ({}),
  focus: () => input.focus(),
  answer(id, values) { send({ t: "answer", id, values }); },
  reconnectNow: () => send({ t: "retry" }),
  dropLink: () => send({ t: "drop" }),
  disconnect() {
    if (display) send({ t: "bye" });
    else location.assign(home);
  },
  sessionInfo: () => ({
    endpoint: desktop.limits.endpoint, protocol: desktop.limits.protocol, user: desktop.limits.user,
    rtt: last?.rtt ?? 0, received: last?.bytesIn ?? 0, sent: last?.bytesOut ?? 0, resumeFor: desktop.limits.resumeFor,
  }),
  stats() {
    desktop.figures();
    return { framesPainted: 0, bytesIn: 0, bytesOut: 0, rtt: 0, keyToPaint: { count: 0, last: 0, p50: 0, p95: 0, p99: 0 }, ...last, longestTask: globalThis.portholeLongestTask, width: view.width, height: view.height };
  },
  size: () => ({ width: view.width, height: view.height, scale: view.scale ?? 0 }),
  sendText(text) {
    if (!works() || !text) return false;
    desktop.type(text);
    return true;
  },
  sendCodes(text) {
    const codes = text.split(/[\s+]+/).filter(Boolean);
    if (!works() || !codes.length || codes.length > 8) return false;
    input.events.combo(codes);
    return true;
  },
  pointer({ x, y, buttons = 0 }) {
    if (!works() || !Number.isFinite(x) || !Number.isFinite(y)) return false;
    input.events.pointer({ buttons, timeStamp: performance.now() }, x, y);
    return true;
  },
  screenshot: () => desktop.screenshot(),
  clipboard: (text) => (text === undefined ? clipboard.remote.get("text/plain") ?? "" : clipboard.give("text/plain", String(text))),
});

async function start() {
  if (!token) return location.replace(home); // the static bundle's front door
  const texts = translate();
  if (typeof WebAssembly !== "object" || !WebAssembly.instantiateStreaming) {
    await texts;
    return session.ended({ code: "wasm", step: "page", message: t("fail.wasm"), remedy: t("fail.wasm.remedy") });
  }
  const config = await session.configure();
  store = config.storageKey;
  view.set(get("scaling"), false, get("smooth"));
  const { timeZone, locale } = Intl.DateTimeFormat().resolvedOptions();
  display = new Display({
    canvas: $("picture"), url: config.wsURL, view: view.window(), resume: resume(),
    hello: { timeZone, locale: navigator.language || locale, keyboard: await layout(), touch: touch ? "1" : "" },
    tell: (m) => told[m.t]?.(m),
  });
  speaker = new Speaker(display);
  sound();
  apply("options");
}

/** The person's keyboard layout as far as the browser tells: what some keys make. */
async function layout() {
  try {
    const map = await navigator.keyboard.getLayoutMap();
    return ["KeyQ", "KeyW", "KeyY", "Semicolon", "BracketLeft", "IntlBackslash"].map((c) => map.get(c) ?? "").join("");
  } catch {
    return "";
  }
}

start();
