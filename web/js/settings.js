// The terminal's dialogs for settings and keys.

import { t } from "./i18n.js";
import { drawingChanged } from "./drawing.js";
import { mac, shortcut } from "./shortcut.js";

const $ = (id) => document.getElementById(id);
const actions = () => globalThis.porthole.ui;

const keys = [
  ["Ctrl+Shift+C", "menu.copy"], ["Ctrl+Shift+V", "menu.paste"], ["Ctrl+Shift+A", "menu.selectAll"], ["Ctrl+Shift+F", "menu.search"],
  ["Ctrl++", "help.larger"], ["Ctrl+-", "help.smaller"], ["Ctrl+0", "help.default"],
];
const everywhere = [
  ["Ctrl+Shift+Space", "menu.copyMode"], ["Ctrl+Shift+M", "menu.title"], ["Shift+PageUp, Shift+PageDown", "help.scroll"], ["Shift+Home, Shift+End", "help.ends"],
  ["help.dragKey", "help.drag"], ["help.linkKey", "help.link"], ["help.shiftKey", "help.shift"],
];

export function installSettings() {
  const set = (id, name, value) => $(id).addEventListener("change", (e) => actions().set(name, value(e.target)));
  set("theme", "theme", (e) => e.value);
  set("font-family", "fontFamily", (e) => e.value.trim());
  set("bell", "bell", (e) => e.value);
  set("ligatures", "ligatures", (e) => e.checked);
  set("copy-on-select", "copyOnSelect", (e) => e.checked);
  set("option-is-alt", "optionIsAlt", (e) => e.checked);
  $("drawing").addEventListener("change", (e) => {
    actions().set("drawing", e.target.value);
    drawingChanged();
  });
  $("smaller").addEventListener("click", () => actions().zoom(-1));
  $("larger").addEventListener("click", () => actions().zoom(1));
  $("default-size").addEventListener("click", () => actions().zoom(0));
  for (const id of ["settings", "help"]) {
    $(id).addEventListener("close", () => actions().focus?.());
    $(id).addEventListener("click", (e) => { if (e.target === $(id)) $(id).close(); }); // beside it
  }
}

export function openSettings() {
  showOptions(actions().options());
  $("settings").showModal();
}

export function openHelp() {
  const entry = ([key, text]) => {
    const dt = document.createElement("dt");
    const dd = document.createElement("dd");
    dt.textContent = key.startsWith("help.") ? t(key) : key;
    dd.textContent = t(text).replace(/ \(.*\)$/, "");
    return [dt, dd];
  };
  $("help-keys").replaceChildren(...keys.map(([k, text]) => [shortcut(k), text]).flatMap(entry),
    ...everywhere.map(([k, text]) => [mac || k.startsWith("help.") ? k : shortcut(k), text]).flatMap(entry));
  $("help").showModal();
}

/** Show the options in force. */
export function showOptions(o) {
  $("font-size").textContent = `${Math.round(o.fontSize)}`;
  const choices = [["", t("theme.system")], ...(o.themes ?? []).map((n) => [n, n])];
  if (o.scheme) choices.unshift(["endpoint", t("theme.endpoint")]);
  $("theme").replaceChildren(...choices.map(([value, text]) => new Option(text, value, false, value === o.theme)));
  $("font-family").value = o.fontFamily;
  $("bell").value = o.bell;
  $("drawing").value = o.drawing;
  $("drawing-now").textContent = t(`drawing.now.${o.drawn}`);
  $("ligatures").checked = o.ligatures;
  $("copy-on-select").checked = o.copyOnSelect;
  $("option-is-alt").checked = o.optionIsAlt;
  $("option-row").hidden = !o.mac;
}
