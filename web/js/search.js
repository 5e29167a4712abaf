// The search bar.

import { t } from "./i18n.js";

const $ = (id) => document.getElementById(id);
const actions = () => globalThis.porthole.ui;

export function installSearch() {
  const find = () => actions().search($("search-text").value, { matchCase: $("search-case").checked, regex: $("search-regex").checked });
  $("search-text").addEventListener("input", find);
  $("search-case").addEventListener("change", find);
  $("search-regex").addEventListener("change", find);
  $("search").addEventListener("submit", (e) => { e.preventDefault(); actions().searchNext(-1); });
  $("search").addEventListener("keydown", (e) => {
    if (e.key === "Escape") close();
    if (e.key === "Enter" && e.shiftKey) { e.preventDefault(); actions().searchNext(1); }
  });
  $("search-up").addEventListener("click", () => actions().searchNext(-1));
  $("search-down").addEventListener("click", () => actions().searchNext(1));
  $("search-close").addEventListener("click", close);
}

export function open() {
  $("search").hidden = false;
  $("search-text").focus();
  $("search-text").select();
}

function close() {
  $("search").hidden = true;
  actions().searchClose();
}

/** How many finds there are, and which one is chosen. */
export function showSearchResult({ count, index }) {
  const text = $("search-text").value;
  $("search-count").textContent = !text ? "" : count < 0 ? t("search.wrong") : count ? `${index + 1}/${count}` : t("search.none");
}
