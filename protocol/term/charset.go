package term

// charset is one of the 94-character sets that programs still use (VT100–VT500).
type charset uint8

const (
	charsetASCII charset = iota
	charsetGraphics
	charsetUK
)

// charsets are the four sets G0…G3 and which of them is used.
type charsets struct {
	g      [4]charset
	left   uint8 // GL is g[left]
	single uint8 // SS2 or SS3: the next character only
}

func (c *charsets) active() charset {
	if c.single != 0 {
		return charsetGraphics // not the fast way
	}
	return c.g[c.left]
}

// translate maps an ASCII character through the active set.
func (c *charsets) translate(r rune) rune {
	set := c.g[c.left]
	if c.single != 0 {
		set = c.g[c.single]
		c.single = 0
	}
	switch set {
	case charsetGraphics:
		if r >= 0x5f && r <= 0x7e {
			return graphics[r-0x5f]
		}
	case charsetUK:
		if r == '#' {
			return '£'
		}
	}
	return r
}

// graphics is DEC Special Graphics, 0x5f…0x7e.
var graphics = [...]rune{
	' ', '◆', '▒', '␉', '␌', '␍', '␊', '°', '±', '␤', '␋', '┘', '┐', '┌', '└', '┼',
	'⎺', '⎻', '─', '⎼', '⎽', '├', '┤', '┴', '┬', '│', '≤', '≥', 'π', '≠', '£', '·',
}

// designate is SCS: ESC ( ) * + and a final.
func (t *Terminal) designate(slot int, final byte) {
	set := charsetASCII
	switch final {
	case '0', '2':
		set = charsetGraphics
	case 'A':
		set = charsetUK
	}
	t.chars.g[slot] = set
}
