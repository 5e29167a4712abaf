// Who makes the picture of the terminal: the graphics card by WebGL 2 ("gpu"), or
// the program itself on a 2D canvas ("canvas"). WebGL without a graphics card takes
// longer for each picture than the program does.

const software = /swiftshader|llvmpipe|lavapipe|softpipe|swrast|software|basic render/i;
const fallbackKey = "porthole.drawing";

/** What the person has chosen: "gpu", "canvas" or "" for what fits. */
function chosen() {
  try {
    return JSON.parse(localStorage.getItem("porthole.options"))?.drawing ?? "";
  } catch {
    return "";
  }
}

/** Whether WebGL 2 is there, and with fast, made by a graphics card. */
function webgl(fast) {
  const gl = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: fast });
  if (!gl) return false;
  let name = String(gl.getParameter(gl.RENDERER));
  if (name === "WebKit WebGL") { // Chromium and Safari hide the real one here
    const info = gl.getExtension("WEBGL_debug_renderer_info");
    if (info) name = String(gl.getParameter(info.UNMASKED_RENDERER_WEBGL));
  }
  gl.getExtension("WEBGL_lose_context")?.loseContext(); // contexts are few
  return !fast || !software.test(name);
}

/** Who is to draw. */
export function chooseDrawing() {
  const choice = chosen();
  if (choice === "canvas" || sessionStorage.getItem(fallbackKey)) return "canvas";
  return webgl(choice !== "gpu") ? "gpu" : "canvas";
}

/** WebGL has failed: from now on this tab does without. */
export function fallBack() {
  sessionStorage.setItem(fallbackKey, "canvas");
  location.reload();
}

/** The person has chosen anew. */
export function drawingChanged() {
  sessionStorage.removeItem(fallbackKey);
  if (chooseDrawing() !== globalThis.portholeConfig.drawing) location.reload();
}
