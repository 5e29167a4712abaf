package paint

// CellBytes is the size of one cell: three texels of four bytes.
//
//	text colour R, G, B; high byte of the glyph's number, with Solid
//	background R, G, B; low byte of the glyph's number
//	line colour R, G, B; bits
const CellBytes = 12

// Solid is the top bit of a glyph's number: the cell hides pictures.
const Solid = 0x80

// Bits of a cell's last byte. The lowest three are the style of the underline, 1
// to 5: single, double, curly, dotted, dashed.
const (
	UnderlineMask = 7
	Strike        = 8
	Overline      = 16
	CursorShift   = 5 // two bits, one of the cursors
	ColorGlyph    = 128
)

// Cursors that are drawn over a cell. A block is none of them: it is a cell of
// other colours.
const (
	CursorBar = 1 + iota
	CursorUnderline
	CursorHollow
)

// Layers say what of the cells' backgrounds is drawn. The last two put text above
// pictures, with what the person must see: cursor, selection and matches are
// solid.
const (
	AllBackgrounds = iota
	ColoredBackgrounds
	SolidBackgrounds
)

// Measures are those of a font's cells, device pixels.
type Measures struct {
	Width, Height int
	// From the top of a cell: middle of the underline, and of the strike-through.
	Underline, Strike float32
	Thick             float32 // thickness of lines, and how far a curly one swings
}

// span is a piece of a line within a cell.
type span struct{ y, x0, x1 int }

// spans gives the pixels of a cell whose middles are in a shape.
func (m *Measures) spans(in func(x, y float32) bool) (list []span) {
	for y := range m.Height {
		from := -1
		for x := range m.Width + 1 {
			is := x < m.Width && in(float32(x)+.5, float32(y)+.5)
			switch {
			case is && from < 0:
				from = x
			case !is && from >= 0:
				list = append(list, span{y, from, x})
				from = -1
			}
		}
	}
	return list
}
