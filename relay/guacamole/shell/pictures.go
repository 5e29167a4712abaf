package shell

import (
	"bytes"
	"image"
	_ "image/gif" // the first picture of it
	_ "image/jpeg"
	_ "image/png"
	"math"
	"sync"
	"unsafe"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp"

	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/protocol/term/paint"
)

// Bounds of pictures that programs show.
const (
	maxPixels  = 1 << 20  // kept of one; a larger one is made smaller
	maxDecoded = 8 << 20  // pixels of a file that is decoded; others are not shown
	maxGallery = 12 << 20 // bytes kept of all of a Shell, while they are to be seen
)

// decoding has files decoded one at a time: each takes up to 4·maxDecoded bytes.
var decoding sync.Mutex

// gallery holds the pictures that were drawn lately.
type gallery struct {
	all    map[*term.Picture]*paint.Picture // nil: cannot be drawn
	bytes  int
	pieces []term.Piece // buffer
}

// salt tells lines with other pictures apart; 0: there are none.
func (s *Shell) salt(l *term.Line) uint64 {
	g := &s.gallery
	g.pieces = l.Pieces(g.pieces)
	h := uint64(0)
	for i := range g.pieces {
		p := &g.pieces[i]
		for _, v := range [...]uint64{
			uint64(uintptr(unsafe.Pointer(p.Placement))), uint64(len(p.Picture.Data)),
			uint64(p.X)<<32 | uint64(p.End)<<16 | uint64(p.Row), uint64(p.Col)<<32 | uint64(uint32(p.Z)),
		} {
			h = (h ^ v + 1) * 0x9e3779b97f4a7c15
			h ^= h >> 29
		}
	}
	if len(g.pieces) > 0 {
		h |= 1
	}
	return h
}

// tidy lets go of all pictures when none is to be seen.
func (g *gallery) tidy(salts []uint64) {
	if g.all == nil {
		return
	}
	for _, v := range salts {
		if v != 0 {
			return
		}
	}
	*g = gallery{pieces: g.pieces}
}

// get gives a picture's pixels, nil when it is not shown.
func (g *gallery) get(t *term.Terminal, p *term.Picture) *paint.Picture {
	if x, ok := g.all[p]; ok {
		return x
	}
	if g.all == nil {
		g.all = make(map[*term.Picture]*paint.Picture)
	}
	for q, x := range g.all {
		if !t.HasPicture(q) || g.bytes > maxGallery {
			if x != nil {
				g.bytes -= 4 * x.Width * x.Height
			}
			delete(g.all, q)
		}
	}
	x := ready(p)
	g.all[p] = x
	if x != nil {
		g.bytes += 4 * x.Width * x.Height
	}
	return x
}

// ready makes pixels with multiplied alpha of a picture, not more than maxPixels.
func ready(p *term.Picture) *paint.Picture {
	w, h := p.Width, p.Height
	if w <= 0 || h <= 0 {
		return nil
	}
	if f := math.Sqrt(maxPixels / float64(w*h)); f < 1 {
		w, h = max(int(float64(w)*f), 1), max(int(float64(h)*f), 1)
	}
	if p.Format.MediaType() != "" {
		return decoded(p, w, h)
	}
	out := paint.NewPicture(w, h)
	var row []byte
	line := make([]byte, 4*w)
	for y := range h {
		row = p.AppendRows(row[:0], y*p.Height/h, 1)
		for x := range w {
			copy(line[4*x:4*x+4], row[4*(x*p.Width/w):])
		}
		multiply(line)
		out.SetRows(y, line)
	}
	return out
}

func multiply(pix []byte) {
	for i := 0; i+3 < len(pix); i += 4 {
		a := uint(pix[i+3])
		for c := range 3 {
			pix[i+c] = byte(uint(pix[i+c]) * a / 255)
		}
	}
}

// decoded decodes a file.
func decoded(p *term.Picture, w, h int) *paint.Picture {
	decoding.Lock()
	defer decoding.Unlock()
	// The file tells its size in more than one place: what the decoder reads counts.
	cfg, _, err := image.DecodeConfig(bytes.NewReader(p.Data))
	if err != nil || cfg.Width <= 0 || cfg.Height <= 0 || cfg.Width > maxDecoded/cfg.Height {
		return nil
	}
	img, _, err := image.Decode(bytes.NewReader(p.Data))
	if err != nil {
		return nil
	}
	to := image.NewRGBA(image.Rect(0, 0, w, h))
	if img.Bounds().Size() == to.Rect.Size() {
		draw.Draw(to, to.Rect, img, img.Bounds().Min, draw.Src)
	} else {
		draw.ApproxBiLinear.Scale(to, to.Rect, img, img.Bounds(), draw.Src, nil)
	}
	out := paint.NewPicture(w, h)
	out.SetRows(0, to.Pix)
	return out
}

// Layers in which pictures are drawn, from below. Text goes above the first two once
// more.
const (
	belowBackground = iota
	belowText
	aboveText
	layers
)

func layerOf(p *term.Piece) int {
	switch {
	case p.Z >= 0:
		return aboveText
	case p.BelowBackground():
		return belowBackground
	}
	return belowText
}

// pictures draws the pictures on a band of whole rows, above cells that are drawn
// already.
func (s *Shell) pictures(p *paint.Painter, band image.Rectangle) {
	f, t, g := &s.frame, s.shown(), &s.gallery
	cells := f.cells[band.Min.Y*f.cols*cellBytes:]
	for y := band.Min.Y; y < band.Max.Y; y++ {
		l := t.Line(t.TopLine() + uint64(y) - uint64(s.rowsBack()))
		if l == nil {
			continue
		}
		g.pieces = l.Pieces(g.pieces)
		row := y - band.Min.Y
		for layer := range layers {
			any := false
			for i := range g.pieces {
				if q := &g.pieces[i]; layerOf(q) == layer && int(q.X) < f.cols {
					s.drawPiece(p, q, row)
					any = true
				}
			}
			switch {
			case !any:
			case layer == belowBackground:
				p.Cells(cells, f.cols, 0, f.cols, row, row+1, paint.ColoredBackgrounds)
			case layer == belowText:
				p.Cells(cells, f.cols, 0, f.cols, row, row+1, paint.SolidBackgrounds)
			case y == f.cursorY: // the cursor is above all
				x := min(t.Cursor().X, f.cols-1)
				p.Cells(cells, f.cols, x, x+1, row, row+1, paint.SolidBackgrounds)
			}
		}
	}
}

// drawPiece draws a picture's part on one row of the band.
func (s *Shell) drawPiece(p *paint.Painter, q *term.Piece, row int) {
	m := s.gallery.get(s.shown(), q.Picture)
	if m == nil || q.CellW <= 0 || q.CellH <= 0 {
		return
	}
	cellW, cellH := s.face.Cell()
	cw, ch := float32(cellW), float32(cellH)
	scaleX, scaleY := cw/float32(q.CellW), ch/float32(q.CellH)
	// Where the whole picture would be, and what of it is on these cells.
	left := (float32(q.X)-float32(q.Col))*cw + float32(q.Placement.X)*scaleX
	top := float32(row-int(q.Row))*ch + float32(q.Y)*scaleY
	w, h := float32(q.W)*scaleX, float32(q.H)*scaleY
	x0, x1 := max(left, float32(q.X)*cw), min(left+w, float32(min(int(q.End), s.frame.cols))*cw)
	y0, y1 := max(top, float32(row)*ch), min(top+h, float32(row+1)*ch)
	if x0 >= x1 || y0 >= y1 {
		return
	}
	sx, sy := float32(m.Width)/float32(q.Picture.Width), float32(m.Height)/float32(q.Picture.Height)
	srcX := func(v float32) float32 { return (float32(q.SrcX) + (v-left)/w*float32(q.SrcW)) * sx }
	srcY := func(v float32) float32 { return (float32(q.SrcY) + (v-top)/h*float32(q.SrcH)) * sy }
	smooth := w != float32(q.SrcW)*sx || h != float32(q.SrcH)*sy
	p.Draw(m, paint.Rect{X0: x0, Y0: y0, X1: x1, Y1: y1}, paint.Rect{X0: srcX(x0), Y0: srcY(y0), X1: srcX(x1), Y1: srcY(y1)}, smooth)
}
