// Package update reads the graphics and pointer updates of RDP, of the fast path and
// of the slow one (MS-RDPBCGR 2.2.9).
//
// Updates arrive in fragments, in which pictures are cut anywhere. The [Parser] does
// not put them together: it reports a picture as [Rect], then its bytes as they came
// as [Data] (slices of the input, never copied), then [RectEnd]. Only what is small
// is collected: heads, palettes, pointers.
//
// Events point into the parser and into the input: they hold until the next call.
// In steady state no event allocates. Drawing orders are not read; a client refuses
// them in its capabilities.
package update

import (
	"errors"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/rdp/caps"
	"github.com/porthole-rac/porthole/protocol/rdp/gcc"
	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// Kind is what an update is (MS-RDPBCGR 2.2.9.1.2.1; the numbers are the fast path's).
type Kind byte

// Kinds.
const (
	Orders         Kind = 0
	Bitmaps        Kind = 1
	PaletteUpdate  Kind = 2
	Synchronize    Kind = 3
	Surface        Kind = 4
	PointerHidden  Kind = 5
	PointerDefault Kind = 6
	PointerMove    Kind = 8
	PointerColor   Kind = 9
	PointerCache   Kind = 10
	PointerNew     Kind = 11
	PointerLarge   Kind = 12
)

var kindNames = map[Kind]string{
	Orders: "drawing orders", Bitmaps: "bitmap update", PaletteUpdate: "palette update", Synchronize: "synchronize", Surface: "surface commands",
	PointerHidden: "hidden pointer", PointerDefault: "default pointer", PointerMove: "pointer position", PointerColor: "colour pointer",
	PointerCache: "cached pointer", PointerNew: "new pointer", PointerLarge: "large pointer",
}

func (k Kind) String() string {
	if n := kindNames[k]; n != "" {
		return n
	}
	return fmt.Sprintf("update %d", byte(k))
}

// Fragment is which part of an update a piece is.
type Fragment byte

// Fragments.
const (
	Single Fragment = 0
	Last   Fragment = 1
	First  Fragment = 2
	Middle Fragment = 3
)

// Bounds.
const (
	// MaxPointer is the longest side of a pointer, in pixels.
	MaxPointer = 384
	// MinRequest is what a client must take in pieces that takes pointers of MaxPointer
	// (MS-RDPBCGR 2.2.7.2.7).
	MinRequest = 608_299
	// maxCollected holds the largest pointer.
	maxCollected = 20 + MaxPointer*MaxPointer*4 + MaxPointer*MaxPointer/8 + 16
	// kept is how large a buffer may be to be kept for the next update.
	kept = 64 << 10
)

// ErrUpdate is an update that breaks a rule.
var ErrUpdate = errors.New("not an update")

// Codec is how the bytes of a picture are coded.
type Codec byte

// Codecs.
const (
	// Raw is rows of BPP bits, the bottom row first, each a multiple of four bytes in
	// bitmap updates.
	Raw Codec = iota
	// RLE is interleaved run length encoding of 8, 15, 16 or 24 bits (MS-RDPBCGR
	// 2.2.9.1.1.3.1.2.4), Planar the one of 32 bits (MS-RDPEGDI 2.2.2.5.1).
	RLE
	Planar
	NSCodec
	RemoteFX
)

func (c Codec) String() string {
	return [...]string{"raw", "RLE", "planar", "NSCodec", "RemoteFX"}[c]
}

// Rect begins a picture. Its bytes follow as Data.
type Rect struct {
	Left, Top, Right, Bottom int // on the desktop; right and bottom are outside
	Width, Height            int // of the picture; what hangs over is not shown
	BPP                      int
	Codec                    Codec
	Length                   int // bytes
}

// Data are bytes of a picture.
type Data struct {
	Bytes []byte
	Left  int // bytes that are still to come
}

// RectEnd ends a picture.
type RectEnd struct{}

// FrameBegin and FrameEnd are around what belongs together. The end of a frame is to
// be acknowledged.
type (
	FrameBegin struct{ ID uint32 }
	FrameEnd   struct{ ID uint32 }
)

// Palette has the colours of 8-bit pictures: red, green, blue.
type Palette struct {
	Colors [256][3]byte
	N      int
}

// Pointer is a new pointer, which is put into the cache and shown.
type Pointer struct {
	Index         int
	HotX, HotY    int
	Width, Height int
	BPP           int    // of XOR: 1, 4, 8, 15, 16, 24 or 32
	XOR           []byte // rows of a multiple of two bytes, bottom row first
	AND           []byte // the same with one bit a pixel; empty: none
}

// PointerCached shows a pointer of the cache.
type PointerCached struct{ Index int }

// PointerSystem shows the system's pointer, or none.
type PointerSystem struct{ Hidden bool }

// PointerMoved moves the pointer.
type PointerMoved struct{ X, Y int }

// Skipped is an update that is not read.
type Skipped struct{ Kind Kind }

// Event is one of the pointer types above.
type Event any

// Parser reads updates. It is not safe for concurrent use.
type Parser struct {
	maxRect int

	// The update that is read, and the piece of it.
	kind   Kind
	open   bool // more fragments follow
	piece  []byte
	last   bool
	active bool

	// The engine: step gets exactly need bytes, after left bytes went by as Data.
	need  int
	left  int
	data  bool // left is of a picture
	step  func(*Parser, []byte) (Event, error)
	buf   []byte
	rects int

	cached uint32 // pointers that are in the cache

	ev struct {
		rect    Rect
		data    Data
		begin   FrameBegin
		end     FrameEnd
		palette Palette
		pointer Pointer
		index   PointerCached
		system  PointerSystem
		moved   PointerMoved
		skipped Skipped
		done    RectEnd
	}
}

// NewParser reads updates of which no picture has more than maxRect bytes.
func NewParser(maxRect int) *Parser { return &Parser{maxRect: maxRect} }

// Reset forgets the pointers, as a new activation does.
func (p *Parser) Reset() { *p = Parser{maxRect: p.maxRect, buf: p.buf[:0]} }

// Begin takes a piece of an update; Next is then to be called until it gives nothing.
func (p *Parser) Begin(kind Kind, f Fragment, piece []byte) error {
	if p.active {
		return fmt.Errorf("%w: begun inside another", ErrUpdate)
	}
	begins := f == Single || f == First
	if begins == p.open {
		return fmt.Errorf("%w: fragment %d of %v out of turn", ErrUpdate, f, kind)
	}
	if !begins && kind != p.kind {
		return fmt.Errorf("%w: %v within %v", ErrUpdate, kind, p.kind)
	}
	p.piece, p.last, p.active = piece, f == Single || f == Last, true
	p.open = !p.last
	if begins {
		p.kind = kind
		p.start()
	}
	return nil
}

func (p *Parser) then(need int, step func(*Parser, []byte) (Event, error)) {
	p.need, p.step = need, step
}

// start prepares for a kind's first bytes.
func (p *Parser) start() {
	p.buf = p.buf[:0]
	if cap(p.buf) > kept {
		p.buf = nil
	}
	p.left, p.data, p.rects = 0, false, 0
	switch p.kind {
	case Bitmaps:
		p.then(4, (*Parser).bitmaps)
	case Surface:
		p.then(2, (*Parser).command)
	default:
		p.then(-1, nil) // all of it
	}
}

// Next gives the next event of the piece, or nil when there is none left.
func (p *Parser) Next() (Event, error) {
	for p.active {
		if p.left > 0 {
			n := min(p.left, len(p.piece))
			if n > 0 {
				b := p.piece[:n]
				p.piece = p.piece[n:]
				p.left -= n
				if p.data {
					p.ev.data = Data{Bytes: b, Left: p.left}
					return &p.ev.data, nil
				}
				continue
			}
		} else if p.data {
			p.data = false
			return &p.ev.done, nil
		} else if p.need < 0 {
			return p.collect()
		} else if len(p.piece) > 0 {
			b := p.take()
			if b == nil {
				continue
			}
			ev, err := p.step(p, b)
			p.buf = p.buf[:0]
			if ev != nil || err != nil {
				return ev, err
			}
			continue
		}
		p.active = false
		if p.last {
			return nil, p.finish()
		}
	}
	return nil, nil
}

// take gives the bytes that are needed, or nil and has kept what there was.
func (p *Parser) take() []byte {
	if len(p.buf) == 0 && len(p.piece) >= p.need {
		b := p.piece[:p.need]
		p.piece = p.piece[p.need:]
		return b
	}
	n := min(p.need-len(p.buf), len(p.piece))
	p.buf = append(p.buf, p.piece[:n]...)
	p.piece = p.piece[n:]
	if len(p.buf) < p.need {
		return nil
	}
	return p.buf
}

// finish checks that an update ended where it may.
func (p *Parser) finish() error {
	whole := len(p.buf) == 0 && p.left == 0
	switch p.kind {
	case Bitmaps:
		whole = whole && p.rects == 0
	case Surface:
		whole = whole && p.need == 2 // between commands
	}
	if !whole {
		return fmt.Errorf("%w: %v ends too early", ErrUpdate, p.kind)
	}
	return nil
}

// collect gathers an update that is read as a whole.
func (p *Parser) collect() (Event, error) {
	p.active = false
	b := p.piece
	if len(p.buf) > 0 || !p.last {
		if p.kind == Orders || kindNames[p.kind] == "" {
			b = nil // not kept: nobody reads it
		} else if len(p.buf)+len(b) > maxCollected {
			return nil, fmt.Errorf("%w: %v of more than %d bytes", ErrUpdate, p.kind, maxCollected)
		}
		p.buf = append(p.buf, b...)
		b = p.buf
	}
	if !p.last {
		return nil, nil
	}
	ev, err := p.whole(octets.On(b))
	if err != nil {
		err = fmt.Errorf("%w: %v: %w", ErrUpdate, p.kind, err)
	}
	return ev, err
}

// bitmaps reads the head of TS_UPDATE_BITMAP_DATA.
func (p *Parser) bitmaps(b []byte) (Event, error) {
	r := octets.On(b)
	r.Skip(2)
	p.rects = int(r.U16())
	return nil, p.nextBitmap()
}

func (p *Parser) nextBitmap() error {
	if p.rects == 0 {
		// What may follow is padding.
		p.then(1, func(*Parser, []byte) (Event, error) { return nil, nil })
		return nil
	}
	p.then(18, (*Parser).bitmap)
	return nil
}

// bitmap reads the head of TS_BITMAP_DATA.
func (p *Parser) bitmap(b []byte) (Event, error) {
	const compressed, noHeader = 0x0001, 0x0400
	r := octets.On(b)
	e := Rect{Left: int(r.U16()), Top: int(r.U16()), Right: int(r.U16()) + 1, Bottom: int(r.U16()) + 1, Width: int(r.U16()), Height: int(r.U16()), BPP: int(r.U16())}
	flags := r.U16()
	e.Length = int(r.U16())
	if flags&compressed != 0 {
		e.Codec = RLE
		if e.BPP == 32 {
			e.Codec = Planar
		}
	}
	switch e.BPP {
	case 8, 15, 16, 24, 32:
	default:
		return nil, fmt.Errorf("%w: a bitmap of %d bits", ErrUpdate, e.BPP)
	}
	p.rects--
	if flags&compressed != 0 && flags&noHeader == 0 && e.Length >= 8 {
		e.Length -= 8
		p.ev.rect = e
		p.then(8, (*Parser).bitmapHeader)
		return nil, nil
	}
	return p.begin(e)
}

// bitmapHeader passes TS_CD_HEADER over: it says nothing new.
func (p *Parser) bitmapHeader([]byte) (Event, error) { return p.begin(p.ev.rect) }

// begin reports a picture, and what comes after its bytes.
func (p *Parser) begin(e Rect) (Event, error) {
	if e.Width <= 0 || e.Height <= 0 || e.Left >= e.Right || e.Top >= e.Bottom || e.Right > gcc.MaxSide+1 || e.Bottom > gcc.MaxSide+1 {
		return nil, fmt.Errorf("%w: a picture of %d × %d at %d,%d to %d,%d", ErrUpdate, e.Width, e.Height, e.Left, e.Top, e.Right, e.Bottom)
	}
	if e.Length > p.maxRect {
		return nil, fmt.Errorf("%w: a picture of %d bytes, where %d were allowed", ErrUpdate, e.Length, p.maxRect)
	}
	p.ev.rect = e
	p.left, p.data = e.Length, true
	if p.kind == Bitmaps {
		return &p.ev.rect, p.nextBitmap()
	}
	p.then(2, (*Parser).command)
	return &p.ev.rect, nil
}

// command reads which surface command comes.
func (p *Parser) command(b []byte) (Event, error) {
	const setBits, frameMarker, streamBits = 1, 4, 6
	switch kind := uint16(b[0]) | uint16(b[1])<<8; kind {
	case setBits, streamBits:
		p.then(20, (*Parser).surfaceBits)
	case frameMarker:
		p.then(6, (*Parser).frame)
	default:
		return nil, fmt.Errorf("%w: surface command %d", ErrUpdate, kind)
	}
	return nil, nil
}

func (p *Parser) frame(b []byte) (Event, error) {
	r := octets.On(b)
	action, id := r.U16(), r.U32()
	p.then(2, (*Parser).command)
	if action == 0 {
		p.ev.begin = FrameBegin{id}
		return &p.ev.begin, nil
	}
	p.ev.end = FrameEnd{id}
	return &p.ev.end, nil
}

// surfaceBits reads the head of a picture (2.2.9.2.1 and 2.2.9.2.1.1).
func (p *Parser) surfaceBits(b []byte) (Event, error) {
	const extended = 1
	r := octets.On(b)
	e := Rect{Left: int(r.U16()), Top: int(r.U16()), Right: int(r.U16()), Bottom: int(r.U16()), BPP: int(r.U8())}
	flags := r.U8()
	r.Skip(1)
	switch id := r.U8(); id {
	case caps.CodecNone:
	case caps.CodecNSCodec:
		e.Codec = NSCodec
	case caps.CodecRemoteFX:
		e.Codec = RemoteFX
	default:
		return nil, fmt.Errorf("%w: codec %d was not offered", ErrUpdate, id)
	}
	e.Width, e.Height = int(r.U16()), int(r.U16())
	n := r.U32()
	if uint64(n) > uint64(p.maxRect) {
		return nil, fmt.Errorf("%w: a picture of %d bytes, where %d were allowed", ErrUpdate, n, p.maxRect)
	}
	e.Length = int(n)
	// Right and bottom should be ignored: the picture has a size.
	e.Right, e.Bottom = e.Left+e.Width, e.Top+e.Height
	p.ev.rect = e
	if flags&extended != 0 {
		p.then(24, (*Parser).bitmapHeader)
		return nil, nil
	}
	return p.begin(e)
}
