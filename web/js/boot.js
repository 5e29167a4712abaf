// Starts the session page: automation API, texts, the page's parts, and then the
// Go program, with its progress shown.

import "asset:wasm_exec.js";
import { porthole } from "./api.js";
import { translate, t } from "./i18n.js";
import * as ui from "./session.js";
import { installShim } from "./ebiten-shim.js";
import { chooseDrawing } from "./drawing.js";
import { home, relay, token } from "./place.js";

globalThis.porthole = porthole;
globalThis.portholeUI = ui;

// The longest time that the page could not answer.
globalThis.portholeLongestTask = 0;
try {
  new PerformanceObserver((list) => {
    for (const e of list.getEntries()) globalThis.portholeLongestTask = Math.max(globalThis.portholeLongestTask, e.duration);
  }).observe({ type: "longtask" });
} catch { /* not measured here */ }

/** Where the relay is and which connection this page is for. */
async function configure() {
  const ws = new URL(`ws/rac/${token}/`, await relay());
  ws.protocol = ws.protocol === "https:" ? "wss:" : "ws:";
  return { token, home, wsURL: ws.href, storageKey: `porthole.resume.${token}` };
}

/** Fetch and compile the program, telling how far it is. */
async function load(url, size) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`status ${response.status}`);
  let got = 0;
  const counted = response.body.pipeThrough(new TransformStream({
    transform(chunk, controller) {
      got += chunk.byteLength;
      ui.loaded(got / size);
      controller.enqueue(chunk);
    },
  }));
  const go = new globalThis.Go();
  const { instance } = await WebAssembly.instantiateStreaming(
    new Response(counted, { headers: { "Content-Type": "application/wasm" } }), go.importObject);
  return { go, instance };
}

async function start() {
  if (!token) return location.replace(home); // the static bundle's front door
  const texts = translate();
  const config = await configure();
  config.drawing = chooseDrawing();
  globalThis.portholeConfig = config;
  if (config.drawing === "gpu") installShim();
  ui.setHome(config.home);
  if (typeof WebAssembly !== "object" || !WebAssembly.instantiateStreaming) {
    await texts;
    return ui.ended({ code: "wasm", step: "page", message: t("fail.wasm"), remedy: t("fail.wasm.remedy") });
  }
  try {
    const program = load(new URL("asset:client.wasm", import.meta.url), Number("asset-size:client.wasm"));
    await Promise.all([texts, document.fonts?.load("16px 'JetBrains Mono'").catch(() => {})]);
    const { go, instance } = await program;
    ui.progress({ step: "relay", detail: "" });
    await go.run(instance);
    // The program runs for ever; here it has failed, and the relay keeps the session.
    ui.ended({ code: "program", step: "", message: t("fail.program"), remedy: t("fail.program.remedy"), canReconnect: true, reload: true });
  } catch (e) {
    console.error(e);
    ui.ended({ code: "load", step: "page", message: t("fail.load"), remedy: t("fail.load.remedy"), canReconnect: true });
  }
}

start();
