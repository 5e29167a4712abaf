// What the pages of terminals and of desktops share: the steps on the way to the
// machine, questions, notices, the line that is down, the end, the title and the bell.

import { porthole, setState } from "./api.js";
import { t, has, translate } from "./i18n.js";
import { ask, promptGone as dropPrompt } from "./dialogs.js";
import { menuConnected } from "./menu.js";
import { show as showNotice } from "./notices.js";
import { home, relay, token } from "./place.js";
import { way } from "./way.js";

export { emit, setState } from "./api.js";
export { toggle as toggleMenu } from "./menu.js";

const $ = (id) => document.getElementById(id);
const actions = () => porthole.ui;
const steps = ["page", "relay", "connect", "handshake", "authenticate", "open"];
let endpoint = "";
let connection = "";
let countdown = 0;

$("home").href = home;
$("cancel").addEventListener("click", () => {
  if (actions().disconnect) actions().disconnect();
  else location.assign(home);
});
$("reconnect").addEventListener("click", () => actions().reconnectNow());
$("again").addEventListener("click", () => {
  const code = porthole.reason?.code;
  // A page that came through an authority begins anew with the same address.
  if (["program", "load", "protocol"].includes(code) || !endpoint || way) location.reload();
  else if (code === "taken-over") location.assign(`${home}?resume=${encodeURIComponent(connection)}`);
  else location.assign(`${home}?again=${encodeURIComponent(endpoint)}`);
});

/** Where the relay is and which connection this page is for. */
export async function configure() {
  const ws = new URL(`ws/rac/${token}/`, await relay());
  ws.protocol = ws.protocol === "https:" ? "wss:" : "ws:";
  return { token, home, wsURL: ws.href, storageKey: `porthole.resume.${token}` };
}

/** How much of the program is loaded, 0…1. */
export function loaded(part) {
  step("page", `${Math.min(100, Math.round(part * 100))} %`);
}

/** A step has begun. */
export function progress({ step: name, detail }) {
  hideBanner();
  step(name === "resolve" ? "connect" : name, detail);
}

function step(name, detail) {
  const at = steps.indexOf(name);
  for (const [i, s] of steps.entries()) {
    const li = document.querySelector(`#steps [data-step=${s}]`);
    li.classList.toggle("done", i < at);
    li.classList.toggle("now", i === at);
    if (i === at) li.querySelector(".detail").textContent = detail ?? "";
  }
}

/** The program that shows a protocol, as boot.js chooses it. */
const programOf = (protocol) => (["vnc", "rdp"].includes(protocol) ? "desktop" : "terminal");

/**
 * The relay has taken us in. It knows the protocol for certain: when the page has
 * the other program, it starts anew and resumes.
 */
export function welcome(info) {
  try {
    sessionStorage.setItem(`porthole.protocol.${token}`, info.protocol);
    if (!document.body.classList.contains(programOf(info.protocol)) && sessionStorage.getItem(`porthole.protocol.${token}`)) {
      return location.reload();
    }
  } catch { /* without a memory the page stays as it is */ }
  endpoint = info.endpoint;
  connection = info.connection;
  hideBanner();
  title("");
  $("handle-name").textContent = info.endpoint;
}

/** The machine is there. */
export function connected(info) {
  hideBanner();
  $("cover").hidden = true;
  setDot("connected");
  menuConnected(info);
  if (!document.querySelector("dialog[open]")) actions().focus();
}

function setDot(state) {
  $("dot").className = `dot ${state}`;
  $("handle").classList.toggle("away", state !== "connected");
}

/** Ask the person something for the machine. */
export function prompt(p) {
  ask(p).then((values) => actions().answer(p.id, values));
}

export const promptGone = dropPrompt;

/** Something worth knowing. */
export function notice(n) {
  showNotice(has(`notice.${n.code}`) ? t(`notice.${n.code}`) : n.text, n.detail);
}

/** The line is down. */
export function reconnecting({ attempt, inMs, first }) {
  if (first) {
    step("relay", `${attempt}`);
    if (attempt < 2) return;
  }
  setDot("away");
  clearInterval(countdown);
  let left = Math.ceil(inMs / 1000);
  const tell = () => { $("banner-text").textContent = left > 0 ? t("reconnecting.in", left) : t("reconnecting.now"); };
  tell();
  $("banner").hidden = false;
  countdown = setInterval(() => { left = Math.max(0, left - 1); tell(); }, 1000);
}

function hideBanner() {
  clearInterval(countdown);
  $("banner").hidden = true;
}

let over = false;

/** It is over: why, at which step, and what to try. What comes later is only a consequence. */
export function ended(e) {
  if (over) return;
  over = true;
  hideBanner();
  setDot("ended");
  dropPrompt();
  const failed = Boolean(e.step);
  const own = `end.${e.code}`;
  $("end-title").textContent = has(own) ? t(own) : t(failed ? "end.failed" : "end.over");
  $("end-step").textContent = failed ? t("end.step", has(`step.${e.step}`) ? t(`step.${e.step}`) : e.step) : "";
  $("end-message").textContent = e.message;
  $("end-remedy").textContent = e.remedy ?? "";
  $("end-remedy").hidden = !e.remedy;
  $("end-code").textContent = t("end.code", e.code);
  $("again").textContent = t(e.code === "taken-over" ? "action.takeBack" : "action.again");
  $("again").hidden = e.canReconnect === false || !e.canReconnect;
  $("cover").hidden = true;
  $("end").hidden = false;
  setState("ended", { code: e.code, step: e.step ?? "", message: e.message, remedy: e.remedy ?? "" });
  ($("again").hidden ? $("home") : $("again")).focus();
}

if (way) {
  way.changed = wayChanged;
  way.ended = wayEnded;
  if (way.kind) wayChanged(way.kind, way.why);
  if (way.reason) wayEnded(way.reason);
  porthole.ui.way = () => way.kind;
}

/** Where the messages go: the slow way is said, with its cause. */
function wayChanged(kind, why) {
  const slow = kind === "tunnel";
  $("menu-way").hidden = !slow;
  $("menu-way").textContent = slow ? t("way.menu", t(`way.${why}`)) : "";
  if (slow) notice({ code: "slow-way", text: "", detail: t(`way.${why}`) });
}

/** The authority has ended the connection, or there is none to be had. */
async function wayEnded({ code, detail }) {
  await translate();
  ended({ code, step: endpoint ? "" : "relay", message: detail || t(`way.end.${code}`), remedy: t(`way.remedy.${code}`), canReconnect: code !== "authority-refused" });
}

let named = "";
let rang = false;

/** The window's title as the machine names it. */
export function title(text) {
  named = text ? `${text} – ${endpoint}` : `${endpoint} – Porthole`;
  document.title = rang ? `🔔 ${named}` : named;
}

/** The bell rings: a flash or a short tone, and in a tab that nobody looks at a sign in its title. */
export function bell(kind) {
  if (document.hidden) {
    rang = true;
    document.title = `🔔 ${named}`;
  }
  if (kind === "sound") ring();
  else if (kind === "visual") flash();
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden || !rang) return;
  rang = false;
  document.title = named;
});

let audio = null;

function ring() {
  audio ??= new AudioContext();
  audio.resume().catch(() => {});
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  volume.gain.setValueAtTime(0.15, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.15);
  tone.frequency.value = 660;
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.15);
}

let flashing = 0;

/** A frame around the terminal: nothing that flickers over the whole picture. */
function flash() {
  $("bell-edge").hidden = false;
  clearTimeout(flashing);
  flashing = setTimeout(() => { $("bell-edge").hidden = true; }, 250);
}

// Ctrl+W deletes a word in a shell and closes the tab in a browser, which no page
// may keep for itself. Who holds Ctrl while the tab closes is asked first.
let held = false;
for (const name of ["keydown", "keyup"]) {
  addEventListener(name, (e) => { held = e.ctrlKey || e.metaKey; }, true);
}
addEventListener("blur", () => { held = false; });
addEventListener("beforeunload", (e) => {
  if (held && porthole.state === "connected") e.preventDefault();
});
