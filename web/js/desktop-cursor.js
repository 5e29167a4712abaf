// The machine's pointer: the browser's own cursor in its shape, so that it moves with
// the hand; and a picture of it where the browser's is not to be seen (touchpad mode,
// a caught pointer).

import { cursorStyle } from "./cursor.js";

const area = document.getElementById("desktop");
const own = document.getElementById("pointer");

/** What a machine gets that shows no pointer of its own: better than none. */
const dot = { x: 2, y: 2, width: 5, height: 5, pixels: new Uint8ClampedArray(100) };
for (let i = 0; i < 25; i++) {
  const x = i % 5, y = Math.floor(i / 5), edge = x % 4 === 0 || y % 4 === 0;
  if (x % 4 || y % 4) dot.pixels.set(edge ? [255, 255, 255, 255] : [0, 0, 0, 255], 4 * i);
}

export class Cursor {
  constructor(view) {
    this.view = view;
    this.shape = null; // none was told: the machine draws it into the picture
    this.shown = false; // the picture of it
    this.at = [0, 0];
    view.laidOut = () => this.draw();
  }

  /** A new shape: x, y (hot spot), width, height, pixels (RGBA). */
  set(shape) {
    const transparent = shape.width > 0 && shape.height > 0 && !shape.pixels.some((v, i) => i % 4 === 3 && v > 0);
    this.shape = transparent ? dot : shape;
    own.style.backgroundImage = "";
    this.draw();
  }

  draw() {
    const scale = this.view.scale || 1;
    area.style.cursor = this.shown ? "none" : this.shape ? cursorStyle(this.shape, scale, devicePixelRatio) : "";
    this.drawOwn();
  }

  /** Show the picture of the pointer, or hide it. */
  show(on) {
    if (on === this.shown) return;
    this.shown = on;
    this.draw();
  }

  /** The pointer is at a pixel of the desktop. */
  move(x, y) {
    this.at = [x, y];
    if (this.shown) this.drawOwn();
  }

  drawOwn() {
    const shape = this.shape ?? dot;
    own.hidden = !this.shown || !shape.width || !shape.height;
    if (own.hidden) return;
    if (!own.style.backgroundImage) {
      const c = Object.assign(document.createElement("canvas"), { width: shape.width, height: shape.height });
      c.getContext("2d").putImageData(new ImageData(shape.pixels, shape.width, shape.height), 0, 0);
      own.style.backgroundImage = `url(${c.toDataURL()})`;
    }
    const scale = this.view.scale || 1;
    const size = Math.max(scale, Math.min(1, 16 / shape.height)); // to be seen on a phone
    Object.assign(own.style, {
      width: `${shape.width * size}px`, height: `${shape.height * size}px`,
      transform: `translate(${this.view.left + this.at[0] * scale - shape.x * size}px, ${this.view.top + this.at[1] * scale - shape.y * size}px)`,
    });
  }
}
