// What a person has chosen for desktops, kept in this browser.

import { mac } from "./shortcut.js";

const $ = (id) => document.getElementById(id);
const key = "porthole.desktop";
const first = {
  scaling: "auto", quality: 0, volume: 100, mute: false, layout: "place", bell: "visual",
  cmdIsControl: true, optionIsAltGr: true, touchpad: false, smooth: false,
};
let chosen = {};
let changed = () => {};

try { chosen = JSON.parse(localStorage.getItem(key)) ?? {}; } catch { /* as it is */ }
if (typeof chosen !== "object") chosen = {};

/** A choice, of the type that the first one has. */
export const get = (name) => (typeof chosen[name] === typeof first[name] ? chosen[name] : first[name]);

/** Choose; those who use it are told. */
export function set(name, value) {
  chosen[name] = value;
  try { localStorage.setItem(key, JSON.stringify(chosen)); } catch { /* for this page only */ }
  changed(name, value);
}

/** Install the dialog; apply gets each choice that is made, closed runs after the dialog. */
export function installSettings(apply, closed) {
  changed = apply;
  const bind = (id, name, property) => $(id).addEventListener("change", (e) => set(name, e.target[property]));
  bind("layout", "layout", "value");
  bind("bell", "bell", "value");
  bind("cmd-is-control", "cmdIsControl", "checked");
  bind("option-is-altgr", "optionIsAltGr", "checked");
  bind("smooth", "smooth", "checked");
  for (const id of ["settings", "help"]) {
    $(id).addEventListener("close", closed);
    $(id).addEventListener("click", (e) => { if (e.target === $(id)) $(id).close(); }); // beside it
  }
}

export function openSettings() {
  for (const [id, name] of [["layout", "layout"], ["bell", "bell"]]) $(id).value = get(name);
  for (const [id, name] of [["cmd-is-control", "cmdIsControl"], ["option-is-altgr", "optionIsAltGr"], ["smooth", "smooth"]]) $(id).checked = get(name);
  $("cmd-row").hidden = $("option-row").hidden = !mac;
  $("settings").showModal();
}
