// Fonts makes the files of relay/guacamole/shell/glyph/data: fonts compressed, and
// the bitmaps of a font of 16×16 pixels without its outlines, which takes a tenth.
//
//	go run ./scripts/fonts -mono DejaVuSansMono.ttf -bold DejaVuSansMono-Bold.ttf -wide unifont.otf,unifont_upper.otf
//
// On Debian they come with the packages fonts-dejavu-core and fonts-unifont.
package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/andybalholm/brotli"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

func main() {
	mono := flag.String("mono", "", "the font for most text")
	bold := flag.String("bold", "", "its bold sister")
	wide := flag.String("wide", "", "fonts of 16×16 pixels for what it lacks, with commas between")
	out := flag.String("out", "relay/guacamole/shell/glyph/data", "folder")
	flag.Parse()
	if err := run(*mono, *bold, strings.Split(*wide, ","), *out); err != nil {
		fmt.Fprintf(os.Stderr, "fonts: %v\n", err)
		os.Exit(1)
	}
}

func run(mono, bold string, wide []string, out string) error {
	outline, err := os.ReadFile(mono)
	if err != nil {
		return err
	}
	heavy, err := os.ReadFile(bold)
	if err != nil {
		return err
	}
	has, err := sfnt.Parse(outline)
	if err != nil {
		return fmt.Errorf("%s: %w", mono, err)
	}
	var p packer
	for _, name := range wide {
		if err := p.add(name, has); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for name, data := range map[string][]byte{"mono.ttf.br": outline, "mono-bold.ttf.br": heavy, "wide.br": p.bytes()} {
		var b bytes.Buffer
		w := brotli.NewWriterOptions(&b, brotli.WriterOptions{Quality: 11, LGWin: 22})
		if _, err := w.Write(data); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, name), b.Bytes(), 0o644); err != nil {
			return err
		}
		fmt.Printf("%s: %d bytes of %d\n", name, b.Len(), len(data))
	}
	return nil
}

// side is the size of a bitmap, pixels, and below how many of its rows are below the
// base line.
const (
	side  = 16
	below = 2
)

// Kinds of glyphs, as package glyph reads them.
const (
	mark   = iota // shown over the character before
	narrow        // 8 pixels wide
	full          // 16
)

// packer collects bitmaps, sorted by character.
type packer struct {
	glyphs []bitmap // sorted once all are there
	known  map[rune]bool
}

type bitmap struct {
	r    rune
	kind int
	rows [side]uint16
}

// add takes the characters of a font that another one lacks, and those before.
func (p *packer) add(name string, has *sfnt.Font) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	f, err := sfnt.Parse(data)
	if err != nil {
		return err
	}
	var b sfnt.Buffer
	if p.known == nil {
		p.known = make(map[rune]bool)
	}
	for r := rune(0xa1); r <= unicode.MaxRune; r++ {
		if p.known[r] {
			continue
		}
		if unicode.Is(unicode.Co, r) || unicode.Is(unicode.Cs, r) {
			continue
		}
		if i, err := has.GlyphIndex(&b, r); err == nil && i != 0 {
			continue
		}
		i, err := f.GlyphIndex(&b, r)
		if err != nil || i == 0 {
			continue
		}
		g, err := draw(f, &b, i)
		if err != nil {
			return fmt.Errorf("U+%04X: %w", r, err)
		}
		g.r = r
		p.known[r] = true
		p.glyphs = append(p.glyphs, g)
	}
	return nil
}

// draw gives the bitmap of one glyph.
func draw(f *sfnt.Font, b *sfnt.Buffer, i sfnt.GlyphIndex) (g bitmap, err error) {
	ppem := fixed.I(side)
	advance, err := f.GlyphAdvance(b, i, ppem, 0)
	if err != nil {
		return g, err
	}
	segments, err := f.LoadGlyph(b, i, ppem, nil)
	if err != nil {
		return g, err
	}
	left := float32(0)
	switch {
	case advance == 0:
		g.kind = mark
		if x := segments.Bounds().Min.X; x < 0 { // it reaches back over the character
			left = float32(-x.Floor() &^ 7)
		}
	case advance <= fixed.I(side/2):
		g.kind = narrow
	case advance <= fixed.I(side):
		g.kind = full
	default:
		return g, errors.New("is wider than its pixels")
	}
	var v vector.Rasterizer
	v.Reset(side, side)
	at := func(p fixed.Point26_6) (x, y float32) { return float32(p.X)/64 + left, float32(p.Y)/64 + side - below }
	for _, s := range segments {
		x0, y0 := at(s.Args[0])
		x1, y1 := at(s.Args[1])
		x2, y2 := at(s.Args[2])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			v.ClosePath()
			v.MoveTo(x0, y0)
		case sfnt.SegmentOpLineTo:
			v.LineTo(x0, y0)
		case sfnt.SegmentOpQuadTo:
			v.QuadTo(x0, y0, x1, y1)
		case sfnt.SegmentOpCubeTo:
			v.CubeTo(x0, y0, x1, y1, x2, y2)
		}
	}
	v.ClosePath()
	pix := image.NewAlpha(image.Rect(0, 0, side, side))
	v.Draw(pix, pix.Bounds(), image.Opaque, image.Point{})
	for y := range side {
		for x := range side {
			if pix.Pix[y*side+x] >= 0x80 {
				g.rows[y] |= 1 << (side - 1 - x)
			}
		}
	}
	return g, nil
}

// bytes gives the file: the number of runs; of each run of characters the gap to the
// one before, their number and kind, all varints; and then the rows of all glyphs,
// one byte each of narrow ones and two of others.
func (p *packer) bytes() []byte {
	type run struct{ first, count, kind int }
	slices.SortFunc(p.glyphs, func(a, b bitmap) int { return int(a.r - b.r) })
	var runs []run
	for _, g := range p.glyphs {
		if n := len(runs); n > 0 && runs[n-1].first+runs[n-1].count == int(g.r) && runs[n-1].kind == g.kind {
			runs[n-1].count++
			continue
		}
		runs = append(runs, run{int(g.r), 1, g.kind})
	}
	b := binary.AppendUvarint(nil, uint64(len(runs)))
	end := 0
	for _, r := range runs {
		b = binary.AppendUvarint(b, uint64(r.first-end))
		b = binary.AppendUvarint(b, uint64(r.count))
		b = binary.AppendUvarint(b, uint64(r.kind))
		end = r.first + r.count
	}
	for _, g := range p.glyphs {
		for _, row := range g.rows {
			if g.kind == narrow {
				b = append(b, byte(row>>8))
			} else {
				b = binary.BigEndian.AppendUint16(b, row)
			}
		}
	}
	return b
}
