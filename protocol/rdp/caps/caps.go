// Package caps are the capability sets that both sides tell each other before drawing
// begins (MS-RDPBCGR 2.2.1.13, 2.2.7).
package caps

import (
	"errors"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/rdp/gcc"
	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// Types of sets (2.2.1.13.1.1.1).
const (
	typeGeneral        = 1
	typeBitmap         = 2
	typeOrder          = 3
	typeControl        = 5
	typeActivation     = 7
	typePointer        = 8
	typeShare          = 9
	typeSound          = 12
	typeInput          = 13
	typeFont           = 14
	typeBrush          = 15
	typeGlyphCache     = 16
	typeOffscreen      = 17
	typeCacheRev2      = 19
	typeVirtualChannel = 20
	typeMultifragment  = 26
	typeLargePointer   = 27
	typeSurface        = 28
	typeCodecs         = 29
	typeFrameAck       = 30
)

// Codecs are named by numbers that the client gives.
const (
	CodecNone     = 0
	CodecNSCodec  = 1
	CodecRemoteFX = 3
)

// Extra flags of the general set.
const (
	FastPathOutput  = 0x0001
	LongCredentials = 0x0004
	AutoReconnect   = 0x0008
	NoBitmapHeader  = 0x0400
)

// Input are flags of the input set (2.2.7.1.6).
type Input uint16

// Input flags.
const (
	InputScancodes     Input = 0x0001
	InputMouseX        Input = 0x0004
	InputFastPath      Input = 0x0008
	InputUnicode       Input = 0x0010
	InputFastPath2     Input = 0x0020
	InputMouseRelative Input = 0x0080
	InputHWheel        Input = 0x0100
	InputQoE           Input = 0x0200
)

// Limits.
const (
	maxSets        = 64
	PointerEntries = 25 // of the pointer cache
)

// ErrMessage is capabilities that cannot be read.
var ErrMessage = errors.New("not capabilities")

// Server is what a server says of itself, as far as it decides anything.
type Server struct {
	OSMajor, OSMinor uint16
	ExtraFlags       uint16
	RefreshRect      bool
	SuppressOutput   bool

	Width, Height int
	Depth         int
	Resizable     bool

	Input Input

	MaxRequest   uint32 // largest fast-path update that the server sends in pieces; 0: not said
	LargePointer uint16
	Surface      uint32
	Codecs       []Codec
	FrameAck     bool
	ChannelChunk uint32 // 0: not said
	ChannelFlags uint32
	PointerCache uint16
	Sets         uint32 // bit n: set n came, for n < 32
}

// Codec is a codec that a server knows.
type Codec struct {
	GUID [16]byte
	ID   byte
}

// FastPathInput tells whether input may go the fast way.
func (s *Server) FastPathInput() bool { return s.Input&(InputFastPath|InputFastPath2) != 0 }

// ParseServer reads the sets of a Demand Active message, from their number on.
func ParseServer(b []byte) (Server, error) {
	s := Server{Width: -1}
	r := octets.New(b)
	n := int(r.U16())
	r.Skip(2)
	if n > maxSets {
		return s, fmt.Errorf("%w: %d sets", ErrMessage, n)
	}
	for range n {
		kind, size := r.U16(), int(r.U16())
		if r.Err() != nil {
			return s, fmt.Errorf("%w: %w", ErrMessage, r.Err())
		}
		body := octets.New(r.Bytes(size - 4))
		if r.Err() != nil {
			return s, fmt.Errorf("%w: set %d: %w", ErrMessage, kind, r.Err())
		}
		if kind < 32 {
			s.Sets |= 1 << kind
		}
		if s.read(kind, body); body.Err() != nil {
			return s, fmt.Errorf("%w: set %d: %w", ErrMessage, kind, body.Err())
		}
	}
	if s.Width <= 0 || s.Height <= 0 || s.Width > gcc.MaxSide || s.Height > gcc.MaxSide {
		return s, fmt.Errorf("%w: a desktop of %d × %d", ErrMessage, s.Width, s.Height)
	}
	return s, nil
}

func (s *Server) read(kind uint16, r *octets.Reader) {
	switch kind {
	case typeGeneral:
		s.OSMajor, s.OSMinor = r.U16(), r.U16()
		r.Skip(2 /* protocol */ + 2 + 2 /* compression */)
		s.ExtraFlags = r.U16()
		r.Skip(2 + 2 + 2)
		s.RefreshRect, s.SuppressOutput = r.U8() != 0, r.U8() != 0
	case typeBitmap:
		s.Depth = int(r.U16())
		r.Skip(6)
		s.Width, s.Height = int(r.U16()), int(r.U16())
		r.Skip(2)
		s.Resizable = r.U16() != 0
	case typePointer:
		r.Skip(2)
		s.PointerCache = r.U16()
	case typeInput:
		s.Input = Input(r.U16())
	case typeVirtualChannel:
		s.ChannelFlags = r.U32()
		if r.Len() >= 4 {
			s.ChannelChunk = r.U32()
		}
	case typeMultifragment:
		s.MaxRequest = r.U32()
	case typeLargePointer:
		s.LargePointer = r.U16()
	case typeSurface:
		s.Surface = r.U32()
	case typeFrameAck:
		s.FrameAck = true
	case typeCodecs:
		for range r.U8() {
			var c Codec
			copy(c.GUID[:], r.Bytes(16))
			c.ID = r.U8()
			r.Skip(int(r.U16()))
			if r.Err() == nil {
				s.Codecs = append(s.Codecs, c)
			}
		}
	}
}
