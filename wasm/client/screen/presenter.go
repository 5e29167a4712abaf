//go:build js

package screen

import (
	"fmt"

	"github.com/porthole-rac/porthole/protocol/term/paint"
)

// Drawing says which presenter draws.
type Drawing string

// The presenters, as web/js/drawing.js names them.
const (
	DrawingGPU    Drawing = "gpu"
	DrawingCanvas Drawing = "canvas"
)

// presenter brings what the screen shows onto the page. A frame is: cells that
// changed, upload; clear, where everything is drawn anew; cells and pictures, in
// the order in which they cover each other; finish.
type presenter interface {
	// run has the frames of s drawn, for ever.
	run(s *Screen) error
	// wake asks the browser for a frame.
	wake()
	// setFont forgets all glyphs. Those that come fit perRow in a row, of rows rows;
	// none goes over a row's end.
	setFont(f Font, m paint.Measures) (perRow, rows int)
	// storeGlyph keeps the pixels of a glyph for the numbers n…n+cells-1, R, G, B, A
	// with alpha multiplied.
	storeGlyph(n, cells int, pix []byte, color bool)
	// setGrid gives the memory of all cells, row by row.
	setGrid(cells []byte, cols, rows int)
	// upload tells that the rows from…to-1 have changed.
	upload(from, to int)
	// clear makes the picture as large as the canvas and fills it.
	clear(width, height int, background uint32)
	// cells draws cells, with what layer says of their backgrounds.
	cells(list []area, layer int, c colors)
	// piece draws a part of a picture.
	piece(p pixels, to, from paint.Rect, smooth bool)
	// pixels makes room for a picture.
	pixels(width, height int) pixels
	// finish shows what was drawn.
	finish()
}

// area is a block of cells, columns x0…x1-1 of the rows y0…y1-1.
type area struct{ x0, x1, y0, y1 int }

// colors are those of the terminal that cells do not have themselves.
type colors struct{ background, cursor uint32 }

// pixels is a picture as a presenter has it.
type pixels interface {
	// write writes rows from y on, with alpha multiplied.
	write(y int, pix []byte)
	free()
}

func newPresenter(d Drawing) (presenter, error) {
	switch d {
	case DrawingCanvas:
		return newCanvas()
	case DrawingGPU:
		return newGPU()
	}
	return nil, fmt.Errorf("there is no way of drawing named %q", d)
}
