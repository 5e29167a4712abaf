package browser_test

import (
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	drive "github.com/porthole-rac/porthole/scripts/browser"
)

// The tests' Chromium makes WebGL by software, so that pages draw on a 2D canvas
// of themselves. What a person sees is tried with the graphics card's presenter,
// too.

// options are what every document of a tab finds as the person's choice.
func (b *tab) options(json string) {
	b.t.Helper()
	b.script(fmt.Sprintf(`localStorage.setItem("porthole.options", %q)`, json))
	b.t.Cleanup(func() { // it is that of all tabs
		_, _ = drive.Eval[bool](b.Page, `globalThis.porthole?.disconnect(), localStorage.clear(), true`)
	})
}

// openDrawn opens a tab for this test alone that draws in a way.
func openDrawn(t *testing.T, drawing string) *tab {
	t.Helper()
	b := newTab(t)
	b.options(fmt.Sprintf(`{"drawing":%q}`, drawing))
	b.emulate(chromedp.EmulateViewport(1280, 800))
	b.launch()
	if got := eval[string](b, "porthole.stats().drawing"); got != drawing {
		t.Fatalf("it is drawn by %s", got)
	}
	return b
}

// eachDrawing runs a test with either presenter.
func eachDrawing(t *testing.T, f func(b *tab)) {
	t.Run("canvas", func(t *testing.T) {
		b := open(t)
		if got := eval[string](b, "porthole.stats().drawing"); got != "canvas" {
			t.Fatalf("it is drawn by %s", got)
		}
		f(b)
	})
	t.Run("gpu", func(t *testing.T) { f(openDrawn(t, "gpu")) })
}

// fakeCard makes WebGL look as if a graphics card made it.
const fakeCard = `HTMLCanvasElement.prototype.getContext = (real => function (kind, o) {
		return real.call(this, kind, o && {...o, failIfMajorPerformanceCaveat: false}); })(HTMLCanvasElement.prototype.getContext);
	WebGL2RenderingContext.prototype.getParameter = (real => function (name) {
		return [0x1f01, 0x9246].includes(name) ? %q : real.call(this, name); })(WebGL2RenderingContext.prototype.getParameter)`

func TestWhoDraws(t *testing.T) {
	for _, c := range []struct {
		name, options, script string
		noWebGL               bool
		want                  string
	}{
		{"software WebGL", "{}", "", false, "canvas"},
		{"chosen", `{"drawing":"gpu"}`, "", false, "gpu"},
		{"graphics card", "{}", fmt.Sprintf(fakeCard, "GeForce"), false, "gpu"},
		{"known software", "{}", fmt.Sprintf(fakeCard, "llvmpipe (LLVM 15.0.6)"), false, "canvas"},
		{"graphics card, not wanted", `{"drawing":"canvas"}`, fmt.Sprintf(fakeCard, "GeForce"), false, "canvas"},
		{"no WebGL", "{}", "", true, "canvas"},
		{"chosen, but no WebGL", `{"drawing":"gpu"}`, "", true, "canvas"},
		{"nonsense stored", `[`, "", false, "canvas"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTab(t)
			b.options(c.options)
			if c.script != "" {
				b.script(c.script)
			}
			if c.noWebGL {
				b.blockWebGL()
			}
			b.emulate(chromedp.EmulateViewport(1280, 800))
			b.launch()
			if got := eval[string](b, "porthole.stats().drawing"); got != c.want {
				t.Errorf("it is drawn by %s, want %s", got, c.want)
			}
			b.printf(`\e[?25l\e[41m  `)
			b.wantColor(1, 0, .5, .5, lightRed)
			if n := eval[int](b, `document.querySelectorAll("body > canvas").length`); n != 1 {
				t.Errorf("the page has %d canvases", n)
			}
		})
	}
}

// TestDrawingSetting: another choice loads the page anew, and the shell goes on.
func TestDrawingSetting(t *testing.T) {
	b := openOwn(t)
	t.Cleanup(func() { _, _ = drive.Eval[bool](b.Page, "localStorage.clear(), true") })
	b.shell("X=kept")
	choose := func(value, says, drawn string) {
		t.Helper()
		b.do(`globalThis.old = true, document.getElementById("handle").click(), document.querySelector("[data-do=settings]").click()`)
		if got := eval[string](b, `document.getElementById("drawing-now").innerText`); !strings.Contains(got, says) {
			t.Errorf("the settings say %q", got)
		}
		b.shot("settings-drawing-" + drawn)
		b.do(`document.getElementById("drawing").value = %q, document.getElementById("drawing").dispatchEvent(new Event("change"))`, value)
		b.until(fmt.Sprintf(`!globalThis.old && globalThis.porthole?.state == "connected" && porthole.stats().drawing == %q`, drawn))
		b.send("clear; echo $X\r")
		b.shows("kept\n")
	}
	choose("gpu", "software draws", "gpu")
	choose("", "graphics card draws", "canvas")
	// What draws already stays.
	b.do(`globalThis.old = true, porthole.ui.set("drawing", "canvas")`)
	b.do(`document.getElementById("handle").click(), document.querySelector("[data-do=settings]").click()`)
	if got := eval[string](b, `document.getElementById("drawing").value`); got != "canvas" {
		t.Errorf("the settings show %q", got)
	}
	b.do(`document.getElementById("settings").close()`)
}

// TestLostGraphics: the page comes back by itself; where that does not help, it
// does without the graphics card.
func TestLostGraphics(t *testing.T) {
	b := openDrawn(t, "gpu")
	b.shell("echo before")
	lose := func() {
		t.Helper()
		b.do(`globalThis.old = true, document.querySelector("body > canvas").getContext("webgl2").getExtension("WEBGL_lose_context").loseContext()`)
		b.until(`!globalThis.old && globalThis.porthole?.state == "connected"`)
		b.shows("before")
	}
	lose()
	if got := eval[string](b, "porthole.stats().drawing"); got != "gpu" {
		t.Errorf("after one loss it is drawn by %s", got)
	}
	lose()
	lose()
	lose()
	if got := eval[string](b, "porthole.stats().drawing"); got != "canvas" {
		t.Errorf("after four losses it is drawn by %s", got)
	}
	b.send("clear; printf '\\e[?25l\\e[41m   '; read -s x\r")
	b.wantColor(1, 0, .5, .5, lightRed)
	b.send("\r")
}

// everything is a screen with all that can be drawn.
func everything(w, h int) string {
	kitty := func(keys, payload string) string { return "\x1b_G" + keys + ",q=2;" + payload + "\x1b\\" }
	blue := encoded(color.RGBA{0, 0, 255, 255}, asPNG)
	checks := make([]byte, 0, 4*64)
	for i := range 64 {
		checks = append(checks, byte(4*i), byte(255-4*i), 255*byte((i+i/8)%2), byte(100+2*i))
	}
	var s strings.Builder
	s.WriteString("\x1b[2 q")
	for i := range 16 {
		fmt.Fprintf(&s, "\x1b[48;5;%dm \x1b[38;5;%dmAg\x1b[m", i, 15-i)
	}
	s.WriteString("\r\n")
	for i := range 64 {
		fmt.Fprintf(&s, "\x1b[48;2;%d;%d;%dm\x1b[38;2;%d;%d;128mx", 4*i, 255-4*i, 128, 255-4*i, 2*i)
	}
	s.WriteString("\x1b[m\r\n\x1b[1mbold \x1b[3mboth\x1b[22m italic\x1b[m \x1b[2mfaint\x1b[m \x1b[7minverse\x1b[m \x1b[8mhidden\x1b[m \x1b[9mstrike\x1b[m \x1b[53moverline\x1b[m\r\n")
	for i := 1; i <= 5; i++ {
		fmt.Fprintf(&s, "\x1b[4:%dmunderline %d\x1b[58;2;255;0;0m red\x1b[m ", i, i)
	}
	s.WriteString("\r\n漢字かな 한글 🙂🚀 é ñ ß Ω я א → ≠ <= => != ->\r\n")
	s.WriteString("┌─┬─┐╔═╦═╗╭─╮ ▀▄█▌▐░▒▓ ⣿⡇⢸ \ue0b0\ue0b2 ╱╲╳\r\n│ │ │║ ║ ║│ │\r\n└─┴─┘╚═╩═╝╰─╯\r\n")
	s.WriteString("find me, and me again\r\n\x1b]8;;https://example.org/\x1b\\a link\x1b]8;;\x1b\\\r\n")
	fmt.Fprintf(&s, "\x1bP0;0q\"1;1;%d;%d#1;2;100;0;0#2;2;0;100;0", 4*w, h)
	s.WriteString(strings.Repeat(fmt.Sprintf("#1!%d~#2!%d~-", 2*w, 2*w), (h+5)/6) + "\x1b\\\r\n")
	// Below the text, below backgrounds, above all; larger, smaller, a part of it.
	pictures := base64.StdEncoding.EncodeToString(checks)
	s.WriteString("\x1b[41mon red\x1b[m plain █ find me\r" + kitty("a=T,f=100,i=1,c=12,r=1,z=-1", blue) + "\r\n")
	s.WriteString("\x1b[41mon red\x1b[m plain █ find me\r" + kitty("a=T,f=32,s=8,v=8,i=2,c=12,r=1,z=-2000000000", pictures) + "\r\n")
	s.WriteString("text below\r" + kitty("a=T,f=32,s=8,v=8,i=3,c=12,r=3", pictures) + "\r\n" + kitty("a=T,f=32,s=8,v=8,i=4,c=1,r=1", pictures) +
		"  " + kitty("a=T,f=32,s=8,v=8,x=2,y=3,w=4,h=4,i=5,c=7,r=2", pictures) + "\r\n" + kitty("a=T,f=32,s=8,v=8,i=6", pictures))
	s.WriteString("\r\nshown\r\n")
	return s.String()
}

// TestBothDrawTheSame compares the pixels of the two presenters.
func TestBothDrawTheSame(t *testing.T) {
	b := openOwn(t)
	t.Cleanup(func() { _, _ = drive.Eval[bool](b.Page, "localStorage.clear(), true") })
	w, h := b.cellSize()
	b.cat(everything(int(w), int(h)))
	b.key("Shift", "ShiftLeft", 0) // no cursor in phase
	for _, c := range []struct{ name, setUp string }{
		{"focused", `porthole.ui.focus()`},
		{"found", `porthole.ui.search("find me", {})`},
		{"not focused", `porthole.ui.searchClose(), document.getElementById("keys").blur()`},
		{"marked", `porthole.ui.selectAll()`},
		{"dark", `porthole.ui.set("theme", "Porthole dark"), porthole.ui.set("ligatures", true)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := &tab{b.Page, t}
			var pictures [2]image.Image
			for i, drawing := range []string{"canvas", "gpu"} {
				if eval[string](b, "porthole.stats().drawing") != drawing {
					b.do(`globalThis.old = true, porthole.ui.set("drawing", %q), location.reload()`, drawing)
					b.until(fmt.Sprintf(`!globalThis.old && globalThis.porthole?.state == "connected" && porthole.stats().drawing == %q`, drawing))
					b.shows("shown")
				}
				b.do(c.setUp)
				// Nothing of the page lies over the terminal, and all glyphs and pictures are there.
				b.do(`document.head.append(Object.assign(document.createElement("style"), { textContent: "body > :not(canvas, #terminal) { visibility: hidden !important }" }))`)
				b.settled()
				pictures[i] = b.picture()
				b.shot("drawn-" + strings.ReplaceAll(c.name, " ", "-") + "-" + drawing)
			}
			different, most := 0, 0
			for y := range pictures[0].Bounds().Dy() {
				for x := range pictures[0].Bounds().Dx() {
					d := distance(pictures[0].At(x, y), pictures[1].At(x, y))
					if most = max(most, d); d > 3 {
						if different++; different < 10 {
							t.Errorf("at %d,%d: canvas %v, gpu %v", x, y, pictures[0].At(x, y), pictures[1].At(x, y))
						}
					}
				}
			}
			if different > 0 {
				t.Errorf("%d pixels differ, by at most %d", different, most)
			}
		})
	}
}

// settled waits until the page paints nothing more.
func (b *tab) settled() {
	b.t.Helper()
	last, same := -1.0, 0
	b.eventually("rest", func() bool {
		n := eval[float64](b, `new Promise(done => setTimeout(() => done(porthole.stats().framesPainted), 50))`)
		if n != last {
			last, same = n, 0
		} else {
			same++
		}
		return same >= 3
	})
}

func distance(a, b color.Color) int {
	r1, g1, b1, _ := a.RGBA()
	r2, g2, b2, _ := b.RGBA()
	d := func(x, y uint32) int { return max(int(x>>8)-int(y>>8), int(y>>8)-int(x>>8)) }
	return max(d(r1, r2), d(g1, g2), d(b1, b2))
}
