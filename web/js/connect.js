// Opening a WebSocket, on the page and in a worker.

/** Opens a WebSocket; null if it does not open in time. It rejects where the browser refuses. */
export async function connect(url, protocols, ms) {
  const ws = new WebSocket(url, protocols);
  ws.binaryType = "arraybuffer";
  const open = await new Promise((resolve) => {
    ws.onopen = () => resolve(true);
    ws.onclose = () => resolve(false);
    ws.onerror = () => resolve(false);
    setTimeout(resolve, ms, false);
  });
  ws.onopen = ws.onclose = ws.onerror = null;
  if (open) return ws;
  ws.close();
  return null;
}
