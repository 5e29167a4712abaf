package term

import "encoding/binary"

// The pictures in a snapshot: those that the other side has already are written
// as their number only. Placements follow, to which the lines refer by their
// place in the list, and last what is in the middle of being read.

// int writes a number. It is kept out of line: as the body of all that is written
// here, it would be a good part of the browser's program.
//
//go:noinline
func (w *writer) int(v int) { w.uint(uint64(v)) }

func (w *writer) images(have uint64) {
	t := w.t
	w.int(t.cellW)
	w.int(t.cellH)
	w.int(int(t.pictures))
	w.int(int(t.placements))
	im := t.img
	w.bool(im != nil)
	if im == nil {
		return
	}
	t.sweep()
	w.int(int(im.nextID))
	index := make(map[*Picture]int)
	w.int(len(im.pictures))
	for i, p := range im.pictures {
		index[p] = i
		w.int(int(p.serial))
		w.bool(p.serial <= have)
		if p.serial > have {
			w.picture(p)
		}
	}
	w.placed = make(map[*Placement]int)
	w.int(len(im.placements))
	for i, p := range im.placements {
		w.placed[p] = i
		w.int(index[p.Picture])
		w.int(int(p.serial))
		for _, v := range p.numbers() {
			w.int(*v.v)
		}
		w.b = binary.AppendVarint(w.b, int64(p.Z))
		w.int(int(p.id))
		w.bool(p.kitty)
	}
	w.bool(im.sixel != nil)
	if im.sixel != nil {
		w.sixel(im.sixel)
	}
	w.bool(im.load != nil)
	if l := im.load; l != nil {
		w.b = append(w.b, byte(l.kind), l.nQuad, l.quad[0], l.quad[1], l.quad[2])
		w.bool(l.over)
		w.bool(l.bad)
		w.bool(l.padded)
		w.string(l.control)
		w.int(len(l.data))
		w.b = append(w.b, l.data...)
	}
}

func (w *writer) picture(p *Picture) {
	w.int(int(p.Format))
	w.int(p.Width)
	w.int(p.Height)
	w.int(int(p.id))
	w.int(int(p.number))
	w.bool(p.opaque)
	w.int(len(p.Data))
	w.b = append(w.b, p.Data...)
	if p.Format == FormatIndexed {
		w.colors(p.Palette)
	}
}

func (w *writer) colors(c *[256]uint32) {
	n := len(c)
	for n > 0 && c[n-1] == 0 {
		n--
	}
	w.int(n)
	for _, v := range c[:n] {
		w.int(int(v))
	}
}

// numbers lists a placement's numbers, each with its largest value.
func (p *Placement) numbers() []number {
	const most = maxCodedSide
	return []number{
		{&p.SrcX, most},
		{&p.SrcY, most},
		{&p.SrcW, most},
		{&p.SrcH, most},
		{&p.X, most},
		{&p.Y, most},
		{&p.W, 1 << 24},
		{&p.H, 1 << 24},
		{&p.CellW, 1000},
		{&p.CellH, 1000},
		{&p.Cols, MaxCols},
		{&p.Rows, maxImageRows},
	}
}

// numbers lists a sixel picture's numbers, each with its largest value.
func (s *sixel) numbers() []number {
	return []number{
		{&s.n, sixelParams + 1},
		{&s.x, maxSide},
		{&s.band, maxSide / 6},
		{&s.width, maxSide},
		{&s.bottom, maxSide},
		{&s.bands, maxSide/6 + 1},
		{&s.rasterW, maxSide},
		{&s.rasterH, maxSide},
		{&s.pan, 100},
		{&s.pad, 100},
		{&s.stride, maxSide},
	}
}

func (w *writer) sixel(s *sixel) {
	w.b = append(w.b, byte(s.state))
	for _, v := range s.numbers() {
		w.int(*v.v)
	}
	for _, v := range s.params {
		w.int(int(v))
	}
	w.bool(s.background)
	w.int(int(s.color))
	n := 0
	for i, c := range s.colors {
		if c != defaultSixelColors[i] {
			n++
		}
	}
	w.int(n)
	for i, c := range s.colors {
		if c != defaultSixelColors[i] {
			w.int(i)
			w.int(int(c))
		}
	}
	w.bool(s.pixel == 4)
	w.b = append(w.b, s.index)
	w.int(s.used)
	w.colors(s.palette)
	w.int(len(s.pix))
	w.b = append(w.b, s.pix...)
}

// pieces writes the pictures on a line.
func (w *writer) pieces(list []Piece) {
	w.int(len(list))
	for _, p := range list {
		w.int(w.placed[p.Placement])
		for _, v := range [...]uint16{p.X, p.End, p.Col, p.Row} {
			w.int(int(v))
		}
	}
}

func (r *reader) int(most int) int { return int(r.uint(uint64(most))) }

func (r *reader) images(old *Terminal) {
	t := r.t
	t.cellW, t.cellH = r.int(1000), r.int(1000)
	t.pictures, t.placements = r.uint(1<<63), r.uint(1<<63)
	if !r.bool() {
		return
	}
	im := t.store()
	if im == nil {
		r.err = errRange // no pictures wanted
		return
	}
	if old.img != nil {
		im.round = old.img.round // the marks of pictures that are taken over
	}
	im.nextID = uint32(r.uint(1<<32 - 1))
	n := r.int(MaxPictures)
	for range n {
		p := r.picture(old)
		if r.err != nil {
			return
		}
		im.pictures = append(im.pictures, p)
		if im.bytes += p.cost(); im.bytes > t.cfg.ImageBytes {
			r.err = errRange
			return
		}
	}
	n = r.int(MaxPlacements)
	for range n {
		p := r.placement()
		if r.err != nil {
			return
		}
		im.placements = append(im.placements, p)
		if r.placed == nil {
			r.placed = make(map[uint64]*Placement)
		}
		r.placed[p.serial] = p
	}
	if r.bool() {
		im.sixel = r.sixel()
	}
	if r.bool() {
		im.load = r.load()
	}
}

func (r *reader) picture(old *Terminal) *Picture {
	serial := r.uint(r.t.pictures)
	if r.bool() && r.err == nil { // known
		if old.img != nil {
			for _, p := range old.img.pictures {
				if p.serial == serial && !p.gone {
					return p
				}
			}
		}
		r.err = ErrSnapshotBase
		return nil
	}
	p := &Picture{serial: serial, Format: Format(r.int(int(FormatWebP))), Width: r.int(maxCodedSide), Height: r.int(maxCodedSide)}
	p.id, p.number, p.opaque = uint32(r.uint(1<<32-1)), uint32(r.uint(1<<32-1)), r.bool()
	p.Data = append([]byte(nil), r.bytes(r.t.pictureLimit())...)
	if p.Format == FormatIndexed {
		p.Palette = r.colors()
	}
	if r.err == nil && !p.valid() {
		r.err = errRange
	}
	return p
}

func (r *reader) colors() *[256]uint32 {
	c := new([256]uint32)
	n := r.int(len(c))
	for i := range n {
		c[i] = uint32(r.uint(1<<32 - 1))
	}
	return c
}

// valid tests a picture that came from outside.
func (p *Picture) valid() bool {
	if p.Width == 0 || p.Height == 0 {
		return false
	}
	n := p.Format.pixelBytes()
	if n == 0 {
		f, w, h := imageHeader(p.Data)
		return f != FormatNone && f == p.Format && w == p.Width && h == p.Height
	}
	row := n * p.Width
	return p.Width <= maxSide && p.Height <= maxSide && len(p.Data)%row == 0 && len(p.Data) <= row*p.Height
}

func (r *reader) placement() *Placement {
	p := &Placement{}
	i := r.int(MaxPictures)
	p.serial = r.uint(r.t.placements)
	for _, v := range p.numbers() {
		*v.v = r.int(v.most)
	}
	z, n := binary.Varint(r.p)
	if r.err == nil && n <= 0 {
		r.err = errCutOff
	}
	if r.err != nil {
		return p
	}
	r.p = r.p[n:]
	p.Z = int32(z)
	p.id, p.kitty = uint32(r.uint(1<<32-1)), r.bool()
	if r.err != nil {
		return p
	}
	if i >= len(r.t.img.pictures) || p.CellW == 0 || p.CellH == 0 || p.SrcW == 0 || p.SrcH == 0 {
		r.err = errRange
		return p
	}
	p.Picture = r.t.img.pictures[i]
	if p.SrcX+p.SrcW > p.Picture.Width || p.SrcY+p.SrcH > p.Picture.Height {
		r.err = errRange
	}
	return p
}

func (r *reader) sixel() *sixel {
	s := newSixel(r.t.pictureLimit(), 0, false)
	s.state = sixelState(min(r.raw(), byte(sixelRepeat)))
	for _, v := range s.numbers() {
		*v.v = r.int(v.most)
	}
	s.n, s.pan, s.pad = max(s.n, 1), max(s.pan, 1), max(s.pad, 1)
	for i := range s.params {
		s.params[i] = int32(r.int(maxSixelArg))
	}
	s.background = r.bool()
	s.color = uint32(r.uint(1<<32 - 1))
	n := r.int(sixelColors)
	for range n {
		i := r.int(sixelColors - 1)
		s.colors[i] = uint32(r.uint(1<<32 - 1))
	}
	if r.bool() {
		s.pixel = 4
	}
	s.index, s.used = r.raw(), max(r.int(len(s.palette)), 1)
	s.palette = r.colors()
	s.pix = append([]byte(nil), r.bytes(s.limit)...)
	rows := 0
	if s.stride > 0 {
		rows = len(s.pix) / (s.pixel * s.stride)
	}
	if r.err == nil && (len(s.pix) != s.pixel*s.stride*rows || 4*s.stride*rows > s.limit || rows%6 != 0 || s.bottom > rows) {
		r.err = errRange
	}
	return s
}

func (r *reader) load() *load {
	l := &load{limit: r.t.pictureLimit()}
	l.kind = loadKind(min(r.raw(), byte(loadITermPart)))
	l.nQuad = min(r.raw(), 3)
	for i := range 3 {
		l.quad[i] = r.raw() & 0x3f
	}
	l.over, l.bad, l.padded = r.bool(), r.bool(), r.bool()
	l.control = r.string(maxControl)
	l.data = append([]byte(nil), r.bytes(l.limit)...)
	return l
}

func (r *reader) pieces(l *Line) {
	n := r.int(maxLinePieces)
	for range n {
		i := r.int(MaxPlacements)
		var v [4]int
		for k := range v {
			v[k] = r.int(beyond)
		}
		if r.err != nil {
			return
		}
		if r.t.img == nil || i >= len(r.t.img.placements) || v[0] >= v[1] || v[2]+v[1]-v[0] > beyond || v[3] >= maxImageRows {
			r.err = errRange
			return
		}
		l.add(Piece{r.t.img.placements[i], uint16(v[0]), uint16(v[1]), uint16(v[2]), uint16(v[3])})
		r.t.img.pieces++
	}
}

// adoptPieces makes a line that was taken over refer to the new placements.
func (r *reader) adoptPieces(l *Line) {
	list := *l.pics
	l.pics = nil
	for _, p := range list {
		if next := r.placed[p.serial]; next != nil && !p.dead() {
			p.Placement = next
			l.add(p)
			r.t.img.pieces++
		}
	}
}
