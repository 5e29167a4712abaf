// Notices at the edge of the page.

import { t } from "./i18n.js";

const shown = 12_000; // ms
const most = 4;

/** Show a notice; action is [label, function]. */
export function show(text, detail, action) {
  const box = document.createElement("div");
  const body = document.createElement("div");
  box.className = "notice";
  body.textContent = text;
  if (detail) {
    const code = document.createElement("code");
    code.textContent = detail;
    body.append(code);
  }
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "✕";
  close.setAttribute("aria-label", t("action.close"));
  close.onclick = () => box.remove();
  box.append(body);
  if (action) {
    const b = document.createElement("button");
    b.type = "button";
    b.className = "act";
    b.textContent = action[0];
    b.onclick = () => { action[1](); box.remove(); };
    box.append(b);
  }
  box.append(close);
  const list = document.getElementById("notices");
  list.append(box);
  while (list.children.length > most) list.firstChild.remove();
  let timer = setTimeout(() => box.remove(), shown);
  box.onpointerenter = () => clearTimeout(timer);
  box.onpointerleave = () => { timer = setTimeout(() => box.remove(), shown / 2); };
}
