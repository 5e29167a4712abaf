//go:build js

package screen

import (
	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/protocol/term/paint"
)

// Layers in which pictures are drawn, from below. Text goes above the first two
// once more.
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

// drawPictures draws the pictures on the dirty rows, above cells that are drawn
// already.
func (s *Screen) drawPictures() {
	s.gallery.begin(s.view.Term, s.all)
	s.rowsWith = s.rowsWith[:0]
	for y := range s.rows {
		if (s.all || s.dirty[y]) && s.line(y) != nil {
			if s.pieces = s.line(y).Pieces(s.pieces); len(s.pieces) > 0 {
				s.rowsWith = append(s.rowsWith, y)
			}
		}
	}
	if len(s.rowsWith) == 0 {
		return
	}
	for layer := range layers {
		s.areas = s.areas[:0]
		cursor := false
		for _, y := range s.rowsWith {
			s.pieces = s.line(y).Pieces(s.pieces)
			any := false
			for i := range s.pieces {
				if p := &s.pieces[i]; layerOf(p) == layer && int(p.X) < s.cols {
					s.drawPiece(p, y)
					any = true
				}
			}
			switch {
			case !any:
			case layer < aboveText:
				s.areas = append(s.areas, area{0, s.cols, y, y + 1})
			case y == s.cursorY: // the cursor is above all pictures
				x := s.view.Term.Cursor().X
				if _, at, on := s.view.Place(); on {
					x = min(at, s.cols-1)
				}
				s.areas = append(s.areas, area{x, x + 1, y, y + 1})
				cursor = true
			}
		}
		switch {
		case layer == belowBackground:
			s.to.cells(s.areas, paint.ColoredBackgrounds, s.colorsNow())
		case layer == belowText || cursor:
			s.to.cells(s.areas, paint.SolidBackgrounds, s.colorsNow())
		}
	}
}

// line gives the line that row y of the view shows, nil if there is none.
func (s *Screen) line(y int) *term.Line {
	return s.view.Term.Line(s.view.Term.TopLine() + uint64(y) - uint64(s.view.Back))
}

// drawPiece draws a picture's part on one row.
func (s *Screen) drawPiece(p *term.Piece, y int) {
	x := s.gallery.get(p.Picture)
	if x == nil {
		return
	}
	cellW, cellH := s.Cell()
	cw, ch := float32(cellW), float32(cellH)
	scaleX, scaleY := cw/float32(p.CellW), ch/float32(p.CellH)
	// Where the whole picture would be, and what of it is on these cells.
	left := (float32(p.X)-float32(p.Col))*cw + float32(p.Placement.X)*scaleX
	top := float32(y-int(p.Row))*ch + float32(p.Y)*scaleY
	w, h := float32(p.W)*scaleX, float32(p.H)*scaleY
	x0, x1 := max(left, float32(p.X)*cw), min(left+w, float32(min(int(p.End), s.cols))*cw)
	y0, y1 := max(top, float32(y)*ch), min(top+h, float32(y+1)*ch)
	if x0 >= x1 || y0 >= y1 {
		return
	}
	srcX := func(v float32) float32 { return (float32(p.SrcX) + (v-left)/w*float32(p.SrcW)) * x.scaleX }
	srcY := func(v float32) float32 { return (float32(p.SrcY) + (v-top)/h*float32(p.SrcH)) * x.scaleY }
	smooth := w != float32(p.SrcW)*x.scaleX || h != float32(p.SrcH)*x.scaleY
	s.to.piece(x.pixels, paint.Rect{X0: x0, Y0: y0, X1: x1, Y1: y1},
		paint.Rect{X0: srcX(x0), Y0: srcY(y0), X1: srcX(x1), Y1: srcY(y1)}, smooth)
}
