package term

import (
	"cmp"
	"encoding/binary"
)

// Bounds of the pictures that a program may make a terminal keep. They come on
// top of Config.ImageBytes.
const (
	// ImageBudget is the Config.ImageBytes that relay and browser both use: what
	// is dropped first must be the same on both sides.
	ImageBudget = 32 << 20

	MaxPictures   = 1 << 10 // pictures at a time
	MaxPlacements = 1 << 12 // places where they are shown
	MaxPieces     = 1 << 15 // rows of those places, over all lines

	maxSide        = 4094       // pixels of a side of a picture that is kept as pixels: a texture of 4096 has room for it and a border
	maxCodedSide   = 1 << 14    // … as a file
	maxCodedPixels = 50_000_000 // a telephone's photo
	maxImageRows   = 1000       // cells that one placement is high
	maxLinePieces  = 64         // pieces on one line
	pictureCost    = 256        // bytes that a picture costs besides its data

	// A VT340's cell, for when nobody has told the size of ours.
	vt340CellWidth, vt340CellHeight = 10, 20
)

// Format says what the bytes of a Picture are.
type Format uint8

// Formats of pictures. Files are kept as they came: the browser has decoders.
const (
	FormatNone    Format = iota
	FormatRGBA           // four bytes a pixel, rows from the top, alpha not multiplied
	FormatRGB            // three bytes a pixel
	FormatIndexed        // one byte a pixel, of the palette
	FormatPNG
	FormatJPEG
	FormatGIF
	FormatWebP
)

// MediaType gives the media type of a file, "" for bare pixels.
func (f Format) MediaType() string {
	return [...]string{FormatPNG: "image/png", FormatJPEG: "image/jpeg", FormatGIF: "image/gif", FormatWebP: "image/webp"}[f]
}

// pixelBytes gives the bytes of a pixel, 0 for a file.
func (f Format) pixelBytes() int {
	switch f {
	case FormatRGBA:
		return 4
	case FormatRGB:
		return 3
	case FormatIndexed:
		return 1
	}
	return 0
}

// Picture is what a program has sent. It does not change.
type Picture struct {
	Width, Height int // pixels
	Format        Format
	Data          []byte       // of bare pixels perhaps not all rows: those missing at the end are transparent
	Palette       *[256]uint32 // of FormatIndexed: RGBA, red lowest; the first one is transparent

	serial uint64 // counts the pictures of a terminal
	id     uint32 // kitty: 0 for one that cannot be named
	number uint32 // kitty
	opaque bool   // hides what is below
	gone   bool   // dropped: not shown any more
	round  uint64 // of the last sweep that found it on a line
}

func (p *Picture) cost() int {
	n := len(p.Data) + pictureCost
	if p.Palette != nil {
		n += 4 * len(p.Palette)
	}
	return n
}

// AppendRows appends rows y…y+n-1 of bare pixels to dst, four bytes each, alpha
// not multiplied.
func (p *Picture) AppendRows(dst []byte, y, n int) []byte {
	size := p.Format.pixelBytes()
	row := size * p.Width
	data := p.Data[min(y*row, len(p.Data)):min((y+n)*row, len(p.Data))]
	all := len(dst) + 4*p.Width*n
	switch p.Format {
	case FormatRGBA:
		dst = append(dst, data...)
	case FormatRGB:
		for ; len(data) >= 3; data = data[3:] {
			dst = append(dst, data[0], data[1], data[2], 255)
		}
	case FormatIndexed:
		for _, i := range data {
			dst = binary.LittleEndian.AppendUint32(dst, p.Palette[i])
		}
	}
	return append(dst, make([]byte, all-len(dst))...)
}

// Placement is one place where a picture is shown.
type Placement struct {
	Picture *Picture
	// What is shown, pixels of the picture.
	SrcX, SrcY, SrcW, SrcH int
	// Where it goes, from the top left corner of the first cell, in pixels of a
	// cell of CellW×CellH pixels; a cell of another size scales it.
	X, Y, W, H   int
	CellW, CellH int
	Cols, Rows   int   // cells that it touches
	Z            int32 // below 0: below the text; far below: below coloured backgrounds too

	serial uint64 // counts the placements of a terminal
	id     uint32 // kitty
	kitty  bool   // text and erasing leave it
	gone   bool
	round  uint64
}

func (p *Placement) dead() bool { return p.gone || p.Picture.gone }

// BelowBackground tells that the picture is below the backgrounds of cells that
// are not the default one (kitty graphics protocol, "z").
func (p *Placement) BelowBackground() bool { return p.Z < -1<<30 }

// Piece is a placement's part on one line: columns X…End-1, of which the first
// shows column Col of row Row of the placement. It may go beyond the line's end.
type Piece struct {
	*Placement
	X, End   uint16
	Col, Row uint16
}

// Pieces gives the pictures on a line, those to be drawn first at the
// beginning. dst is a buffer, or nil.
func (l *Line) Pieces(dst []Piece) []Piece {
	dst = dst[:0]
	if l.pics == nil {
		return dst
	}
	for _, p := range *l.pics {
		if p.dead() {
			continue
		}
		at := len(dst)
		for at > 0 && drawnBefore(p.Placement, dst[at-1].Placement) < 0 {
			at--
		}
		dst = append(dst, Piece{})
		copy(dst[at+1:], dst[at:])
		dst[at] = p
	}
	return dst
}

func drawnBefore(a, b *Placement) int {
	return cmp.Or(cmp.Compare(a.Z, b.Z), cmp.Compare(a.serial, b.serial))
}

// images is what a terminal keeps for pictures; there is none until one comes.
type images struct {
	pictures   []*Picture   // oldest first
	placements []*Placement // oldest first
	bytes      int          // what pictures cost
	pieces     int          // at least as many as there are
	round      uint64
	nextID     uint32 // kitty: the last id that the terminal has chosen
	sixel      *sixel // being read
	load       *load  // being read
}

// store gives the pictures' state, nil when there are to be none.
func (t *Terminal) store() *images {
	if t.img == nil && t.cfg.ImageBytes > 0 {
		t.img = &images{}
	}
	return t.img
}

// HasPicture tells whether the terminal still keeps a picture.
func (t *Terminal) HasPicture(p *Picture) bool {
	if t.img == nil || p.gone {
		return false
	}
	for _, q := range t.img.pictures {
		if q == p {
			return true
		}
	}
	return false
}

// pictureLimit bounds one picture's data, bytes.
func (t *Terminal) pictureLimit() int { return t.cfg.ImageBytes / 2 }

// cellSize gives the pixels of a cell.
func (t *Terminal) cellSize() (w, h int) {
	if t.cellW == 0 || t.cellH == 0 {
		return vt340CellWidth, vt340CellHeight
	}
	return t.cellW, t.cellH
}

// addPicture keeps a picture, dropping older ones when there is no room; false
// when it is too large.
func (t *Terminal) addPicture(p *Picture) bool {
	im := t.store()
	if im == nil || len(p.Data) > t.pictureLimit() {
		return false
	}
	t.makeRoom(p.cost())
	t.pictures++
	p.serial = t.pictures
	im.pictures = append(im.pictures, p)
	im.bytes += p.cost()
	return true
}

// makeRoom drops pictures until n bytes and one picture more are within the
// bounds. It drops some more, so that it is seldom called: the room for one more
// costs a walk over all lines. What nothing shows any more goes first; whether it
// is still counted makes no difference to what else goes.
func (t *Terminal) makeRoom(n int) {
	im := t.img
	over := func(spare int) bool {
		bytes, count := t.cfg.ImageBytes, MaxPictures
		return im.bytes+n > bytes-bytes/8*spare || len(im.pictures) >= count-count/8*spare
	}
	if !over(0) {
		return
	}
	t.sweep()
	if !over(0) {
		return
	}
	for _, shown := range [2]bool{false, true} {
		for i := 0; i < len(im.pictures) && over(1); {
			p := im.pictures[i]
			if !shown && p.round == im.round {
				i++
				continue
			}
			t.dropPicture(p)
		}
	}
	t.damage.all = true
}

// dropPicture forgets a picture wherever it is shown.
func (t *Terminal) dropPicture(p *Picture) {
	im := t.img
	for i, q := range im.pictures {
		if p == q {
			im.pictures = append(im.pictures[:i], im.pictures[i+1:]...)
			im.bytes -= p.cost()
			p.gone = true
			return
		}
	}
}

// sweep drops the pictures that no line shows and that cannot be named, and
// counts the rest anew.
func (t *Terminal) sweep() {
	im := t.img
	im.round++
	im.pieces, im.bytes = 0, 0
	t.eachLine(func(l *Line) {
		if l.pics == nil {
			return
		}
		l.compact(func(p *Piece) bool { return !p.dead() })
		if l.pics == nil {
			return
		}
		for _, p := range *l.pics {
			p.round, p.Picture.round = im.round, im.round
		}
		im.pieces += len(*l.pics)
	})
	placements := im.placements[:0]
	for _, p := range im.placements {
		if !p.dead() && p.round == im.round {
			placements = append(placements, p)
		}
	}
	clear(im.placements[len(placements):])
	im.placements = placements
	pictures := im.pictures[:0]
	for _, p := range im.pictures {
		if !p.gone && (p.round == im.round || p.id != 0) {
			pictures = append(pictures, p)
			im.bytes += p.cost()
		} else {
			p.gone = true
		}
	}
	clear(im.pictures[len(pictures):])
	im.pictures = pictures
}

// addPlacement keeps a placement, dropping the oldest ones when there are too
// many.
func (t *Terminal) addPlacement(p *Placement) {
	im := t.img
	over := func(spare int) bool {
		return len(im.placements) >= MaxPlacements-MaxPlacements/8*spare || im.pieces+p.Rows > MaxPieces-MaxPieces/8*spare
	}
	if over(0) {
		t.sweep()
		if over(0) {
			for over(1) && len(im.placements) > 0 {
				im.pieces -= im.placements[0].Rows
				im.placements[0].gone = true
				im.placements = im.placements[1:]
			}
			t.sweep()
			t.damage.all = true
		}
	}
	t.placements++
	p.serial = t.placements
	im.placements = append(im.placements, p)
}
