// Where the pages are, and where their relay is. A relay serves My applications at
// its root and the session page at if/rac/TOKEN/. From any other server both are
// plain files, home.html and index.html#TOKEN, and porthole.json beside them names
// the relay; without it the relay is at the same place. Behind the token the address
// may name the protocol, if/rac/TOKEN/#vnc or index.html#TOKEN.vnc: then the page loads
// the right program before it has asked the relay.

const session = location.pathname.match(/^(.*\/)if\/rac\/([^/]+)\/$/);
const onSessionPage = document.body.classList.contains("session");

/** The token of this session page, "" if there is none. */
export const token = session ? session[2] : location.hash.match(/^#([\w-]+)(?:\.\w+)?$/)?.[1] ?? "";

/** Whether the pages are plain files of another server. */
const isPlain = !session && (onSessionPage || location.pathname.endsWith("/home.html"));

/** The address of My applications. */
export const home = new URL(session ? session[1] : isPlain ? "asset:home.html" : "./", location.href).href;

/** The address below which the relay's api/ and ws/ are. */
export async function relay() {
  if (session) return new URL(session[1], location.href);
  if (isPlain) {
    try {
      const r = await fetch("./porthole.json", { cache: "no-cache" });
      if (r.ok) return new URL((await r.json()).relay, location.href);
    } catch { /* the same place */ }
  }
  return new URL("./", location.href);
}

/** The page of a session, from the path that the relay gives and, if known, its protocol. */
export function sessionPage(path, protocol) {
  const plain = new URL(path, location.href).pathname; // it may have a hint already
  const hint = /^[a-z]+$/.test(protocol ?? "") ? protocol : "";
  if (isPlain) return new URL(`./#${plain.split("/").at(-2)}${hint && `.${hint}`}`, location.href);
  return new URL(`.${plain}${hint && `#${hint}`}`, location.href);
}
