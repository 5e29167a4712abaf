package term

import "strings"

// charset is one of the 94-character sets that programs still use (VT100–VT500).
type charset uint8

const (
	charsetASCII charset = iota
	charsetGraphics
	charsetUK
	charsetDutch
	charsetFinnish
	charsetFrench
	charsetCanadian
	charsetGerman
	charsetItalian
	charsetNorwegian
	charsetSpanish
	charsetSwedish
	charsetSwiss
	charsetLast = charsetSwiss
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
	case charsetASCII:
	default:
		if i := strings.IndexRune(replaced, r); i >= 0 {
			for _, n := range national[set] {
				if i == 0 {
					return n
				}
				i--
			}
		}
	}
	return r
}

// replaced are the places of ASCII that national sets use, national what stands
// there (VT320 and VT420 manuals, ISO 646).
const replaced = "#@[\\]^_`{|}~"

var national = map[charset]string{
	charsetUK:        "£@[\\]^_`{|}~",
	charsetDutch:     "£¾ÿ½|^_`¨ƒ¼´",
	charsetFinnish:   "#@ÄÖÅÜ_éäöåü",
	charsetFrench:    "£à°ç§^_`éùè¨",
	charsetCanadian:  "#àâçêî_ôéùèû",
	charsetGerman:    "#§ÄÖÜ^_`äöüß",
	charsetItalian:   "£§°çé^_ùàòèì",
	charsetNorwegian: "#ÄÆØÅÜ_äæøåü",
	charsetSpanish:   "£§¡Ñ¿^_`°ñç~",
	charsetSwedish:   "#ÉÄÖÅÜ_éäöåü",
	charsetSwiss:     "ùàéçêîèôäöüû",
}

// nationalFinals are the finals of SCS for national sets, which take mode 42
// (DECNRCM), as in xterm.
var nationalFinals = map[byte]charset{
	'4': charsetDutch, 'C': charsetFinnish, '5': charsetFinnish, 'R': charsetFrench, 'f': charsetFrench,
	'Q': charsetCanadian, '9': charsetCanadian, 'K': charsetGerman, 'Y': charsetItalian,
	'`': charsetNorwegian, 'E': charsetNorwegian, '6': charsetNorwegian, 'Z': charsetSpanish,
	'H': charsetSwedish, '7': charsetSwedish, '=': charsetSwiss,
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
	default:
		if t.modes.national {
			set = nationalFinals[final] // ASCII when there is none
		}
	}
	t.chars.g[slot] = set
}
