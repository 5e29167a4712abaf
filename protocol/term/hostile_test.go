package term_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/rivo/uniseg"

	"github.com/porthole-rac/porthole/protocol/term"
)

// endless is what a program may write without end; each piece is written often.
var endless = []struct {
	name  string
	begin string
	piece func(i int) string
	times int
}{
	{"parameters", "\x1b[", func(int) string { return "1;" }, 1e6},
	{"digits", "\x1b[", func(int) string { return "9" }, 1e6},
	{"colons", "\x1b[38", func(int) string { return ":" }, 1e6},
	{"intermediates", "\x1b[", func(int) string { return " $" }, 1e6},
	{"OSC", "\x1b]0;", func(int) string { return strings.Repeat("x", 1000) }, 1e4},
	{"OSC 52", "\x1b]52;c;", func(int) string { return strings.Repeat("QUJD", 250) }, 1e4},
	{"DCS", "\x1bPq", func(int) string { return strings.Repeat("#1~", 300) }, 1e4},
	{"DECRQSS", "\x1bP$q", func(int) string { return strings.Repeat("m", 1000) }, 1e4},
	{"APC", "\x1b_G", func(int) string { return strings.Repeat("A", 1000) }, 1e4},
	{"PM", "\x1b^", func(int) string { return strings.Repeat("A", 1000) }, 1e4},
	{"titles", "", func(i int) string { return fmt.Sprintf("\x1b]2;%d %s\x07\x1b[22t", i, strings.Repeat("t", 900)) }, 1e5},
	{"links", "", func(i int) string {
		return fmt.Sprintf("\x1b]8;;https://example.org/%d%s\x07x", i, strings.Repeat("l", 50))
	}, 2e5},
	{"links with colours", "", func(i int) string {
		return fmt.Sprintf("\x1b]8;;https://example.org/%d\x07\x1b[58;2;%d;%d;%dmx", i%900, i>>16&255, i>>8&255, i&255)
	}, 1e5},
	{"zalgo", "e", func(i int) string { return string(rune(0x300 + i%0x6f)) }, 1e6},
	{"clusters", "", func(i int) string {
		return fmt.Sprintf("e%c%c%c", 0x300+i%0x6f, 0x300+i/0x6f%0x6f, 0x300+i/0x6f/0x6f%0x6f)
	}, 1e5},
	{"joiners", "\U0001f468", func(int) string { return "\u200d\U0001f468" }, 3e5},
	{"REP", "x", func(int) string { return "\x1b[65535b" }, 300},
	{"scrolling", "", func(int) string { return "\x1b[65535S\x1b[65535L\x1b[65535M\x1b[65535@\x1b[65535P" }, 1e4},
	{"back across everything", "\x1b[?45h", func(int) string { return "\x1b[65535D" }, 1e4},
	{"kitty", "", func(int) string { return "\x1b[>31u" }, 1e6},
	{"palette", "", func(i int) string { return "\x1b]4" + strings.Repeat(";1;#123", 100) + "\x07" }, 1e3},
	{"broken UTF-8", "", func(int) string { return "\xf0\x9f\x98\xe6\xff" }, 3e5},
	{"alternate screens", "", func(int) string { return "\x1b[?1049hx\x1b[?47l\x1b[?1047h\x1b[?1049l" }, 1e4},
	{"resets", "", func(int) string { return "\x1bcx" }, 1e4},
}

// A program cannot make memory grow beyond the bounds, and the terminal goes on.
func TestHostileStreams(t *testing.T) {
	for _, tt := range endless {
		t.Run(tt.name, func(t *testing.T) {
			a := term.New(term.Config{Cols: 120, Rows: 40, Scrollback: 1000, Name: "test", Checksum: true})
			a.Handle(term.Handler{Reply: func([]byte) {}})
			times := tt.times
			if testing.Short() {
				times /= 10
			}
			var most uint64
			measure := func() {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
			measure()
			before := most
			_, _ = a.Write([]byte(tt.begin))
			var b bytes.Buffer
			for i := range times {
				b.WriteString(tt.piece(i))
				if b.Len() >= 64<<10 || i == times-1 {
					_, _ = a.Write(b.Bytes())
					b.Reset()
				}
				if i == times/2 {
					measure()
				}
			}
			measure()
			// Screen, scrollback, strings and tables at their fullest.
			if grown := int64(most) - int64(before); grown > 24<<20 {
				t.Errorf("%d MB more", grown>>20)
			}
			_, _ = a.Write([]byte("\x18\x1bcgoes on"))
			if got := strings.TrimSpace(a.Text()); got != "goes on" {
				t.Errorf("it shows %q", got)
			}
			if err := a.CheckLines(); err != nil {
				t.Error(err)
			}
			runtime.KeepAlive(a)
		})
	}
}

// A person who drags a window's corner makes many sizes.
func TestResizeStorm(t *testing.T) {
	a := term.New(term.Config{Cols: 80, Rows: 24, Scrollback: 500})
	for i := range 400 {
		_, _ = a.Write([]byte("some text that is long enough to be wrapped 漢字 e\u0301\r\n\x1b[44m\x1b[K"))
		a.Resize(1+i*37%211, 1+i*13%67)
		if err := a.CheckLines(); err != nil {
			t.Fatalf("size %d: %v", i, err)
		}
	}
	for range 100 {
		a.Resize(term.MaxCols+1, term.MaxRows+1)
		a.Resize(0, -1)
	}
	checkWhole(t, a)
}

// A session that is hardly used needs little memory, and the scrollback only what
// its text needs.
func TestScrollbackKeepsNoBlanks(t *testing.T) {
	a := term.New(term.Config{Cols: 120, Rows: 40, Scrollback: 1000})
	if n := a.Kept(); n != 0 {
		t.Errorf("a fresh terminal keeps %d cells of scrollback", n)
	}
	for i := range 5000 {
		_, _ = a.Write([]byte(fmt.Sprintf("line %04d\r\n", i%1000)))
	}
	if n, most := a.Kept(), 1000*9+3*(1<<12); n > most {
		t.Errorf("%d cells for 1000 lines of 9, at most %d", n, most)
	}
	a.Resize(60, 20)
	a.Resize(120, 40)
	_, _ = a.Write([]byte("\x1b[3J"))
	if n := a.Kept(); n != 0 {
		t.Errorf("cleared, it keeps %d cells", n)
	}
}

// What is taken for two clusters without asking for the rules is two clusters.
func TestClusterShortcuts(t *testing.T) {
	var sample []rune
	for r := rune(0xa0); r < 0x20000; r++ {
		// All that is near the begin of a block, and each 29th.
		if r%29 == 0 || r&0x7f < 6 {
			if r&^0x7ff != 0xd800 {
				sample = append(sample, r)
			}
		}
	}
	before := []rune{'a', 0xe9, 0x4e00, 0xac00, 0xac01, 0x1100, 0x1160, 0x11a8, 0x1f1e6, 0x1f468, 0x915, 0xe01, 0x627, 0xff21}
	for _, a := range before {
		for _, b := range sample {
			s := string(a) + string(b)
			first, _, _, _ := uniseg.FirstGraphemeClusterInString(s, -1)
			if len(first) == len(s) && !term.MayAttach(a, b) {
				t.Errorf("%U %U are one cluster", a, b)
			}
		}
	}
}
