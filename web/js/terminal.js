// The page of a terminal: what the Go program wasm/client calls as portholeUI, and
// its start, with its progress shown. Each part of the page has a file of its own;
// here they meet.

import "asset:wasm_exec.js";
import { porthole } from "./api.js";
import { translate, t } from "./i18n.js";
import { confirm } from "./dialogs.js";
import { commonCommands, installMenu } from "./menu.js";
import { installSettings, openHelp, openSettings, showOptions } from "./settings.js";
import { shortcut } from "./shortcut.js";
import { installScrollbar, scrollbar } from "./scrollbar.js";
import { installSearch, showSearchResult, open as openSearch } from "./search.js";
import { installKeybar, shown as keybarShown, stickyModifiers, toggle as toggleKeybar } from "./keybar.js";
import { show as showNotice } from "./notices.js";
import { installShim } from "./ebiten-shim.js";
import { chooseDrawing } from "./drawing.js";
import { home, token } from "./place.js";
import { connect } from "./connect.js";
import { way } from "./way.js";
import * as session from "./session.js";

const $ = (id) => document.getElementById(id);
const actions = () => porthole.ui;

installMenu({
  commands: {
    ...commonCommands,
    search: openSearch,
    copy: () => actions().copy(),
    paste: async () => {
      try {
        actions().paste(await navigator.clipboard.readText());
      } catch {
        showNotice(t("paste.byKey", shortcut("Ctrl+Shift+V")), "");
      }
    },
    selectAll: () => actions().selectAll(),
    copyMode: () => actions().copyMode(),
    keybar: toggleKeybar,
    settings: openSettings,
    help: openHelp,
  },
  takesFocus: ["search", "settings", "help"],
  opened: () => $("keybar-switch").setAttribute("aria-pressed", keybarShown()),
});
installSearch();
installSettings();
installScrollbar();
installKeybar();

/** Progress of a program (OSC 9;4). */
function progressBar({ state, percent }) {
  const bar = $("progress-bar");
  bar.hidden = state === 0;
  bar.classList.toggle("error", state === 2);
  bar.style.width = state === 3 ? "100%" : `${percent}%`;
}

/** Several lines are to be pasted where each would run. */
function confirmPaste({ lines, text }) {
  const title = lines > 1 ? t("paste.title", lines) : t("paste.titleOne");
  confirm({ title, text, yes: t("action.paste"), why: t("paste.why") }).then((yes) => {
    actions().pasteDecision(yes);
    actions().focus();
  });
}

/** A program wants to read the clipboard. */
function confirmClipboardRead() {
  confirm({ title: t("clipboard.title"), yes: t("action.allow"), why: t("clipboard.why"), careful: true }).then((yes) => {
    actions().clipboardDecision(yes);
    actions().focus();
  });
}

/** The browser wants a gesture before the clipboard is written. */
function clipboardWaits() {
  showNotice(t("clipboard.waits"), "", [t("action.copy"), () => actions().clipboardWrite()]);
}

const mostLive = 30;

/** New text for screen readers. */
function live(text) {
  const line = document.createElement("div");
  line.textContent = text;
  $("live").append(line);
  while ($("live").children.length > mostLive) $("live").firstChild.remove();
}

/** The visible screen for screen readers. */
function screen(text) { $("screen").textContent = text; }

/** The link under the pointer. */
function link(l) {
  $("link-status").hidden = !l;
  $("terminal").style.cursor = l ? "pointer" : "";
  if (!l) return;
  $("link-uri").textContent = l.uri;
  $("link-how").textContent = t(l.mac ? "link.howMac" : "link.how");
}

/** A finger has tapped a link. */
function tappedLink(uri) {
  showNotice(uri, "", [t("action.open"), () => actions().openLink(uri)]);
}

/** Text marked by a long press. */
function selected(text) {
  if (text) showNotice(text.length > 80 ? `${text.slice(0, 80)}…` : text, "", [t("action.copy"), () => actions().copy()]);
}

/** Marking by keyboard has begun or ended. */
function copyMode(on) {
  $("copy-hint").textContent = on ? t("copyMode.hint") : "";
  $("copy-hint").hidden = !on;
}

globalThis.portholeUI = {
  ...session, scrollbar, progressBar, confirmPaste, confirmClipboardRead, clipboardWaits, live, screen, link, tappedLink, selected, copyMode,
  openSearch, searchResult: showSearchResult, modifiers: stickyModifiers, options: showOptions,
};

/** Compile the program, telling how far it is. */
async function load(fetched, size) {
  const response = await fetched;
  if (!response.ok) throw new Error(`status ${response.status}`);
  let got = 0;
  const counted = response.body.pipeThrough(new TransformStream({
    transform(chunk, controller) {
      got += chunk.byteLength;
      session.loaded(got / size);
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
  const config = await session.configure();
  config.drawing = chooseDrawing();
  globalThis.portholeConfig = config;
  if (way) globalThis.portholeDial = () => way.dial(connect);
  if (config.drawing === "gpu") installShim();
  if (typeof WebAssembly !== "object" || !WebAssembly.instantiateStreaming) {
    await texts;
    return session.ended({ code: "wasm", step: "page", message: t("fail.wasm"), remedy: t("fail.wasm.remedy") });
  }
  try {
    const program = load(globalThis.portholeProgram, Number("asset-size:client.wasm"));
    await Promise.all([texts, document.fonts?.load("16px 'JetBrains Mono'").catch(() => {})]);
    const { go, instance } = await program;
    session.progress({ step: "relay", detail: "" });
    await go.run(instance);
    // The program runs for ever; here it has failed, and the relay keeps the session.
    session.ended({ code: "program", step: "", message: t("fail.program"), remedy: t("fail.program.remedy"), canReconnect: true, reload: true });
  } catch (e) {
    console.error(e);
    session.ended({ code: "load", step: "page", message: t("fail.load"), remedy: t("fail.load.remedy"), canReconnect: true });
  }
}

start();
