// The menu behind the handle at the top edge.

import { t } from "./i18n.js";
import { porthole } from "./api.js";
import { show as showNotice } from "./notices.js";
import { shortcut, mac } from "./shortcut.js";

const $ = (id) => document.getElementById(id);
const actions = () => porthole.ui;
let timer = 0;
let opened = () => {};
let looked = () => {};

/** What every menu has. */
export const commonCommands = {
  reconnect: () => actions().reconnectNow(),
  fullscreen,
  disconnect: () => actions().disconnect(),
};

/**
 * Install the menu: commands by the names of data-do, which get the item; those in
 * takesFocus open something that has the keyboard then, those in stays leave the
 * menu open. opened runs when it opens, looked every second while it is open; it may give
 * a promise after which the header is told anew.
 */
export function installMenu({ commands, takesFocus = [], stays = [], ...on }) {
  const menu = $("menu");
  opened = on.opened ?? opened;
  looked = on.looked ?? looked;
  $("handle").addEventListener("click", toggle);
  menu.addEventListener("click", (e) => {
    const item = e.target.closest("[data-do]");
    if (!item) return;
    const name = item.dataset.do;
    if (!stays.includes(name)) close(!takesFocus.includes(name));
    commands[name](item);
  });
  menu.addEventListener("keydown", (e) => {
    const items = usable();
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

/** Items that can be chosen now. */
const usable = () => [...$("menu").querySelectorAll("button:not(:disabled), input:not(:disabled)")].filter((e) => !e.closest("[hidden]"));

/** Open or close the menu. */
export function toggle() {
  if (!$("menu").hidden) return close();
  if (!actions().options) return;
  for (const kbd of document.querySelectorAll("#menu [data-keys]")) kbd.textContent = shortcut(kbd.dataset.keys);
  for (const kbd of document.querySelectorAll("#menu [data-ctrl]")) kbd.textContent = mac ? kbd.dataset.ctrl : shortcut(kbd.dataset.ctrl);
  $("menu").hidden = false;
  $("handle").setAttribute("aria-expanded", "true");
  opened();
  info();
  timer = setInterval(info, 1000);
  usable()[0].focus();
}

export function close(focus = true) {
  clearInterval(timer);
  $("menu").hidden = true;
  $("handle").setAttribute("aria-expanded", "false");
  if (focus) actions().focus?.();
}

function info() {
  tell();
  looked()?.then(tell); // figures may take a moment
}

function tell() {
  const i = actions().sessionInfo();
  const away = porthole.state === "reconnecting";
  $("menu-name").textContent = i.endpoint ? `${i.endpoint} (${i.protocol})` : "Porthole";
  const state = t(`state.${porthole.state}`);
  $("menu-status").textContent = away || !i.rtt ? state : t("info.latency", state, i.rtt.toFixed(1));
  $("menu-info").textContent = t("info.bytes", size(i.received), size(i.sent));
  document.querySelector("[data-do=reconnect]").hidden = !away;
}

/** Bytes for people. */
export function size(bytes) {
  const units = ["B", "kB", "MB", "GB"];
  let i = 0;
  while (bytes >= 1000 && i < units.length - 1) { bytes /= 1000; i++; }
  return `${bytes.toFixed(i ? 1 : 0)} ${units[i]}`;
}

/** What the endpoint allows. */
export function menuConnected({ disableCopy, disablePaste, readOnly }) {
  for (const e of document.querySelectorAll("#menu [data-needs=copy]")) e.disabled = disableCopy;
  for (const e of document.querySelectorAll("#menu [data-needs=paste]")) e.disabled = disablePaste || readOnly;
  for (const e of document.querySelectorAll("#menu [data-needs=input]")) e.disabled = readOnly;
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
