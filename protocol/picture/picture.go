// Package picture reads the records of a desktop's picture (protocol/wire, 0x60–0x6f
// and Mark), decodes the rectangles whose codecs protocol/codec knows, and tells a
// [Screen] what to paint, in order. It knows nothing of the browser and builds
// natively.
//
// Pictures are not decoded here. In a browser's worker ([New]) they never come here:
// who splits the messages keeps their bytes and puts the number of the picture, four
// bytes in little-endian order, in the place of a rectangle's data (see [Kept]). Those
// that are found inside of other rectangles are handed out by Screen.Image. Elsewhere
// ([NewWhole]) all are.
//
// What is decoded lies in buffers that the Screen reads when it paints; Painted gives
// them back. Full says that enough lies there, so that the owner stops reading.
//
// Everything in a record is checked before it is used: a rectangle lies in the
// desktop, a desktop has at most codec.MaxPixels. After an error the stream is over
// until DesktopBegin.
package picture

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/cursor"
	"github.com/porthole-rac/porthole/protocol/codec/encodings"
	"github.com/porthole-rac/porthole/protocol/codec/raw"
	"github.com/porthole-rac/porthole/protocol/codec/tight"
	"github.com/porthole-rac/porthole/protocol/wire"
)

// Screen is what the stream is painted on. Nothing of it is seen before the Frame
// that ends an update, and then all at once.
type Screen interface {
	// Size is the size from here on. A fresh one begins a stream: what waits to be
	// painted is dropped, and the pixels are worth nothing; else those inside both sizes
	// stay.
	Size(width, height int, fresh bool)
	// Pixels are to be painted at a place; pix stays as it is until the frame's end was
	// told to Stream.Painted.
	Pixels(r codec.Rect, pix []byte)
	// Picture is one that the browser decodes.
	Picture(r codec.Rect, id uint32)
	// Image takes a compressed picture for Picture; data is only lent.
	Image(i codec.Image) (id uint32)
	Copy(r codec.Rect, x, y int)
	Fill(r codec.Rect, color uint32)
	// Frame ends an update; 0 is the number of a part of one that grew too large.
	Frame(number uint64)

	Cursor(c *wire.Cursor)
	PointerMoved(x, y int)
	PointerMode(relative bool)
	LEDs(l wire.LEDs)
	Bell()
}

// Kept tells whether a codec's bytes stay with the browser.
func Kept(c wire.Codec) bool {
	return c == wire.CodecJPEG || c == wire.CodecPNG || c == wire.CodecRFBH264
}

// ErrOrder means that a record comes where it may not.
var ErrOrder = errors.New("record out of order")

// errCodec means that this program is too old.
var errCodec = errors.New("unknown codec")

// mostWaiting bounds the bytes of pixels that wait for painting within one update:
// beyond it the update is painted in parts.
const mostWaiting = 96 << 20

// Stream is the state of one session's picture.
type Stream struct {
	screen Screen
	whole  *gatherer // nil: pictures do not come here
	begun  bool
	bounds codec.Target // without pixels: the desktop's size

	set     *encodings.Set
	tight   *tight.Decoder
	deflate *raw.Deflate

	rect    codec.Rect    // the one that is being read
	codec   wire.Codec    // its codec
	decoder codec.Decoder // nil: none is being read
	pix     []byte        // where it is decoded to
	picture bool          // it turned out to be a picture
	shape   *wire.Cursor  // it is no rectangle, but a shape of the pointer

	frames []frame // not painted; the last one is not complete
	waits  int     // bytes of their pixels
	free   pool

	ID     uint64 // what DesktopBegin called the stream, for Hello.Resume.Epoch
	Number uint64 // of the last mark
	Input  uint64 // inputs that the target had taken at the last mark
}

// frame is what an update holds in memory.
type frame struct {
	mark     wire.Mark
	bufs     [][]byte
	pictures int // bytes of pixels of those that the browser decodes
}

// New returns a stream that waits for its beginning. Pictures come as numbers.
func New(s Screen) *Stream {
	return &Stream{screen: s, frames: make([]frame, 1)}
}

// NewWhole returns one to which JPEG and PNG pictures come with their bytes, and go to
// Screen.Image. It knows no video.
func NewWhole(s Screen) *Stream {
	n := New(s)
	n.whole = &gatherer{}
	return n
}

// Size is the desktop's size, zeros before the beginning.
func (s *Stream) Size() (width, height int) { return s.bounds.Width, s.bounds.Height }

// Stop ends the stream: nothing more is taken until DesktopBegin.
func (s *Stream) Stop() { s.begun = false }

// Trim lets go of the memory that is kept for the next pictures.
func (s *Stream) Trim() {
	s.free = pool{}
	if s.whole != nil && s.decoder == nil {
		s.whole.image.Data = nil
	}
}

// Full tells that so much waits for painting that nothing more should be read until
// Painted was called.
func (s *Stream) Full() bool { return len(s.frames) > 1 && s.waits > mostWaiting }

// Record takes one record; those that are no part of a stream are an error.
func (s *Stream) Record(t wire.Type, body []byte) error {
	if t == wire.TypeDesktopBegin {
		return s.begin(body)
	}
	if !s.begun {
		return fmt.Errorf("%v before the beginning of a stream: %w", t, ErrOrder)
	}
	err := s.record(t, body)
	if err != nil {
		s.begun = false
	}
	return err
}

func (s *Stream) record(t wire.Type, body []byte) error {
	if s.decoder != nil && t != wire.TypeRectData {
		return fmt.Errorf("%v within a rectangle: %w", t, ErrOrder)
	}
	switch t {
	case wire.TypeRect:
		var m wire.Rect
		if err := m.Decode(body); err != nil {
			return err
		}
		return s.beginRect(&m)
	case wire.TypeRectData:
		var m wire.RectData
		if err := m.Decode(body); err != nil {
			return err
		}
		if s.decoder == nil {
			return fmt.Errorf("%v without a rectangle: %w", t, ErrOrder)
		}
		return s.data(m.Data, m.Last)
	case wire.TypeCopy:
		return s.copy(body)
	case wire.TypeFill:
		return s.fill(body)
	case wire.TypeMark:
		var m wire.Mark
		if err := m.Decode(body); err != nil {
			return err
		}
		return s.mark(m)
	case wire.TypeDesktopSize:
		var m wire.DesktopSize
		if err := m.Decode(body); err != nil {
			return err
		}
		if err := s.resize(m.Width, m.Height); err != nil {
			return err
		}
		s.screen.Size(m.Width, m.Height, false)
		return nil
	}
	return s.other(t, body)
}

// other takes what is no picture.
func (s *Stream) other(t wire.Type, body []byte) error {
	switch t {
	case wire.TypeCursor:
		var m wire.Cursor
		if err := m.Decode(body); err != nil {
			return err
		}
		s.screen.Cursor(&m)
	case wire.TypePointerMoved:
		var m wire.PointerMoved
		if err := m.Decode(body); err != nil {
			return err
		}
		s.screen.PointerMoved(m.X, m.Y)
	case wire.TypePointerMode:
		var m wire.PointerMode
		if err := m.Decode(body); err != nil {
			return err
		}
		s.screen.PointerMode(m.Relative)
	case wire.TypeLEDs:
		var m wire.LEDs
		if err := m.Decode(body); err != nil {
			return err
		}
		s.screen.LEDs(m)
	case wire.TypeBell:
		s.screen.Bell()
	}
	return nil // newer records are skipped
}

func (s *Stream) begin(body []byte) error {
	var m wire.DesktopBegin
	if err := m.Decode(body); err != nil {
		return err
	}
	for i := range s.frames {
		s.release(&s.frames[i])
	}
	s.drop()
	s.frames = append(s.frames[:0], frame{})
	s.set, s.deflate = encodings.New(s.image), nil
	s.tight = s.set.Decoder(encodings.Tight).(*tight.Decoder)
	s.begun, s.ID, s.Number, s.Input = false, m.Stream, 0, 0
	if err := s.resize(m.Width, m.Height); err != nil {
		return err
	}
	s.begun = true
	s.screen.Size(m.Width, m.Height, true)
	return nil
}

// drop forgets the rectangle that is being read.
func (s *Stream) drop() {
	if s.pix != nil {
		s.waits -= len(s.pix)
		s.free.put(s.pix)
	}
	s.decoder, s.pix, s.shape = nil, nil, nil
}

func (s *Stream) resize(width, height int) error {
	if width*height > codec.MaxPixels {
		return fmt.Errorf("desktop of %d×%d pixels: %w", width, height, codec.ErrBounds)
	}
	s.bounds = codec.Target{Width: width, Height: height}
	return nil
}

// inside checks a rectangle.
func (s *Stream) inside(r codec.Rect) error {
	if r.X+r.W > s.bounds.Width || r.Y+r.H > s.bounds.Height {
		return fmt.Errorf("rectangle %v of a desktop of %d×%d: %w", r, s.bounds.Width, s.bounds.Height, codec.ErrBounds)
	}
	return nil
}

func (s *Stream) copy(body []byte) error {
	var m wire.Copy
	if err := m.Decode(body); err != nil {
		return err
	}
	r := codec.Rect{X: m.X, Y: m.Y, W: m.Width, H: m.Height}
	if err := s.inside(r); err != nil {
		return err
	}
	if err := s.inside(codec.Rect{X: m.SourceX, Y: m.SourceY, W: m.Width, H: m.Height}); err != nil {
		return err
	}
	if r.W > 0 && r.H > 0 {
		s.screen.Copy(r, m.SourceX, m.SourceY)
	}
	return nil
}

func (s *Stream) fill(body []byte) error {
	var m wire.Fill
	if err := m.Decode(body); err != nil {
		return err
	}
	r := codec.Rect{X: m.X, Y: m.Y, W: m.Width, H: m.Height}
	if err := s.inside(r); err != nil {
		return err
	}
	if r.W > 0 && r.H > 0 {
		s.screen.Fill(r, m.Color)
	}
	return nil
}

func (s *Stream) mark(m wire.Mark) error {
	if m.Number != s.Number+1 {
		return fmt.Errorf("mark %d after %d: %w", m.Number, s.Number, ErrOrder)
	}
	s.Number, s.Input = m.Number, m.InputBytes
	s.end(m)
	return nil
}

func (s *Stream) end(m wire.Mark) {
	s.frames[len(s.frames)-1].mark = m
	s.frames = append(s.frames, frame{})
	s.screen.Frame(m.Number)
}

// Painted tells that the oldest frame is painted, and gives its mark; number 0 if it
// was only a part.
func (s *Stream) Painted() wire.Mark {
	if len(s.frames) < 2 {
		return wire.Mark{}
	}
	f := s.frames[0]
	s.release(&f)
	copy(s.frames, s.frames[1:])
	s.frames[len(s.frames)-1] = frame{}
	s.frames = s.frames[:len(s.frames)-1]
	return f.mark
}

func (s *Stream) release(f *frame) {
	for _, b := range f.bufs {
		s.waits -= len(b)
		s.free.put(b)
	}
	s.waits -= f.pictures
	f.bufs, f.pictures = nil, 0
}

// room makes room for a rectangle of n bytes of pixels: what comes before it is
// painted when it is too much for memory.
func (s *Stream) room(n int) {
	if s.waits > 0 && s.waits+n > mostWaiting {
		s.end(wire.Mark{})
	}
	s.waits += n
}

// show has a picture painted that the browser decodes.
func (s *Stream) show(id uint32) {
	n := 4 * s.rect.W * s.rect.H
	s.room(n)
	s.frames[len(s.frames)-1].pictures += n
	s.screen.Picture(s.rect, id)
}

// beginRect begins a rectangle.
func (s *Stream) beginRect(m *wire.Rect) error {
	s.rect, s.codec = codec.Rect{X: m.X, Y: m.Y, W: m.Width, H: m.Height}, m.Codec
	if m.Codec == wire.CodecRFBCursor {
		return s.beginShape(m)
	}
	if err := s.inside(s.rect); err != nil {
		return err
	}
	if Kept(m.Codec) && s.whole == nil {
		if len(m.Data) != 4 || !m.Last {
			return fmt.Errorf("picture without a number: %w", ErrOrder)
		}
		s.show(binary.LittleEndian.Uint32(m.Data))
		return nil
	}
	if s.rect.W == 0 || s.rect.H == 0 {
		return s.empty(m)
	}
	decoder, format, err := s.decoderOf(m.Codec)
	if err != nil {
		return err
	}
	s.decoder, s.picture = decoder, false
	if decoder == s.whole {
		s.whole.begin(m.Codec, s.rect)
		return s.data(m.Data, m.Last)
	}
	n := 4 * s.rect.W * s.rect.H
	s.room(n)
	s.pix = s.free.get(n)
	dst := codec.Target{Pix: s.pix, Stride: 4 * s.rect.W, Width: s.rect.W, Height: s.rect.H, Format: format}
	if err := decoder.Begin(dst, codec.Rect{W: s.rect.W, H: s.rect.H}); err != nil {
		return s.where(err)
	}
	return s.data(m.Data, m.Last)
}

// beginShape begins a shape of the pointer, whose place is its hot spot.
func (s *Stream) beginShape(m *wire.Rect) error {
	if m.Width > wire.MaxCursor || m.Height > wire.MaxCursor {
		return s.where(codec.ErrBounds)
	}
	dst, err := codec.NewTarget(m.Width, m.Height)
	if err != nil {
		return err
	}
	s.shape = &wire.Cursor{
		HotX: min(m.X, max(m.Width-1, 0)), HotY: min(m.Y, max(m.Height-1, 0)), Width: m.Width, Height: m.Height, Pixels: dst.Pix,
	}
	s.decoder, s.picture = s.set.Decoder(cursor.WithAlpha), false
	if err := s.decoder.Begin(dst, codec.Rect{W: m.Width, H: m.Height}); err != nil {
		return s.where(err)
	}
	return s.data(m.Data, m.Last)
}

// empty is a rectangle without pixels: of Tight it brings the resets of a control
// byte whose fill or picture came as a record of its own.
func (s *Stream) empty(m *wire.Rect) error {
	if !m.Last || len(m.Data) > 1 {
		return fmt.Errorf("%d bytes for an empty rectangle: %w", len(m.Data), codec.ErrLong)
	}
	if m.Codec == wire.CodecTight && len(m.Data) == 1 {
		s.tight.Resets(m.Data[0])
	}
	return nil
}

// data goes on with a rectangle.
func (s *Stream) data(p []byte, last bool) error {
	n, err := s.decoder.Write(p)
	switch {
	case err != nil:
		return s.where(err)
	case n < len(p):
		return s.where(codec.ErrLong)
	case !last:
		return nil
	case !s.decoder.Done():
		return s.where(codec.ErrShort)
	}
	if shape := s.shape; shape != nil {
		s.drop()
		if !s.picture { // which has no alpha: the shape before stays
			s.screen.Cursor(shape)
		}
		return nil
	}
	if s.decoder == s.whole {
		if err := s.whole.end(s.image); err != nil {
			return s.where(err)
		}
	}
	if s.picture {
		s.drop()
		return nil
	}
	f := &s.frames[len(s.frames)-1]
	f.bufs = append(f.bufs, s.pix)
	s.screen.Pixels(s.rect, s.pix)
	s.decoder, s.pix = nil, nil
	return nil
}

func (s *Stream) where(err error) error {
	return fmt.Errorf("codec %d at %d,%d: %w", s.codec, s.rect.X, s.rect.Y, err)
}

// image is called by a decoder that finds a picture in its rectangle.
func (s *Stream) image(i codec.Image) error {
	s.picture = true
	if s.shape != nil {
		return nil
	}
	s.show(s.screen.Image(i))
	return nil
}

// numbers are those of RFB for codecs that come from there.
var numbers = map[wire.Codec]int32{
	wire.CodecRGBX: encodings.Raw, wire.CodecRRE: encodings.RRE, wire.CodecCoRRE: encodings.CoRRE,
	wire.CodecHextile: encodings.Hextile, wire.CodecZlib: encodings.Zlib, wire.CodecTight: encodings.Tight,
	wire.CodecTRLE: encodings.TRLE, wire.CodecZRLE: encodings.ZRLE, wire.CodecRFBJPEG: encodings.JPEG,
	wire.CodecZlibHex: encodings.ZlibHex,
}

// formats are those of the pixels.
var formats = map[wire.Codec]codec.Format{0: codec.RGBX, wire.Pixels16: codec.RGB565, wire.Pixels8: codec.BGR233}

func (s *Stream) decoderOf(c wire.Codec) (codec.Decoder, codec.Format, error) {
	if s.whole != nil && (c == wire.CodecJPEG || c == wire.CodecPNG) {
		return s.whole, codec.RGBX, nil
	}
	how, pixels := c.Split()
	format, known := formats[pixels]
	if how == wire.CodecDeflate && known {
		if s.deflate == nil {
			s.deflate = raw.NewDeflate()
		}
		return s.deflate, format, nil
	}
	n, ok := numbers[how]
	if !ok || !known {
		return nil, 0, fmt.Errorf("codec %d: %w", c, errCodec)
	}
	return s.set.Decoder(n), format, nil
}
