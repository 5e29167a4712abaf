package glyph

import "testing"

// FuzzWide: a file of bitmaps that is broken is told, and does nothing worse.
func FuzzWide(f *testing.F) {
	f.Add(unpack(wideFile)[:200])
	f.Add([]byte{1, 65, 1, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
	f.Fuzz(func(t *testing.T, p []byte) {
		w, err := parseWide(p)
		if err != nil {
			return
		}
		for _, r := range w.runs {
			w.find(r.first)
			w.find(r.first + r.count - 1)
		}
	})
}

// TestFiles: all that is embedded can be read, and covers what it should.
func TestFiles(t *testing.T) {
	outlines(true)
	w := bitmaps()
	for _, r := range "日한😀漢字のアद𐌰𝄞𐌰" {
		if _, ok := w.find(r); !ok {
			t.Errorf("there is no %c", r)
		}
	}
	if _, ok := w.find('a'); ok {
		t.Error("there is what the other font has")
	}
}

// TestFaceThatIsFull is replaced, and the old one gives no numbers of other glyphs.
func TestFaceThatIsFull(t *testing.T) {
	f := Get(6)
	for r := rune(0x4e00); !f.Full(); r++ {
		st := Style(r & 3)
		if f.Rune(0x3400+(r-0x4e00)/4%0x6000, st, true) == 0 && !f.Full() {
			t.Fatal("no glyph")
		}
		if r > 0x4e00+200_000 {
			t.Fatal("a face takes glyphs without end")
		}
	}
	if f.Rune('ÿ', 0, false) != 0 {
		t.Error("a full face has taken a glyph")
	}
	if g := Get(6); g == f || g.Full() {
		t.Error("the full face is given again")
	}
}
