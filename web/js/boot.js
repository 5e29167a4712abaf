// Starts the session page: decides which program this connection needs, takes away
// what belongs to the other one, and loads it. A page that comes through an authority's
// tunnel opens it first, and hears of the protocol through it.

import { porthole } from "./api.js";

globalThis.porthole = porthole;

/** Protocols with a picture; all others are terminals. */
const desktops = new Set(["vnc", "rdp"]);

/** The connection's token and, behind it, the hint of its protocol: see place.js. */
const [, token, hint] = /\/if\/rac\/([^/]+)\/$/.test(location.pathname)
  ? [null, location.pathname.split("/").at(-2), location.hash.slice(1)]
  : location.hash.match(/^#([\w-]+)(?:\.(\w+))?$/) ?? [];

let known = null;
try { known = sessionStorage.getItem(`porthole.protocol.${token}`); } catch { /* not in this browser */ }
const way = document.documentElement.dataset.way && token ? (await import("./way.js")).way : null;
if (way && !known) await way.next();
const program = desktops.has(known ?? way?.protocol ?? hint) ? "desktop" : "terminal";

document.body.classList.add(program);
for (const e of document.querySelectorAll("[data-for]")) {
  if (e.dataset.for !== program) e.remove();
  else if (e instanceof HTMLTemplateElement) e.replaceWith(e.content); // both programs have one of this name
}

// The longest time that the page could not answer.
globalThis.portholeLongestTask = 0;
try {
  new PerformanceObserver((list) => {
    for (const e of list.getEntries()) globalThis.portholeLongestTask = Math.max(globalThis.portholeLongestTask, e.duration);
  }).observe({ type: "longtask" });
} catch { /* not measured here */ }

if (program === "desktop") {
  // The worker's program is on its way before the worker is, which finds it in the cache.
  if (token) {
    fetch(new URL("asset:display.wasm", import.meta.url)).then((r) => r.body.pipeTo(new WritableStream())).catch(() => {}); // the worker tells
  }
  import("./desktop.js");
} else {
  // The program is by far the largest file: it is on its way before the scripts are.
  globalThis.portholeProgram = token ? fetch(new URL("asset:client.wasm", import.meta.url)) : null;
  globalThis.portholeProgram?.catch(() => {}); // terminal.js tells
  import("./terminal.js");
}
