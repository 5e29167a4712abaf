// Package display_test tries the desktop's worker in a real Chromium against a relay
// that follows a script: records go in, pixels of the canvas and records of the
// browser come out.
//
// The tests build nothing: they need the bundle in web/dist (make build). Without it
// or without Chromium they are skipped, except where CI=true.
package display_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	drive "github.com/porthole-rac/porthole/scripts/browser"
	"github.com/porthole-rac/porthole/web"
)

var (
	chromium *drive.Browser
	absent   string // why there is nothing to test
	assets   map[string]struct {
		File string `json:"file"`
	}
	site *httptest.Server
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if text, err := fs.ReadFile(web.Bundle(), "assets.json"); err != nil {
		absent = "there is no bundle; run make build"
	} else if err := json.Unmarshal(text, &assets); err != nil {
		fmt.Fprintln(os.Stderr, "assets.json:", err)
		return 1
	}
	if absent == "" {
		var err error
		if chromium, err = drive.Start(1280, 800); err != nil {
			absent = err.Error()
		} else {
			defer chromium.Close()
		}
	}
	if absent != "" && os.Getenv("CI") == "true" {
		fmt.Fprintln(os.Stderr, "display tests cannot run:", absent)
		return 1
	}
	site = httptest.NewServer(pages())
	defer site.Close()
	return m.Run()
}

// policy is what the real pages have to do with.
const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; " +
	"img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; media-src 'self' blob:"

// pages serves the bundle below / and a page that is nothing but a desktop. Below
// /bare/ the worker finds a browser without WebCodecs.
func pages() http.Handler {
	mux := http.NewServeMux()
	bundle := http.FileServerFS(web.Bundle())
	mux.Handle("/", bundle)
	mux.HandleFunc("/bare/", func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/bare/")
		if name == assets["display-worker.js"].File {
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write([]byte("for (const n of ['ImageDecoder', 'VideoDecoder', 'AudioDecoder']) delete globalThis[n];\n"))
			text, _ := fs.ReadFile(web.Bundle(), name)
			_, _ = w.Write(text)
			return
		}
		http.StripPrefix("/bare", bundle).ServeHTTP(w, r)
	})
	mux.HandleFunc("/ws/", serveScript)
	mux.HandleFunc("/page.html", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!doctype html><canvas id="desktop"></canvas><script type="module" src="/page.js?` + r.URL.RawQuery + `"></script>`))
	})
	mux.HandleFunc("/page.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		folder := "./"
		if r.URL.Query().Has("bare") {
			folder = "./bare/"
		}
		fmt.Fprintf(w, `
import { Display } from "%s";
import { Speaker } from "%s";
const query = new URLSearchParams(location.search);
const canvas = document.getElementById("desktop");
if (query.has("onpage")) HTMLCanvasElement.prototype.transferControlToOffscreen = undefined;
globalThis.told = [];
globalThis.of = (t) => told.filter((m) => m.t === t);
globalThis.display = new Display({
  canvas, url: location.origin.replace("http", "ws") + "/ws/" + query.get("script"), view: { width: 640, height: 400, scale: 1, drive: true },
  hello: { timeZone: "Europe/Berlin", locale: "de-DE" }, resume: null, tell: (m) => told.push(m),
});
display.send({ t: "watch", on: true });
globalThis.speaker = new Speaker(display);
addEventListener("pointerdown", () => speaker.gesture());
globalThis.shot = async () => {
  const bytes = new Uint8Array(await (await display.screenshot()).arrayBuffer());
  let text = "";
  for (const b of bytes) text += String.fromCharCode(b);
  return btoa(text);
};
`, folder+assets["display.js"].File, "./"+assets["audio.js"].File)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		mux.ServeHTTP(w, r)
	})
}
