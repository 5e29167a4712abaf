package glyph

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"testing"

	"github.com/porthole-rac/porthole/protocol/term/paint"
)

// TestMeasures: the measures in the code are those of the font.
func TestMeasures(t *testing.T) {
	f := outlines(false)
	m := newMetrics(14)
	if int(f.UnitsPerEm()) != int(m.em) {
		t.Errorf("%d units", f.UnitsPerEm())
	}
	var d drawer
	i, _ := f.GlyphIndex(&d.buf, 'x')
	a, err := f.GlyphAdvance(&d.buf, i, 2048, 0)
	if err != nil || float32(a) != m.advance {
		t.Errorf("advance %v, %v", a, err)
	}
	got, err := f.Metrics(&d.buf, 2048, 0)
	if err != nil || float32(-got.XHeight) != m.xHeight || float32(-got.CapHeight) != m.capHeight {
		t.Errorf("x %v, cap %v, %v", got.XHeight, got.CapHeight, err)
	}
	if got.Ascent != 1901 || got.Descent != 483 {
		t.Errorf("ascent %v, descent %v", got.Ascent, got.Descent)
	}
}

// TestLook writes pictures of the glyphs to a folder, to be looked at.
func TestLook(t *testing.T) {
	dir := os.Getenv("PORTHOLE_PICTURES")
	if dir == "" {
		t.Skip("PORTHOLE_PICTURES names no folder")
	}
	lines := []string{"The quick brown fox jumps 0O1lI|", "ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefgh", "{}[]()<>/\\@#$%^&*-=_+;:'\"`~", "äöüß éèê ñ ø å Žluťoučký Ω λ Привет", "→←↑↓ ✓✗ ★ ░▒▓█ ┌─┬┐ │└┘ ⠿  ", "日本語 漢字 한국어 中文 😀🚀", "עברית العربية ไทย देव"}
	for _, size := range []int{11, 12, 14, 16, 21, 28} {
		f := Get(size)
		w, h := f.Cell()
		const cols = 40
		var cells []byte
		rows := 0
		for _, st := range []Style{0, Bold, Italic, Bold | Italic} {
			for _, l := range lines {
				row := make([]byte, 0, cols*paint.CellBytes)
				put := func(n uint16) {
					row = append(row, 220, 222, 230, byte(n>>8), 18, 22, 28, byte(n), 0, 0, 0, 0)
				}
				for _, r := range l {
					wide := r >= 0x1100 && r < 0x1200 || r >= 0x3000 && r < 0xd7a4 || r > 0x10000
					n := f.Rune(r, st, wide)
					put(n)
					if wide {
						put(n + 1)
					}
				}
				for len(row) < cols*paint.CellBytes {
					put(0)
				}
				cells = append(cells, row[:cols*paint.CellBytes]...)
				rows++
			}
		}
		p := paint.Painter{Font: f.Font}
		p.Resize(cols*w, rows*h)
		p.Cells(cells, cols, 0, cols, 0, rows, paint.AllBackgrounds)
		img := &image.NRGBA{Pix: p.Pixels(), Stride: 4 * cols * w, Rect: image.Rect(0, 0, cols*w, rows*h)}
		_ = color.NRGBA{}
		out, err := os.Create(dir + "/glyphs-" + string(rune('0'+size/10)) + string(rune('0'+size%10)) + ".png")
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(out, img); err != nil {
			t.Fatal(err)
		}
		out.Close()
	}
}
