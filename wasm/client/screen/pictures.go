//go:build js

package screen

import (
	"github.com/hajimehoshi/ebiten/v2"

	"github.com/porthole-rac/porthole/protocol/term"
)

// Layers in which pictures are drawn, from below. Text goes above the first two
// once more.
const (
	belowBackground = iota
	belowText
	aboveText
	layers
)

// What of the cells' backgrounds the shader draws: see shader.kage.
const (
	allBackgrounds     = 0
	coloredBackgrounds = 1
	solidBackgrounds   = 2
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
func (s *Screen) drawPictures(dst *ebiten.Image) {
	s.textures.begin(s.view.Term, s.all)
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
		s.verts, s.inds = s.verts[:0], s.inds[:0]
		cursor := false
		for _, y := range s.rowsWith {
			s.pieces = s.line(y).Pieces(s.pieces)
			any := false
			for i := range s.pieces {
				if p := &s.pieces[i]; layerOf(p) == layer && int(p.X) < s.cols {
					s.drawPiece(dst, p, y)
					any = true
				}
			}
			cw, ch := s.Cell()
			switch {
			case !any:
			case layer < aboveText:
				s.quad(0, float32(y*ch), float32(s.cols*cw), float32((y+1)*ch))
			case y == s.cursorY: // the cursor is above all pictures
				x := s.view.Term.Cursor().X
				if _, at, on := s.view.Place(); on {
					x = min(at, s.cols-1)
				}
				s.quad(float32(x*cw), float32(y*ch), float32((x+1)*cw), float32((y+1)*ch))
				cursor = true
			}
		}
		switch {
		case layer == belowBackground:
			s.drawCells(dst, coloredBackgrounds)
		case layer == belowText || cursor:
			s.drawCells(dst, solidBackgrounds)
		}
	}
}

// line gives the line that row y of the view shows, nil if there is none.
func (s *Screen) line(y int) *term.Line {
	return s.view.Term.Line(s.view.Term.TopLine() + uint64(y) - uint64(s.view.Back))
}

// drawPiece draws a picture's part on one row.
func (s *Screen) drawPiece(dst *ebiten.Image, p *term.Piece, y int) {
	x := s.textures.get(p.Picture)
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
	// The texture has a border of one pixel.
	srcX := func(v float32) float32 { return 1 + (float32(p.SrcX)+(v-left)/w*float32(p.SrcW))*x.scaleX }
	srcY := func(v float32) float32 { return 1 + (float32(p.SrcY)+(v-top)/h*float32(p.SrcH))*x.scaleY }
	var v [4]ebiten.Vertex
	for i, c := range [4][2]float32{{x0, y0}, {x1, y0}, {x0, y1}, {x1, y1}} {
		v[i] = ebiten.Vertex{
			DstX: c[0], DstY: c[1], SrcX: srcX(c[0]), SrcY: srcY(c[1]),
			ColorR: 1, ColorG: 1, ColorB: 1, ColorA: 1,
		}
	}
	o := &ebiten.DrawTrianglesOptions{}
	if w != float32(p.SrcW)*x.scaleX || h != float32(p.SrcH)*x.scaleY {
		o.Filter = ebiten.FilterLinear
	}
	dst.DrawTriangles(v[:], []uint16{0, 1, 2, 1, 2, 3}, x.image, o)
}
