// A desktop's cursor as the browser's own: it follows the hand without a round trip.

const most = 128; // pixels that every browser takes for a cursor's side (CSS pixels)

/**
 * The CSS cursor for a shape of the desktop. scale is CSS pixels of one pixel of the
 * desktop, ratio the device pixel ratio. A shape that would be too large is made
 * smaller.
 */
export function cursorStyle({ x, y, width, height, pixels }, scale = 1, ratio = 1) {
  if (width === 0 || height === 0) return "none";
  scale = Math.min(scale, most / width, most / height);
  const w = Math.max(1, Math.round(width * scale * ratio)), h = Math.max(1, Math.round(height * scale * ratio));
  const from = canvas(width, height);
  from.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
  let shown = from;
  if (w !== width || h !== height) {
    shown = canvas(w, h);
    const context = shown.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.imageSmoothingEnabled = w < width || !Number.isInteger(w / width);
    context.drawImage(from, 0, 0, w, h);
  }
  const hx = Math.min(Math.round(x * scale), Math.ceil(w / ratio) - 1), hy = Math.min(Math.round(y * scale), Math.ceil(h / ratio) - 1);
  const url = `url("${shown.toDataURL()}")`;
  const image = ratio !== 1 && globalThis.CSS?.supports("cursor", `image-set(${url} ${ratio}x) 0 0, auto`) ? `image-set(${url} ${ratio}x)` : url;
  return `${image} ${Math.max(0, hx)} ${Math.max(0, hy)}, default`;
}

function canvas(width, height) {
  const c = document.createElement("canvas");
  c.width = width;
  c.height = height;
  return c;
}
