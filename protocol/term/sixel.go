package term

import (
	"encoding/binary"
	"math/bits"
)

// Sixel graphics: DEC STD 070, "Video Systems Reference Manual", chapter 9; the
// VT330/VT340 Programmer Reference Manual, volume 2, chapter 14. Differences, as
// xterm has them: the pixels are square unless the program says otherwise, and
// changing a colour leaves what was drawn with it.

const (
	sixelColors = 1024 // colour registers; each picture has its own
	sixelParams = 5
	maxSixelArg = 1 << 20
)

// sixelState says what the bytes that come belong to.
type sixelState uint8

const (
	sixelData   sixelState = iota
	sixelColor             // #
	sixelRaster            // "
	sixelRepeat            // !
)

// sixel draws while the bytes come; the text is not kept. Pixels exist only for
// bands in which something was drawn.
type sixel struct {
	state      sixelState
	params     [sixelParams]int32
	n          int    // parameters begun
	color      uint32 // as four bytes RGBA, the first one lowest
	colors     [sixelColors]uint32
	x, band    int
	width      int // pixels that something was said about
	bottom     int // rows that have a pixel
	bands      int // bands that something was said about
	rasterW    int // from the raster attributes, 0: none
	rasterH    int
	pan, pad   int  // a pixel is pan high and pad wide
	background bool // pixels that are not drawn show the background (P2)
	stride     int  // pixels
	pix        []byte
	pixel      int          // bytes of one: 1, an index of the palette, or 4, RGBA
	palette    *[256]uint32 // colours drawn with, from 1 on; 0 is transparent
	used       int          // of the palette
	index      byte         // of the colour, 0: not known
	limit      int          // of pixels, at four bytes each
}

// sixelString tells that the string being read is sixel data.
func (p *parser) sixelString() bool {
	return p.state == dcsString && p.final == 'q' && p.nInter == 0 && p.private == 0 && !p.overflow
}

// beginSixel is DCS P1;P2;P3 q. P3, the grid size, has no meaning on a screen.
func (t *Terminal) beginSixel() {
	im := t.store()
	if im == nil {
		return
	}
	im.load = nil
	im.sixel = newSixel(t.pictureLimit(), t.p.get(0, 0), t.p.get(1, 0) != 1)
}

func newSixel(limit, aspect int, background bool) *sixel {
	s := &sixel{limit: limit, background: background, pan: 1, pad: 1, colors: defaultSixelColors, pixel: 1, palette: new([256]uint32), used: 1}
	switch aspect {
	case 1, 5, 6:
		s.pan = 2
	case 2:
		s.pan = 5
	case 3, 4:
		s.pan = 3
	}
	s.color = s.colors[0]
	return s
}

// write takes sixel data. Bytes that mean nothing are skipped.
func (s *sixel) write(p []byte) {
	for _, c := range p {
		if c < 0x20 {
			continue // line breaks, anywhere
		}
		if s.state != sixelData {
			if c-'0' <= 9 || c == ';' {
				s.param(c)
				continue
			}
			if s.apply(c) {
				continue
			}
		}
		switch {
		case c-'?' < 64:
			s.draw(c-'?', 1)
		case c == '$':
			s.x = 0
		case c == '-':
			s.x = 0
			s.band = min(s.band+1, maxSide/6)
		case c == '#':
			s.begin(sixelColor)
		case c == '!':
			s.begin(sixelRepeat)
		case c == '"':
			s.begin(sixelRaster)
		}
	}
}

func (s *sixel) begin(state sixelState) {
	s.state, s.n, s.params = state, 1, [sixelParams]int32{}
}

func (s *sixel) param(c byte) {
	switch {
	case c == ';':
		s.n = min(s.n+1, sixelParams+1)
	case s.n <= sixelParams:
		v := &s.params[s.n-1]
		*v = min(*v*10+int32(c-'0'), maxSixelArg)
	}
}

// apply executes what the parameters belong to, now that c ends them. It tells
// whether c belonged to it, too.
func (s *sixel) apply(c byte) bool {
	state := s.state
	s.state = sixelData
	switch state {
	case sixelRepeat:
		if c-'?' < 64 {
			s.draw(c-'?', max(int(s.params[0]), 1))
			return true
		}
	case sixelColor:
		n := s.params[0] % sixelColors
		if s.n >= 5 {
			a, b, c := int(s.params[2]), int(s.params[3]), int(s.params[4])
			switch s.params[1] {
			case 1:
				s.colors[n] = hls(a, b, c)
			case 2:
				s.colors[n] = rgba(percent(a), percent(b), percent(c))
			}
		}
		s.color, s.index = s.colors[n], 0
	case sixelRaster:
		s.raster(int(s.params[0]), int(s.params[1]), int(s.params[2]), int(s.params[3]))
	}
	return false
}

// raster is DECGRA. It comes before the data; a size beyond the bounds is not
// taken for one.
func (s *sixel) raster(pan, pad, w, h int) {
	if s.bands > 0 {
		return
	}
	if pan > 0 && pad > 0 && pan <= 100 && pad <= 100 {
		s.pan, s.pad = pan, pad
	}
	if w > 0 && h > 0 && w <= maxSide && h <= maxSide && 4*w*h <= s.limit {
		s.rasterW, s.rasterH = w, h
	}
}

// draw draws n sixels of six pixels, the lowest bit at the top.
func (s *sixel) draw(six byte, n int) {
	x := s.x
	s.x = min(x+n, maxSide)
	n = s.x - x
	if s.band >= maxSide/6 {
		return
	}
	s.bands = max(s.bands, s.band+1)
	s.width = max(s.width, s.x)
	if six == 0 || n == 0 || (s.x > s.stride || len(s.pix) < 6*s.pixel*s.stride*(s.band+1)) && !s.grow() {
		return
	}
	if s.pixel == 1 && s.index == 0 {
		s.chooseIndex()
	}
	s.bottom = max(s.bottom, 6*s.band+bits.Len8(six))
	row := s.pixel * s.stride
	at := s.band*6*row + s.pixel*x
	if s.pixel == 1 {
		for ; six != 0; six >>= 1 {
			if six&1 != 0 {
				p := s.pix[at : at+n]
				for i := range p {
					p[i] = s.index
				}
			}
			at += row
		}
		return
	}
	for ; six != 0; six >>= 1 {
		if six&1 != 0 {
			p := s.pix[at : at+4*n]
			binary.LittleEndian.PutUint32(p, s.color)
			for i := 4; i < len(p); { // short runs by pixel, long ones by what is there
				if i < 64 {
					binary.LittleEndian.PutUint32(p[i:], s.color)
					i += 4
				} else {
					i += copy(p[i:], p[:i])
				}
			}
		}
		at += row
	}
}

// chooseIndex finds the colour in the palette, or puts it there. When there is no
// room, pixels are colours from now on.
func (s *sixel) chooseIndex() {
	for i := 1; i < s.used; i++ {
		if s.palette[i] == s.color {
			s.index = byte(i)
			return
		}
	}
	if s.used < len(s.palette) {
		s.palette[s.used] = s.color
		s.index = byte(s.used)
		s.used++
		return
	}
	pix := make([]byte, 0, 4*len(s.pix))
	for _, i := range s.pix {
		pix = binary.LittleEndian.AppendUint32(pix, s.palette[i])
	}
	s.pix, s.pixel = pix, 4
}

// grow makes pixels up to column x of the present band; false when that would be
// too many.
func (s *sixel) grow() bool {
	stride := s.stride
	if s.x > stride {
		stride = min(max(s.x, 2*stride, s.rasterW), maxSide)
		if s.x <= s.rasterW {
			stride = s.rasterW
		}
	}
	rows := 6 * (s.band + 1)
	if 4*stride*rows > s.limit {
		if stride = max(s.x, s.stride); 4*stride*rows > s.limit {
			return false
		}
	}
	if stride != s.stride {
		s.restride(stride)
	}
	if size := s.pixel * stride * rows; size > cap(s.pix) {
		most := s.limit / 4 * s.pixel
		if s.rasterH > 0 {
			most = max(s.pixel*stride*(s.rasterH+5), size)
		}
		pix := make([]byte, size, min(max(size, 3*cap(s.pix)), most))
		copy(pix, s.pix)
		s.pix = pix
	} else {
		s.pix = s.pix[:max(size, len(s.pix))]
	}
	return true
}

// restride lays the pixels out for another width.
func (s *sixel) restride(stride int) {
	if s.stride > 0 {
		to, from := s.pixel*stride, s.pixel*s.stride
		rows := len(s.pix) / from
		pix := make([]byte, to*rows)
		for y := range rows {
			copy(pix[to*y:to*(y+1)], s.pix[from*y:from*(y+1)])
		}
		s.pix = pix
	}
	s.stride = stride
}

// picture gives what was drawn, nil if nothing was.
func (s *sixel) picture() *Picture {
	p := &Picture{Format: FormatRGBA, Width: max(s.width, s.rasterW), Height: 6 * s.bands}
	if s.pixel == 1 {
		p.Format, p.Palette = FormatIndexed, s.palette
	}
	if s.rasterH > 0 {
		p.Height = max(s.rasterH, s.bottom)
	}
	if 4*p.Width*p.Height > s.limit { // blank space of no end
		p.Width, p.Height = s.stride, s.bottom
	}
	if p.Width == 0 || p.Height == 0 {
		return nil
	}
	if s.stride > 0 && s.stride != p.Width {
		s.restride(p.Width)
	}
	size := s.pixel * p.Width * p.Height
	p.Data = s.pix[:min(len(s.pix), size)]
	if cap(p.Data) > len(p.Data)+len(p.Data)/8 {
		p.Data = append(make([]byte, 0, len(p.Data)), p.Data...) // for a long time
	}
	p.opaque = len(p.Data) == size
	for i := s.pixel - 1; p.opaque && i < len(p.Data); i += s.pixel {
		p.opaque = p.Data[i] != 0
	}
	return p
}

// endSixel shows the picture. With sixel display mode (DECSDM, 80) it goes to the
// top left corner, without scrolling. Else it goes to the cursor, which ends in
// the row of the picture's last pixels: in the column where it was, or right of
// the picture with mode 8452. Pixels that were not drawn are transparent; when
// they are to show the background, the cells below are erased.
func (t *Terminal) endSixel() {
	if t.img == nil || t.img.sixel == nil {
		return
	}
	s := t.img.sixel
	t.img.sixel = nil
	p := s.picture()
	if p == nil || !t.addPicture(p) {
		return
	}
	w, h := p.Width, p.Height
	if s.pan > s.pad {
		h = h * s.pan / s.pad
	} else {
		w = w * s.pad / s.pan
	}
	pl := t.place(p, w, h)
	x, y := t.x, t.y
	if t.modes.sixelDisplay {
		t.x, t.y = 0, 0
		t.showOverText(pl, false, s.background)
		t.x, t.y = x, y
		return
	}
	t.showOverText(pl, true, s.background)
	if t.modes.sixelRight {
		t.x = min(x+pl.Cols, t.cols-1)
	}
}

func rgba(r, g, b uint32) uint32 { return r | g<<8 | b<<16 | 0xff<<24 }

// percent scales 0…100 to 0…255.
func percent(v int) uint32 { return uint32(min(v, 100)*255+50) / 100 }

// hls gives the colour of a hue in degrees, of which blue has 0, red 120 and
// green 240, and of lightness and saturation in percent.
func hls(h, l, s int) uint32 {
	h, l, s = (h+240)%360, min(l, 100), min(s, 100)
	// Everything in units of 1/10000: c is the chroma, m the smallest part.
	c := (100 - abs(2*l-100)) * s
	m := 100*l - c/2
	x := c * (60 - abs(h%120-60)) / 60
	part := func(v int) uint32 { return uint32((v+m)*255+5000) / 10000 }
	var r, g, b int
	switch h / 60 {
	case 0:
		r, g = c, x
	case 1:
		r, g = x, c
	case 2:
		g, b = c, x
	case 3:
		g, b = x, c
	case 4:
		r, b = x, c
	default:
		r, b = c, x
	}
	return rgba(part(r), part(g), part(b))
}

func abs(v int) int { return max(v, -v) }

// defaultSixelColors are a VT340's sixteen, and after them xterm's.
var defaultSixelColors = func() (c [sixelColors]uint32) {
	for i, v := range [16][3]int{
		{0, 0, 0},
		{20, 20, 80},
		{80, 13, 13},
		{20, 80, 20},
		{80, 20, 80},
		{20, 80, 80},
		{80, 80, 20},
		{53, 53, 53},
		{26, 26, 26},
		{33, 33, 60},
		{60, 26, 26},
		{33, 60, 33},
		{60, 33, 60},
		{33, 60, 60},
		{60, 60, 33},
		{80, 80, 80},
	} {
		c[i] = rgba(percent(v[0]), percent(v[1]), percent(v[2]))
	}
	p := DefaultPalette()
	for i := 16; i < 256; i++ {
		v, _ := p.Colors[i].Value()
		c[i] = rgba(v>>16, v>>8&0xff, v&0xff)
	}
	for i := 256; i < sixelColors; i++ {
		c[i] = c[0]
	}
	return c
}()

// graphicsAttribute is XTSMGRAPHICS (ctlseqs): the number of colours and the
// largest picture. Neither can be changed; setting what is the case succeeds.
func (t *Terminal) graphicsAttribute() {
	item, action, value := t.p.get(0, 0), t.p.get(1, 0), t.p.get(2, 0)
	status := 0
	switch {
	case item != 1 && item != 2:
		status = 1
	case action < 1 || action > 4:
		status = 2
	case t.cfg.ImageBytes == 0:
		status = 3
	}
	if status != 0 {
		t.replyf("\x1b[?%d;%dS", item, status)
		return
	}
	if item == 1 {
		if action == 3 && value > sixelColors {
			status = 3
		}
		t.replyf("\x1b[?1;%d;%dS", status, sixelColors)
		return
	}
	cw, ch := t.cellSize()
	w := min(t.cols*cw, maxSide)
	h := min(t.rows*ch, maxSide, t.pictureLimit()/4/w)
	if action == 4 {
		w = min(max(w, 2048), maxSide)
		h = min(t.pictureLimit()/4/w, maxSide)
	}
	t.replyf("\x1b[?2;%d;%d;%dS", status, w, h)
}
