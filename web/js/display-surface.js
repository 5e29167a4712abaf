// A canvas that takes the painting of a desktop. It is opaque and lives in memory:
// most of what comes are pixels that a processor has made, and a copy within it reads
// them again.

export class Surface {
  /** resized is told when the desktop has another size. */
  constructor(canvas, resized) {
    this.canvas = canvas;
    this.resized = resized;
    this.context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
    if (!this.context) throw new Error("no canvas");
    this.context.imageSmoothingEnabled = false;
    this.color = -1;
  }

  /** Paint one thing; memory gives the buffer that pixels lie in. */
  paint(op, memory) {
    const { x, y, w, h } = op;
    switch (op.kind) {
      case "pixels": {
        const pix = op.pix ?? new Uint8ClampedArray(memory(), op.at, 4 * w * h);
        this.context.putImageData(new ImageData(pix, w, h), x, y);
        break;
      }
      case "picture":
        this.picture(op.picture.image, x, y, w, h);
        break;
      case "copy": // never drawn onto itself: that copies the whole canvas first
        this.context.putImageData(this.context.getImageData(op.fromX, op.fromY, w, h), x, y);
        break;
      case "fill":
        if (op.color !== this.color) {
          this.color = op.color;
          this.context.fillStyle = `#${op.color.toString(16).padStart(6, "0")}`;
        }
        this.context.fillRect(x, y, w, h);
        break;
      case "size":
        this.size(w, h);
        break;
    }
  }

  /** A picture, which may be larger by what a JPEG's blocks need. */
  picture(image, x, y, w, h) {
    if (!image || w <= 0 || h <= 0) return;
    if (image.data) this.context.putImageData(image.data, x, y, 0, 0, w, h);
    else this.context.drawImage(image, 0, 0, w, h, x, y, w, h);
  }

  /** A new size; pixels inside both stay. */
  size(w, h) {
    const { canvas, context } = this;
    if (canvas.width !== w || canvas.height !== h) {
      const kw = Math.min(w, canvas.width), kh = Math.min(h, canvas.height);
      const kept = kw > 0 && kh > 0 ? context.getImageData(0, 0, kw, kh) : null;
      canvas.width = w; // forgets pixels and settings
      canvas.height = h;
      context.imageSmoothingEnabled = false;
      this.color = -1;
      if (kept) context.putImageData(kept, 0, 0);
    }
    this.resized(w, h);
  }
}
