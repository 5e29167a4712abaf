package shell

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/protocol/term/look"
	"github.com/porthole-rac/porthole/protocol/term/selection"
	"github.com/porthole-rac/porthole/protocol/term/theme"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/guacamole/shell/glyph"
)

// Config says what a Shell is like, and where things go. Nil functions are skipped.
type Config struct {
	Width, Height int // of the page's view, pixels
	DPI           int // dots per inch of the page; 0: 96
	// Send takes records for the session. p is valid during the call. Who takes them
	// sees to it that Welcome's input window is kept.
	Send func(p []byte)
	// Clipboard takes what the person or a program copied, as UTF-8.
	Clipboard func(text string)
	Title     func(title string)
	Bell      func()
}

// Bounds.
const (
	maxSide   = 8192 // pixels of a view
	minDPI    = 48
	maxDPI    = 768
	plainDPI  = 96
	plainSize = 14 // pixels of an em at 96 dots per inch, when nobody wants another one
	// pictureBytes are what pictures may take. The session's terminal drops old ones by
	// the same rule, so it is the same number.
	pictureBytes = term.ImageBudget
)

// ErrState means that the session's terminal and this one do not agree any more: attach
// anew, with nothing kept.
var ErrState = errors.New("shell: the screen that was sent cannot be read")

// Shell is one terminal on a page. Make it with New.
type Shell struct {
	cfg     Config
	w, h    int
	zoom    int // pixels that the person has added to the font's size
	face    *glyph.Face
	grid    wire.Grid // last asked for
	welcome wire.Welcome
	ready   bool // the target is there

	term   *term.Terminal
	talk   dialogue
	theme  theme.Theme
	look   look.Look
	sel    selection.Selection
	back   int    // rows scrolled back
	anchor uint64 // number of the view's first row, while scrolled back
	notice string // shown above everything until a key is pressed

	offset uint64 // output applied
	mark   wire.Mark
	keys   keys
	mouse  mouse
	clip   string // what the page has in its clipboard
	buf    []byte

	frame   frame
	gallery gallery
}

// New makes a Shell whose session is not there yet.
func New(cfg Config) *Shell {
	if cfg.DPI == 0 {
		cfg.DPI = plainDPI
	}
	cfg.DPI = min(max(cfg.DPI, minDPI), maxDPI)
	s := &Shell{cfg: cfg, w: clampSide(cfg.Width), h: clampSide(cfg.Height)}
	s.theme = theme.ByName("dark", true)
	s.frame.cursorY = -1
	s.frame.all = true
	s.face = glyph.Get(s.fontSize())
	s.grid = s.wantedGrid()
	s.newTerm(0)
	return s
}

func clampSide(n int) int { return min(max(n, 1), maxSide) }

func (s *Shell) newTerm(scrollback int) {
	s.term = term.New(term.Config{Cols: s.grid.Cols, Rows: s.grid.Rows, Scrollback: scrollback, ImageBytes: pictureBytes})
	s.term.SetCellPixels(s.grid.CellWidth, s.grid.CellHeight)
	s.term.SetPalette(s.theme.Palette())
	s.term.Handle(term.Handler{Bell: s.cfg.Bell, Title: s.cfg.Title})
	s.back, s.offset = 0, 0
	s.sel.Clear()
	s.frame.all = true
}

// shown is the terminal that is drawn: that of the session, or the dialogue before it.
func (s *Shell) shown() *term.Terminal {
	if t := s.talk.term; t != nil {
		return t
	}
	return s.term
}

// Hello gives the record that opens a connection as a browser does; the caller may add
// abilities and what is to be resumed.
func (s *Shell) Hello() *wire.Hello {
	return &wire.Hello{
		Version: wire.Version,
		Screen:  wire.Screen{Width: s.w, Height: s.h, Scale: 1000},
		Grid:    s.grid,
		Colors:  s.colors(),
		Abilities: map[wire.Ability]string{
			wire.AbilitySnapshot: strconv.Itoa(term.SnapshotVersion),
		},
	}
}

func (s *Shell) colors() wire.Colors {
	t := &s.theme
	return wire.Colors{Foreground: t.Foreground, Background: t.Background, Cursor: t.Cursor, Palette: t.Colors[:]}
}

// Receive takes one record of the session; those that are not of a terminal are
// skipped. body is not kept. An error means that the connection cannot go on.
func (s *Shell) Receive(t wire.Type, body []byte) error {
	switch t {
	case wire.TypeWelcome:
		var m wire.Welcome
		if err := m.Decode(body); err != nil {
			return err
		}
		s.welcomed(&m)
	case wire.TypeProgress:
		var m wire.Progress
		if err := m.Decode(body); err != nil {
			return err
		}
		s.progress(&m)
	case wire.TypePrompt:
		var m wire.Prompt
		if err := m.Decode(body); err != nil {
			return err
		}
		s.ask(&m)
	case wire.TypePromptGone:
		var m wire.PromptGone
		if err := m.Decode(body); err != nil {
			return err
		}
		s.askedNoMore(m.ID)
	case wire.TypeNotice:
		var m wire.Notice
		if err := m.Decode(body); err != nil {
			return err
		}
		s.notify(m.Text)
	case wire.TypeConnected:
		s.connected()
	case wire.TypeOutput:
		var m wire.Output
		if err := m.Decode(body); err != nil {
			return err
		}
		s.output(&m)
	case wire.TypeState:
		var m wire.State
		if err := m.Decode(body); err != nil {
			return err
		}
		return s.restore(&m)
	case wire.TypeResized:
		var m wire.Resized
		if err := m.Decode(body); err != nil {
			return err
		}
		s.resized(m.Grid)
	default:
		return s.receiveRest(t, body)
	}
	return nil
}

// receiveRest takes the records that change nothing on the screen.
func (s *Shell) receiveRest(t wire.Type, body []byte) error {
	switch t {
	case wire.TypeMark:
		return s.mark.Decode(body)
	case wire.TypeClipboard:
		var m wire.Clipboard
		if err := m.Decode(body); err != nil {
			return err
		}
		if !s.welcome.DisableCopy && s.cfg.Clipboard != nil {
			s.cfg.Clipboard(string(m.Data))
		}
	case wire.TypeClipboardRequest:
		var m wire.ClipboardRequest
		if err := m.Decode(body); err != nil {
			return err
		}
		// The page has nothing to ask the person with.
		a := wire.Clipboard{Request: m.Request, Selection: m.Selection, Type: "text/plain", Denied: true}
		s.send(a.Append(s.buf[:0]))
	}
	return nil
}

// Mark gives the number of the newest batch that was received whole: when a frame that
// was drawn since is on the page, it may be acknowledged.
func (s *Shell) Mark() uint64 { return s.mark.Number }

// sendInput sends bytes for the program. The session keeps them until that is there.
func (s *Shell) sendInput(p []byte) {
	if len(p) == 0 || s.welcome.ReadOnly {
		return
	}
	m := wire.Input{Data: p}
	s.send(m.Append(s.buf[:0]))
}

// Offset gives how much of the output was applied, bytes, and the Welcome under which
// it counts, for resuming.
func (s *Shell) Offset() (offset, epoch uint64) { return s.offset, s.welcome.Epoch }

func (s *Shell) send(p []byte) {
	s.buf = p[:0]
	if s.cfg.Send != nil {
		s.cfg.Send(p)
	}
}

func (s *Shell) welcomed(m *wire.Welcome) {
	s.welcome = *m
	s.mark = wire.Mark{}
	if t, ok := theme.Guacd(m.ColorScheme); ok {
		s.theme = t
	}
	if m.Resumed != wire.ResumedContinue {
		s.newTerm(m.Scrollback)
	}
	s.term.SetPalette(s.theme.Palette())
	s.changeFont()
	c := s.colors()
	s.send(c.Append(s.buf[:0]))
}

func (s *Shell) connected() {
	s.ready = true
	s.endTalk()
}

// output applies bytes of the target; those it has already are skipped.
func (s *Shell) output(m *wire.Output) {
	data := m.Data
	if m.Offset < s.offset {
		data = data[min(s.offset-m.Offset, uint64(len(data))):]
	}
	s.offset = m.Offset + uint64(len(m.Data))
	epoch := s.term.Epoch()
	_, _ = s.term.Write(data)
	s.keepPlace(epoch)
}

// restore takes the relay's terminal in place of the bytes that led to it.
func (s *Shell) restore(m *wire.State) error {
	epoch := s.term.Epoch()
	if err := s.term.RestoreSnapshot(m.Snapshot); err != nil {
		return fmt.Errorf("%w: %w", ErrState, err)
	}
	s.offset = m.Offset
	s.keepPlace(epoch)
	if s.cfg.Title != nil {
		s.cfg.Title(s.term.Title())
	}
	return nil
}

func (s *Shell) resized(g wire.Grid) {
	s.term.Resize(g.Cols, g.Rows)
	s.term.SetCellPixels(g.CellWidth, g.CellHeight)
	s.back = min(s.back, s.term.Scrollback())
	s.anchor = s.term.TopLine() - uint64(s.back)
	if t := s.talk.term; t != nil {
		t.Resize(g.Cols, g.Rows)
	}
}

// keepPlace keeps what the person has scrolled back to in place, as long as its lines
// are there.
func (s *Shell) keepPlace(epoch uint32) {
	if s.back == 0 {
		return
	}
	top, back := s.term.TopLine(), uint64(s.back)
	if s.term.Epoch() == epoch {
		back = top - min(s.anchor, top)
	}
	s.back = int(min(back, uint64(s.term.Scrollback())))
	if s.term.Epoch() != epoch { // the lines have new numbers
		s.anchor = top - uint64(s.back)
	}
	s.frame.rows = true
}

// rowsBack gives how many rows what is shown is scrolled back.
func (s *Shell) rowsBack() int {
	if s.talk.term != nil {
		return 0
	}
	return s.back
}

// scrollTo moves the view so many rows above the bottom.
func (s *Shell) scrollTo(back int) {
	back = min(max(back, 0), s.term.Scrollback())
	if s.term.Modes().AltScreen {
		back = 0
	}
	s.anchor = s.term.TopLine() - uint64(back)
	if back != s.back {
		s.back = back
		s.frame.rows = true
	}
}

// notify shows a sentence until a key is pressed.
func (s *Shell) notify(text string) {
	if s.talk.term != nil {
		s.talk.say(text)
		return
	}
	s.notice = printable(text)
	s.frame.rows = true
}

// Resize tells of the page's view. The terminal follows when the session says so.
func (s *Shell) Resize(w, h int) {
	if w, h = clampSide(w), clampSide(h); w != s.w || h != s.h {
		s.w, s.h = w, h
		s.frame.all = true
		s.askSize()
	}
}

// Refresh has everything drawn anew, as when the page has lost its picture.
func (s *Shell) Refresh() { s.frame.all = true }

// fontSize is the size of an em in pixels.
func (s *Shell) fontSize() int {
	size := (plainSize*s.cfg.DPI + plainDPI/2) / plainDPI
	if points := s.welcome.FontSize; points > 0 {
		size = (points*s.cfg.DPI + 36) / 72
	}
	return min(max(size+s.zoom, glyph.MinSize), glyph.MaxSize)
}

// changeFont takes the font that is wanted now.
func (s *Shell) changeFont() {
	if f := glyph.Get(s.fontSize()); f != s.face {
		s.face = f
		s.frame.all = true
	}
	s.askSize()
}

// wantedGrid is the largest terminal that fits the view.
func (s *Shell) wantedGrid() wire.Grid {
	w, h := s.face.Cell()
	return wire.Grid{
		Cols: min(max(s.w/w, 2), term.MaxCols), Rows: min(max(s.h/h, 1), term.MaxRows),
		CellWidth: w, CellHeight: h,
	}
}

// askSize asks the session for the size that fits.
func (s *Shell) askSize() {
	g := s.wantedGrid()
	if g == s.grid {
		return
	}
	s.grid = g
	if s.welcome.Version == 0 {
		s.newTerm(0) // Hello will ask
		return
	}
	m := wire.Resize{Grid: g}
	s.send(m.Append(s.buf[:0]))
}

// longestSync is how long a program may keep its picture from being drawn (mode 2026).
const longestSync = 150 * time.Millisecond
