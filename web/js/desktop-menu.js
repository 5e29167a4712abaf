// What the menu of a desktop has, shows and does.

import { t } from "./i18n.js";
import { porthole } from "./api.js";
import { confirm } from "./dialogs.js";
import { commonCommands, installMenu, menuConnected } from "./menu.js";
import { show as showNotice } from "./notices.js";
import { toggle as toggleBar, shown as barShown } from "./keybar.js";
import { openKeys, toggleKeyboard } from "./desktop-keys.js";
import { get, openSettings, set } from "./desktop-settings.js";
import { shortcut } from "./shortcut.js";

const $ = (id) => document.getElementById(id);
const touch = matchMedia("(any-pointer: coarse)").matches;

/** wire.DesktopAbilities. */
export const ability = { resize: 1, scanCodes: 2, backForward: 4, clipText: 8, clipHTML: 16, clipImage: 32, shutdown: 64, reboot: 128, reset: 256, sound: 512 };

/** Install the menu of a session (desktop.js). */
export function installDesktopMenu(session) {
  const { input, clipboard } = session;
  const press = (button, on) => button.setAttribute("aria-pressed", on);
  const choose = (name) => (item) => set(name, typeof get(name) === "number" ? Number(item.dataset.value) : item.dataset.value);
  installMenu({
    commands: {
      ...commonCommands,
      combo: (item) => input.events.combo(item.dataset.codes.split(" ")),
      keys: openKeys,
      keyboard: toggleKeyboard,
      keybar: () => toggleBar(),
      touchpad: () => set("touchpad", !get("touchpad")),
      lock: () => input.catchPointer(!document.pointerLockElement),
      copyRemote: () => clipboard.byHand(),
      sendClipboard: async () => {
        const text = await clipboard.read() ?? await askText("clipboard.give", "clipboard.giveWhy", "action.send");
        if (text && clipboard.give("text/plain", text)) showNotice(t("clipboard.given"), "");
      },
      typeClipboard: async () => {
        const text = await clipboard.read() ?? await askText("clipboard.type", "clipboard.typeWhy", "action.type");
        if (text) session.type(text);
      },
      scaling: choose("scaling"),
      quality: choose("quality"),
      mute: () => set("mute", !get("mute")),
      screenshot: () => session.saveScreenshot(),
      settings: openSettings,
      help: openHelp,
      power: async (item) => {
        const action = Number(item.dataset.value);
        if (await confirm({ title: t(`power.ask.${action}`), why: t("power.why"), yes: t(`power.yes.${action}`), careful: true })) session.power(action);
        session.focus();
      },
    },
    takesFocus: ["keys", "keyboard", "settings", "help", "power", "sendClipboard", "typeClipboard"],
    stays: ["scaling", "quality", "mute", "touchpad"],
    opened: show,
    looked: figures,
  });
  $("volume").addEventListener("input", (e) => { set("volume", Number(e.target.value)); if (get("mute")) set("mute", false); });
  $("volume").addEventListener("keydown", (e) => { if (["ArrowLeft", "ArrowRight"].includes(e.key)) e.stopPropagation(); });

  function show() {
    for (const name of ["scaling", "quality"]) {
      for (const b of document.querySelectorAll(`#menu [data-do=${name}]`)) press(b, b.dataset.value === String(get(name)));
    }
    press($("mute"), get("mute"));
    press($("keybar-switch"), barShown());
    press($("touchpad-switch"), get("touchpad"));
    press($("lock-switch"), Boolean(document.pointerLockElement));
    $("volume").value = get("volume");
    $("touchpad-switch").hidden = $("keyboard-switch").hidden = !touch;
    $("lock-switch").hidden = !document.body.requestPointerLock || matchMedia("(pointer: coarse)").matches;
    $("copy-remote").disabled = clipboard.copyOff || !clipboard.any;
    info();
  }

  /** What the machine is and can. */
  function info() {
    const i = session.info;
    const can = i?.abilities ?? 0;
    $("protection").hidden = !i;
    if (i) {
      $("protection").textContent = [t(`protection.${i.protection}`), [i.security, i.server].filter(Boolean).join(", ")].filter(Boolean).join(" – ");
      $("protection").className = `detail protection ${["none", "some", "some", ""][i.protection] ?? "none"}`;
    }
    for (const [value, bit] of [[1, ability.shutdown], [2, ability.reboot], [3, ability.reset]]) {
      document.querySelector(`#menu [data-do=power][data-value="${value}"]`).hidden = !(can & bit);
    }
    $("sound-row").hidden = !(can & ability.sound);
  }

  /** Where the milliseconds go. */
  async function figures() {
    const s = await session.figures();
    if (!s || $("menu").hidden) return;
    const ms = (v, least = 0) => (v > least ? `${v < 10 ? v.toFixed(1) : Math.round(v)} ms` : "–");
    const frames = Math.max(1, s.framesPainted);
    const rows = [
      ["figures.key", ms(s.keyToPaint?.p50 ?? 0)], ["figures.relay", ms(s.rtt)], ["figures.host", ms(s.targetRtt ?? 0)],
      ["figures.decode", ms((s.decodeMs ?? 0) / frames)], ["figures.paint", ms((s.paintMs ?? 0) / frames)],
    ];
    $("figures").hidden = false;
    $("figures").replaceChildren(...rows.flatMap(([name, value]) => [
      Object.assign(document.createElement("dt"), { textContent: t(name) }), Object.assign(document.createElement("dd"), { textContent: value }),
    ]));
  }

  return {
    show,
    connected(c) {
      menuConnected(c);
      info();
    },
    info() { if (!$("menu").hidden) show(); },
  };
}

/** Ask for a text where the browser does not show its clipboard: it is pasted by hand. */
function askText(title, why, yes) {
  const box = $("text-box");
  $("text-box-title").textContent = t(title);
  $("text-box-why").textContent = t(why, shortcut("Ctrl+V"));
  $("text-box-yes").textContent = t(yes);
  $("text-box-text").value = "";
  box.returnValue = "no";
  return new Promise((resolve) => {
    box.addEventListener("close", () => {
      const text = $("text-box-text").value;
      $("text-box-text").value = "";
      resolve(box.returnValue === "yes" ? text : null);
      porthole.ui.focus();
    }, { once: true });
    box.showModal();
    $("text-box-text").focus();
  });
}

const help = [
  ["Ctrl+Shift+M", "menu.title"], ["help.pasteKey", "help.paste"], ["help.tapKey", "help.tap"], ["help.longKey", "help.long"], ["help.twoKey", "help.two"],
  ["help.pinchKey", "help.pinch"], ["help.threeKey", "help.three"], ["help.fullKey", "help.full"],
];

function openHelp() {
  $("help-keys").replaceChildren(...help.flatMap(([key, text]) => [
    Object.assign(document.createElement("dt"), { textContent: key.startsWith("help.") ? t(key) : shortcut(key) }),
    Object.assign(document.createElement("dd"), { textContent: t(text) }),
  ]));
  $("help").showModal();
}
