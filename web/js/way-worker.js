// The worker's side of way.js: the page has the tunnel and decides; a direct WebSocket is
// opened here, where its messages are needed, and what goes through the tunnel comes by a
// MessagePort.
//
// To the page: dial id (a socket is wanted), opened id ok (the answer to open).
// From the page: open id url protocols ms; dialed id, with port for the tunnel, and error
// when there is no way.

import { connect } from "./connect.js";

export class WorkerWay {
  constructor(tell) {
    this.tell = tell;
    this.id = 0;
    this.ws = null; // opened for the dial that runs
  }

  /** A socket for wire, as the program's link asks for it. */
  dial() {
    this.refuse?.(new Error("dialled again"));
    this.ws = null;
    this.id++;
    this.tell({ t: "dial", id: this.id });
    return new Promise((resolve, reject) => {
      this.accept = resolve;
      this.refuse = reject;
    });
  }

  async open({ id, url, protocols, ms }) {
    const ws = await connect(url, protocols, ms).catch(() => null);
    if (id !== this.id) return ws?.close();
    this.ws = ws;
    ws?.addEventListener("close", () => this.tell({ t: "directClosed", id }));
    this.tell({ t: "opened", id, ok: Boolean(ws) });
  }

  dialed({ id, port, error }) {
    if (id !== this.id) return;
    if (error) this.refuse(new Error(error));
    else this.accept(port ? new PortSocket(port) : this.ws);
    this.accept = this.refuse = null;
  }
}

/** As much of a WebSocket as the program uses, over a MessagePort to the page. */
class PortSocket extends EventTarget {
  constructor(port) {
    super();
    this.port = port;
    this.protocol = "porthole.v1";
    port.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) this.dispatchEvent(new MessageEvent("message", { data }));
      else this.end(data.code);
    };
  }

  send(bytes) {
    const copy = bytes.slice().buffer;
    this.port.postMessage(copy, [copy]);
  }

  close() {
    this.port.postMessage("close");
    this.end(1000);
  }

  end(code) {
    this.port.close();
    this.dispatchEvent(new CloseEvent("close", { code }));
  }
}

/** The page's side: joins a socket of the tunnel with a port for the worker. */
export function join(socket) {
  const { port1, port2 } = new MessageChannel();
  socket.addEventListener("message", ({ data }) => port1.postMessage(data, [data]));
  socket.addEventListener("close", ({ code }) => port1.postMessage({ code }));
  port1.onmessage = ({ data }) => {
    if (data === "close") {
      socket.close();
      port1.close();
    } else socket.send(new Uint8Array(data));
  };
  return port2;
}
