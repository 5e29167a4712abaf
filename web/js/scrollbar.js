// The scrollbar: where the view is in the scrollback, and a thumb to drag.

const bar = document.getElementById("scrollbar");
const thumb = document.getElementById("thumb");
const actions = () => globalThis.porthole.ui;
const smallest = 24; // pixels
let view = { back: 0, rows: 1, lines: 0 };
let grip = -1; // where the thumb is held, pixels from its top
let timer = 0;

export function installScrollbar() {
  bar.addEventListener("pointerdown", (e) => {
    e.preventDefault(); // the terminal keeps the focus
    bar.setPointerCapture(e.pointerId);
    const box = thumb.getBoundingClientRect();
    grip = e.clientY >= box.top && e.clientY < box.bottom ? e.clientY - box.top : box.height / 2;
    bar.classList.add("held");
    drag(e);
  });
  bar.addEventListener("pointermove", (e) => { if (grip >= 0) drag(e); });
  for (const name of ["pointerup", "pointercancel"]) {
    bar.addEventListener(name, () => {
      grip = -1;
      bar.classList.remove("held");
    });
  }
  bar.addEventListener("wheel", (e) => actions().scrollTo(Math.round(view.back - Math.sign(e.deltaY) * 3)), { passive: true });
}

function drag(e) {
  const box = bar.getBoundingClientRect();
  const room = box.height - thumb.offsetHeight;
  const part = Math.min(1, Math.max(0, (e.clientY - box.top - grip) / room));
  actions().scrollTo(Math.round((1 - part) * view.lines));
}

/** Show where the view is: lines scrolled back, rows seen, lines above the screen. */
export function scrollbar(back, rows, lines) {
  const moved = back !== view.back;
  view = { back, rows, lines };
  bar.hidden = lines === 0;
  if (bar.hidden) return;
  const height = bar.clientHeight;
  const size = Math.max(smallest, height * rows / (rows + lines));
  thumb.style.height = `${size}px`;
  thumb.style.transform = `translateY(${(height - size) * (lines - back) / lines}px)`;
  if (moved) {
    bar.classList.add("moved");
    clearTimeout(timer);
    timer = setTimeout(() => bar.classList.toggle("moved", view.back > 0), 1200);
  }
}
