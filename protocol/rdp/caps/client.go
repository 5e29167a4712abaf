package caps

import (
	"github.com/porthole-rac/porthole/protocol/rdp/gcc"
	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// Client is what the client says of itself.
type Client struct {
	Width, Height, Depth int
	Keyboard             gcc.Keyboard
	RelativeMouse        bool
	// MaxUpdate is the largest update taken in pieces, in bytes.
	MaxUpdate uint32
	RemoteFX  bool
	NSCodec   bool
	// Frames is how many frames may be on their way without an acknowledgement; 0:
	// frames are not acknowledged.
	Frames uint32
	// CompressChannels allows the server to compress static channels.
	CompressChannels bool
	// LossyPlanar allows planar bitmaps to lose colours.
	LossyPlanar bool
}

// GUIDs of codecs, as they are on the wire (2.2.7.2.10.1.1).
var (
	guidNSCodec  = [16]byte{0xb9, 0x1b, 0x8d, 0xca, 0x0f, 0x00, 0x4f, 0x15, 0x58, 0x9f, 0xae, 0x2d, 0x1a, 0x87, 0xe2, 0xd6}
	guidRemoteFX = [16]byte{0x12, 0x2f, 0x77, 0x76, 0x72, 0xbd, 0x63, 0x44, 0xaf, 0xb3, 0xb7, 0x3c, 0x9c, 0x6f, 0x78, 0x86}
)

// Append appends the sets, from their number on. Drawing orders are all refused: the
// server then sends bitmaps. So are the caches that only orders use.
func (c Client) Append(dst []byte) []byte {
	start, n := len(dst), 0
	dst = octets.Zeros(dst, 4)
	set := func(kind uint16, body func(b []byte) []byte) {
		at := len(dst)
		dst = body(octets.U16(octets.U16(dst, kind), 0))
		size := len(dst) - at
		dst[at+2], dst[at+3] = byte(size), byte(size>>8)
		n++
	}
	words := func(kind uint16, values ...uint16) {
		set(kind, func(b []byte) []byte {
			for _, v := range values {
				b = octets.U16(b, v)
			}
			return b
		})
	}
	// Unix of no particular kind. The general set's compression fields are zero by
	// the specification.
	const unix, pseudoX = 4, 8
	words(typeGeneral, unix, pseudoX, 0x0200, 0, 0, FastPathOutput|LongCredentials|AutoReconnect|NoBitmapHeader, 0, 0, 0, 1|1<<8)
	c.bitmap(words)
	set(typeOrder, appendOrders)
	// No bitmap cache has an entry.
	set(typeCacheRev2, func(b []byte) []byte { return octets.Zeros(b, 2+1+1+5*4+12) })
	words(typePointer, 1, PointerEntries, PointerEntries)
	set(typeInput, c.appendInput)
	set(typeBrush, func(b []byte) []byte { return octets.U32(b, 0) })
	set(typeGlyphCache, func(b []byte) []byte { return octets.Zeros(b, 40+4+2+2) })
	set(typeOffscreen, func(b []byte) []byte { return octets.Zeros(b, 4+2+2) })
	set(typeVirtualChannel, func(b []byte) []byte {
		flags := uint32(0)
		if c.CompressChannels {
			flags = 1
		}
		return octets.U32(octets.U32(b, flags), 0)
	})
	words(typeSound, 1, 0) // beeps
	words(typeShare, 0, 0)
	words(typeFont, 1, 0)
	words(typeControl, 0, 0, 2, 2)
	words(typeActivation, 0, 0, 0, 0)
	set(typeMultifragment, func(b []byte) []byte { return octets.U32(b, c.MaxUpdate) })
	words(typeLargePointer, 1|2)
	const setBits, frameMarker, streamBits = 0x02, 0x10, 0x40
	set(typeSurface, func(b []byte) []byte { return octets.U32(octets.U32(b, setBits|frameMarker|streamBits), 0) })
	if c.RemoteFX || c.NSCodec {
		set(typeCodecs, c.appendCodecs)
	}
	if c.Frames > 0 {
		set(typeFrameAck, func(b []byte) []byte { return octets.U32(b, c.Frames) })
	}
	dst[start], dst[start+1] = byte(n), byte(n>>8)
	return dst
}

func (c Client) bitmap(words func(uint16, ...uint16)) {
	const fidelity, subsampling, skipAlpha = 0x02, 0x04, 0x08
	drawing := uint16(skipAlpha)
	if c.LossyPlanar {
		drawing |= fidelity | subsampling
	}
	words(typeBitmap, uint16(c.Depth), 1, 1, 1, uint16(c.Width), uint16(c.Height), 0, 1, 1, drawing<<8, 1, 0)
}

func appendOrders(b []byte) []byte {
	const negotiate, zeroBounds, colorIndex = 0x02, 0x08, 0x20
	b = octets.Zeros(b, 16+4)
	b = octets.U16(octets.U16(octets.U16(b, 1), 20), 0)
	b = octets.U16(octets.U16(octets.U16(b, 1), 0), negotiate|zeroBounds|colorIndex)
	b = octets.Zeros(b, 32) // not one order
	b = octets.U32(octets.U16(octets.U16(b, 0), 0), 0)
	b = octets.U32(b, 230400)
	return octets.Zeros(b, 2+2+2+2)
}

func (c Client) appendInput(b []byte) []byte {
	flags := InputScancodes | InputMouseX | InputFastPath | InputUnicode | InputFastPath2 | InputHWheel
	if c.RelativeMouse {
		flags |= InputMouseRelative
	}
	b = octets.U16(octets.U16(b, uint16(flags)), 0)
	b = octets.U32(octets.U32(b, c.Keyboard.Layout), c.Keyboard.Type)
	b = octets.U32(octets.U32(b, c.Keyboard.SubType), c.Keyboard.Keys)
	return octets.Zeros(b, 64)
}

func (c Client) appendCodecs(b []byte) []byte {
	at := len(b)
	b = append(b, 0)
	codec := func(guid [16]byte, id byte, properties []byte) {
		b[at]++
		b = octets.U16(append(append(b, guid[:]...), id), uint16(len(properties)))
		b = append(b, properties...)
	}
	if c.RemoteFX {
		codec(guidRemoteFX, CodecRemoteFX, remoteFX())
	}
	if c.NSCodec {
		// Lossy, with subsampling, up to level 3.
		codec(guidNSCodec, CodecNSCodec, []byte{1, 1, 3})
	}
	return b
}

// remoteFX is MS-RDPRFX 2.2.1.1: both modes, both entropy coders, tiles of 64 × 64.
func remoteFX() []byte {
	const captureNonCAC = 1
	var icaps []byte
	for _, entropy := range []byte{1, 4} {
		icaps = append(octets.U16(octets.U16(icaps, 0x0100), 64), 0, 1, 1, entropy)
	}
	set := octets.U32(octets.U16(nil, 0xcbc1), uint32(2+4+1+2+2+2+len(icaps)))
	set = octets.U16(append(set, 1), 0xcfc0)
	set = append(octets.U16(octets.U16(set, 2), 8), icaps...)
	caps := octets.U16(octets.U32(octets.U16(nil, 0xcbc0), 8), 1)
	caps = append(caps, set...)
	out := octets.U32(octets.U32(octets.U32(nil, uint32(12+len(caps))), captureNonCAC), uint32(len(caps)))
	return append(out, caps...)
}
