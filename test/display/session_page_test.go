package display_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/input"

	"github.com/porthole-rac/porthole/protocol/wire"
	drive "github.com/porthole-rac/porthole/scripts/browser"
	"github.com/porthole-rac/porthole/web"
)

// Where the picture is larger than the window, the mouse near an edge moves it, up to its
// end, and the machine's pointer goes along.
func TestEdgesMoveThePicture(t *testing.T) {
	p := sit(t, plain, 0, 2000, 1500)
	p.choose("[data-do=scaling][data-value=one]")
	p.run(`document.getElementById("menu").hidden || document.getElementById("handle").click()`)
	p.until(`document.getElementById("desktop").scrollWidth > 1900`)
	p.mouse(input.DispatchMouseEventTypeMouseMoved, 600, 400, input.MouseButtonNone, 0)
	size := func() (w, h float64) {
		v, err := drive.Eval[[]float64](p.Page, `(() => { const d = document.getElementById("desktop"); return [d.clientWidth, d.clientHeight]; })()`)
		if err != nil {
			t.Fatal(err)
		}
		return v[0], v[1]
	}
	w, h := size()
	if at, err := drive.Eval[float64](p.Page, `document.getElementById("desktop").scrollLeft`); err != nil || at != 0 {
		t.Fatalf("in the middle it moves to %g, %v", at, err)
	}
	p.mouse(input.DispatchMouseEventTypeMouseMoved, w-2, h-2, input.MouseButtonNone, 0)
	p.until(`(() => { const d = document.getElementById("desktop"); return d.scrollLeft > d.scrollWidth - d.clientWidth - 2 && d.scrollTop > d.scrollHeight - d.clientHeight - 2; })()`)
	last := wire.Pointer{}
	for last.X < 1990 || last.Y < 1490 {
		if err := last.Decode(p.line.next(wire.TypePointer)); err != nil {
			t.Fatal(err)
		}
	}
	p.mouse(input.DispatchMouseEventTypeMouseMoved, 2, 400, input.MouseButtonNone, 0)
	p.until(`document.getElementById("desktop").scrollLeft < 2`)
	p.mouse(input.DispatchMouseEventTypeMouseMoved, 600, 400, input.MouseButtonNone, 0)
	p.choose("[data-do=scaling][data-value=auto]")
}

// No two elements of the page have one name, before and after it is made one program's.
func TestNamesAreUnique(t *testing.T) {
	const twice = `(d) => { const all = [...d.querySelectorAll("[id]")].map((e) => e.id); return all.filter((n, i) => all.indexOf(n) !== i).join(" "); }`
	p := sit(t, plain, 0, 64, 64)
	text, err := fs.ReadFile(web.Bundle(), "index.html")
	if err != nil {
		t.Fatal(err)
	}
	for name, of := range map[string]string{"page": "document", "file": fmt.Sprintf(`new DOMParser().parseFromString(%q, "text/html")`, text)} {
		if got, err := drive.Eval[string](p.Page, "("+twice+")("+of+")"); err != nil || got != "" {
			t.Errorf("%s: twice: %s, %v", name, got, err)
		}
	}
	if n, err := drive.Eval[int](p.Page, `document.querySelectorAll("#settings, #keybar, #layout").length`); err != nil || n != 3 {
		t.Errorf("%d of three, %v", n, err)
	}
}

// The program of a desktop is on its way before its worker is, and comes once.
func TestProgramComesEarly(t *testing.T) {
	if absent != "" {
		t.Skip(absent)
	}
	var mu sync.Mutex
	var order []string
	pages := sessions().Config.Handler
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		if name != "" {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable") // as the relay does
		}
		mu.Lock()
		order = append(order, name)
		mu.Unlock()
		pages.ServeHTTP(w, r)
	}))
	defer s.Close()
	lines := make(chan *line, 4)
	scripts.Store(t.Name(), lines)
	defer scripts.Delete(t.Name())
	page, err := chromium.Page()
	if err != nil {
		t.Fatal(err)
	}
	defer page.Close()
	if err := page.Go(s.URL + "/if/rac/" + t.Name() + "/#vnc"); err != nil {
		t.Fatal(err)
	}
	<-lines // the program runs
	mu.Lock()
	defer mu.Unlock()
	programs, worker := 0, false
	for _, name := range order {
		switch name {
		case assets["display.wasm"].File:
			if programs++; worker {
				t.Error("it is fetched after the worker")
			}
		case assets["display-worker.js"].File:
			worker = true
		}
	}
	if programs != 1 || !worker {
		t.Errorf("%d programs in %v", programs, order)
	}
}
