package term

import (
	"sync/atomic"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
	"github.com/rivo/uniseg"
)

// class is what must be known of a code point to print it: its width, and
// whether it may be part of a grapheme cluster with its neighbours (UAX #29; but
// characters of the class Prepend keep cells of their own).
type class uint8

const (
	classWidth   class = 3         // bits of the width in cells, 0…2
	classExtends class = 4 << iota // joins whatever stands before it
	classJoins                     // joins some characters
	classLeads                     // some characters join it
	classFind                      // not found yet
	classEmoji                     // joins after a zero width joiner only

	classSyllable = 2 | classJoins | classLeads // of Hangul
)

// classes keeps what classOf has found, 256 code points at a time. The table
// holds nothing but facts of Unicode, so all terminals share it.
var classes [0x20000 >> 8]atomic.Pointer[[256]class]

// classOf gives the class of a code point.
func classOf(r rune) class {
	if uint32(r) >= 0x20000 {
		return findClass(r)
	}
	return classPage(r)[r&0xff]
}

// classPage gives the classes of the 256 code points around r < 0x20000.
func classPage(r rune) *[256]class {
	at := &classes[r>>8]
	p := at.Load()
	if p == nil {
		p = new([256]class)
		for i := range p {
			p[i] = findClass(r&^0xff + rune(i))
		}
		at.Store(p)
	}
	return p
}

// Neighbours of a code point that show how it joins.
var (
	// leaders stand for those that some characters join: regional indicator,
	// Hangul L, V, T, LV; consonant and virama.
	leaders = [...]string{"\U0001f1e6", "\u1100", "\u1160", "\u11a8", "\uac00", "\u0915\u094d"}
	// followers join some characters.
	followers = [...]string{"\U0001f1e6", "\u1100", "\u1160", "\u11a8", "\uac00"}
)

func findClass(r rune) class {
	if r < 0x20 || r >= 0x7f && r < 0xa0 {
		return 0
	}
	c := class(runeWidth(r))
	if r >= 0x4e00 && r < 0xa000 || r >= 0x3400 && r < 0x4dc0 {
		return c // Han, the most by far, joins nothing
	}
	if isSyllable(r) {
		return classSyllable
	}
	one := string(r)
	if oneCluster("a" + one) {
		c |= classExtends
	}
	for _, s := range leaders {
		if oneCluster(s + one) {
			c |= classJoins
		}
	}
	if oneCluster("\U0001f468\u200d" + one) {
		c |= classEmoji
	}
	for _, s := range followers {
		if oneCluster(one + s) {
			c |= classLeads
		}
	}
	return c
}

// isSyllable tells a Hangul syllable: a cluster of its own unless a leading
// consonant stands before it or a vowel or final consonant follows.
func isSyllable(r rune) bool { return r >= 0xac00 && r < 0xd7a4 }

func oneCluster(s string) bool {
	first, _, _, _ := uniseg.FirstGraphemeClusterInString(s, -1)
	return len(first) == len(s)
}

var widthRules = func() *runewidth.Condition {
	c := runewidth.NewCondition()
	c.EastAsianWidth = false
	c.StrictEmojiNeutral = true
	return c
}()

// runeWidth gives the cells of a single code point, 0…2.
func runeWidth(r rune) int {
	if r < 0x300 {
		return 1 // the soft hyphen too, as xterm does
	}
	return min(max(widthRules.RuneWidth(r), 0), 2)
}

// clusterWidth gives the cells of a cluster of several code points.
func clusterWidth(text []byte) int {
	r, n := utf8.DecodeRune(text)
	second, _ := utf8.DecodeRune(text[n:])
	switch {
	case second == 0xfe0f: // emoji presentation
		return 2
	case r >= 0x1f1e6 && r <= 0x1f1ff: // regional indicators: a flag
		return 2
	}
	return max(runeWidth(r), 1)
}
