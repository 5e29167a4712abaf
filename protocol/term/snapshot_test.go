package term_test

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/porthole-rac/porthole/protocol/term"
)

// dump describes all that two terminals must have in common.
func dump(t *term.Terminal) string {
	var b bytes.Buffer
	cols, rows := t.Size()
	state, percent := t.Progress()
	fmt.Fprintf(&b, "%dx%d top %d back %d cursor %+v modes %+v title %q dir %q progress %d %d\n",
		cols, rows, t.TopLine(), t.Scrollback(), t.Cursor(), t.Modes(), t.Title(), t.Directory(), state, percent)
	for abs := t.TopLine() - uint64(t.Scrollback()); abs < t.TopLine()+uint64(rows); abs++ {
		l := t.Line(abs)
		n := len(l.Cells)
		for n > 0 && l.Cells[n-1] == (term.Cell{}) {
			n--
		}
		fmt.Fprintf(&b, "%d %t %d:", abs, l.Wrapped, l.Mark)
		for _, c := range l.Cells[:n] {
			under, link := t.Extended(c)
			fmt.Fprintf(&b, " %q/%x/%x/%x/%x/%s", t.Cluster(c), c.Fg, c.Bg, c.Attr, under, t.Link(link))
		}
		for _, p := range l.Pieces(nil) {
			q := *p.Placement
			q.Picture = nil
			fmt.Fprintf(&b, " [%d-%d %d/%d %dx%d of", p.X, p.End, p.Col, p.Row, q.W, q.H)
			fmt.Fprintf(&b, " %d,%d %dx%d at %d,%d cells %dx%d of %dx%d z %d:", q.SrcX, q.SrcY, q.SrcW, q.SrcH, q.X, q.Y, q.Cols, q.Rows, q.CellW, q.CellH, q.Z)
			fmt.Fprintf(&b, " %d %dx%d %x]", p.Picture.Format, p.Picture.Width, p.Picture.Height, crc32.ChecksumIEEE(p.Picture.Data))
			if p.Picture.Palette != nil {
				fmt.Fprintf(&b, " %x", p.Picture.Palette[:8])
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func newTerm() *term.Terminal {
	t := term.New(term.Config{Cols: 40, Rows: 10, Scrollback: 50, Name: "test", Checksum: true, ImageBytes: 64 << 10})
	t.SetCellPixels(10, 20)
	return t
}

// A terminal that takes a snapshot goes on exactly like the one that made it.
func checkSnapshot(t *testing.T, before, after []byte) {
	t.Helper()
	a, b := newTerm(), newTerm()
	_, _ = a.Write(before)
	if err := b.RestoreSnapshot(a.AppendSnapshot(nil, term.Base{})); err != nil {
		t.Fatalf("restore: %v", err)
	}
	if d := cmp.Diff(dump(a), dump(b)); d != "" {
		t.Fatalf("restored differently:\n%s", d)
	}
	base := a.Base()
	_, _ = a.Write(after)
	c := newTerm()
	if err := c.RestoreSnapshot(b.AppendSnapshot(nil, term.Base{})); err != nil {
		t.Fatal(err)
	}
	_, _ = b.Write(after)
	if d := cmp.Diff(dump(a), dump(b)); d != "" {
		t.Fatalf("went on differently:\n%s", d)
	}
	// And so does one that was behind and got only what is new.
	if err := c.RestoreSnapshot(a.AppendSnapshot(nil, base)); err != nil {
		t.Fatalf("restore delta: %v", err)
	}
	if d := cmp.Diff(dump(a), dump(c)); d != "" {
		t.Fatalf("caught up differently:\n%s", d)
	}
}

// pngBase64 is a PNG picture of 3×2 pixels.
const pngBase64 = "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAEklEQVR4nGP8z8AARAwMDAwAAA4GAQEv7Vz2AAAAAElFTkSuQmCC"

var streams = []string{
	"plain\r\ntext \x1b[1;31mred\x1b[0m\r\n",
	"\x1b[?1049h\x1b[2J\x1b[5;5Hfull screen\x1b[?25l",
	"\x1b]8;id=1;https://example.org/\x1b\\link\x1b]8;;\x1b\\ \x1b[4:3m\x1b[58:2::255:0:0mcurly\x1b[m",
	"e\u0301 \U0001F1E9\U0001F1EA \U0001F468\u200d\U0001F469\u200d\U0001F467 漢字 \ufe0f",
	"\x1b[3;8r\x1b[8;1H\n\n\n\x1b(0lqqk\x1b(B\x1b[?6h\x1b[H",
	"\x1b]0;title\x07\x1b[22t\x1b]7;file:///home\x07\x1b]9;4;1;40\x07\x1b[>1u\x1b]4;1;#123456\x07\x1b]133;A\x07",
	"wrap around the end of a line that is rather long for a terminal of forty columns ",
	"\x1b[38;2;1;2", "\x1bP$q", "\x1b]0;unfinished", "\xe6\xbc", "\x1b[",
	"\x1b[3;5H\x1bPq\"1;1;30;30#1;2;100;0;0#1!20~-#2;1;120;50;100#2!15@$#3!5A\x1b\\over\x1b[3;6Hx\x1b[1P\x1b[2@",
	"\x1bP0;1q#1!25~-", "\x1bP7;1;0q\"1;1;90;50#4!90~-!90~-!90N\x1b\\\n\n\n\n\n\n\n",
	"\x1b]1337;File=inline=1;width=50%:" + pngBase64 + "\a\x1b[1;1H\x1b[2L", "\x1b]1337;MultipartFile=inline=1;height=3\a\x1b]1337;FilePart=" + pngBase64[:9],
	pngBase64[9:] + "\a\x1b]1337;FileEnd\a",
	"\x1b_Ga=T,f=24,s=2,v=1,i=3,p=4,c=5,r=2,z=-1;AAECAwQF\x1b\\text\x1b_Ga=p,i=3,C=1,X=3,x=1;\x1b\\",
	"\x1b_Ga=T,f=100,i=9,m=1;" + pngBase64[:40] + "\x1b\\", "\x1b_Gm=0;" + pngBase64[40:] + "\x1b\\\x1b[2;8r\x1b[8;1H\n\n",
	"\x1b_Ga=d,d=I,i=3\x1b\\\x1b_Ga=d\x1b\\\x1b[2J\x1b[?80h", "\x1b_Ga=T,f=32,s=1,v=1,I=5;/wAA/w==\x1b\\", "\x1b_Ga=t,f=24,s=1000,v=16;AA",
	"\x1b_Ga=T,f=24,s=1,v=1;AAE=", "AAAA\x1b\\",
	"1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20\n",
}

func TestSnapshotContinues(t *testing.T) {
	for _, a := range streams {
		for _, b := range streams {
			checkSnapshot(t, []byte(a), []byte(b))
		}
	}
}

// Lines that came after the base are replaced by those of the snapshot.
func TestSnapshotFromAnOlderBase(t *testing.T) {
	for _, lines := range []int{1, 30, 49, 200} {
		a, b := newTerm(), newTerm()
		text := strings.Repeat("e\u0301 \x1b[4m\x1b[58:5:3mx\x1b[m \x1b]8;;https://example.org/\x1b\\y\x1b]8;;\x1b\\\r\n\r\n", 12)
		_, _ = a.Write([]byte(text))
		base := a.Base()
		whole := a.AppendSnapshot(nil, term.Base{})
		_, _ = a.Write([]byte(strings.Repeat("a \x1b[32mnew\x1b[m line\r\n", lines)))
		if err := b.RestoreSnapshot(whole); err != nil {
			t.Fatal(err)
		}
		_, _ = b.Write([]byte(strings.Repeat("other\r\n", 20)))
		if err := b.RestoreSnapshot(a.AppendSnapshot(nil, base)); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(dump(a), dump(b)); d != "" {
			t.Errorf("%d lines:\n%s", lines, d)
		}
		checkWhole(t, b)
	}
}

func FuzzSnapshot(f *testing.F) {
	for i, s := range streams {
		f.Add([]byte(s), []byte(streams[(i+1)%len(streams)]))
	}
	f.Fuzz(func(t *testing.T, before, after []byte) { checkSnapshot(t, before, after) })
}

// Any split of the stream gives the same screen.
func FuzzSplit(f *testing.F) {
	for _, s := range streams {
		f.Add([]byte(s), uint16(3))
	}
	f.Fuzz(func(t *testing.T, p []byte, at uint16) {
		a, b, c := newTerm(), newTerm(), newTerm()
		_, _ = a.Write(p)
		k := int(at) % (len(p) + 1)
		_, _ = b.Write(p[:k])
		_, _ = b.Write(p[k:])
		for i := range p {
			_, _ = c.Write(p[i : i+1])
		}
		if d := cmp.Diff(dump(a), dump(b)); d != "" {
			t.Fatalf("split at %d:\n%s", k, d)
		}
		if d := cmp.Diff(dump(a), dump(c)); d != "" {
			t.Fatalf("byte by byte:\n%s", d)
		}
		checkWhole(t, a)
	})
}

// Garbage is refused, or makes a terminal that can be used.
func FuzzRestore(f *testing.F) {
	for _, s := range streams {
		a := newTerm()
		_, _ = a.Write([]byte(s))
		f.Add(a.AppendSnapshot(nil, term.Base{}))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		a := newTerm()
		_, _ = a.Write([]byte("before"))
		was := dump(a)
		if err := a.RestoreSnapshot(p); err != nil {
			if d := cmp.Diff(was, dump(a)); d != "" {
				t.Fatalf("refused, but changed:\n%s", d)
			}
			return
		}
		for _, s := range streams {
			_, _ = a.Write([]byte(s))
		}
		checkWhole(t, a)
		a.Resize(17, 5)
		_ = a.AppendSnapshot(nil, term.Base{})
		_ = dump(a)
		checkWhole(t, a)
	})
}

// Sizes may change at any time.
func FuzzResize(f *testing.F) {
	for _, s := range streams {
		f.Add([]byte(s), []byte{10, 3, 40, 10, 1, 1, 100, 30})
	}
	f.Fuzz(func(t *testing.T, p, sizes []byte) {
		a := newTerm()
		for i := 0; i+1 < len(sizes) && i < 32; i += 2 {
			_, _ = a.Write(p)
			a.Resize(int(sizes[i]), int(sizes[i+1]))
			_ = dump(a)
			checkWhole(t, a)
		}
		checkWhole(t, a)
	})
}

// checkWhole tests what always holds.
func checkWhole(t *testing.T, a *term.Terminal) {
	t.Helper()
	if err := a.CheckLines(); err != nil {
		t.Fatal(err)
	}
	cols, rows := a.Size()
	c := a.Cursor()
	if c.X < 0 || c.X >= cols || c.Y < 0 || c.Y >= rows {
		t.Fatalf("cursor %+v outside of %dx%d", c, cols, rows)
	}
	for y := range rows {
		l := a.Row(y)
		if len(l.Cells) != cols {
			t.Fatalf("row %d has %d cells, not %d", y, len(l.Cells), cols)
		}
		for x, c := range l.Cells {
			if c.Attr&term.Wide != 0 && (x+1 == cols || l.Cells[x+1].Attr&term.WideTail == 0) {
				t.Fatalf("row %d: half a wide character at %d", y, x)
			}
			if c.Attr&term.WideTail != 0 && (x == 0 || l.Cells[x-1].Attr&term.Wide == 0) {
				t.Fatalf("row %d: tail without head at %d", y, x)
			}
		}
	}
}
