package term_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/porthole-rac/porthole/protocol/term"
)

// style writes a cell's looks in short.
func style(tt *term.Terminal, c term.Cell) string {
	color := func(c term.Color) string {
		if i, ok := c.Index(); ok {
			return fmt.Sprint(i)
		}
		if v, ok := c.Value(); ok {
			return fmt.Sprintf("#%06x", v)
		}
		return "-"
	}
	var b strings.Builder
	for i, name := range []string{"bold", "faint", "italic", "blink", "inverse", "hidden", "strike", "overline"} {
		if c.Attr&(1<<i) != 0 {
			b.WriteString(name + " ")
		}
	}
	b.WriteString([]string{"", "single ", "double ", "curly ", "dotted ", "dashed "}[c.Attr.Underline()])
	under, _ := tt.Extended(c)
	return b.String() + color(c.Fg) + "/" + color(c.Bg) + "/" + color(under)
}

func TestSGR(t *testing.T) {
	for _, tt := range []struct{ sgr, want string }{
		{"", "-/-/-"},
		{"1;2;3;5;7;8;9;53", "bold faint italic blink inverse hidden strike overline -/-/-"},
		{"1;2;3;4;5;7;8;9;53;22;23;24;25;27;28;29;55", "-/-/-"},
		{"6", "blink -/-/-"},
		{"4", "single -/-/-"},
		{"4:0", "-/-/-"},
		{"4:1", "single -/-/-"},
		{"4:2", "double -/-/-"},
		{"4:3", "curly -/-/-"},
		{"4:4", "dotted -/-/-"},
		{"4:5", "dashed -/-/-"},
		{"4;4:9", "single -/-/-"},
		{"21", "double -/-/-"},
		{"4;3", "italic single -/-/-"},
		{"31;42", "1/2/-"},
		{"97;107", "15/15/-"},
		{"31;42;39;49", "-/-/-"},
		{"38;5;200;48;5;17", "200/17/-"},
		{"38:5:200;48:5:17", "200/17/-"},
		{"38;2;1;2;3;48;2;4;5;6", "#010203/#040506/-"},
		{"38:2:1:2:3;48:2:4:5:6", "#010203/#040506/-"},
		{"38:2::1:2:3;48:2::4:5:6", "#010203/#040506/-"},
		{"38:2:0:1:2:3:0:0", "#010203/-/-"},
		{"58:2::1:2:3", "-/-/#010203"},
		{"58;5;9", "-/-/9"},
		{"58:5:9;59", "-/-/-"},
		{"38;5;256;1", "bold -/-/-"},
		{"38;2;1;2", "-/-/-"},
		{"38:5;1", "bold -/-/-"},
		{"38;1", "bold -/-/-"},
		{"1;;3", "italic -/-/-"},
		{"1;0", "-/-/-"},
		{"31;999;4", "single 1/-/-"},
	} {
		for _, how := range []string{"whole", "split"} {
			a := term.New(term.Config{Cols: 10, Rows: 2})
			in := "\x1b[" + tt.sgr + "mx"
			if how == "whole" {
				_, _ = a.Write([]byte(in))
			} else {
				for i := range in {
					_, _ = a.Write([]byte(in[i : i+1]))
				}
			}
			if got := style(a, a.Row(0).Cells[0]); got != tt.want {
				t.Errorf("%q, %s: got %s, want %s", tt.sgr, how, got, tt.want)
			}
		}
	}
}

// What is erased or comes in blank has the background of the pen (BCE), and
// nothing else of it.
func TestBackgroundColourErase(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		x, y     int
	}{
		{"EL", "\x1b[K", 9, 0},
		{"ED", "\x1b[2J", 5, 4},
		{"ECH", "\x1b[4X", 3, 0},
		{"ICH", "abc\r\x1b[2@", 1, 0},
		{"DCH", "abc\r\x1b[2P", 9, 0},
		{"IL", "\x1b[L", 9, 0},
		{"DL", "\x1b[M", 9, 4},
		{"scrolling", "\x1b[5;1H\n", 9, 4},
		{"scrolling in a region", "\x1b[1;3r\x1b[3;1H\n", 9, 2},
		{"scrolling between margins", "\x1b[?69h\x1b[3;6s\x1b[5;3H\n", 5, 4},
		{"RI", "\x1b[H\x1bM", 9, 0},
		{"SU", "\x1b[S", 9, 4},
		{"SD", "\x1b[T", 9, 0},
		{"DECERA", "\x1b[1;1;2;2$z", 1, 1},
		{"DECIC", "\x1b['}", 0, 3},
		{"1049", "\x1b[?1049h", 9, 4},
	} {
		a := term.New(term.Config{Cols: 10, Rows: 5, Scrollback: 5})
		_, _ = a.Write([]byte("\x1b[1;4;31;44m" + tt.in))
		if got := style(a, a.Row(tt.y).Cells[tt.x]); got != "-/4/-" {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}

// DECCARA and DECRARA change attributes of what is there, in streams and in
// rectangles.
func TestRectangleAttributes(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"DECCARA as a stream", "\x1b[1;9;2;2;1$r", "........##|##........"},
		{"DECCARA as a rectangle", "\x1b[2*x\x1b[1;2;2;4;1$r", ".###......|.###......"},
		{"DECRARA", "\x1b[2*x\x1b[1;1;1;3;1$r\x1b[1;2;1;5;1$t", "#..##.....|.........."},
		{"all off", "\x1b[2*x\x1b[1;1;1;9;1$r\x1b[1;2;1;3;0$r", "#..######.|.........."},
		{"bold off", "\x1b[2*x\x1b[1;1;1;3;1;4$r\x1b[1;2;1;2;22$r", "#.#.......|.........."},
	} {
		a := term.New(term.Config{Cols: 10, Rows: 2})
		_, _ = a.Write([]byte("aaaaaaaaaabbbbbbbbbb" + tt.in))
		var b strings.Builder
		for y := range 2 {
			if y > 0 {
				b.WriteByte('|')
			}
			for _, c := range a.Row(y).Cells {
				b.WriteByte(".#"[c.Attr&term.Bold])
			}
		}
		if got := b.String(); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// A link goes on until OSC 8 ends it, whatever the colours do.
func TestLinks(t *testing.T) {
	a := term.New(term.Config{Cols: 10, Rows: 2})
	_, _ = a.Write([]byte("\x1b]8;id=a;https://example.org/\x1b\\\x1b[58;5;1mab\x1b[mc\x1b[0md\x1b[1;0me\x1b]8;;\x07f"))
	var got []string
	for _, c := range a.Row(0).Cells[:6] {
		under, link := a.Extended(c)
		got = append(got, fmt.Sprint(a.Link(link), " ", under.IsDefault()))
	}
	l := "https://example.org/"
	if d := cmp.Diff([]string{l + " false", l + " false", l + " true", l + " true", l + " true", " true"}, got); d != "" {
		t.Error(d)
	}
}

// What a program tells the person.
func TestEvents(t *testing.T) {
	var got []string
	note := func(format string, a ...any) { got = append(got, fmt.Sprintf(format, a...)) }
	a := term.New(term.Config{Cols: 10, Rows: 2})
	a.Handle(term.Handler{
		Bell:           func() { note("bell") },
		Title:          func(s string) { note("title %q", s) },
		Directory:      func(s string) { note("directory %q", s) },
		ClipboardWrite: func(s byte, d []byte) { note("clipboard %c %q", s, d) },
		ClipboardRead:  func(s byte) { note("paste %c", s) },
		Notify:         func(s string) { note("notify %q", s) },
	})
	_, _ = a.Write([]byte("\a\x1b]0;a\x07\x1b]2;b\u202e\x1b\\\x1b[22t\x1b]2;c\x07\x1b[23t\x1b]7;file://h/d\x07" +
		"\x1b]52;c;aGk=\x07\x1b]52;p;!\x07\x1b]52;;\x07\x1b]52;s;?\x07\x1b]9;done\x07\x1b]9;4;2;150\x07\x1b]2;lost\x18"))
	want := []string{
		"bell", `title "a"`, `title "b"`, `title "c"`, `title "b"`, `directory "file://h/d"`,
		`clipboard c "hi"`, `clipboard c ""`, "paste p", `notify "done"`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if s, p := a.Progress(); s != 2 || p != 100 {
		t.Errorf("progress %d, %d", s, p)
	}
}

// Wrapped lines are one line to a new width, in the scrollback too.
func TestReflow(t *testing.T) {
	text := func(a *term.Terminal) string {
		return strings.ReplaceAll(strings.TrimSuffix(a.ScrollbackText(), "\n")+"#"+trimLines(a.Text()), "\n", "|")
	}
	for _, tt := range []struct {
		name, in   string
		cols, rows int
		after      string
		want       string
	}{
		{"narrower", "0123456789abcd", 5, 3, "X", "#01234|56789|abcdX"},
		{"wider", "0123456789abcd\r\nz", 20, 3, "X", "#0123456789abcd|zX"},
		{"the cursor waits at the edge", "0123456789", 20, 3, "X", "#0123456789X"},
		{"and at a new one", "0123456789", 5, 3, "X", "#01234|56789|X"},
		{"back and forth", "0123456789abcd\r\nxy", 4, 3, "", "0123|4567#89ab|cd|xy"},
		{"lower", "a\r\nb\r\nc", 10, 2, "X", "a#b|cX"},
		{"higher", "a\r\nb\r\nc\r\nd", 10, 4, "X", "#a|b|c|dX"},
		{"wide characters do not break", "012345678漢字", 6, 3, "", "#012345|678漢|字"},
		{"a wide one that did not fit leaves no gap", "012345678漢字", 20, 3, "", "#012345678漢字"},
		{"blanks at the end of wrapped rows stay", "01234567  ab", 20, 3, "", "#01234567  ab"},
		{"rows below the text stay blank", "ab", 5, 3, "\r\ncd", "#ab|cd"},
	} {
		a := term.New(term.Config{Cols: 10, Rows: 3, Scrollback: 20})
		_, _ = a.Write([]byte(tt.in))
		a.Resize(tt.cols, tt.rows)
		_, _ = a.Write([]byte(tt.after))
		if got := text(a); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// The scrollback keeps the newest lines, as many as it may, and its text comes
// back when widths change.
func TestScrollbackIsBounded(t *testing.T) {
	a := term.New(term.Config{Cols: 30, Rows: 4, Scrollback: 100})
	for i := range 1000 {
		_, _ = a.Write([]byte(fmt.Sprintf("%s%d\r\n", strings.Repeat("x", i%29), i)))
	}
	for _, cols := range []int{7, 30, 100, 30} {
		a.Resize(cols, 4)
		if n := a.Scrollback(); n > 100 {
			t.Fatalf("%d lines", n)
		}
		joined := strings.ReplaceAll(a.ScrollbackText()+a.Text(), "\n", "")
		for i := 995; i < 1000; i++ {
			if !strings.Contains(joined, strings.Repeat("x", i%29)+fmt.Sprint(i)) {
				t.Errorf("%d columns: line %d is gone", cols, i)
			}
		}
	}
}
