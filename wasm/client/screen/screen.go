//go:build js

package screen

import (
	_ "embed"
	"fmt"
	"image"
	"image/color"
	"math"
	"syscall/js"
	"time"

	"github.com/hajimehoshi/ebiten/v2"

	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/wasm/client/theme"
)

//go:embed shader.kage
var shaderSource []byte

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

// Screen draws a View. It implements ebiten.Game.
type Screen struct {
	view   *View
	atlas  *atlas
	shader *ebiten.Shader
	grid   *ebiten.Image
	cols   int
	rows   int
	pixels []byte // of grid, all rows
	texels []byte // the row of pixels that is being built
	dirty  []bool
	all    bool

	width, height int // of the canvas, device pixels
	cursorY       int // row in which the cursor was drawn, -1: none

	painted func() // called after each frame that was drawn
	frames  uint64
	wake    js.Value
	verts   []ebiten.Vertex
	inds    []uint16
	tail    glyph // right half of the wide glyph just put

	textures textures
	pieces   []term.Piece // buffer
	rowsWith []int        // rows to be drawn that have pictures

	contrast theme.Contrast

	ligated int // cells that still belong to the ligature just begun
	ligSlot int

	syncSince time.Time // since when the program asks not to paint
}

// New makes a screen. painted is called when a frame has been drawn.
func New(v *View, f Font, painted func()) (*Screen, error) {
	sh, err := ebiten.NewShader(shaderSource)
	if err != nil {
		return nil, fmt.Errorf("compile cell shader: %w", err)
	}
	s := &Screen{view: v, shader: sh, painted: painted, cursorY: -1, all: true, wake: js.Global().Get("portholeWake")}
	s.textures.ready = s.Invalidate
	s.SetFont(f)
	return s, nil
}

// SetFont changes the font; the cell size changes with it.
func (s *Screen) SetFont(f Font) {
	s.atlas = newAtlas(f)
	s.Invalidate()
}

// Cell gives the size of a cell in device pixels.
func (s *Screen) Cell() (w, h int) {
	return s.atlas.raster.metrics.cellW, s.atlas.raster.metrics.cellH
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
func (s *Screen) Wake() {
	if s.wake.Type() == js.TypeFunction {
		s.wake.Invoke(1)
	}
}

// Frames counts the frames drawn.
func (s *Screen) Frames() uint64 { return s.frames }

// Update implements ebiten.Game.
func (s *Screen) Update() error { return nil }

// Layout implements ebiten.Game.
func (s *Screen) Layout(int, int) (w, h int) { return max(s.width, 1), max(s.height, 1) }

// Draw implements ebiten.Game. The image keeps what was drawn before.
func (s *Screen) Draw(dst *ebiten.Image) {
	t := s.view.Term
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
		dst.Fill(rgb(t.Palette().Resolve(term.DefaultColor, t.Palette().Background)))
	}
	s.draw(dst)
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

// fit makes the texture as large as the terminal.
func (s *Screen) fit() {
	cols, rows := s.view.Term.Size()
	if cols == s.cols && rows == s.rows && s.grid != nil {
		return
	}
	if s.grid != nil {
		s.grid.Deallocate()
	}
	s.cols, s.rows = cols, rows
	s.grid = ebiten.NewImageWithOptions(image.Rect(0, 0, 3*cols, rows), &ebiten.NewImageOptions{Unmanaged: true})
	s.pixels = make([]byte, rows*cols*cellTexelBytes)
	s.dirty = make([]bool, rows)
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
				s.dirty[y+back] = true
			}
		}
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

// build writes the dirty rows to the texture. Glyphs that were missing are drawn
// and their rows built again.
func (s *Screen) build() bool {
	any := false
	for range 3 {
		from := 0 // of the rows that are built and not yet in the texture
		for y := range s.rows {
			if s.all || s.dirty[y] {
				s.buildRow(y)
				any = true
				continue
			}
			s.upload(from, y)
			from = y + 1
		}
		s.upload(from, s.rows)
		if !s.atlas.fill() {
			break
		}
		if s.atlas.full {
			s.atlas.reset()
			s.all = true
		}
	}
	return any
}

// upload writes the rows from…to-1 to the texture, in one piece: each piece costs
// the browser as much as many rows.
func (s *Screen) upload(from, to int) {
	if from < to {
		stride := s.cols * cellTexelBytes
		s.grid.SubImage(image.Rect(0, from, 3*s.cols, to)).(*ebiten.Image).WritePixels(s.pixels[from*stride : to*stride])
	}
}

// draw paints the dirty rows, neighbours in one piece.
func (s *Screen) draw(dst *ebiten.Image) {
	cw, ch := s.Cell()
	s.verts, s.inds = s.verts[:0], s.inds[:0]
	for y := 0; y < s.rows; y++ {
		if !s.all && !s.dirty[y] {
			continue
		}
		end := y + 1
		for end < s.rows && (s.all || s.dirty[end]) {
			end++
		}
		s.quad(0, float32(y*ch), float32(s.cols*cw), float32(end*ch))
		y = end
	}
	s.drawCells(dst, allBackgrounds)
	s.drawPictures(dst)
}

// drawCells draws the cells within the quads.
func (s *Screen) drawCells(dst *ebiten.Image, layer int) {
	if len(s.verts) == 0 {
		return
	}
	cw, ch := s.Cell()
	m := s.atlas.raster.metrics
	thick := math.Max(1, math.Round(m.size/14))
	under := math.Min(m.baseline+thick*1.5+1, float64(m.cellH)-thick)
	p := s.view.Term.Palette()
	dst.DrawTrianglesShader(s.verts, s.inds, s.shader, &ebiten.DrawTrianglesShaderOptions{
		Images: [4]*ebiten.Image{s.atlas.image, s.grid},
		Uniforms: map[string]any{
			"Cell":        []float32{float32(cw), float32(ch)},
			"Lines":       []float32{float32(under), float32(thick), float32(math.Round(m.baseline - m.size*.27)), float32(thick)},
			"CursorColor": vec3(p.Resolve(p.Cursor, term.DefaultColor)),
			"Background":  vec3(p.Resolve(term.DefaultColor, p.Background)),
			"Layer":       float32(layer),
		},
	})
}

func (s *Screen) quad(x0, y0, x1, y1 float32) {
	n := uint16(len(s.verts))
	for _, p := range [4][2]float32{{x0, y0}, {x1, y0}, {x0, y1}, {x1, y1}} {
		s.verts = append(s.verts, ebiten.Vertex{DstX: p[0], DstY: p[1], SrcX: 0, SrcY: 0, ColorR: 1, ColorG: 1, ColorB: 1, ColorA: 1})
	}
	s.inds = append(s.inds, n, n+1, n+2, n+1, n+2, n+3)
}

func vec3(v uint32) []float32 {
	return []float32{float32(v>>16) / 255, float32(v>>8&0xff) / 255, float32(v&0xff) / 255}
}

func rgb(v uint32) color.RGBA {
	return color.RGBA{R: byte(v >> 16), G: byte(v >> 8), B: byte(v), A: 255}
}
