package browser_test

import (
	"testing"

	"github.com/chromedp/cdproto/input"
)

func TestLinks(t *testing.T) {
	b := open(t)
	b.do(`globalThis.opened = [], globalThis.open = (...a) => { opened.push(a); return null; }`)
	b.printf(`see https://example.org/a?b=c. or \e]8;;https://example.com/osc\e\\here\e]8;;\e\\ \e]8;;javascript:alert(1)\e\\bad\e]8;;\e\\\r\n`)
	b.shows("bad") // the screen is clear before
	move := func(col, row int) {
		x, y := b.cell(col, row)
		b.mouse(input.DispatchMouseEventTypeMouseMoved, x, y, input.MouseButtonNone, 0, 0)
	}
	shown := func() string {
		return eval[string](b, `(e => e.hidden ? "" : e.textContent)(document.getElementById("link-status"))`)
	}
	for _, tt := range []struct {
		name string
		col  int
		uri  string
	}{
		{"in the text", 10, "https://example.org/a?b=c"},
		{"OSC 8", 35, "https://example.com/osc"},
		{"a script", 39, ""},
		{"no link", 1, ""},
	} {
		move(tt.col, 0)
		want := ""
		if tt.uri != "" {
			want = tt.uri + " Ctrl+click opens it"
		}
		if got := shown(); got != want {
			t.Errorf("%s: shown is %q, want %q", tt.name, got, want)
		}
		b.do("opened.length = 0")
		b.click(tt.col, 0, 1, input.MouseButtonLeft, 0)
		if n := eval[float64](b, "opened.length"); n != 0 {
			t.Errorf("%s: a plain click opens it", tt.name)
		}
		b.click(tt.col, 0, 1, input.MouseButtonLeft, ctrl)
		if tt.uri == "" {
			if n := eval[float64](b, "opened.length"); n != 0 {
				t.Errorf("%s: it is opened", tt.name)
			}
			continue
		}
		if got := eval[[]string](b, "opened[0] ?? []"); len(got) != 3 || got[0] != tt.uri || got[1] != "_blank" || got[2] != "noopener,noreferrer" {
			t.Errorf("%s: opened %q", tt.name, got)
		}
	}
	move(10, 0)
	m := b.picture()
	underlined := false
	for i := range 40 {
		underlined = underlined || near(b.color(m, 9, 0, .05, .7+float64(i)/40*.3), lightText)
	}
	if !underlined {
		t.Error("the link under the pointer is not underlined")
	}
	b.shot("link")
	b.send("\r")
}
