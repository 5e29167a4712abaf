// Keys that a browser or a phone does not let through: the dialog of combinations and
// the bar above the on-screen keyboard.

import { t } from "./i18n.js";
import { toggle as toggleBar } from "./keybar.js";

const $ = (id) => document.getElementById(id);

/** Combinations by their codes. */
export const combinations = [
  ["Ctrl+Alt+Del", "ControlLeft AltLeft Delete"], ["Super", "MetaLeft"], ["Alt+Tab", "AltLeft Tab"], ["Ctrl+Esc", "ControlLeft Escape"],
  ["Alt+F4", "AltLeft F4"], ["Print", "PrintScreen"], ["Alt+Print", "AltLeft PrintScreen"], ["Ctrl+Shift+Esc", "ControlLeft ShiftLeft Escape"],
  ["Super+L", "MetaLeft KeyL"], ["Super+R", "MetaLeft KeyR"], ["Super+D", "MetaLeft KeyD"], ["Ctrl+W", "ControlLeft KeyW"],
  ["Ctrl+T", "ControlLeft KeyT"], ["Ctrl+N", "ControlLeft KeyN"], ["Ctrl+Alt+⌫", "ControlLeft AltLeft Backspace"], ["Menu", "ContextMenu"],
  ["Esc", "Escape"], ["Tab", "Tab"], ["Insert", "Insert"], ["Pause", "Pause"], ["Scroll Lock", "ScrollLock"], ["Num Lock", "NumLock"],
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((n) => [`F${n}`, `F${n}`]),
  ...[1, 2, 3, 4, 5, 6, 7].map((n) => [`Ctrl+Alt+F${n}`, `ControlLeft AltLeft F${n}`]),
];

/** Install both; events writes for the worker, focus gives the machine the keyboard. */
export function installKeys(events, focus) {
  $("key-grid").replaceChildren(...combinations.map(([, codes]) => {
    const b = Object.assign(document.createElement("button"), { type: "button" });
    b.onclick = () => {
      $("more-keys").close();
      events.combo(codes.split(" "));
    };
    return b;
  }));
  $("more-keys").addEventListener("close", focus);
  $("more-keys").addEventListener("click", (e) => { if (e.target === $("more-keys")) $("more-keys").close(); });
  $("keybar").addEventListener("pointerdown", (e) => e.preventDefault()); // the keyboard stays open
  $("keybar").addEventListener("click", (e) => {
    const b = e.target.closest("button");
    if (!b) return;
    if (b.id === "keyboard-button") return toggleKeyboard();
    if ("keysOpen" in b.dataset) return openKeys();
    if (b.dataset.latch) events.latch(b.dataset.latch, b.getAttribute("aria-pressed") !== "true");
    else events.press(b.dataset.code);
    focus();
  });
  window.visualViewport?.addEventListener("resize", () => toggleBar(null));
  if (matchMedia("(pointer: coarse)").matches) toggleBar(true);
}

export function openKeys() {
  const named = (name) => name.replace("Ctrl", t("key.ctrl")).replace("Shift", t("key.shift")).replace("Del", t("key.del"));
  for (const [i, b] of [...$("key-grid").children].entries()) b.textContent = named(combinations[i][0]);
  $("more-keys").showModal();
  $("key-grid").firstChild.focus();
}

/** Modifiers that stay for the next key: bits as input.Mod… */
export function latched(bits) {
  for (const [i, name] of ["shift", "ctrl", "alt", "meta"].entries()) {
    $("keybar").querySelector(`[data-mod=${name}]`).setAttribute("aria-pressed", Boolean(bits & (1 << i)));
  }
}

/** Open or close a phone's keyboard: it belongs to the field that text goes to. */
export function toggleKeyboard() {
  const typing = $("typing");
  const view = window.visualViewport;
  const open = typing.inputMode !== "none" && document.activeElement === typing && view && innerHeight - view.height > 100;
  typing.inputMode = open ? "none" : "text";
  typing.blur();
  if (!open) typing.focus({ preventScroll: true });
}
