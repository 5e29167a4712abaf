package shell

import (
	"image"
	"sync"

	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/protocol/term/paint"
)

// maxBand is how many pixels are drawn at once.
const maxBand = 1 << 18

// painters are the memory that pixels are drawn in, for all shells.
var painters = sync.Pool{New: func() any { return new(paint.Painter) }}

// images draws the groups of cells as pixels.
func (s *Shell) images(c Canvas) {
	f := &s.frame
	if len(f.groups) == 0 {
		return
	}
	w, h := s.face.Cell()
	p := painters.Get().(*paint.Painter)
	palette := s.look.Term.Palette()
	p.Font, p.Background = s.face.Font, f.background
	p.Cursor = palette.Resolve(palette.Cursor, term.DefaultColor)
	for _, g := range f.groups {
		step := max(maxBand/(g.Dx()*w*h), 1)
		for y := g.Min.Y; y < g.Max.Y; y += step {
			band := image.Rect(g.Min.X, y, g.Max.X, min(y+step, g.Max.Y))
			r := pixels(band, w, h)
			p.Resize(r.Dx(), r.Dy())
			p.Cells(f.cells[(y*f.cols+g.Min.X)*cellBytes:], f.cols, 0, g.Dx(), 0, band.Dy(), paint.AllBackgrounds)
			if f.salts[y] != 0 {
				s.pictures(p, band)
			}
			c.Image(r, p.Pixels())
		}
	}
	p.Font = nil
	painters.Put(p)
}
