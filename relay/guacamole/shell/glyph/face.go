package glyph

import (
	"math"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/porthole-rac/porthole/protocol/term/paint"
)

// Style of a face.
type Style uint8

// Styles, to be combined.
const (
	Bold Style = 1 << iota
	Italic

	styles = 4
)

// Bounds of what a face keeps.
const (
	maxGlyphs = paint.Solid<<8 - 2 // numbers of cells that paint can tell apart
	maxBytes  = 8 << 20
)

// Sizes of fonts, pixels of an em.
const (
	MinSize = 6
	MaxSize = 160
)

// metrics are a face's measures in pixels.
type metrics struct {
	width, height  int // of a cell
	baseline       int // from the top
	scaleX, scaleY float32
	middle         float32 // italics lean around this height above the base line

	em, advance, xHeight, capHeight float32 // units of the font
	xPixels, capPixels              float32
}

// newMetrics lays out cells for an em of size pixels: as wide as the font is there, in
// whole pixels, and as high as the client's.
func newMetrics(size int) metrics {
	// DejaVu Sans Mono's measures, in units of its em; TestMeasures looks at the file.
	m := metrics{em: 2048, advance: 1233, xHeight: 1120, capHeight: 1493}
	const ascent, descent = 1901, 483
	s := float64(size) / float64(m.em)
	m.width = max(int(math.Round(float64(m.advance)*s)), 1)
	height := math.Ceil((ascent + descent) * s)
	leading := math.Max(0, math.Round(float64(size)*1.2)-height)
	m.height = max(int(height+leading), 1)
	m.baseline = int(math.Round(ascent*s + leading/2))
	m.scaleX, m.scaleY = float32(m.width)/m.advance, float32(s)
	m.xPixels = float32(math.Max(1, math.Round(float64(m.xHeight)*s)))
	m.capPixels = float32(math.Max(float64(m.xPixels)+1, math.Round(float64(m.capHeight)*s)))
	m.middle = m.xPixels / 2
	return m
}

// measures are what lines in cells are drawn with, as in the client.
func (m *metrics) measures(size int) paint.Measures {
	thick := math.Max(1, math.Round(float64(size)/14))
	return paint.Measures{
		Width: m.width, Height: m.height, Thick: float32(thick),
		Underline: float32(math.Min(float64(m.baseline)+thick*1.5+1, float64(m.height)-thick)),
		Strike:    float32(math.Round(float64(m.baseline) - float64(size)*.27)),
	}
}

// Face is a font at one size with the glyphs drawn so far. It is safe for concurrent
// use.
type Face struct {
	Font *paint.Font

	full  atomic.Bool
	ascii [styles][128]atomic.Uint32

	mu       sync.RWMutex
	runes    map[runeKey]uint16
	clusters map[clusterKey]uint16
	next     int
	bytes    int
	d        drawer
	pix      []byte
}

type runeKey struct {
	r     rune
	style Style
	wide  bool
}

type clusterKey struct {
	text  string
	style Style
	wide  bool
}

var (
	facesMu sync.Mutex
	faces   = make(map[int]weak.Pointer[Face]) // by size: those that are in use. Bounded by the number of sizes
)

// Get gives the face whose em has so many pixels, clamped to MinSize…MaxSize. It is
// kept while somebody uses it.
func Get(size int) *Face {
	size = min(max(size, MinSize), MaxSize)
	facesMu.Lock()
	defer facesMu.Unlock()
	if f := faces[size].Value(); f != nil && !f.Full() {
		return f
	}
	f := newFace(size)
	faces[size] = weak.Make(f)
	return f
}

func newFace(size int) *Face {
	f := &Face{next: 1, runes: make(map[runeKey]uint16), clusters: make(map[clusterKey]uint16)}
	f.d.metrics = newMetrics(size)
	f.Font = paint.NewFont(f.d.measures(size))
	return f
}

// Cell gives the size of a cell in pixels.
func (f *Face) Cell() (w, h int) { return f.d.width, f.d.height }

// Full tells that the face takes no more glyphs: get a new one.
func (f *Face) Full() bool { return f.full.Load() }

// Rune gives the number of a character's glyph; that of its right half, when it is
// wide, is the next one. It is 0 when the face is full.
func (f *Face) Rune(r rune, st Style, wide bool) uint16 {
	st &= styles - 1
	if r < 128 && !wide {
		at := &f.ascii[st][r&127]
		if n := at.Load(); n != 0 {
			return uint16(n)
		}
		n := f.add(string(r), st, 1, func() uint16 { return uint16(at.Load()) }, func(n uint16) { at.Store(uint32(n)) })
		return n
	}
	k := runeKey{r, st, wide}
	f.mu.RLock()
	n, ok := f.runes[k]
	f.mu.RUnlock()
	if ok {
		return n
	}
	return f.add(string(r), st, cells(wide), func() uint16 { return f.runes[k] }, func(n uint16) { f.runes[k] = n })
}

// Cluster is Rune for a text of several characters that are shown as one.
func (f *Face) Cluster(text string, st Style, wide bool) uint16 {
	k := clusterKey{text, st & (styles - 1), wide}
	f.mu.RLock()
	n, ok := f.clusters[k]
	f.mu.RUnlock()
	if ok {
		return n
	}
	return f.add(text, k.style, cells(wide), func() uint16 { return f.clusters[k] }, func(n uint16) { f.clusters[k] = n })
}

func cells(wide bool) int {
	if wide {
		return 2
	}
	return 1
}

// add draws a glyph, unless somebody else has meanwhile.
func (f *Face) add(text string, st Style, cells int, known func() uint16, keep func(uint16)) uint16 {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := known(); n != 0 {
		return n
	}
	if f.full.Load() || f.next+cells > maxGlyphs || f.bytes > maxBytes {
		f.full.Store(true)
		return 0
	}
	mask := f.d.draw(text, st, cells)
	if cap(f.pix) < 4*len(mask) {
		f.pix = make([]byte, 4*len(mask))
	}
	pix := f.pix[:4*len(mask)]
	for i, a := range mask {
		pix[4*i+3] = a
	}
	n := f.next
	f.next += cells
	f.bytes += f.Font.SetGlyph(n, cells, pix, false) + keyBytes + len(text)
	keep(uint16(n))
	return uint16(n)
}

// keyBytes is about what a glyph's entry in a map takes.
const keyBytes = 48
