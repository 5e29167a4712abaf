// The search bar.

import { t } from "./i18n.js";

const $ = (id) => document.getElementById(id);
const actions = () => globalThis.porthole.ui;

const find = () => actions().search($("search-text").value, { matchCase: $("search-case").checked, regex: $("search-regex").checked });

export function installSearch() {
  $("search-text").addEventListener("input", find);
  $("search-case").addEventListener("change", find);
  $("search-regex").addEventListener("change", find);
  $("search").addEventListener("submit", (e) => { e.preventDefault(); actions().searchNext(-1); });
  $("search").addEventListener("keydown", (e) => {
    if (e.key === "Escape") close();
    else if (e.key === "Enter" && e.shiftKey || e.key === "ArrowDown") actions().searchNext(1);
    else if (e.key === "ArrowUp") actions().searchNext(-1);
    else return;
    e.preventDefault();
  });
  $("search-up").addEventListener("click", () => actions().searchNext(-1));
  $("search-down").addEventListener("click", () => actions().searchNext(1));
  $("search-close").addEventListener("click", close);
}

export function open() {
  const marked = actions().marked?.() ?? "";
  $("search").hidden = false;
  if (marked && !marked.includes("\n")) $("search-text").value = marked;
  $("search-text").focus();
  $("search-text").select();
  if ($("search-text").value) find();
}

function close() {
  $("search").hidden = true;
  actions().searchClose();
}

/** How many finds there are, and which one is chosen. */
export function showSearchResult({ count, index }) {
  const text = $("search-text").value;
  $("search").classList.toggle("wrong", count < 0);
  $("search-count").textContent = !text ? "" : count < 0 ? t("search.wrong") : count ? `${index + 1}/${count}` : t("search.none");
}
