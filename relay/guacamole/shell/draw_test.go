package shell_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/guacamole/shell"
)

// TestLooks draws what terminals show and compares it with pictures that were looked at.
func TestLooks(t *testing.T) {
	for _, x := range []struct{ name, text string }{
		{"text", "\x1b[1mbold\x1b[m \x1b[3mitalic\x1b[m \x1b[1;3mboth\x1b[m \x1b[2mfaint\x1b[m \x1b[7minverse\x1b[m \x1b[9mstrike\x1b[m \x1b[53moverline\x1b[m\r\n" +
			"\x1b[4msingle\x1b[m \x1b[4:2mdouble\x1b[m \x1b[4:3mcurly\x1b[m \x1b[4:4mdotted\x1b[m \x1b[4:5mdashed\x1b[m \x1b[4;58;2;255;80;80mred line\x1b[m\r\n" +
			"\x1b[31mred \x1b[32mgreen \x1b[33myellow \x1b[34mblue \x1b[35mmagenta \x1b[36mcyan\x1b[m \x1b[38;5;208m256\x1b[m \x1b[38;2;120;200;255mrgb\x1b[m\r\n" +
			"\x1b[41m red \x1b[42m green \x1b[43m yellow \x1b[44m blue \x1b[m \x1b[30;42mblack on green\x1b[m \x1b[37;43mwhite on yellow\x1b[m\r\n" +
			"$ ls -l /etc/ssh | grep -v '^total' && echo \"done\" {0..9} #!~@%^&*<>|\\\r\n"},
		{"scripts", "日本語の文字 한국어 中文字符\r\nПривет Ωμέγα עברית العربية ไทย\r\ncafé e\u0301a\u0308n\u0303 Å ﬁ ½ €\r\n😀🚀👍🏽 👨\u200d👩\u200d👧 🇩🇪 ⚡ ❤\ufe0f ✓ ✗ ★\r\n\x1b[1m日本語 한국어\x1b[m \x1b[3m日本語\x1b[m \U0010ffff|"},
		{"boxes", "┌──────┬──────┐ ╔════╦════╗ ╭────╮\r\n│ left │ right│ ║ ab ║ cd ║ │ ok │\r\n├──────┼──────┤ ╠════╬════╣ ╰────╯\r\n└──────┴──────┘ ╚════╩════╝ ┏━┳━┓\r\n▁▂▃▄▅▆▇█ ░▒▓ ▏▎▍▌▋▊▉ ⠁⠃⠇⡇⣇⣧⣷⣿ \x1b[44m\ue0b0\x1b[m\x1b[34m\ue0b0\x1b[m"},
	} {
		t.Run(x.name, func(t *testing.T) {
			p := newPage(t, 8*60, 17*9, nil)
			p.output(x.text)
			p.golden(x.name)
			p.same(x.name)
		})
	}
}

// TestSizesAndSchemes: guacd's color-scheme, font-size, and the page's density.
func TestSizesAndSchemes(t *testing.T) {
	p := newPage(t, 400, 120, func(m *wire.Welcome) { m.ColorScheme, m.FontSize = "black-white", 15 })
	p.output("\x1b[31mfont-size 15\x1b[m 日本 ┌─┐\r\n\x1b[4munderlined\x1b[m └─┘ \x1b[6 q")
	p.golden("scheme")
	p.want("the size changes with the font", "resize 33×5 of 12×24", "colors")
	for _, x := range []struct {
		points, dpi int
		want        string
	}{
		{0, 96, "99×47 of 8×17"},
		{0, 192, "47×23 of 17×34"},
		{12, 96, "79×42 of 10×19"},
		{12, 192, "42×21 of 19×38"},
		{96, 96, "10×5 of 77×154"},
	} {
		s := shell.New(shell.Config{Width: 799, Height: 800, DPI: x.dpi})
		if x.points > 0 {
			m := wire.Welcome{Version: 1, FontSize: x.points}
			_, body, _, _ := wire.Next(m.Append(nil))
			if err := s.Receive(wire.TypeWelcome, body); err != nil {
				t.Fatal(err)
			}
		}
		g := s.Hello().Grid
		if got := fmt.Sprintf("%d×%d of %d×%d", g.Cols, g.Rows, g.CellWidth, g.CellHeight); got != x.want {
			t.Errorf("%d points at %d dots per inch: %s, not %s", x.points, x.dpi, got, x.want)
		}
	}
}

// TestSelected draws a selection over text of several colours.
func TestSelected(t *testing.T) {
	p := newPage(t, 8*30, 17*4, nil)
	p.output("one \x1b[31mtwo\x1b[m three\r\nfour \x1b[42mfive\x1b[m six 日本\r\nseven eight")
	p.Mouse(4*8, 5, 0, p.now)
	p.Mouse(4*8, 5, shell.ButtonLeft, p.now)
	p.Mouse(5*8, 17*2+5, shell.ButtonLeft, p.now)
	p.golden("selected")
	p.same("selected")
}

// TestScrollIsACopy: output at the bottom moves what is there; only new text is drawn.
func TestScrollIsACopy(t *testing.T) {
	for _, x := range []struct {
		name, before, after string
		copies, most        int // pixels
	}{
		{"one line", "", "next line\r\n", 1, 8 * 17 * 80},
		{"some lines", "", "a\r\nb\r\nc\r\n", 1, 8 * 17 * 4 * 80},
		{"a region", "\x1b[5;20r\x1b[20;1H", "\r\nnew", 1, 8 * 17 * 2 * 80},
		{"down", "\x1b[H", "\x1bMtop", 1, 8 * 17 * 2 * 80},
		{"deleted lines", "\x1b[3;1H", "\x1b[4M", 1, 8 * 17 * 6 * 80},
		{"typing", "", "x", 0, 8 * 17 * 2},
		{"clearing", "", "\x1b[H\x1b[2J", 0, 8 * 17 * 2},
	} {
		t.Run(x.name, func(t *testing.T) {
			p := newPage(t, 8*80, 17*24, nil)
			for i := range 40 {
				p.output(fmt.Sprintf("line %d of some text %s\r\n", i, strings.Repeat("-", i)))
			}
			p.output(x.before)
			p.draw()
			p.pic.copies, p.pic.drawn, p.pic.images = 0, 0, 0
			p.output(x.after)
			p.same(x.name)
			if p.pic.copies != x.copies || p.pic.drawn > x.most {
				t.Errorf("%d copies, %d pixels drawn in %d pictures", p.pic.copies, p.pic.drawn, p.pic.images)
			}
		})
	}
}

// TestPaneScrolls: what scrolls in a part of the columns is copied, too.
func TestPaneScrolls(t *testing.T) {
	p := newPage(t, 8*80, 17*24, nil)
	for i := range 24 {
		p.output(fmt.Sprintf("\x1b[%d;1Hleft %d\x1b[%d;40H│ right %d %s", i+1, i, i+1, i*i, strings.Repeat("=", i)))
	}
	p.output("\x1b[?69h\x1b[42;80s")
	p.draw()
	p.pic.drawn = 0
	p.output("\x1b[24;42H\n\n")
	p.same("pane")
	if p.pic.copies != 1 || p.pic.drawn > 8*17*40*6 {
		t.Errorf("%d copies, %d pixels drawn", p.pic.copies, p.pic.drawn)
	}
}

// TestNothingNewDrawsNothing: an idle terminal costs the line nothing.
func TestNothingNewDrawsNothing(t *testing.T) {
	p := newPage(t, 640, 400, nil)
	p.output("hello")
	p.draw()
	before := *p.pic
	p.draw()
	p.output("\x1b[5n") // a question, which changes no cell
	p.draw()
	if p.pic.images != before.images || p.pic.fills != before.fills || p.pic.copies != before.copies {
		t.Errorf("%d images, %d fills, %d copies more", p.pic.images-before.images, p.pic.fills-before.fills, p.pic.copies-before.copies)
	}
}

// TestUnfinishedPictureWaits: a program that brackets its picture (mode 2026) is drawn
// when it is finished, and one that hangs all the same.
func TestUnfinishedPictureWaits(t *testing.T) {
	p := newPage(t, 640, 400, nil)
	p.draw()
	images := p.pic.images
	p.output("\x1b[?2026hhalf")
	wait := p.Draw(p.pic, p.now)
	if p.pic.images != images || wait <= 0 || wait > time.Second {
		t.Errorf("%d drawn, wait %v", p.pic.images-images, wait)
	}
	if p.Draw(p.pic, p.now.Add(wait)); p.pic.images == images {
		t.Error("a program that hangs is not drawn")
	}
	images = p.pic.images
	p.output("\x1b[Hdone\x1b[?2026l")
	if wait := p.Draw(p.pic, p.now); wait != 0 || p.pic.images == images {
		t.Errorf("a finished picture waits %v", wait)
	}
}

// TestViewAndTerminalDiffer: until the session has the new size, they are not of one size.
func TestViewAndTerminalDiffer(t *testing.T) {
	p := newPage(t, 640, 400, nil)
	p.output(strings.Repeat("text of a line that wraps around somewhere ", 60))
	p.same("before")
	for _, size := range [][2]int{{300, 200}, {645, 403}, {7, 16}, {1, 1}, {1000, 700}} {
		p.Resize(size[0], size[1])
		p.pic = newPicture(t, size[0], size[1])
		p.same(fmt.Sprint(size, " terminal as it was"))
		m := wire.Resized{Offset: p.offset, Grid: p.Hello().Grid}
		p.record(wire.TypeResized, m.Append)
		p.same(fmt.Sprint(size, " terminal follows"))
	}
}

// TestStates: a screen that comes whole is drawn as output is.
func TestStates(t *testing.T) {
	p := newPage(t, 8*80, 17*24, nil)
	var text strings.Builder
	for i := range 100 {
		fmt.Fprintf(&text, "\x1b[3%dm%d\x1b[m 日本 %s\r\n", i%8, i, strings.Repeat("x", i%50))
		if i%7 == 0 {
			m := state(t, 80, 24, text.String())
			p.record(wire.TypeState, func(dst []byte) []byte {
				out, at := m.Begin(dst)
				return m.Finish(append(out, m.Snapshot...), at)
			})
			p.same(fmt.Sprint("state ", i))
		}
	}
	if p.pic.copies == 0 {
		t.Error("nothing was copied")
	}
}

// TestCopiesAndDamageMakeTheWhole compares, after each of many changes, the picture that
// copies, fills and images have made with one drawn anew.
func TestCopiesAndDamageMakeTheWhole(t *testing.T) {
	for run := range uint64(6) {
		r := rand.New(rand.NewPCG(run, 4))
		p := newPage(t, 8*(10+r.IntN(60))+r.IntN(8), 17*(4+r.IntN(24))+r.IntN(17), nil)
		for step := range 120 {
			p.output(chaos(r))
			switch r.IntN(14) {
			case 0:
				p.Mouse(r.IntN(500), r.IntN(400), []uint8{0, shell.ButtonLeft, shell.ButtonUp, shell.ButtonDown}[r.IntN(4)], p.now)
			case 1:
				p.Key([]uint32{0xffe1, 0xff55, 0xff56, 'x', 0xff0d}[r.IntN(5)], r.IntN(2) == 0)
			case 2:
				p.Mouse(0, 0, 0, p.now)
				n := wire.Notice{Code: "n", Text: "Something happened."}
				p.record(wire.TypeNotice, n.Append)
			}
			if r.IntN(3) > 0 {
				p.same(fmt.Sprintf("run %d, step %d", run, step))
			}
		}
	}
}

// chaos is output as programs make it, in no order.
func chaos(r *rand.Rand) string {
	y, x := 1+r.IntN(28), 1+r.IntN(70)
	word := []string{"word ", "日本", "e\u0301", "│─┼", "    ", "\x1b[7m \x1b[m", "👍🏽", "-----------"}[r.IntN(8)]
	switch r.IntN(16) {
	case 0:
		return fmt.Sprintf("\x1b[%d;%dr", min(y, 20), y+3)
	case 1:
		return fmt.Sprintf("\x1b[%d;%dH", y, x)
	case 2:
		return fmt.Sprintf("\x1b[%dL", r.IntN(5))
	case 3:
		return fmt.Sprintf("\x1b[%dM", r.IntN(5))
	case 4:
		return fmt.Sprintf("\x1b[%dS", r.IntN(4))
	case 5:
		return fmt.Sprintf("\x1b[%dT", r.IntN(4))
	case 6:
		return fmt.Sprintf("\x1b[%d;4%d;%dm", 30+r.IntN(8), r.IntN(8), r.IntN(10))
	case 7:
		return []string{"\x1b[K", "\x1b[J", "\x1b[1J", "\x1b[2J", "\x1b[m"}[r.IntN(5)]
	case 8:
		return []string{"\x1b[?1049h", "\x1b[?1049l", "\x1b[?25l", "\x1b[?25h", "\x1b[?5h", "\x1b[?5l", "\x1b[4 q", "\x1bc"}[r.IntN(8)]
	case 9:
		return strings.Repeat("\r\n", r.IntN(6))
	case 10:
		return fmt.Sprintf("\x1b[%d@\x1b[%dP", r.IntN(4), r.IntN(4))
	default:
		return strings.Repeat(word, 1+r.IntN(12)) + "\r\n"
	}
}

// TestHugeView: no view makes rectangles that are not in it, or fails.
func TestHugeView(t *testing.T) {
	s := shell.New(shell.Config{Width: 1 << 30, Height: 1 << 30, DPI: 1 << 20})
	g := s.Hello().Grid
	if g.Cols > 1000 || g.Rows > 500 {
		t.Errorf("%v", g)
	}
	n := newPicture(t, 8192, 8192)
	s.Draw(n, time.Now())
}
