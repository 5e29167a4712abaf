// Package encodings has the decoders of one RFB connection by number. Their zlib
// streams and JPEG tables live as long as the connection, so every rectangle must
// come here, in order, on one Set.
package encodings

import (
	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/cursor"
	"github.com/porthole-rac/porthole/protocol/codec/hextile"
	"github.com/porthole-rac/porthole/protocol/codec/jpeg"
	"github.com/porthole-rac/porthole/protocol/codec/raw"
	"github.com/porthole-rac/porthole/protocol/codec/rre"
	"github.com/porthole-rac/porthole/protocol/codec/tight"
	"github.com/porthole-rac/porthole/protocol/codec/zrle"
)

// Numbers of the encodings that paint (IANA "RFB Encoding Types").
const (
	Raw      int32 = 0
	CopyRect int32 = 1
	RRE      int32 = 2
	CoRRE    int32 = 4
	Hextile  int32 = 5
	Zlib     int32 = 6
	Tight    int32 = 7
	ZlibHex  int32 = 8
	TRLE     int32 = 15
	ZRLE     int32 = 16
	JPEG     int32 = 21
	TightPNG int32 = -260
)

// All are the encodings that a Set decodes.
var All = [...]int32{Raw, CopyRect, RRE, CoRRE, Hextile, Zlib, Tight, ZlibHex, TRLE, ZRLE, JPEG, TightPNG}

// Set has the decoders of one connection, made when they are first asked for.
type Set struct {
	images   codec.Images
	decoders map[int32]codec.Decoder
}

// New returns the decoders of a new connection. Pictures go to images.
func New(images codec.Images) *Set {
	return &Set{images: images, decoders: map[int32]codec.Decoder{}}
}

// Decoder is the one for an encoding, or nil when there is none. The others than
// [All] are cursor.WithAlpha; the other cursor shapes have functions of their own.
func (s *Set) Decoder(encoding int32) codec.Decoder {
	d := s.decoders[encoding]
	if d == nil {
		if d = s.make(encoding); d != nil {
			s.decoders[encoding] = d
		}
	}
	return d
}

func (s *Set) make(encoding int32) codec.Decoder {
	switch encoding {
	case Raw:
		return raw.New()
	case CopyRect:
		return raw.NewCopy()
	case RRE:
		return rre.New()
	case CoRRE:
		return rre.NewCompact()
	case Hextile:
		return hextile.New()
	case Zlib:
		return raw.NewZlib()
	case Tight:
		return tight.New(s.images)
	case TightPNG:
		return tight.NewPNG(s.images)
	case ZlibHex:
		return hextile.NewZlib()
	case TRLE:
		return zrle.NewTRLE()
	case ZRLE:
		return zrle.New()
	case JPEG:
		return jpeg.New(s.images)
	case cursor.WithAlpha:
		return cursor.NewAlpha(s.Decoder)
	}
	return nil
}
