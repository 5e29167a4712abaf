// How large the desktop is shown, and where: pixels of the machine's screen on those
// of this one.

const area = document.getElementById("desktop");
const stage = document.getElementById("stage");
const canvas = document.getElementById("picture");
const mostZoom = 8;
const edge = 28; // CSS pixels from the window's edge where the mouse moves a picture that is larger
const fastest = 1.2; // CSS pixels in a millisecond, at the very edge

export class View {
  /** changed gets { width, height (CSS pixels), scale, drive } for the worker. */
  constructor(changed) {
    this.changed = changed;
    this.width = 0; // of the desktop, its pixels
    this.height = 0;
    this.mode = "auto";
    this.canResize = false;
    this.smooth = false;
    this.zoom = 1;
    this.inside = true; // all of it is in the window
    this.push = [0, 0]; // where the mouse moves it to, −1…1
    this.place = null; // of the picture in the window, while it is valid
    this.box = { width: area.clientWidth, height: area.clientHeight };
    new ResizeObserver(([entry]) => {
      const device = entry.devicePixelContentBoxSize?.[0];
      this.exact = device && { width: device.inlineSize, height: device.blockSize };
      this.resized();
    }).observe(area);
    area.addEventListener("scroll", () => { this.place = null; }, { passive: true });
    const watch = () => matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener("change", () => { this.resized(); watch(); }, { once: true });
    watch();
  }

  /** What the worker is told of the window. */
  window() {
    const scale = devicePixelRatio;
    const width = Math.round(area.offsetWidth * scale) / scale, height = Math.round(area.offsetHeight * scale) / scale;
    return { width, height, scale, drive: this.mode === "auto" && this.zoom === 1 };
  }

  resized() {
    this.changed(this.window());
    this.layout();
  }

  /** The desktop has a size. */
  size(width, height) {
    Object.assign(this, { width, height });
    this.layout();
  }

  set(mode, canResize, smooth) {
    Object.assign(this, { mode, canResize, smooth, zoom: 1 });
    this.resized();
  }

  /** CSS pixels for a pixel of the desktop, before zooming. */
  base() {
    const dpr = devicePixelRatio;
    const fit = Math.min(area.offsetWidth / this.width, area.offsetHeight / this.height);
    switch (this.mode) {
      case "one": return 1 / dpr;
      case "integer": return Math.max(1, Math.floor(fit * dpr + 1e-6)) / dpr;
      case "auto":
        // The desktop follows the window: where it has not (yet), it is not enlarged.
        return this.canResize ? Math.min(1 / dpr, fit) : fit;
      default: return fit;
    }
  }

  layout() {
    if (!this.width || !this.height) return;
    const dpr = devicePixelRatio;
    const onDevice = (v) => Math.round(v * dpr) / dpr;
    const scale = this.base() * this.zoom;
    const width = Math.max(1 / dpr, onDevice(this.width * scale)), height = Math.max(1 / dpr, onDevice(this.height * scale));
    const inside = width <= area.offsetWidth + .01 && height <= area.offsetHeight + .01;
    area.classList.toggle("inside", inside);
    this.inside = inside;
    const spaceX = Math.max(0, onDevice((area.clientWidth - width) / 2)), spaceY = Math.max(0, onDevice((area.clientHeight - height) / 2));
    Object.assign(stage.style, { width: `${width + spaceX}px`, height: `${height + spaceY}px` });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px`, left: `${spaceX}px`, top: `${spaceY}px` });
    const perPixel = scale * dpr;
    canvas.classList.toggle("pixels", !this.smooth && perPixel >= 1 && Math.abs(perPixel - Math.round(perPixel)) < 1e-3);
    this.scale = scale;
    this.left = spaceX;
    this.top = spaceY;
    this.place = null;
    this.laidOut?.();
  }

  /** Pixels of the desktop under a place in the window; they may lie outside. */
  at(clientX, clientY) {
    this.place ??= canvas.getBoundingClientRect();
    const { left, top, width, height } = this.place;
    return [(clientX - left) * this.width / (width || 1), (clientY - top) * this.height / (height || 1)];
  }

  /** Where a pixel of the desktop is in the window. */
  from(x, y) {
    this.place ??= canvas.getBoundingClientRect();
    return [this.place.left + x * this.scale, this.place.top + y * this.scale];
  }

  /** Zoom about a place in the window. */
  zoomBy(factor, clientX, clientY) {
    const [x, y] = this.at(clientX, clientY);
    const before = this.zoom;
    this.zoom = Math.max(1, Math.min(mostZoom, this.zoom * factor));
    if (this.zoom === before) return;
    this.layout();
    const box = area.getBoundingClientRect();
    area.scrollLeft = this.left + x * this.scale - (clientX - box.left);
    area.scrollTop = this.top + y * this.scale - (clientY - box.top);
    this.place = null;
    if (before === 1 || this.zoom === 1) this.changed(this.window());
  }

  /** The mouse is at a place in the window: near an edge it moves a picture that is larger. moved runs after each step. */
  nudge(clientX, clientY, moved) {
    const push = (at, size) => Math.max(-1, Math.min(0, at / edge - 1)) || Math.min(1, Math.max(0, 1 - (size - at) / edge));
    this.push = this.inside ? [0, 0] : [push(clientX, area.clientWidth), push(clientY, area.clientHeight)];
    this.moved = moved;
    if ((this.push[0] || this.push[1]) && !this.nudging) {
      this.nudged = performance.now();
      this.nudging = requestAnimationFrame((now) => this.step(now));
    }
  }

  /** The mouse is elsewhere. */
  rest() { this.push = [0, 0]; }

  step(now) {
    this.nudging = 0;
    const [x, y] = this.push, far = fastest * Math.max(0, Math.min(now - this.nudged, 50));
    if (!x && !y) return;
    const { scrollLeft, scrollTop } = area;
    const more = (at, by, most) => by < 0 ? at > 0 : by > 0 && at < most - 1;
    if (!more(scrollLeft, x, area.scrollWidth - area.clientWidth) && !more(scrollTop, y, area.scrollHeight - area.clientHeight)) return;
    if (far > 0) {
      // Whole device pixels, at least one: browsers round places of scrolling.
      const step = (by) => Math.sign(by) * Math.max(Math.abs(by) * far, 1 / devicePixelRatio);
      this.pan(-step(x), -step(y));
      this.nudged = now;
      this.moved();
    }
    this.nudging = requestAnimationFrame((then) => this.step(then));
  }

  /** Move the view as fingers move. */
  pan(dx, dy) {
    area.scrollLeft -= dx;
    area.scrollTop -= dy;
    this.place = null;
  }

  /** Keep a pixel of the desktop in view. */
  follow(x, y) {
    const margin = 32;
    const at = [this.left + x * this.scale - area.scrollLeft, this.top + y * this.scale - area.scrollTop];
    const size = [area.clientWidth, area.clientHeight];
    const move = at.map((v, i) => Math.min(0, v - margin) || Math.max(0, v - (size[i] - margin)));
    if (move[0] || move[1]) this.pan(-move[0], -move[1]);
  }
}
