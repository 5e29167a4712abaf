// Texts of the pages. Every element with data-i18n, data-i18n-label or
// data-i18n-placeholder gets its text; t() gives one to scripts.

const files = { en: "asset:en.json", de: "asset:de.json" };
let texts = {};

/** Text of a key, with {0}, {1}… replaced. An unknown key gives itself. */
export function t(key, ...args) {
  return (texts[key] ?? key).replace(/\{(\d)\}/g, (_, n) => args[n] ?? "");
}

/** Whether there is a text for a key. */
export const has = (key) => key in texts;

/** Load the person's language and put its texts into the page. */
export async function translate() {
  const wanted = (navigator.languages ?? [navigator.language]).map((l) => l.slice(0, 2));
  const language = wanted.find((l) => l in files) ?? "en";
  try {
    texts = await (await fetch(new URL(files[language], import.meta.url))).json();
  } catch {
    return; // the page has English texts of its own
  }
  document.documentElement.lang = language;
  for (const e of document.querySelectorAll("[data-i18n]")) e.textContent = t(e.dataset.i18n);
  for (const e of document.querySelectorAll("[data-i18n-label]")) e.setAttribute("aria-label", t(e.dataset.i18nLabel));
  for (const e of document.querySelectorAll("[data-i18n-placeholder]")) e.placeholder = t(e.dataset.i18nPlaceholder);
}
