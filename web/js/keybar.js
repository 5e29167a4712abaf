// The bar of extra keys for phones, above the on-screen keyboard.

const bar = document.getElementById("keybar");
const actions = () => globalThis.porthole.ui;

export function installKeybar() {
  bar.addEventListener("pointerdown", (e) => e.preventDefault()); // the keyboard stays open
  bar.addEventListener("click", (e) => {
    const b = e.target.closest("button");
    if (!b) return;
    if (b.dataset.mod) {
      const on = b.getAttribute("aria-pressed") !== "true";
      b.setAttribute("aria-pressed", on);
      actions().modifier(b.dataset.mod, on);
    } else {
      actions().sendKey({ key: b.dataset.key });
    }
    actions().focus();
  });
  if (matchMedia("(pointer: coarse)").matches) toggle();
  window.visualViewport?.addEventListener("resize", place);
}

/** Show the bar, hide it, or, without a wish, do the other; null only puts it where it belongs. */
export function toggle(wish) {
  if (wish !== null) bar.hidden = typeof wish === "boolean" ? !wish : !bar.hidden;
  place();
}

/** Whether the bar is there. */
export const shown = () => !bar.hidden;

function place() {
  const view = window.visualViewport;
  const below = view ? Math.max(0, innerHeight - view.height - view.offsetTop) : 0;
  bar.style.bottom = `${below}px`;
  const height = below + (bar.hidden ? 0 : bar.offsetHeight);
  document.documentElement.style.setProperty("--keybar-height", `${height}px`);
}

/** Sticky modifiers after they were used. */
export function stickyModifiers({ ctrl, alt }) {
  bar.querySelector("[data-mod=ctrl]").setAttribute("aria-pressed", ctrl);
  bar.querySelector("[data-mod=alt]").setAttribute("aria-pressed", alt);
}
