package term_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/term"
)

// pictureTerm is a terminal of 20×6 cells of 10×20 pixels, and what it answered.
func pictureTerm(bytes int) (*term.Terminal, *strings.Builder) {
	t := term.New(term.Config{Cols: 20, Rows: 6, Scrollback: 20, ImageBytes: bytes})
	t.SetCellPixels(10, 20)
	var answers strings.Builder
	t.Handle(term.Handler{Reply: func(p []byte) { answers.Write(p) }})
	return t, &answers
}

func write(t *term.Terminal, s string) { _, _ = t.Write([]byte(s)) }

// onRow gives the pieces on a row of the screen as "columns: column/row of w×h".
func onRow(t *term.Terminal, y int) string {
	var out []string
	for _, p := range t.Row(y).Pieces(nil) {
		out = append(out, fmt.Sprintf("%d-%d: %d/%d of %dx%d", p.X, p.End, p.Col, p.Row, p.Picture.Width, p.Picture.Height))
	}
	return strings.Join(out, ", ")
}

// onRows joins the rows that show something.
func onRows(t *term.Terminal) string {
	_, rows := t.Size()
	var out []string
	for y := range rows {
		if s := onRow(t, y); s != "" {
			out = append(out, fmt.Sprintf("row %d %s", y, s))
		}
	}
	return strings.Join(out, "; ")
}

// firstPicture gives the first picture on the screen.
func firstPicture(t *testing.T, a *term.Terminal) *term.Picture {
	t.Helper()
	_, rows := a.Size()
	for y := range rows {
		if l := a.Row(y).Pieces(nil); len(l) > 0 {
			return l[0].Picture
		}
	}
	t.Fatal("no picture on the screen")
	return nil
}

// pixels draws a picture with a letter for each colour, rows joined by '/'.
func pixels(p *term.Picture) string {
	letters := map[string]byte{
		"\xff\x00\x00\xff": 'r', "\x00\xff\x00\xff": 'g', "\x00\x00\xff\xff": 'b', "\xff\xff\xff\xff": 'w',
		"\x00\x00\x00\xff": 'k', "\x00\x00\x00\x00": '.', "\x80\x80\x80\xff": 'm', "\xff\xff\x00\xff": 'y',
	}
	var rows []string
	for y := range p.Height {
		row := ""
		pix := p.AppendRows(nil, y, 1)
		for x := range p.Width {
			c := letters[string(pix[4*x:4*x+4])]
			if c == 0 {
				c = '?'
			}
			row += string(c)
		}
		rows = append(rows, row)
	}
	return strings.Join(rows, "/")
}

func TestSixelPixels(t *testing.T) {
	const rgb = "#1;2;100;0;0#2;2;0;100;0#3;2;0;0;100"
	for _, c := range []struct{ name, data, want string }{
		{"one column", rgb + "#1~", "r/r/r/r/r/r"},
		{"bits from the top", rgb + "#1@ACGO_", "r...../.r..../..r.../...r../....r./.....r"},
		{"carriage return and another colour", rgb + "#1@@$#2AA", "rr/gg/../../../.."},
		{"new line", "\"1;1;1;7" + rgb + "#1~-#3@", "r/r/r/r/r/r/b"},
		{"repeat", rgb + "\"1;1;4;1#2!3@#1@", "gggr"},
		{"repeat of nothing is one", rgb + "\"1;1;2;1#2!0@#1!@", "gr"},
		{"the size cuts the last band", rgb + "\"1;1;2;2#1BB", "rr/rr"},
		{"drawing beyond the size counts", rgb + "\"1;1;1;1#1BB", "rr/rr"},
		{"hue, lightness, saturation", "\"1;1;5;1#1;1;0;50;100#1@#1;1;120;50;100@#1;1;240;50;100@#1;1;0;100;0@#1;1;180;50;100@", "brgwy"},
		{"grey", "\"1;1;1;1#1;2;50;50;50@", "m"},
		{"defining anew leaves what was drawn", "\"1;1;2;1#1;2;100;0;0@#1;2;0;0;100@", "rb"},
		{"line breaks mean nothing", "\"1;1;\r\n2;1" + rgb + "#\n1!\r\n2@", "rr"},
		{"later attributes are no size", "\"1;1;2;1" + rgb + "#1@\"1;1;9;9@", "rr"},
		{"an absurd size is none", "\"1;1;1000000000;1000000000" + rgb + "#1@", "r/././././."},
		{"a huge colour number", "\"1;1;1;1#99999999999999999999;2;100;0;0@", "r"},
	} {
		t.Run(c.name, func(t *testing.T) {
			whole, _ := pictureTerm(1 << 20)
			write(whole, "\x1bPq"+c.data+"\x1b\\")
			if got := pixels(firstPicture(t, whole)); got != c.want {
				t.Errorf("drew %s, want %s", got, c.want)
			}
			bytewise, _ := pictureTerm(1 << 20)
			for _, b := range []byte("\x1bPq" + c.data + "\x1b\\") {
				_, _ = bytewise.Write([]byte{b})
			}
			if dump(whole) != dump(bytewise) {
				t.Errorf("byte by byte:\n%s\nat once:\n%s", dump(bytewise), dump(whole))
			}
		})
	}
}

// A picture may have more colours than a palette: all of them are kept.
func TestSixelManyColors(t *testing.T) {
	var s strings.Builder
	s.WriteString("\x1bPq\"1;1;300;1")
	want := make([]byte, 0, 4*300)
	for i := range 300 {
		r, g := i%100, i/100*30
		fmt.Fprintf(&s, "#%d;2;%d;%d;0@", i%7, r, g)
		want = append(want, byte((r*255+50)/100), byte((g*255+50)/100), 0, 255)
	}
	s.WriteString("\x1b\\")
	a, _ := pictureTerm(1 << 20)
	write(a, s.String())
	p := firstPicture(t, a)
	if got := p.AppendRows(nil, 0, 1); p.Format != term.FormatRGBA || !bytes.Equal(got, want) {
		t.Errorf("format %d, pixels %x, want %x", p.Format, got, want)
	}
	b, _ := pictureTerm(1 << 20)
	write(b, s.String()[:2000])
	c, _ := pictureTerm(1 << 20)
	if err := c.RestoreSnapshot(b.AppendSnapshot(nil, term.Base{})); err != nil {
		t.Fatal(err)
	}
	write(c, s.String()[2000:])
	if dump(a) != dump(c) {
		t.Error("after a snapshot in its middle it is another picture")
	}
}

// Where a picture goes, and where the cursor is after it.
func TestSixelPlace(t *testing.T) {
	pic := func(params string) string { return "\x1bP" + params + "q\"1;1;25;30#1!25~-!25~-!25~-!25~-!25~\x1b\\" }
	for _, c := range []struct {
		name, stream, rows string
		x, y               int
	}{
		{"at the cursor", "\x1b[2;3H" + pic(""), "row 1 2-5: 0/0 of 25x30; row 2 2-5: 0/1 of 25x30", 2, 2},
		{"scrolls", "\x1b[6;3H" + pic(""), "row 4 2-5: 0/0 of 25x30; row 5 2-5: 0/1 of 25x30", 2, 5},
		{"cursor right of it", "\x1b[?8452h\x1b[2;3H" + pic(""), "row 1 2-5: 0/0 of 25x30; row 2 2-5: 0/1 of 25x30", 5, 2},
		{"display mode", "\x1b[?80h\x1b[6;3H" + pic(""), "row 0 0-3: 0/0 of 25x30; row 1 0-3: 0/1 of 25x30", 2, 5},
		{"tall pixels", "\x1bP1q#1!10~\x1b\\", "row 0 0-1: 0/0 of 10x6", 0, 0},
		{"very tall pixels", "\x1bP2q#1!10~\x1b\\", "row 0 0-1: 0/0 of 10x6; row 1 0-1: 0/1 of 10x6", 0, 1},
		{"beyond the right edge", "\x1b[2;19H" + pic(""), "row 1 18-21: 0/0 of 25x30; row 2 18-21: 0/1 of 25x30", 18, 2},
		{"cancelled", "\x1b[2;3H\x1bPq#1~\x18", "", 2, 1},
		{"empty", "\x1b[2;3H\x1bPq\x1b\\", "", 2, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, _ := pictureTerm(1 << 20)
			write(a, c.stream)
			if got := onRows(a); got != c.rows {
				t.Errorf("shows %s\nwant %s", got, c.rows)
			}
			if p := a.Cursor(); p.X != c.x || p.Y != c.y {
				t.Errorf("cursor at %d,%d, want %d,%d", p.X, p.Y, c.x, c.y)
			}
		})
	}
}

// Text that is below a picture stays when the pixels that are not drawn are to
// be transparent, else it is erased.
func TestSixelBackground(t *testing.T) {
	for params, want := range map[string]string{"": "   de", "0;0": "   de", "0;2": "   de", "0;1": "abcde"} {
		a, _ := pictureTerm(1 << 20)
		write(a, "abcde\r\x1bP"+params+"q#1!25@\x1b\\")
		if got := strings.TrimRight(strings.Split(a.Text(), "\n")[0], " "); got != want {
			t.Errorf("P2 of %q: text %q, want %q", params, got, want)
		}
	}
}

// A picture that hides another one takes its place; one that does not is drawn
// above it.
func TestSixelOverSixel(t *testing.T) {
	for params, want := range map[string]int{"0;0": 1, "0;1": 2} {
		a, _ := pictureTerm(1 << 20)
		write(a, "\x1bPq#1!20~\x1b\\\r\x1bP"+params+"q#2!20@\x1b\\")
		if got := len(a.Row(0).Pieces(nil)); got != want {
			t.Errorf("P2 of %q: %d pictures, want %d", params, got, want)
		}
	}
}

func TestGraphicsAttributes(t *testing.T) {
	for _, c := range []struct {
		bytes      int
		ask, reply string
	}{
		{32 << 20, "?1;1;0S", "?1;0;1024S"},
		{32 << 20, "?1;4S", "?1;0;1024S"},
		{32 << 20, "?1;3;256S", "?1;0;1024S"},
		{32 << 20, "?1;3;4096S", "?1;3;1024S"},
		{32 << 20, "?2;1;0S", "?2;0;200;120S"},
		{32 << 20, "?2;4;0S", "?2;0;2048;2048S"},
		{32 << 20, "?3;1;0S", "?3;1S"},
		{32 << 20, "?2;9;0S", "?2;2S"},
		{0, "?2;1;0S", "?2;3S"},
		{32 << 20, "?80$p", "?80;2$y"},
		{32 << 20, "?80h\x1b[?80$p", "?80;1$y"},
		{32 << 20, "?8452$p", "?8452;2$y"},
		{32 << 20, "?1070$p", "?1070;3$y"},
	} {
		a, answers := pictureTerm(c.bytes)
		write(a, "\x1b["+c.ask)
		if got := answers.String(); got != "\x1b["+c.reply {
			t.Errorf("CSI %s with %d bytes answered %q, want CSI %s", c.ask, c.bytes, got, c.reply)
		}
	}
}

// allocated measures what f allocates, bytes.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Sizes that a program only claims cost nothing, and what it draws is bounded.
func TestHostileSixel(t *testing.T) {
	for _, c := range []struct {
		name, data string
		most       uint64
	}{
		{"raster attributes", "\"1;1;1000000000;1000000000", 128 << 10},
		{"raster attributes within the bounds", "\"1;1;4000;1000", 128 << 10},
		{"repeat", "!1000000000~", 1 << 20},
		{"blank repeat", strings.Repeat("!1000000000?-", 1000), 128 << 10},
		{"bands", strings.Repeat("-", 100_000) + "~", 128 << 10},
		{"a wide blank after a tall column", strings.Repeat("~-", 600) + "!4096?", 1 << 20},
		{"everything", strings.Repeat("!9999~-", 2000), 96 << 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, _ := pictureTerm(32 << 20)
			data := []byte("\x1bPq" + c.data + "\x1b\\")
			got := allocated(func() { _, _ = a.Write(data) })
			if got > c.most {
				t.Errorf("%d bytes allocated, at most %d wanted", got, c.most)
			}
			kept := 0
			for y := range 6 {
				for _, p := range a.Row(y).Pieces(nil) {
					kept = max(kept, len(p.Picture.Data))
				}
			}
			if kept > 16<<20 {
				t.Errorf("a picture of %d bytes is kept", kept)
			}
		})
	}
}

// Without pictures the data is swallowed, and a terminal that got none has
// nothing for them.
func TestNoPictures(t *testing.T) {
	a, answers := pictureTerm(0)
	write(a, "a\x1bPq\"1;1;9;9#1~~~\x1b\\b\x1b]1337;File=inline=1:"+pngBase64+"\ac\x1b_Ga=T,f=100,i=1;"+pngBase64+"\x1b\\d")
	if got := strings.TrimRight(strings.Split(a.Text(), "\n")[0], " "); got != "abcd" || onRows(a) != "" {
		t.Errorf("text %q, pictures %q", got, onRows(a))
	}
	if want := "\x1b_Gi=1;ENOTSUP:pictures are switched off\x1b\\"; answers.String() != want {
		t.Errorf("answered %q, want %q", answers, want)
	}
}

func FuzzSixel(f *testing.F) {
	for _, s := range []string{"\"1;1;30;30#1;2;100;0;0#1!20~-#2;1;120;50;100#2!15@$#3!5A", "!9999~-!9999?-~", "#1;2;3", "~-~-~$@@@\"5;2;9;9"} {
		f.Add([]byte(s), uint8(0), uint8(0))
	}
	f.Fuzz(func(t *testing.T, data []byte, p1, p2 uint8) {
		stream := fmt.Appendf(nil, "\x1bP%d;%dq%s\x1b\\", p1, p2, data)
		a, b := newTerm(), newTerm()
		_, _ = a.Write(stream)
		for i := range stream {
			_, _ = b.Write(stream[i : i+1])
		}
		if x, y := dump(a), dump(b); x != y {
			t.Fatalf("byte by byte:\n%s\nat once:\n%s", y, x)
		}
		checkPictures(t, a)
	})
}

// checkPictures tests what holds of every picture.
func checkPictures(t *testing.T, a *term.Terminal) {
	t.Helper()
	cols, rows := a.Size()
	for y := range rows {
		for _, p := range a.Row(y).Pieces(nil) {
			q := p.Picture
			if q.Width < 1 || q.Height < 1 || len(q.Data) > 32<<10 || int(p.X) >= max(cols, 40) || p.X >= p.End {
				t.Fatalf("row %d: piece %+v of %dx%d, %d bytes", y, p, q.Width, q.Height, len(q.Data))
			}
			if !a.HasPicture(q) {
				t.Fatalf("row %d shows a picture that is not kept", y)
			}
		}
	}
}

func BenchmarkSixel(b *testing.B) {
	// A photo's pattern: short runs of 64 colours, bands of 1,000 columns.
	var s strings.Builder
	s.WriteString("\x1bPq\"1;1;1000;600")
	for i := range 64 {
		fmt.Fprintf(&s, "#%d;2;%d;%d;%d", i, i, 100-i, i/2)
	}
	for band := range 100 {
		for color := range 64 {
			fmt.Fprintf(&s, "#%d", color)
			for i := range 40 {
				if i%4 == 3 {
					fmt.Fprintf(&s, "!%d%c", 5+color%7, '?'+(i+band+color)%64)
				} else {
					s.WriteByte(byte('?' + (i*7+band+color)%64))
				}
			}
			s.WriteByte('$')
		}
		s.WriteByte('-')
	}
	s.WriteString("\x1b\\")
	data := []byte(s.String())
	a := term.New(term.Config{Cols: 120, Rows: 40, ImageBytes: term.ImageBudget})
	a.SetCellPixels(10, 20)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		_, _ = a.Write(data)
	}
}
