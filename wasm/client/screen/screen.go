//go:build js

package screen

import (
	"time"

	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/protocol/term/look"
	"github.com/porthole-rac/porthole/protocol/term/paint"
	"github.com/porthole-rac/porthole/protocol/term/theme"
)

// View is what the client shows: the terminal, where it is scrolled to, and what
// is marked on it.
type View struct {
	Term      *term.Terminal
	Theme     *theme.Theme
	Back      int  // rows scrolled back
	Focused   bool // the cursor is solid
	BlinkOn   bool // phase of what blinks
	Ligatures bool
	// Marked gives the marked columns of a line, Matches those found, and Current
	// the one of them that is chosen; each from…to-1.
	Marked func(line uint64) (from, to int)
	Found  func(line uint64) []Range
	// Preedit is text being composed by an input method, drawn at the cursor.
	Preedit string
	// Hover is the link under the pointer, 0: none; Hovered gives the columns of one
	// that stands in the text.
	Hover   int
	Hovered func(line uint64) (from, to int)
	// Place is a cursor that is drawn instead of the program's, while on.
	Place func() (line uint64, x int, on bool)
}

// Range is a range of columns.
type Range struct {
	From, To int
	Current  bool
}

// Screen draws a View.
type Screen struct {
	view    *View
	to      presenter
	drawing Drawing
	glyphs  *glyphs
	cols    int
	rows    int
	cells   []byte // all rows
	row     []byte // the one that is being built
	dirty   []bool
	waiting []bool // rows that lack glyphs
	missed  bool   // the row that is being built lacks one
	all     bool
	// overflowed: what is shown has more glyphs than there is room for. The rest
	// stays empty until something changes.
	overflowed bool

	width, height int // of the canvas, device pixels
	cursorY       int // row in which the cursor was drawn, -1: none

	painted func() // called after each frame that was drawn
	frames  uint64
	areas   []area // buffer
	tail    glyph  // right half of the wide glyph just put

	gallery  gallery
	pieces   []term.Piece // buffer
	rowsWith []int        // rows to be drawn that have pictures

	look look.Look

	ligated int // cells that still belong to the ligature just begun
	ligSlot int

	syncSince time.Time // since when the program asks not to paint
}

// New makes a screen. painted is called when a frame has been drawn.
func New(v *View, f Font, d Drawing, painted func()) (*Screen, error) {
	to, err := newPresenter(d)
	if err != nil {
		return nil, err
	}
	s := &Screen{view: v, to: to, drawing: d, painted: painted, cursorY: -1, all: true}
	s.gallery.changed, s.gallery.to = s.Invalidate, to
	s.SetFont(f)
	return s, nil
}

// Run draws for ever.
func (s *Screen) Run() error { return s.to.run(s) }

// Drawing tells which presenter draws.
func (s *Screen) Drawing() Drawing { return s.drawing }

// SetFont changes the font; the cell size changes with it.
func (s *Screen) SetFont(f Font) {
	s.glyphs = newGlyphs(f, s.to)
	s.Invalidate()
}

// Cell gives the size of a cell in device pixels.
func (s *Screen) Cell() (w, h int) {
	return s.glyphs.raster.metrics.cellW, s.glyphs.raster.metrics.cellH
}

// Resize sets the size of the canvas in device pixels.
func (s *Screen) Resize(w, h int) {
	if w != s.width || h != s.height {
		s.width, s.height = max(w, 1), max(h, 1)
		s.Invalidate()
	}
}

// Invalidate has everything drawn anew.
func (s *Screen) Invalidate() {
	s.all = true
	s.Wake()
}

// InvalidateRow has one row of the view drawn anew.
func (s *Screen) InvalidateRow(y int) {
	if y >= 0 && y < len(s.dirty) {
		s.dirty[y] = true
		s.Wake()
	}
}

// InvalidateCursor has the cursor's row drawn anew.
func (s *Screen) InvalidateCursor() { s.InvalidateRow(s.cursorRow()) }

// Wake asks for a frame.
func (s *Screen) Wake() { s.to.wake() }

// Frames counts the frames drawn.
func (s *Screen) Frames() uint64 { return s.frames }

// frame draws what has changed; the presenter calls it.
func (s *Screen) frame() {
	if s.unfinished() {
		return
	}
	s.fit()
	s.collectDamage()
	if !s.build() && !s.anyDirty() {
		s.painted()
		return
	}
	if s.all {
		s.to.clear(s.width, s.height, s.colorsNow().background)
	}
	s.draw()
	s.to.finish()
	s.all = false
	clear(s.dirty)
	s.frames++
	s.painted()
}

// longestSync is how long a program may keep its picture from being painted
// (mode 2026). One that hangs meanwhile must not freeze the terminal.
const longestSync = 150 * time.Millisecond

// unfinished tells whether the program is in the middle of a picture.
func (s *Screen) unfinished() bool {
	if !s.view.Term.Modes().SyncOutput {
		s.syncSince = time.Time{}
		return false
	}
	if s.all {
		return false
	}
	if s.syncSince.IsZero() {
		s.syncSince = time.Now()
		time.AfterFunc(longestSync, s.Wake)
	}
	if time.Since(s.syncSince) < longestSync {
		return true
	}
	s.syncSince = time.Time{}
	return false
}

// cursorRow gives the row of the view with the cursor; it may be outside.
func (s *Screen) cursorRow() int {
	if line, _, on := s.view.Place(); on {
		return int(int64(line) - int64(s.view.Term.TopLine()) + int64(s.view.Back))
	}
	return s.view.Term.Cursor().Y + s.view.Back
}

// fit makes the grid as large as the terminal.
func (s *Screen) fit() {
	cols, rows := s.view.Term.Size()
	if cols == s.cols && rows == s.rows {
		return
	}
	s.cols, s.rows = cols, rows
	s.cells = make([]byte, rows*cols*paint.CellBytes)
	s.to.setGrid(s.cells, cols, rows)
	s.dirty, s.waiting = make([]bool, rows), make([]bool, rows)
	s.all = true
}

// collectDamage takes over what the terminal changed, and the cursor's old and
// new row.
func (s *Screen) collectDamage() {
	t, back := s.view.Term, s.view.Back
	if t.AllChanged() {
		s.all = true
	} else {
		for y := range s.rows {
			if y+back < s.rows && t.Changed(y) {
				s.dirty[y+back], s.overflowed = true, false
			}
		}
	}
	if s.all {
		s.overflowed = false
	}
	t.ClearDamage()
	y := -1
	if _, _, on := s.view.Place(); on || t.Cursor().Visible || s.view.Preedit != "" {
		y = s.cursorRow()
	}
	for _, row := range [2]int{s.cursorY, y} {
		if row >= 0 && row < s.rows {
			s.dirty[row] = true
		}
	}
	s.cursorY = y
}

func (s *Screen) anyDirty() bool {
	for _, d := range s.dirty {
		if d {
			return true
		}
	}
	return s.all
}

// build makes the cells of the dirty rows anew, and of those for which glyphs have
// come. Glyphs that are missing are drawn, as many as there is time for; what is
// left comes in the next frame.
func (s *Screen) build() (any bool) {
	until := time.Now().Add(glyphBudget)
	s.glyphs.forget() // the rows ask again
	for y, waits := range s.waiting {
		s.dirty[y] = s.dirty[y] || waits
	}
	for pass := 0; ; pass++ {
		from := 0 // of the rows that are built and not uploaded yet
		for y := range s.rows {
			if s.waiting[y] || pass == 0 && (s.all || s.dirty[y]) {
				s.buildRow(y)
				any = true
				continue
			}
			s.upload(from, y)
			from = y + 1
		}
		s.upload(from, s.rows)
		if len(s.glyphs.missing) == 0 {
			return any
		}
		if pass > 0 && !time.Now().Before(until) {
			s.Wake()
			return any
		}
		s.glyphs.fill(until)
		if s.glyphs.full {
			if s.overflowed {
				clear(s.waiting)
				return any
			}
			s.overflowed, s.all = true, true
			s.glyphs.reset()
			for y := range s.waiting {
				s.waiting[y] = true
			}
		}
	}
}

// upload tells of the rows from…to-1.
func (s *Screen) upload(from, to int) {
	if from < to {
		s.to.upload(from, to)
	}
}

// draw paints the dirty rows, neighbours in one piece.
func (s *Screen) draw() {
	s.areas = s.areas[:0]
	for y := 0; y < s.rows; y++ {
		if !s.all && !s.dirty[y] {
			continue
		}
		end := y + 1
		for end < s.rows && (s.all || s.dirty[end]) {
			end++
		}
		s.areas = append(s.areas, area{0, s.cols, y, end})
		y = end
	}
	s.to.cells(s.areas, paint.AllBackgrounds, s.colorsNow())
	s.drawPictures()
}

// colorsNow are the terminal's colours.
func (s *Screen) colorsNow() colors {
	p := s.view.Term.Palette()
	return colors{background: p.Resolve(term.DefaultColor, p.Background), cursor: p.Resolve(p.Cursor, term.DefaultColor)}
}
