// Package look says how a terminal's cells are to be seen: their colours and lines, in
// the form that package paint draws. Page and relay share it, so that a screen looks
// the same in both.
package look

import (
	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/protocol/term/boxes"
	"github.com/porthole-rac/porthole/protocol/term/paint"
	"github.com/porthole-rac/porthole/protocol/term/theme"
)

// Look knows what cells look like. It remembers colours that it worked out; the zero
// value is ready when it has a terminal.
type Look struct {
	Term    *term.Terminal
	BlinkOn bool // phase of what blinks

	contrast theme.Contrast
}

// Colors gives a cell's text colour and background as they are to be seen, 0xRRGGBB.
func (l *Look) Colors(c term.Cell) (fg, bg uint32) {
	p := l.Term.Palette()
	fgColor := c.Fg
	if i, ok := fgColor.Index(); ok && i < 8 && c.Attr&term.Bold != 0 {
		fgColor = term.Indexed(i + 8) // bold is bright, as in xterm
	}
	fg, bg = p.Resolve(fgColor, p.Foreground), p.Resolve(c.Bg, p.Background)
	if (c.Attr&term.Inverse != 0) != l.Term.Modes().ReverseVideo {
		fg, bg = bg, fg
	}
	if c.Attr&term.Faint != 0 {
		fg = mix(fg, bg)
	}
	if c.Attr&term.Hidden != 0 || c.Attr&term.Blink != 0 && !l.BlinkOn {
		return bg, bg
	}
	if c.Fg.IsDefault() && c.Bg.IsDefault() || boxes.Has(rune(c.Char)) {
		return fg, bg // blocks are pictures: nobody reads them
	}
	return l.contrast.Readable(fg, bg), bg
}

// mix gives the colour two thirds of the way to a.
func mix(a, b uint32) uint32 {
	part := func(shift uint) uint32 { return (2*(a>>shift&0xff) + b>>shift&0xff) / 3 << shift }
	return part(16) | part(8) | part(0)
}

// Cell is what Put writes besides the terminal's cell.
type Cell struct {
	Fg, Bg uint32
	Glyph  uint16 // its number, below paint.Solid<<8
	Color  bool   // the glyph has colours of its own
	Solid  bool   // the cell hides pictures
	Link   bool   // underlined, unless the program has done so
}

// Put writes one cell to out, paint.CellBytes long.
func (l *Look) Put(out []byte, c term.Cell, x Cell) {
	line := x.Fg
	bits := byte(c.Attr.Underline())
	if c.Ext != 0 {
		if under, _ := l.Term.Extended(c); !under.IsDefault() {
			line = l.Term.Palette().Resolve(under, term.DefaultColor)
		}
	}
	if x.Link && bits == 0 {
		bits = byte(term.UnderlineSingle)
	}
	if c.Attr&term.Strike != 0 {
		bits |= paint.Strike
	}
	if c.Attr&term.Overline != 0 {
		bits |= paint.Overline
	}
	if x.Color {
		bits |= paint.ColorGlyph
	}
	high := byte(x.Glyph >> 8)
	if x.Solid {
		high |= paint.Solid
	}
	out = out[:paint.CellBytes]
	put(out[0:], x.Fg, high)
	put(out[4:], x.Bg, byte(x.Glyph))
	put(out[8:], line, bits)
}

func put(out []byte, rgb uint32, a byte) {
	out[0], out[1], out[2], out[3] = byte(rgb>>16), byte(rgb>>8), byte(rgb), a
}

// PutCursor draws the program's cursor into a cell that was put; hollow is that of a
// terminal that has not the focus.
func (l *Look) PutCursor(out []byte, style term.CursorStyle, hollow bool) {
	kind := byte(0)
	switch {
	case hollow:
		kind = paint.CursorHollow
	case style == term.CursorBar:
		kind = paint.CursorBar
	case style == term.CursorUnderline:
		kind = paint.CursorUnderline
	default:
		p := l.Term.Palette()
		put(out[0:], p.Resolve(term.DefaultColor, p.Background), out[3]|paint.Solid)
		put(out[4:], p.Resolve(p.Cursor, term.DefaultColor), out[7])
	}
	out[11] |= kind << paint.CursorShift
}
