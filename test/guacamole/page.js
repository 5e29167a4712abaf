// A page that does with guacamole-common-js what authentik's own page does.
import Guacamole from "./guacamole-common.js";

const query = new URLSearchParams(location.search);
const tunnel = new Guacamole.WebSocketTunnel(`ws://${location.host}/tunnel/${query.get("name")}`);
tunnel.receiveTimeout = 10_000;
const client = new Guacamole.Client(tunnel);
const display = client.getDisplay();
document.querySelector("#display").append(display.getElement());

const page = (globalThis.page = { Guacamole, client, display, state: 0, tunnelState: 0, error: null, name: "", copied: null, sounds: [], syncs: 0, cursor: null, frames: [] });

tunnel.onstatechange = (state) => (page.tunnelState = state);
tunnel.onerror = (status) => (page.error ??= { code: status.code, message: status.message });
client.onerror = (status) => (page.error ??= { code: status.code, message: status.message });
client.onname = (name) => (page.name = name);
client.onsync = () => page.syncs++;
client.onaudio = (stream, type) => {
  const sound = { type, bytes: 0, ended: false };
  page.sounds.push(sound);
  stream.onblob = (data) => (sound.bytes += atob(data).length);
  stream.onend = () => (sound.ended = true);
  return { sync() {} };
};
display.oncursor = (canvas, x, y) => (page.cursor = { width: canvas.width, height: canvas.height, x, y, url: canvas.toDataURL() });
client.onclipboard = (stream, type) => {
  if (type.startsWith("text/")) {
    const reader = new Guacamole.StringReader(stream);
    let data = "";
    reader.ontext = (text) => (data += text);
    reader.onend = () => (page.copied = { type, data });
    return;
  }
  const reader = new Guacamole.BlobReader(stream, type);
  reader.onend = () => (page.copied = { type, size: reader.getBlob().size });
};
client.onstatechange = (state) => {
  page.state = state;
  if (state !== Guacamole.Client.State.CONNECTED) return;
  client.sendSize(innerWidth, innerHeight);
  const mouse = new Guacamole.Mouse(display.getElement());
  mouse.onEach(["mousedown", "mouseup", "mousemove"], (e) => client.sendMouseState(e.state));
};
const keyboard = new Guacamole.Keyboard(document);
keyboard.onkeydown = (sym) => client.sendKeyEvent(1, sym);
keyboard.onkeyup = (sym) => client.sendKeyEvent(0, sym);
addEventListener("resize", () => client.sendSize(innerWidth, innerHeight));

page.move = (x, y) => client.sendMouseState(new Guacamole.Mouse.State({ x, y }));

page.copy = (text) => {
  const stream = client.createClipboardStream("text/plain");
  const writer = new Guacamole.StringWriter(stream);
  writer.sendText(text);
  writer.sendEnd();
};

// pixels gives what is shown, as base64 of RGBA.
page.pixels = () => {
  const layer = display.getDefaultLayer();
  const { data } = layer.getCanvas().getContext("2d").getImageData(0, 0, layer.width, layer.height);
  let text = "";
  for (let i = 0; i < data.length; i += 32768) text += String.fromCharCode(...data.subarray(i, i + 32768));
  return { width: layer.width, height: layer.height, data: btoa(text) };
};

client.connect("screen_dpi=96");
