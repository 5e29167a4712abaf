package term

// Bounds of a terminal's size and of what a program may make it keep.
const (
	MaxCols       = 1000
	MaxRows       = 500
	MaxScrollback = 100_000
	MaxString     = 1 << 20 // bytes of an OSC string with content, such as OSC 52
	MaxTitle      = 1 << 10 // bytes
	MaxLink       = 2083    // bytes of a link's address
	MaxLinks      = 1 << 12 // different links at a time
	maxLinkBytes  = 2 << 20 // of all links together
	MaxCluster    = 64      // bytes of a grapheme cluster
	MaxClusters   = 1 << 15 // different clusters at a time
	maxParams     = 32
	maxParam      = 65535
	maxSavedTitle = 10
	maxKittyStack = 16
)

// Config says what a terminal is like.
type Config struct {
	Cols, Rows int    // clamped to 1…MaxCols and 1…MaxRows
	Scrollback int    // lines kept above the screen, clamped to 0…MaxScrollback
	Name       string // answer to XTVERSION, e.g. "Porthole 1.0"
	Checksum   bool   // DECRQCRA is answered: a program may read the screen
	ImageBytes int    // of pictures kept, as pixels or as files; 0: no pictures
}

// Handler takes what comes out of a terminal besides its screen. Nil functions
// are skipped. They are called from within Write and must not call the Terminal,
// but for reading.
type Handler struct {
	Reply          func(p []byte) // bytes for the program; valid during the call
	Bell           func()
	Title          func(title string)
	Directory      func(uri string)                  // OSC 7
	ClipboardWrite func(selection byte, data []byte) // OSC 52; data may be kept
	ClipboardRead  func(selection byte)              // OSC 52 with "?"
	Notify         func(text string)                 // OSC 9
}

// Terminal is the state of one terminal. Make it with New.
type Terminal struct {
	cfg        Config
	cols, rows int
	cellW      int // device pixels, 0: unknown
	cellH      int
	h          Handler

	main, alt screen // alt.lines is nil until used
	cur       *screen
	hist      history
	epoch     uint32

	pen    pen
	x, y   int
	wrap   bool // the last column is filled and the next character wraps
	top    int  // scroll region, rows top…bottom inclusive
	bottom int
	left   int // margins, columns left…right inclusive
	right  int
	modes  modes
	chars  charsets
	tabs   []bool
	last   lastPrinted
	style  CursorStyle
	blink  bool

	title, icon string
	titles      []string
	directory   string
	progress    progress
	palette     Palette // effective
	base        Palette // theme

	links    linkTable
	exts     extTable
	clusters clusterTable
	patience int // new entries of the tables before collect may run again

	img        *images // nil until a picture comes
	pictures   uint64  // ever kept
	placements uint64  // ever made

	p       parser
	damage  damage
	scratch []byte
}

// New makes a terminal in its reset state.
func New(cfg Config) *Terminal {
	cfg.Scrollback = min(max(cfg.Scrollback, 0), MaxScrollback)
	t := &Terminal{cfg: cfg, cols: clampSize(cfg.Cols, MaxCols), rows: clampSize(cfg.Rows, MaxRows)}
	t.base = DefaultPalette()
	t.hist.max = cfg.Scrollback
	t.main.lines = newLines(t.rows, t.cols)
	t.reset()
	return t
}

func clampSize(n, most int) int { return min(max(n, 1), most) }

// Handle sets where events go.
func (t *Terminal) Handle(h Handler) { t.h = h }

// reset is the state after RIS.
func (t *Terminal) reset() {
	t.cur = &t.main
	t.alt.lines = nil
	t.main.saved, t.alt.saved = savedCursor{}, savedCursor{}
	t.main.kitty, t.alt.kitty = nil, nil
	t.pen = pen{}
	t.modes = defaultModes()
	t.chars = charsets{}
	t.resetMargins()
	t.resetTabs()
	t.x, t.y, t.wrap = 0, 0, false
	t.style, t.blink = CursorBlock, true
	t.titles = nil
	t.progress = progress{}
	t.palette = t.base
	t.last = lastPrinted{}
	t.img = nil
	for y := range t.main.lines {
		t.clearLine(t.main.lines[y])
	}
	t.clearHistory()
	t.damage.all = true
}

// Size gives the size in cells.
func (t *Terminal) Size() (cols, rows int) { return t.cols, t.rows }

// SetCellPixels sets the size of a cell in device pixels, for programs that ask
// and for pictures; 0: unknown.
func (t *Terminal) SetCellPixels(w, h int) {
	t.cellW, t.cellH = min(max(w, 0), 1000), min(max(h, 0), 1000)
}

// Row gives row y, 0…rows-1, of the screen that is shown. It is valid until the
// next Write, Resize or RestoreSnapshot.
func (t *Terminal) Row(y int) *Line { return t.cur.lines[y] }

// Scrollback gives the number of lines kept above the screen.
func (t *Terminal) Scrollback() int { return t.hist.n }

// TopLine gives the absolute number of the screen's first row.
func (t *Terminal) TopLine() uint64 { return t.hist.pushed }

// Epoch changes whenever lines get new numbers.
func (t *Terminal) Epoch() uint32 { return t.epoch }

// Line gives a line of the scrollback or the screen by its absolute number, nil
// if it is gone or not there yet.
func (t *Terminal) Line(abs uint64) *Line {
	switch {
	case abs >= t.hist.pushed:
		if y := abs - t.hist.pushed; y < uint64(t.rows) {
			return t.cur.lines[y]
		}
	case t.hist.pushed-abs <= uint64(t.hist.n):
		return t.hist.at(t.hist.n - int(t.hist.pushed-abs))
	}
	return nil
}

// CursorStyle is the cursor's shape (DECSCUSR).
type CursorStyle uint8

// Cursor shapes.
const (
	CursorBlock CursorStyle = iota
	CursorUnderline
	CursorBar
)

// Cursor is where the next character goes.
type Cursor struct {
	X, Y    int
	Visible bool
	Blink   bool
	Style   CursorStyle
}

// Cursor gives the cursor.
func (t *Terminal) Cursor() Cursor {
	return Cursor{X: min(t.x, t.cols-1), Y: t.y, Visible: t.modes.cursor, Blink: t.blink, Style: t.style}
}

// Title gives the window's title.
func (t *Terminal) Title() string { return t.title }

// Directory gives the working directory's URI (OSC 7).
func (t *Terminal) Directory() string { return t.directory }

type progress struct{ state, percent int }

// Progress gives the state of OSC 9;4: 0 none, 1 normal, 2 error, 3 without
// percentage, 4 paused.
func (t *Terminal) Progress() (state, percent int) { return t.progress.state, t.progress.percent }

// damage notes which rows have changed.
type damage struct {
	all  bool
	rows [(MaxRows + 63) / 64]uint64
}

func (d *damage) row(y int) { d.rows[y>>6] |= 1 << (y & 63) }

// rowsFrom notes the rows top…bottom, 64 at a time.
func (d *damage) rowsFrom(top, bottom int) {
	for w := top >> 6; w <= bottom>>6; w++ {
		from, to := max(top-w<<6, 0), min(bottom-w<<6, 63)
		d.rows[w] |= ^uint64(0) << from & (^uint64(0) >> (63 - to))
	}
}

// Changed tells whether row y may have changed since ClearDamage. Moving the
// cursor changes no row.
func (t *Terminal) Changed(y int) bool {
	return t.damage.all || t.damage.rows[y>>6]&(1<<(y&63)) != 0
}

// AllChanged tells that everything has to be drawn anew, scrollback included.
func (t *Terminal) AllChanged() bool { return t.damage.all }

// ClearDamage forgets the changes.
func (t *Terminal) ClearDamage() { t.damage = damage{} }
