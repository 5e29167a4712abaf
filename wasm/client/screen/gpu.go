//go:build js

package screen

import (
	_ "embed"
	"fmt"
	"image"
	"image/color"
	"syscall/js"

	"github.com/hajimehoshi/ebiten/v2"

	"github.com/porthole-rac/porthole/protocol/term/paint"
)

//go:embed shader.kage
var shaderSource []byte

const (
	atlasWidth  = 1024
	atlasHeight = 2048
)

// gpu is the presenter for graphics cards. It implements ebiten.Game.
type gpu struct {
	screen *Screen
	shader *ebiten.Shader
	jsWake js.Value

	atlas    *ebiten.Image
	perRow   int
	measures paint.Measures

	grid  *ebiten.Image
	texel []byte // of grid, all rows
	cols  int

	dst   *ebiten.Image // of the frame that is being drawn; it keeps what was drawn before
	verts []ebiten.Vertex
	inds  []uint16
}

func newGPU() (*gpu, error) {
	sh, err := ebiten.NewShader(shaderSource)
	if err != nil {
		return nil, fmt.Errorf("compile cell shader: %w", err)
	}
	return &gpu{shader: sh, jsWake: js.Global().Get("portholeWake")}, nil
}

func (g *gpu) run(s *Screen) error {
	g.screen = s
	ebiten.SetScreenClearedEveryFrame(false)
	ebiten.SetTPS(ebiten.SyncWithFPS)
	ebiten.SetRunnableOnUnfocused(true)
	return ebiten.RunGameWithOptions(g, &ebiten.RunGameOptions{
		DisableHiDPI: true, InitUnfocused: true, GraphicsLibrary: ebiten.GraphicsLibraryOpenGL,
	})
}

func (g *gpu) wake() {
	if g.jsWake.Type() == js.TypeFunction {
		g.jsWake.Invoke(1)
	}
}

// Update implements ebiten.Game.
func (g *gpu) Update() error { return nil }

// Layout implements ebiten.Game.
func (g *gpu) Layout(int, int) (w, h int) { return max(g.screen.width, 1), max(g.screen.height, 1) }

// Draw implements ebiten.Game.
func (g *gpu) Draw(dst *ebiten.Image) {
	g.dst = dst
	g.screen.frame()
}

func (g *gpu) setFont(_ Font, m paint.Measures) (perRow, rows int) {
	if g.atlas == nil {
		g.atlas = newImage(atlasWidth, atlasHeight)
	}
	g.measures = m
	g.perRow = max(atlasWidth/m.Width, 1)
	return g.perRow, atlasHeight / m.Height
}

// newImage makes an image that is a texture of its own.
func newImage(w, h int) *ebiten.Image {
	return ebiten.NewImageWithOptions(image.Rect(0, 0, w, h), &ebiten.NewImageOptions{Unmanaged: true})
}

func (g *gpu) storeGlyph(n, cells int, pix []byte, _ bool) {
	m := &g.measures
	x, y := n%g.perRow*m.Width, n/g.perRow*m.Height
	writePixels(g.atlas, image.Rect(x, y, x+cells*m.Width, y+m.Height), pix)
}

func writePixels(to *ebiten.Image, r image.Rectangle, pix []byte) {
	to.SubImage(r).(*ebiten.Image).WritePixels(pix)
}

func (g *gpu) setGrid(cells []byte, cols, rows int) {
	if g.grid != nil {
		g.grid.Deallocate()
	}
	g.grid = newImage(3*cols, rows)
	g.texel, g.cols = cells, cols
}

// upload writes the rows to the texture in one piece: each piece costs the
// browser as much as many rows.
func (g *gpu) upload(from, to int) {
	stride := g.cols * paint.CellBytes
	writePixels(g.grid, image.Rect(0, from, 3*g.cols, to), g.texel[from*stride:to*stride])
}

func (g *gpu) clear(_, _ int, background uint32) {
	g.dst.Fill(color.RGBA{R: byte(background >> 16), G: byte(background >> 8), B: byte(background), A: 255})
}

func (g *gpu) cells(list []area, layer int, c colors) {
	g.verts, g.inds = g.verts[:0], g.inds[:0]
	m := &g.measures
	for _, a := range list {
		g.quad(paint.Rect{
			X0: float32(a.x0 * m.Width), Y0: float32(a.y0 * m.Height),
			X1: float32(a.x1 * m.Width), Y1: float32(a.y1 * m.Height),
		}, paint.Rect{})
	}
	if len(g.verts) == 0 {
		return
	}
	g.dst.DrawTrianglesShader(g.verts, g.inds, g.shader, &ebiten.DrawTrianglesShaderOptions{
		Images: [4]*ebiten.Image{g.atlas, g.grid},
		Uniforms: map[string]any{
			"Cell":        []float32{float32(m.Width), float32(m.Height)},
			"Lines":       []float32{m.Underline, m.Thick, m.Strike, m.Thick},
			"CursorColor": vec3(c.cursor),
			"Background":  vec3(c.background),
			"Layer":       float32(layer),
		},
	})
}

func (g *gpu) quad(to, from paint.Rect) {
	n := uint16(len(g.verts))
	for _, v := range [4][4]float32{
		{to.X0, to.Y0, from.X0, from.Y0},
		{to.X1, to.Y0, from.X1, from.Y0},
		{to.X0, to.Y1, from.X0, from.Y1},
		{to.X1, to.Y1, from.X1, from.Y1},
	} {
		g.verts = append(g.verts, ebiten.Vertex{DstX: v[0], DstY: v[1], SrcX: v[2], SrcY: v[3], ColorR: 1, ColorG: 1, ColorB: 1, ColorA: 1})
	}
	g.inds = append(g.inds, n, n+1, n+2, n+1, n+2, n+3)
}

func vec3(v uint32) []float32 {
	return []float32{float32(v>>16) / 255, float32(v>>8&0xff) / 255, float32(v&0xff) / 255}
}

func (g *gpu) piece(p pixels, to, from paint.Rect, smooth bool) {
	g.verts, g.inds = g.verts[:0], g.inds[:0]
	// The texture has a border of one pixel.
	g.quad(to, paint.Rect{X0: from.X0 + 1, Y0: from.Y0 + 1, X1: from.X1 + 1, Y1: from.Y1 + 1})
	o := &ebiten.DrawTrianglesOptions{}
	if smooth {
		o.Filter = ebiten.FilterLinear
	}
	g.dst.DrawTriangles(g.verts, g.inds, p.(*texture).image, o)
}

func (g *gpu) finish() {}

// texture is a picture with a border of one pixel, which repeats the picture's
// edges: else they would fade where it is drawn larger.
type texture struct {
	image  *ebiten.Image
	w, h   int
	padded []byte
}

func (g *gpu) pixels(w, h int) pixels { return &texture{image: newImage(w+2, h+2), w: w, h: h} }

func (t *texture) free() { t.image.Deallocate() }

func (t *texture) write(y int, pix []byte) {
	stride := 4 * t.w
	n := len(pix) / stride
	t.padded = t.padded[:0]
	top := y + 1
	if y == 0 {
		t.pad(pix[:stride])
		top = 0
	}
	for i := range n {
		t.pad(pix[i*stride : (i+1)*stride])
	}
	if y+n == t.h {
		t.pad(pix[(n-1)*stride : n*stride])
	}
	writePixels(t.image, image.Rect(0, top, t.w+2, top+len(t.padded)/(4*(t.w+2))), t.padded)
	if y+n == t.h {
		t.padded = nil
	}
}

// pad appends a row with its border.
func (t *texture) pad(row []byte) {
	t.padded = append(t.padded, row[:4]...)
	t.padded = append(t.padded, row...)
	t.padded = append(t.padded, row[len(row)-4:]...)
}
