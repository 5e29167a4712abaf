package term_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/term"
)

// twoByTwo is a sixel picture of 2×2 cells.
const twoByTwo = "\x1bPq\"1;1;20;40#1!20~-!20~-!20~-!20~-!20~-!20~-!20N\x1b\\"

// What writing and erasing do to a picture at columns 2 and 3 of rows 1 and 2, of
// sixel and of kitty. The pieces are columns and the column and row that they
// show.
func TestPicturesAndText(t *testing.T) {
	const whole = "row 1 2-4: 0/0 of 20x40; row 2 2-4: 0/1 of 20x40"
	kitty := apc("a=T,f=24,s=20,v=40", rgbPixels(20, 40))
	for _, c := range []struct{ name, stream, sixel, kitty string }{
		{"nothing", "", whole, whole},
		{"text on its left half", "\x1b[2;3Hx", "row 1 3-4: 1/0 of 20x40; row 2 2-4: 0/1 of 20x40", whole},
		{"text over all of a row", "\x1b[2;1Hxxxxxxxx", "row 2 2-4: 0/1 of 20x40", whole},
		{"text beside it", "\x1b[2;1Hxx\x1b[2;5Hxx", whole, whole},
		{"a wide character", "\x1b[2;2H漢", "row 1 3-4: 1/0 of 20x40; row 2 2-4: 0/1 of 20x40", whole},
		{"erase to the right", "\x1b[2;4H\x1b[K", "row 1 2-3: 0/0 of 20x40; row 2 2-4: 0/1 of 20x40", whole},
		{"erase characters", "\x1b[2;3H\x1b[X", "row 1 3-4: 1/0 of 20x40; row 2 2-4: 0/1 of 20x40", whole},
		{"erase below", "\x1b[3;1H\x1b[J", "row 1 2-4: 0/0 of 20x40", whole},
		{"selective erase", "\x1b[?2J", whole, whole},
		{"clear the screen", "\x1b[2J", "", ""},
		{"reset", "\x1bc", "", ""},
		{"insert characters", "\x1b[2;1H\x1b[3@", "row 1 5-7: 0/0 of 20x40; row 2 2-4: 0/1 of 20x40", whole},
		{"insert in its middle", "\x1b[2;4H\x1b[3@", "row 1 2-3: 0/0 of 20x40, 6-7: 1/0 of 20x40; row 2 2-4: 0/1 of 20x40", whole},
		{"delete characters", "\x1b[2;1H\x1b[P", "row 1 1-3: 0/0 of 20x40; row 2 2-4: 0/1 of 20x40", whole},
		{"delete its left half", "\x1b[2;3H\x1b[P", "row 1 2-3: 1/0 of 20x40; row 2 2-4: 0/1 of 20x40", whole},
		{"insert a line", "\x1b[3H\x1b[L", "row 1 2-4: 0/0 of 20x40; row 3 2-4: 0/1 of 20x40", "row 1 2-4: 0/0 of 20x40; row 3 2-4: 0/1 of 20x40"},
		{"delete a line", "\x1b[2H\x1b[M", "row 1 2-4: 0/1 of 20x40", "row 1 2-4: 0/1 of 20x40"},
		{"scroll down", "\x1b[T", "row 2 2-4: 0/0 of 20x40; row 3 2-4: 0/1 of 20x40", "row 2 2-4: 0/0 of 20x40; row 3 2-4: 0/1 of 20x40"},
		{"scroll a region", "\x1b[3;6r\x1b[6H\n", "row 1 2-4: 0/0 of 20x40", "row 1 2-4: 0/0 of 20x40"},
		{"columns of a region", "\x1b[?69h\x1b[4;6s\x1b[2;4H\x1b[L", "row 1 2-3: 0/0 of 20x40; row 2 2-3: 0/1 of 20x40, 3-4: 1/0 of 20x40; row 3 3-4: 1/1 of 20x40", whole},
		{"copy a rectangle", "\x1b[2;3;2;4;1;5;11$v", "row 1 2-4: 0/0 of 20x40; row 2 2-4: 0/1 of 20x40; row 4 10-12: 0/0 of 20x40", whole},
		{"fill a rectangle", "\x1b[65;1;4;9;9$x", "row 1 2-3: 0/0 of 20x40; row 2 2-3: 0/1 of 20x40", whole},
		{"alignment", "\x1b#8", "", ""},
		{"the alternate screen", "\x1b[?1049h", "", ""},
		{"and back", "\x1b[?1049h" + twoByTwo + "\x1b[?1049l", whole, whole},
	} {
		for kind, stream := range map[string]string{"sixel": twoByTwo, "kitty": kitty} {
			a, _ := pictureTerm(1 << 20)
			write(a, "\x1b[2;3H"+stream+c.stream)
			want := c.sixel
			if kind == "kitty" {
				want = c.kitty
			}
			if got := onRows(a); got != want {
				t.Errorf("%s, %s: shows %s\nwant %s", kind, c.name, got, want)
			}
		}
	}
}

// A picture goes with its lines to the scrollback, and comes back with them.
func TestPicturesInScrollback(t *testing.T) {
	a, _ := pictureTerm(1 << 20)
	write(a, "\x1b[2;3H"+twoByTwo+"\x1b[6H\n\n")
	if got := onRows(a); got != "row 0 2-4: 0/1 of 20x40" {
		t.Errorf("screen shows %s", got)
	}
	if l := a.Line(a.TopLine() - 1).Pieces(nil); len(l) != 1 || l[0].Row != 0 {
		t.Errorf("the line above the screen shows %v", l)
	}
	p := a.Row(0).Pieces(nil)[0].Picture
	a.Resize(20, 8)
	if got := onRows(a); got != "row 1 2-4: 0/0 of 20x40; row 2 2-4: 0/1 of 20x40" {
		t.Errorf("larger screen shows %s", got)
	}
	a.Resize(10, 4)
	a.Resize(30, 4)
	write(a, strings.Repeat("\n", 18))
	if !a.HasPicture(p) || len(a.Line(a.TopLine()-20).Pieces(nil)) == 0 && len(a.Line(a.TopLine()-19).Pieces(nil)) == 0 {
		t.Error("gone from the scrollback though the line is there")
	}
	write(a, strings.Repeat("\n", 30))
	for n := a.TopLine() - uint64(a.Scrollback()); n < a.TopLine(); n++ {
		if l := a.Line(n).Pieces(nil); len(l) > 0 {
			t.Errorf("line %d still shows %v", n, l)
		}
	}
	_ = a.AppendSnapshot(nil, term.Base{}) // where what is not shown is dropped
	if a.HasPicture(p) {
		t.Error("kept though no line shows it")
	}
}

// A width that changes lays text out anew; a picture stays with its row, and is
// whole again when there is room again.
func TestPicturesReflow(t *testing.T) {
	a, _ := pictureTerm(1 << 20)
	write(a, "0123456789abcdefghij"+"\x1b[2;13H"+twoByTwo+"\r\nend")
	before := onRows(a)
	a.Resize(14, 6)
	if got := onRows(a); got != "row 2 12-14: 0/0 of 20x40; row 3 12-14: 0/1 of 20x40" {
		t.Errorf("narrow: %s", got)
	}
	a.Resize(8, 6)
	a.Resize(20, 6)
	if got := onRows(a); got != before {
		t.Errorf("wide again: %s, was %s", got, before)
	}
}

// A picture on a row that is joined to the one before goes right.
func TestPictureOnWrappedRow(t *testing.T) {
	a, _ := pictureTerm(1 << 20)
	write(a, strings.Repeat("x", 25)+"\x1b[2;8H"+apc("a=T,f=24,s=20,v=20", rgbPixels(20, 20)))
	a.Resize(40, 6)
	if got := onRows(a); got != "row 0 27-29: 0/0 of 20x20" {
		t.Errorf("shows %s", got)
	}
}

// Cells of another size do not change which cells a picture covers.
func TestPicturesAndCellSize(t *testing.T) {
	a, _ := pictureTerm(1 << 20)
	write(a, twoByTwo)
	a.SetCellPixels(20, 40)
	if got := onRows(a); got != "row 0 0-2: 0/0 of 20x40; row 1 0-2: 0/1 of 20x40" {
		t.Errorf("shows %s", got)
	}
	p := a.Row(0).Pieces(nil)[0]
	if p.CellW != 10 || p.CellH != 20 {
		t.Errorf("the placement is for cells of %dx%d", p.CellW, p.CellH)
	}
}

// Without room the oldest pictures go first, those that nothing shows before
// those on the screen.
func TestPictureBudget(t *testing.T) {
	a, answers := pictureTerm(100_000)
	send := func(id int, show string) string {
		return apc(fmt.Sprintf("a=%s,i=%d,q=1,f=24,s=100,v=66,C=1,c=1,r=1", show, id), rgbPixels(100, 66))
	}
	write(a, send(1, "T")+"\x1b[2;1H"+send(2, "t")+send(3, "T")+"\x1b[3;1H"+send(4, "T")+send(5, "T"))
	write(a, "\x1b[6;1H")
	for id := 1; id <= 5; id++ {
		write(a, apc(fmt.Sprintf("a=p,i=%d,C=1", id), ""))
	}
	got := strings.ReplaceAll(strings.ReplaceAll(answers.String(), "\x1b_Gi=", ""), "\x1b\\", " ")
	if want := "1;OK 2;ENOENT:no such picture 3;OK 4;OK 5;OK "; got != want {
		t.Errorf("answers %s, want %s", got, want)
	}
	write(a, send(6, "T"))
	if onRow(a, 0) != "" || onRow(a, 1) == "" {
		t.Errorf("the oldest picture is still there, or the next one is gone: %s", onRows(a))
	}
	answers.Reset()
	write(a, apc("i=7,f=24,s=200,v=200", rgbPixels(200, 200)))
	if want := "\x1b_Gi=7;EFBIG:more data than is kept of one picture\x1b\\"; answers.String() != want && !strings.Contains(answers.String(), "EFBIG") {
		t.Errorf("answered %q", answers)
	}
}

// Numbers without bound: of pictures, of placements and of their rows.
func TestPictureCounts(t *testing.T) {
	for _, c := range []struct{ name, once, each string }{
		{"pictures without names", "", apc("a=T,s=1,v=1", "/wAA/w==")},
		{"pictures with names", "", apc("I=1,q=2,s=1,v=1", "/wAA/w==")},
		{"placements", apc("i=1,q=2,s=1,v=1", "/wAA/w=="), apc("a=p,i=1,q=2,C=1,c=1,r=1", "")},
		{"tall placements", apc("i=1,q=2,s=1,v=1", "/wAA/w=="), apc("a=p,i=1,q=2,c=1,r=1000", "")},
		{"sixel", "", "\x1bP0;1q@\x1b\\"},
		{"cut to pieces", "", "\x1b[H\x1b]1337;File=inline=1;width=20:" + pngBase64 + "\a\x1b[H\x1b[C \x1b[C \x1b[C \x1b[C \x1b[C "},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := term.New(term.Config{Cols: 20, Rows: 6, Scrollback: 2000, ImageBytes: term.ImageBudget})
			write(a, c.once)
			each := []byte(strings.Repeat(c.each, 500))
			for range 20 {
				_, _ = a.Write(each)
			}
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			if m.HeapAlloc > 64<<20 {
				t.Errorf("%d MB in use", m.HeapAlloc>>20)
			}
			b := term.New(term.Config{Cols: 20, Rows: 6, Scrollback: 2000, ImageBytes: term.ImageBudget})
			if err := b.RestoreSnapshot(a.AppendSnapshot(nil, term.Base{})); err != nil {
				t.Errorf("its snapshot is refused: %v", err)
			}
		})
	}
}

// Over all of a long scrollback there are no more placements, and no more rows of
// them, than there may be; the oldest ones have gone.
func TestPlacementsInScrollback(t *testing.T) {
	for _, c := range []struct {
		name, each string
		times      int
		rows, most int
	}{
		{"placements", apc("a=p,i=1,q=2,c=1,r=1", "") + "\n", 6000, 1, term.MaxPlacements},
		{"rows", apc("a=p,i=1,q=2,c=1,r=1000", ""), 50, 1000, term.MaxPieces},
	} {
		a := term.New(term.Config{Cols: 20, Rows: 6, Scrollback: term.MaxScrollback, ImageBytes: term.ImageBudget})
		write(a, apc("i=1,q=2,s=1,v=1", "/wAA/w==")+strings.Repeat(c.each, c.times))
		shown, last := 0, false
		for n := a.TopLine() - uint64(a.Scrollback()); n < a.TopLine(); n++ {
			last = len(a.Line(n).Pieces(nil)) > 0
			if last {
				shown++
			}
		}
		if shown > c.most || shown < c.most/2 || !last {
			t.Errorf("%s: %d lines show something, at most %d may; the last one: %t", c.name, shown, c.most, last)
		}
	}
}

// An idle terminal has nothing for pictures.
func TestIdleCost(t *testing.T) {
	var all [64]*term.Terminal
	make := func(bytes int) uint64 {
		return allocated(func() {
			for i := range all {
				all[i] = term.New(term.Config{Cols: 80, Rows: 24, ImageBytes: bytes})
				write(all[i], "prompt $ ")
			}
		})
	}
	without, with := make(0), make(term.ImageBudget)
	if with > without+uint64(len(all))*512 {
		t.Errorf("%d bytes with pictures allowed, %d without", with, without)
	}
}

// A snapshot for a side that has the pictures does not repeat them; one that it
// cannot go on from is refused.
func TestSnapshotPictures(t *testing.T) {
	a, _ := pictureTerm(1 << 20)
	b, _ := pictureTerm(1 << 20)
	picture := apc("a=T,f=24,s=100,v=100,C=1", rgbPixels(100, 100))
	write(a, picture)
	if err := b.RestoreSnapshot(a.AppendSnapshot(nil, term.Base{})); err != nil {
		t.Fatal(err)
	}
	base := a.Base()
	old := b.Row(0).Pieces(nil)[0].Picture
	write(a, "\n\n\n\n\n\n\n"+apc("a=T,f=24,s=10,v=10,C=1", rgbPixels(10, 10)))
	p := a.AppendSnapshot(nil, base)
	if len(p) > 4<<10 {
		t.Errorf("the snapshot has %d bytes", len(p))
	}
	if err := b.RestoreSnapshot(p); err != nil {
		t.Fatal(err)
	}
	if dump(a) != dump(b) {
		t.Errorf("caught up:\n%s\nwant:\n%s", dump(b), dump(a))
	}
	if !b.HasPicture(old) {
		t.Error("the picture was made anew")
	}
	c, _ := pictureTerm(1 << 20)
	if err := c.RestoreSnapshot(p); !errors.Is(err, term.ErrSnapshotBase) {
		t.Errorf("a terminal without the picture: %v", err)
	}
	two, _ := pictureTerm(1 << 20)
	write(two, picture+picture)
	few, _ := pictureTerm(60_100) // for one of them only
	if err := few.RestoreSnapshot(two.AppendSnapshot(nil, term.Base{})); !errors.Is(err, term.ErrSnapshot) {
		t.Errorf("more pictures than there is room for: %v", err)
	}
	d, _ := pictureTerm(10_000)
	if err := d.RestoreSnapshot(a.AppendSnapshot(nil, term.Base{})); !errors.Is(err, term.ErrSnapshot) {
		t.Errorf("a terminal that keeps less: %v", err)
	}
}

// Only rows that a picture touches are drawn anew.
func TestPictureDamage(t *testing.T) {
	changed := func(a *term.Terminal) (rows []int) {
		for y := range 6 {
			if a.Changed(y) {
				rows = append(rows, y)
			}
		}
		a.ClearDamage()
		return rows
	}
	a, _ := pictureTerm(1 << 20)
	write(a, "\x1b[2;3H")
	a.ClearDamage()
	write(a, twoByTwo)
	if got := fmt.Sprint(changed(a)); got != "[1 2]" {
		t.Errorf("rows %s changed", got)
	}
	write(a, apc("a=T,i=1,q=2,f=24,s=10,v=10", rgbPixels(10, 10)))
	if got := fmt.Sprint(changed(a)); got != "[2]" {
		t.Errorf("rows %s changed by kitty's", got)
	}
	write(a, apc("a=d", ""))
	if got := fmt.Sprint(changed(a)); got != "[0 1 2 3 4 5]" {
		t.Errorf("rows %s changed by deleting", got)
	}
}

// Pictures are drawn in the order of z, then of their coming.
func TestPictureOrder(t *testing.T) {
	a, _ := pictureTerm(1 << 20)
	for i, z := range []string{"3", "-1", "0", "-1", "-2000000000"} {
		write(a, apc(fmt.Sprintf("a=T,f=24,s=%d,v=1,C=1,z=%s", i+1, z), rgbPixels(i+1, 1)))
	}
	var got []int
	for _, p := range a.Row(0).Pieces(nil) {
		got = append(got, p.Picture.Width)
		if p.BelowBackground() != (p.Z == -2000000000) {
			t.Errorf("z %d: below backgrounds %t", p.Z, p.BelowBackground())
		}
	}
	if fmt.Sprint(got) != "[5 2 4 3 1]" {
		t.Errorf("order %v", got)
	}
}
