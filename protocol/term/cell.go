package term

// Color is a cell's colour: the default one, one of 256 by index, or RGB.
type Color uint32

const (
	colorIndexed Color = 1 << 24
	colorRGB     Color = 2 << 24
)

// DefaultColor is the theme's foreground or background.
const DefaultColor Color = 0

// Indexed is colour n of the palette.
func Indexed(n uint8) Color { return colorIndexed | Color(n) }

// RGB is a colour given as 0xRRGGBB.
func RGB(v uint32) Color { return colorRGB | Color(v&0xffffff) }

// IsDefault tells the theme's colour.
func (c Color) IsDefault() bool { return c == DefaultColor }

// Index gives the palette index of an indexed colour.
func (c Color) Index() (uint8, bool) { return uint8(c), c>>24 == colorIndexed>>24 }

// Value gives 0xRRGGBB of an RGB colour.
func (c Color) Value() (uint32, bool) { return uint32(c & 0xffffff), c>>24 == colorRGB>>24 }

// Attr holds a cell's attributes, one bit each, and the underline style.
type Attr uint16

// Attributes of SGR, and what a cell is part of.
const (
	Bold Attr = 1 << iota
	Faint
	Italic
	Blink
	Inverse
	Hidden
	Strike
	Overline
	underline0 // three bits of underline style
	underline1
	underline2
	Wide      // left half of a character two cells wide
	WideTail  // its right half; the cell has no text
	Protected // DECSCA: selective erase leaves it

	underlineShift = 8
	underlineMask  = underline0 | underline1 | underline2
	penMask        = ^(Wide | WideTail)
)

// Underline is the style of a line below a character (SGR 4:n).
type Underline uint8

// Underline styles.
const (
	UnderlineNone Underline = iota
	UnderlineSingle
	UnderlineDouble
	UnderlineCurly
	UnderlineDotted
	UnderlineDashed
)

// Underline gives the underline style.
func (a Attr) Underline() Underline { return Underline(a & underlineMask >> underlineShift) }

func (a Attr) withUnderline(u Underline) Attr {
	return a&^underlineMask | Attr(u)<<underlineShift&underlineMask
}

// clusterBit marks a Cell's Char as the number of a grapheme cluster.
const clusterBit = 1 << 31

// Cell is one place of the grid, 16 bytes.
type Cell struct {
	Char uint32 // code point, 0: blank; with the top bit, a cluster: see Terminal.Cluster
	Fg   Color
	Bg   Color
	Attr Attr
	Ext  uint16 // extended attributes: see Terminal.Extended; 0: none
}

// Blank tells a cell that shows nothing but its background.
func (c Cell) Blank() bool { return c.Char == 0 || c.Char == ' ' }

// zero tells a default blank, faster than the comparison with Cell{}.
func (c *Cell) zero() bool {
	return c.Char|uint32(c.Fg)|uint32(c.Bg)|uint32(c.Attr)|uint32(c.Ext) == 0
}

// pen is what the next characters are drawn with.
type pen struct {
	Fg, Bg Color
	Attr   Attr
	Ext    uint16
}

func (p pen) cell(ch uint32) Cell { return Cell{ch, p.Fg, p.Bg, p.Attr, p.Ext} }

// blank is an erased cell: it keeps the pen's background (BCE).
func (p pen) blank() Cell { return Cell{Bg: p.Bg} }

// Line is one row of the screen or the scrollback.
type Line struct {
	Cells   []Cell   // cells beyond its length, in the scrollback, are blank
	Wrapped bool     // goes on in the next line without a line break
	Mark    Mark     // OSC 133
	wide    bool     // may hold wide characters
	pics    *[]Piece // nil: none
	end     int      // the cells from here on are default blanks: who writes cells calls reach
}

// Mark is a shell integration mark on a line (OSC 133, FinalTerm).
type Mark uint8

// Marks of OSC 133.
const (
	MarkNone    Mark = iota
	MarkPrompt       // A: a prompt begins
	MarkCommand      // B: the prompt ends, a command is typed
	MarkOutput       // C: the command's output begins
	MarkDone         // D: it has ended
)

// reach notes that cells before column to may be no default blanks.
func (l *Line) reach(to int) {
	if l.end < to {
		l.end = to
	}
}

// fill makes columns from…to-1 alike. Blank ones cost nothing where the line is
// blank already.
func (l *Line) fill(from, to int, c Cell) {
	if c.zero() {
		if to >= l.end {
			to = l.end
			if from >= to {
				return
			}
			l.end = from
		}
		clear(l.Cells[from:to])
		return
	}
	l.reach(to)
	cells := l.Cells[from:to]
	for i := range cells {
		// Field by field: the compiler moves a whole Cell through the stack.
		p := &cells[i]
		p.Char, p.Fg, p.Bg, p.Attr, p.Ext = c.Char, c.Fg, c.Bg, c.Attr, c.Ext
	}
}

// used is the number of cells up to the last one that is not a default blank.
func (l *Line) used() int {
	cells := l.Cells[:l.end]
	for len(cells) > 0 && cells[len(cells)-1].zero() {
		cells = cells[:len(cells)-1]
	}
	return len(cells)
}

// extended is what few cells have.
type extended struct {
	underline Color
	link      uint16 // number of a link, 0: none
}
