package browser_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	drive "github.com/porthole-rac/porthole/scripts/browser"
)

// Colours of the theme that a light system gets.
const (
	lightBack = 0xfbfcfd
	lightText = 0x22272e
	lightRed  = 0xb8201a
	lightBlue = 0x0a5fb4
)

// TestCells looks at the pixels of cells.
func TestCells(t *testing.T) { eachDrawing(t, testCells) }

func testCells(b *tab) {
	t := b.t
	b.printf(`\e[?25l` + // no cursor
		`\e[41m \e[0m\e[48;2;1;2;3m \e[0m\e[48;5;21m \e[0m\e[7m \e[0m` + // row 0: backgrounds
		`\r\n█▀▄▌▐░│─┼╔⣿` + // row 1: drawn by code
		`\r\n\e[31m█\e[0m\e[1;34m█\e[0m\e[38;2;10;200;30m█` + // row 2: text colours
		`\e[0m\r\n\e[4m  \e[0m\e[4:3m  \e[0m\e[58;2;255;0;0;4m  \e[0m\e[9m  \e[0m\e[53m  \e[0m` + // row 3: lines
		`\r\n漢🙂x`) // row 4: wide
	at := func(col, row int, fx, fy float64, want uint32) {
		t.Helper()
		b.wantColor(col, row, fx, fy, want)
	}
	at(0, 0, .5, .5, lightRed)
	at(1, 0, .5, .5, 0x010203)
	at(2, 0, .5, .5, 0x0000ff)
	at(3, 0, .5, .5, lightText)
	at(4, 0, .5, .5, lightBack)
	at(0, 1, .02, .02, lightText) // █ fills its cell to the edge
	at(0, 1, .97, .97, lightText)
	at(1, 1, .5, .2, lightText) // ▀
	at(1, 1, .5, .8, lightBack)
	at(2, 1, .5, .2, lightBack) // ▄
	at(2, 1, .5, .8, lightText)
	at(3, 1, .2, .5, lightText) // ▌
	at(3, 1, .8, .5, lightBack)
	at(6, 1, .44, .02, lightText) // │ from edge to edge
	at(6, 1, .44, .97, lightText)
	at(7, 1, .02, .47, lightText) // ─
	at(7, 1, .97, .47, lightText)
	at(0, 2, .5, .5, lightRed)
	at(1, 2, .5, .5, 0x084d94) // bold is bright
	at(2, 2, .5, .5, 0x0ac81e)
	m := b.picture()
	seen := func(col, row int, want uint32) bool {
		for i := range 40 {
			if near(b.color(m, col, row, .5, float64(i)/40), want) {
				return true
			}
		}
		return false
	}
	for name, ok := range map[string]bool{
		"underline":          seen(0, 3, lightText),
		"curly underline":    seen(2, 3, lightText) || seen(3, 3, lightText),
		"coloured underline": seen(4, 3, 0xff0000),
		"strike-through":     seen(6, 3, lightText),
		"overline":           seen(8, 3, lightText),
	} {
		if !ok {
			t.Errorf("there is no %s", name)
		}
	}
	// A wide character takes two cells, with x after both of them.
	if text := strings.Split(eval[string](b, "porthole.text()"), "\n")[4]; text != "漢🙂x" {
		t.Errorf("row 4 is %q", text)
	}
	for col, name := range []string{"漢", "漢, right half", "🙂", "🙂, right half", "x"} {
		different := false
		for i := range 400 {
			if !near(b.color(m, col, 4, float64(i%20)/20, float64(i/20)/20), lightBack) {
				different = true
			}
		}
		if !different {
			t.Errorf("nothing is drawn for %s", name)
		}
	}
	b.shot("cells")
	b.send("\r")
	b.shell(`printf '\e[?25h'`)
}

func TestCursorStyles(t *testing.T) { eachDrawing(t, testCursorStyles) }

func testCursorStyles(b *tab) {
	const cursor = 0x0a5fb4
	b.send("clear; printf '\\e[2 q'; read -s x\r")
	b.until(`porthole.text().trim() == ""`)
	b.wantColor(0, 0, .5, .5, cursor)
	b.send("\r")
	b.send("clear; printf '\\e[6 q'; read -s x\r")
	b.until(`porthole.text().trim() == ""`)
	b.wantColor(0, 0, .05, .5, cursor)
	b.wantColor(0, 0, .6, .5, lightBack)
	b.send("\r")
	b.send("clear; printf '\\e[4 q'; read -s x\r")
	b.until(`porthole.text().trim() == ""`)
	b.wantColor(0, 0, .5, .97, cursor)
	b.wantColor(0, 0, .5, .4, lightBack)
	b.do(`document.getElementById("keys").blur()`)
	b.wantColor(0, 0, .03, .5, cursor) // hollow
	b.wantColor(0, 0, .5, .5, lightBack)
	b.do("porthole.ui.focus()")
	b.send("\r")
}

func TestThemes(t *testing.T) {
	b := openOwn(t)
	b.printf(`\e[?25l`)
	system := func(scheme string) {
		t.Helper()
		_, err := drive.Call(b.Page, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		b.must(err)
	}
	system("light")
	b.wantColor(5, 5, .5, .5, lightBack)
	system("dark")
	b.wantColor(5, 5, .5, .5, 0x12161c)
	b.do(`porthole.ui.set("theme", "Sepia")`)
	b.wantColor(5, 5, .5, .5, 0xf7f0e1)
	system("light")
	b.wantColor(5, 5, .5, .5, 0xf7f0e1)
	b.do(`porthole.ui.set("theme", "")`)
	b.wantColor(5, 5, .5, .5, lightBack)
	if got := eval[string](b, `getComputedStyle(document.body).backgroundColor`); got != "rgb(251, 252, 253)" {
		t.Errorf("around the terminal it is %s", got)
	}
	b.send("\r")
	b.printf(`\e]11;#102030\a\e[?25l`)
	b.wantColor(5, 5, .5, .5, 0x102030)
	b.until(`getComputedStyle(document.body).backgroundColor == "rgb(16, 32, 48)"`)
	b.send("\r")
	b.shell(`printf '\e]111\a\e[?25h'`)
}

func TestEndpointSchemes(t *testing.T) {
	b := newTab(t)
	b.emulate(chromedp.EmulateViewport(900, 500))
	for name, tt := range map[string]struct {
		scheme string
		want   uint32
	}{
		"black on white": {"black-white", 0xffffff},
		"green on black": {"green-black", 0},
		"of its own":     {"background:rgb:12/34/56;foreground:rgb:ff/ff/ff", 0x123456},
	} {
		scheme, want := tt.scheme, tt.want
		if _, err := server.Run("", "endpoint", "add", name, "--protocol", "ssh", "--host", "127.0.0.1:1", "--set", "color-scheme="+scheme); err != nil {
			t.Fatal(err)
		}
		defer func() { _, _ = server.Run("", "endpoint", "rm", name) }()
		b.must(b.Do(chromedp.Navigate(server.URL)))
		b.must(b.Launch(name))
		b.until(`["prompting", "ended"].includes(porthole.state)`)
		style := eval[string](b, `getComputedStyle(document.documentElement).getPropertyValue("--terminal-background")`)
		var got uint32
		for _, c := range strings.TrimPrefix(style, "#") {
			got = got<<4 | uint32(strings.IndexRune("0123456789abcdef", c))
		}
		if got != want {
			t.Errorf("%s: the background is %06x, want %06x", scheme, got, want)
		}
	}
}

func TestZoom(t *testing.T) { eachDrawing(t, testZoom) }

func testZoom(b *tab) {
	t := b.t
	size := func() (cols, w float64) {
		s := eval[map[string]float64](b, "porthole.size()")
		return s["cols"], s["cellWidth"]
	}
	cols, w := size()
	b.key("+", "Equal", ctrl)
	b.key("+", "Equal", ctrl)
	b.key("+", "Equal", ctrl)
	b.until(`porthole.size().cols < 150`)
	cols2, w2 := size()
	if w2 <= w || cols2 >= cols {
		t.Errorf("larger: %v columns of %v, before %v of %v", cols2, w2, cols, w)
	}
	b.send("stty size\r")
	b.eventually("the program's size", func() bool { return strings.Contains(eval[string](b, "porthole.text()"), " "+trim(cols2)) })
	b.key("-", "Minus", ctrl)
	b.key("-", "Minus", ctrl)
	b.until("porthole.size().cols > " + trim(cols2))
	b.key("0", "Digit0", ctrl)
	b.until("porthole.size().cols == " + trim(cols))
	x, y := b.cell(10, 10)
	_, err := drive.Call(b.Page, input.DispatchMouseEvent, input.DispatchMouseEventParams{
		Type: input.DispatchMouseEventTypeMouseWheel, X: x, Y: y, DeltaX: .001, DeltaY: -120, Modifiers: ctrl,
	})
	b.must(err)
	b.until("porthole.size().cellWidth > " + trim(w))
	b.key("0", "Digit0", ctrl)
}

func TestResize(t *testing.T) { eachDrawing(t, testResize) }

func testResize(b *tab) {
	resized := `globalThis.sizes = [], porthole.on("resize", s => sizes.push(s.cols))`
	b.do(resized)
	b.emulate(chromedp.EmulateViewport(700, 500))
	b.until("porthole.size().cols < 90 && porthole.size().rows < 30 && sizes.length > 0")
	b.shell("stty size")
	s := eval[map[string]float64](b, "porthole.size()")
	b.shows(trim(s["rows"]) + " " + trim(s["cols"]))
	b.emulate(chromedp.EmulateViewport(1280, 800, chromedp.EmulateScale(2)))
	b.until("porthole.size().cols > 140")
	b.printf(`\e[?25l\e[41m \e[0m`)
	b.wantColor(0, 0, .05, .05, lightRed) // sharp to the edge at another density
	b.wantColor(0, 0, .95, .95, lightRed)
	b.wantColor(1, 0, .1, .5, lightBack)
	b.send("\r")
	b.shell(`printf '\e[?25h'`)
}

// TestSynchronizedOutput: a program that hangs in the middle of a picture must
// not freeze the terminal.
func TestSynchronizedOutput(t *testing.T) { eachDrawing(t, testSynchronizedOutput) }

func testSynchronizedOutput(b *tab) {
	b.printf(`\e[?25l\e[?2026h\e[41m      `)
	b.wantColor(2, 0, .5, .5, lightRed)
	b.send("\r")
	b.shell(`printf '\e[?2026l\e[?25h'`)
}

func TestHiddenTabPaintsNothing(t *testing.T) { eachDrawing(t, testHiddenTabPaintsNothing) }

func testHiddenTabPaintsNothing(b *tab) {
	t := b.t
	other := newTab(t)
	other.emulate(chromedp.Navigate("about:blank"))
	b.do(`Object.defineProperty(document, "hidden", {get: () => true, configurable: true}), document.dispatchEvent(new Event("visibilitychange"))`)
	b.settled() // what was asked for before
	frames := eval[float64](b, "porthole.stats().framesPainted")
	b.send("seq 100000 | tail -1\r")
	b.shows("100000")
	if n := eval[float64](b, "porthole.stats().framesPainted"); n > frames+1 {
		t.Errorf("%v frames in a hidden tab", n-frames)
	}
	b.do(`delete document.hidden, document.dispatchEvent(new Event("visibilitychange"))`)
	b.until("porthole.stats().framesPainted > " + trim(frames))
}

func TestIdlePaintsNothing(t *testing.T) { eachDrawing(t, testIdlePaintsNothing) }

func testIdlePaintsNothing(b *tab) {
	b.printf(`\e[2 q`) // a cursor that does not blink
	b.eventually("rest", func() bool {
		before := eval[float64](b, "porthole.stats().framesPainted")
		b.do("globalThis.later = 0, setTimeout(() => later = 1, 600)")
		b.until("later")
		return eval[float64](b, "porthole.stats().framesPainted") == before
	})
	b.send("\r")
	b.shell(`printf '\e[0 q'`)
}

func ptr[T any](v T) *T { return &v }
