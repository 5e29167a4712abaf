// The menu behind the handle at the top edge.

import { t } from "./i18n.js";
import { open as openSearch } from "./search.js";
import { toggle as toggleKeybar } from "./keybar.js";
import { show as showNotice } from "./notices.js";

const $ = (id) => document.getElementById(id);
const actions = () => globalThis.porthole.ui;
let timer = 0;

const commands = {
  search: openSearch,
  copy: () => actions().copy(),
  paste: async () => {
    try {
      actions().paste(await navigator.clipboard.readText());
    } catch {
      showNotice("Ctrl+Shift+V", "");
    }
  },
  selectAll: () => actions().selectAll(),
  fullscreen,
  keybar: toggleKeybar,
  smaller: () => actions().zoom(-1),
  larger: () => actions().zoom(1),
  disconnect: () => actions().disconnect(),
};
const stays = new Set(["smaller", "larger"]);

export function installMenu() {
  $("handle").addEventListener("click", toggle);
  $("menu").addEventListener("click", (e) => {
    const name = e.target.closest("[data-do]")?.dataset.do;
    if (!name) return;
    if (!stays.has(name)) close();
    commands[name]();
  });
  $("menu").addEventListener("keydown", (e) => {
    const items = [...$("menu").querySelectorAll("button, select, input")];
    const move = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (e.key === "Escape") close();
    else if (move && e.target.tagName !== "SELECT") {
      items[(items.indexOf(document.activeElement) + move + items.length) % items.length].focus();
      e.preventDefault();
    }
  });
  document.addEventListener("pointerdown", (e) => {
    if (!$("menu").hidden && !e.target.closest("#menu, #handle")) close(false);
  });
  $("theme").addEventListener("change", (e) => actions().set("theme", e.target.value));
  $("bell").addEventListener("change", (e) => actions().set("bell", e.target.value));
  $("copy-on-select").addEventListener("change", (e) => actions().set("copyOnSelect", e.target.checked));
}

/** Open or close the menu. */
export function toggle() {
  if (!$("menu").hidden) return close();
  if (!actions().options) return;
  menuOptions(actions().options());
  $("menu").hidden = false;
  $("handle").setAttribute("aria-expanded", "true");
  info();
  timer = setInterval(info, 1000);
  $("menu").querySelector("button").focus();
}

function close(focus = true) {
  clearInterval(timer);
  $("menu").hidden = true;
  $("handle").setAttribute("aria-expanded", "false");
  if (focus) actions().focus?.();
}

function info() {
  const i = actions().sessionInfo();
  $("menu-name").textContent = `${i.endpoint} (${i.protocol})`;
  $("menu-info").textContent = t("info.latency", i.rtt.toFixed(1), size(i.received));
}

function size(bytes) {
  const units = ["B", "kB", "MB", "GB"];
  let i = 0;
  while (bytes >= 1000 && i < units.length - 1) { bytes /= 1000; i++; }
  return `${bytes.toFixed(i ? 1 : 0)} ${units[i]}`;
}

/** What the endpoint allows. */
export function menuConnected({ disableCopy, disablePaste, readOnly }) {
  document.querySelector("[data-do=copy]").disabled = disableCopy;
  document.querySelector("[data-do=paste]").disabled = disablePaste || readOnly;
}

/** Show the options in force. */
export function menuOptions(o) {
  $("font-size").textContent = `${Math.round(o.fontSize)}`;
  const choices = [["", t("theme.system")], ...(o.themes ?? []).map((n) => [n, n])];
  $("theme").replaceChildren(...choices.map(([value, text]) => new Option(text, value, false, value === o.theme)));
  $("bell").value = o.bell;
  $("copy-on-select").checked = o.copyOnSelect;
}

/** Full screen, with the browser's own keys where it gives them. */
async function fullscreen() {
  if (document.fullscreenElement) return document.exitFullscreen();
  await document.documentElement.requestFullscreen();
  await navigator.keyboard?.lock?.().catch(() => {});
  actions().focus();
}
