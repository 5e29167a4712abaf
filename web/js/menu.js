// The menu behind the handle at the top edge.

import { t } from "./i18n.js";
import { porthole } from "./api.js";
import { open as openSearch } from "./search.js";
import { toggle as toggleKeybar, shown as keybarShown } from "./keybar.js";
import { show as showNotice } from "./notices.js";
import { openSettings, openHelp, shortcut, mac } from "./settings.js";

const $ = (id) => document.getElementById(id);
const actions = () => porthole.ui;
let timer = 0;

const commands = {
  reconnect: () => actions().reconnectNow(),
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
  fullscreen,
  keybar: toggleKeybar,
  settings: openSettings,
  help: openHelp,
  disconnect: () => actions().disconnect(),
};
const takesFocus = new Set(["search", "settings", "help"]);

export function installMenu() {
  const menu = $("menu");
  $("handle").addEventListener("click", toggle);
  menu.addEventListener("click", (e) => {
    const name = e.target.closest("[data-do]")?.dataset.do;
    if (!name) return;
    close(!takesFocus.has(name));
    commands[name]();
  });
  menu.addEventListener("keydown", (e) => {
    const items = [...menu.querySelectorAll("button:not([hidden], :disabled)")];
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[e.key];
    if (e.key === "Escape" || e.key === "Tab") close();
    else if (to !== undefined) items.at(to === items.length ? 0 : to).focus();
    else return;
    e.preventDefault();
    e.stopPropagation();
  });
  document.addEventListener("pointerdown", (e) => {
    if (!menu.hidden && !e.target.closest("#menu, #handle")) close(false);
  });
  document.addEventListener("fullscreenchange", () => {
    $("fullscreen-text").textContent = t(document.fullscreenElement ? "menu.leaveFullscreen" : "menu.fullscreen");
    actions().focus?.();
  });
}

/** Open or close the menu. */
export function toggle() {
  if (!$("menu").hidden) return close();
  if (!actions().options) return;
  for (const kbd of document.querySelectorAll("#menu [data-keys]")) kbd.textContent = shortcut(kbd.dataset.keys);
  for (const kbd of document.querySelectorAll("#menu [data-ctrl]")) kbd.textContent = mac ? kbd.dataset.ctrl : shortcut(kbd.dataset.ctrl);
  $("menu").hidden = false;
  $("handle").setAttribute("aria-expanded", "true");
  $("keybar-switch").setAttribute("aria-pressed", keybarShown());
  info();
  timer = setInterval(info, 1000);
  $("menu").querySelector("button:not([hidden], :disabled)").focus();
}

function close(focus = true) {
  clearInterval(timer);
  $("menu").hidden = true;
  $("handle").setAttribute("aria-expanded", "false");
  if (focus) actions().focus?.();
}

function info() {
  const i = actions().sessionInfo();
  const away = porthole.state === "reconnecting";
  $("menu-name").textContent = i.endpoint ? `${i.endpoint} (${i.protocol})` : "Porthole";
  const state = t(`state.${porthole.state}`);
  $("menu-status").textContent = away || !i.rtt ? state : t("info.latency", state, i.rtt.toFixed(1));
  $("menu-info").textContent = t("info.bytes", size(i.received), size(i.sent));
  document.querySelector("[data-do=reconnect]").hidden = !away;
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

/** Full screen, with the browser's own keys where it gives them. */
async function fullscreen() {
  try {
    if (document.fullscreenElement) return await document.exitFullscreen();
    await document.documentElement.requestFullscreen({ navigationUI: "hide" });
    await navigator.keyboard?.lock?.().catch(() => {});
    actions().focus();
  } catch {
    showNotice(t("fullscreen.refused"), "");
  }
}
