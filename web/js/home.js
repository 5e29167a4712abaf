// Login and My applications.

import { translate, t } from "./i18n.js";
import { relay, sessionPage } from "./place.js";

const $ = (id) => document.getElementById(id);
const refreshEvery = 5000; // ms
const base = relay();
let endpoints = [];

/** Call the API; an error has code, message and remedy. */
async function call(method, path, body) {
  let response;
  try {
    response = await fetch(new URL(`api/${path}`, await base), {
      method, credentials: "include", headers: body ? { "Content-Type": "application/json" } : {}, body: body && JSON.stringify(body),
    });
  } catch {
    throw { code: "network", message: t("error.network"), remedy: t("error.network.remedy") };
  }
  const answer = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) {
    const wait = Number(response.headers.get("Retry-After"));
    throw { ...answer?.error, status: response.status, wait };
  }
  return answer;
}

function fail(where, e) {
  const box = $(where);
  box.textContent = [e.message, e.wait ? t("login.wait", e.wait) : e.remedy].filter(Boolean).join(" ");
  box.hidden = false;
}

function element(name, text, properties = {}) {
  return Object.assign(document.createElement(name), { textContent: text, ...properties });
}

function showLogin() {
  $("apps").hidden = true;
  $("login").hidden = false;
  $("username").focus();
}

async function showApps() {
  let me;
  try {
    me = await call("GET", "me");
    endpoints = await call("GET", "endpoints");
  } catch (e) {
    if (e.status === 401) return showLogin();
    $("apps").hidden = false;
    return fail("error", e);
  }
  $("login").hidden = true;
  $("apps").hidden = false;
  $("user-name").textContent = me.user.name;
  $("filter").hidden = endpoints.length <= 8;
  showTiles();
  refresh();
  const wanted = new URLSearchParams(location.search);
  const again = wanted.get("again");
  if (wanted.has("resume")) { // taken back from another tab
    history.replaceState(null, "", location.pathname);
    launch(`connections/${encodeURIComponent(wanted.get("resume"))}/resume`);
  } else if (again) {
    history.replaceState(null, "", location.pathname);
    const e = endpoints.find((x) => x.name === again);
    if (e) launch(`endpoints/${e.id}/launch`, e.protocol);
  } else {
    $("tiles").querySelector("button")?.focus();
  }
}

function showTiles() {
  const wanted = $("filter").value.toLowerCase();
  const list = endpoints.filter((e) => `${e.name} ${e.host} ${e.protocol}`.toLowerCase().includes(wanted));
  $("empty").hidden = endpoints.length > 0;
  $("tiles").replaceChildren(...list.map((e) => {
    const li = document.createElement("li");
    const tile = element("button", "", { type: "button", className: "tile" });
    tile.append(element("span", e.protocol, { className: "badge" }), element("strong", e.name), element("span", e.host, { className: "detail" }));
    tile.onclick = (event) => launch(`endpoints/${e.id}/launch`, e.protocol, event.ctrlKey || event.metaKey);
    tile.onauxclick = (event) => event.button === 1 && launch(`endpoints/${e.id}/launch`, e.protocol, true);
    li.append(tile);
    return li;
  }));
}

/** Launch or resume: get a token and go to its page. protocol may be unknown. */
async function launch(path, protocol, newTab) {
  const tab = newTab ? window.open("about:blank") : null;
  try {
    const { url } = await call("POST", path);
    (tab ?? window).location.assign(sessionPage(url, protocol));
  } catch (e) {
    tab?.close();
    if (e.status === 401) return showLogin();
    fail("error", e);
  }
}

/** Show the open connections, again and again while the page is looked at. */
async function refresh() {
  clearTimeout(refresh.timer);
  refresh.timer = setTimeout(refresh, refreshEvery);
  if (document.hidden || $("apps").hidden) return;
  let list;
  try {
    list = await call("GET", "connections");
  } catch (e) {
    if (e.status === 401) showLogin();
    return;
  }
  const key = JSON.stringify(list);
  if (key === refresh.shown) return; // the focus stays where it is
  refresh.shown = key;
  $("open").hidden = list.length === 0;
  $("connections").replaceChildren(...list.map((c) => {
    const li = document.createElement("li");
    const what = element("div", "", { className: "what" });
    const time = (s) => new Date(s).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    const state = c.attached ? t("home.attached") : c.until ? t("home.waiting", time(c.until)) : "";
    what.append(element("strong", c.endpoint), element("span", [c.title, time(c.started), state].filter(Boolean).join(" · "), { className: "detail" }));
    const resume = element("button", t("action.resume"), { type: "button", className: "primary", onclick: () => launch(`connections/${c.id}/resume`, c.protocol) });
    const end = element("button", t("action.end"), { type: "button", className: "danger" });
    end.onclick = async () => {
      end.disabled = true;
      try { await call("DELETE", `connections/${c.id}`); } catch (e) { fail("error", e); }
      setTimeout(refresh, 300);
    };
    li.append(what, resume, end);
    return li;
  }));
}

$("login-form").addEventListener("submit", async (e) => {
  e.preventDefault();
  const button = e.target.querySelector("button");
  button.disabled = true;
  $("login-error").hidden = true;
  try {
    await call("POST", "login", { username: $("username").value, password: $("password").value });
    $("password").value = "";
    await showApps();
  } catch (err) {
    fail("login-error", err);
    $("password").select();
  } finally {
    button.disabled = false;
  }
});

$("logout").addEventListener("click", async () => {
  try { await call("POST", "logout"); } catch { /* logged out already */ }
  location.reload();
});

$("filter").addEventListener("input", showTiles);
$("tiles").addEventListener("keydown", (e) => {
  const tiles = [...$("tiles").querySelectorAll("button")];
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key];
  if (!step) return;
  e.preventDefault();
  tiles[(tiles.indexOf(document.activeElement) + step + tiles.length) % tiles.length].focus();
});

$("change-password").addEventListener("click", () => { $("password-error").hidden = true; $("password-dialog").showModal(); });
$("password-cancel").addEventListener("click", () => $("password-dialog").close());
$("password-form").addEventListener("submit", async (e) => {
  e.preventDefault();
  try {
    await call("POST", "password", { old: $("old-password").value, new: $("new-password").value });
    e.target.reset();
    $("password-dialog").close();
    $("account").open = false;
  } catch (err) {
    fail("password-error", err);
  }
});

document.addEventListener("visibilitychange", () => !document.hidden && refresh());
translate().then(showApps);
