// How this platform writes its keys.

import { t } from "./i18n.js";

export const mac = /^(Mac|iP)/.test(navigator.platform);

/** A shortcut as this platform writes it. */
export function shortcut(keys) {
  return mac ? keys.replace("Ctrl+Shift+", "⌘").replace("Ctrl+", "⌘") : keys.replaceAll("Ctrl", t("key.ctrl")).replaceAll("Shift", t("key.shift"));
}
