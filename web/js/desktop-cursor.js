// The machine's pointer: the browser's own cursor in its shape, so that it moves with
// the hand; and a picture of it where the browser's is not to be seen (touchpad mode,
// a caught pointer).

const area = document.getElementById("desktop");
const own = document.getElementById("pointer");
const largest = 128; // CSS pixels; browsers refuse larger cursors
const drawing = document.createElement("canvas");

/** What a machine that shows no pointer of its own gets: better than none. */
const dot = { x: 2, y: 2, width: 5, height: 5 };
dot.pixels = new Uint8ClampedArray(4 * dot.width * dot.height);
for (let y = 0; y < 5; y++) {
  for (let x = 0; x < 5; x++) {
    const inner = x > 0 && x < 4 && y > 0 && y < 4, corner = (x === 0 || x === 4) && (y === 0 || y === 4);
    dot.pixels.set(corner ? [0, 0, 0, 0] : inner ? [0, 0, 0, 255] : [255, 255, 255, 255], 4 * (5 * y + x));
  }
}

export class Cursor {
  constructor(view) {
    this.view = view;
    this.shape = null;
    this.image = null;
    this.shown = false; // the picture of it
    this.at = [0, 0];
    view.laidOut = () => this.draw();
  }

  /** A new shape: x, y (hot spot), width, height, pixels (RGBA). */
  set(shape) {
    const empty = !shape.width || !shape.height;
    const invisible = !empty && !shape.pixels.some((v, i) => i % 4 === 3 && v > 0);
    this.hidden = empty;
    this.shape = empty ? null : invisible ? dot : shape;
    this.image = null;
    if (this.shape) {
      const { width, height, pixels } = this.shape;
      this.image = Object.assign(document.createElement("canvas"), { width, height });
      this.image.getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(pixels), width, height), 0, 0);
    }
    this.draw();
  }

  draw() {
    this.drawCSS();
    this.drawOwn();
  }

  drawCSS() {
    if (this.shown || this.hidden) return void (area.style.cursor = "none");
    if (!this.shape) return void (area.style.cursor = "");
    const dpr = devicePixelRatio, { x, y, width, height } = this.shape;
    const scale = Math.min(this.view.scale || 1, largest / width, largest / height);
    drawing.width = Math.max(1, Math.round(width * scale * dpr));
    drawing.height = Math.max(1, Math.round(height * scale * dpr));
    const g = drawing.getContext("2d");
    g.imageSmoothingEnabled = scale * dpr % 1 !== 0;
    g.drawImage(this.image, 0, 0, drawing.width, drawing.height);
    const url = drawing.toDataURL(), hot = `${Math.round(x * scale)} ${Math.round(y * scale)}`;
    area.style.cursor = `url(${url}) ${hot}, default`; // a browser that does not know image-set
    if (dpr !== 1) area.style.cursor = `image-set(url(${url}) ${dpr}x) ${hot}, default`;
  }

  /** Show the picture of the pointer at a pixel of the desktop, or hide it. */
  show(on) {
    this.shown = on;
    this.draw();
  }

  move(x, y) {
    this.at = [x, y];
    if (this.shown) this.drawOwn();
  }

  drawOwn() {
    own.hidden = !this.shown || this.hidden;
    if (own.hidden) return;
    const shape = this.shape ?? dot, scale = this.view.scale || 1;
    if (own.shape !== shape) {
      own.shape = shape;
      const c = document.createElement("canvas");
      c.width = shape.width;
      c.height = shape.height;
      c.getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(shape.pixels), shape.width, shape.height), 0, 0);
      own.style.backgroundImage = `url(${c.toDataURL()})`;
    }
    const size = Math.max(scale, 12 / shape.height); // to be seen on a phone
    Object.assign(own.style, {
      width: `${shape.width * size}px`, height: `${shape.height * size}px`,
      transform: `translate(${this.view.left + this.at[0] * scale - shape.x * size}px, ${this.view.top + this.at[1] * scale - shape.y * size}px)`,
    });
  }
}
