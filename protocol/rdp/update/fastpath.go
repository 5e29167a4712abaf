package update

import (
	"fmt"

	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// Piece is one update, or a fragment of one, of a fast-path frame.
type Piece struct {
	Kind        Kind
	Fragment    Fragment
	Compression byte // flags of bulk compression; 0: none
	Data        []byte
}

// FastPath gives the contents of a fast-path frame (MS-RDPBCGR 2.2.9.1.2). The frame is
// whole.
func FastPath(frame []byte) ([]byte, error) {
	const encrypted = 0xc0
	if len(frame) < 2 {
		return nil, fmt.Errorf("%w: %w", ErrUpdate, octets.ErrShort)
	}
	if frame[0]&encrypted != 0 {
		return nil, fmt.Errorf("%w: encrypted within TLS", ErrUpdate)
	}
	head := 2
	if frame[1]&0x80 != 0 {
		head = 3
	}
	if len(frame) < head {
		return nil, fmt.Errorf("%w: %w", ErrUpdate, octets.ErrShort)
	}
	return frame[head:], nil
}

// NextPiece takes the next piece off a frame's contents.
func NextPiece(b []byte) (Piece, []byte, error) {
	r := octets.On(b)
	head := r.U8()
	p := Piece{Kind: Kind(head & 0x0f), Fragment: Fragment(head >> 4 & 3)}
	const compressionUsed = 2
	if head>>6 == compressionUsed {
		if c := r.U8(); c&(0x20|0x80) != 0 { // compressed, or flushed
			p.Compression = c
		}
	}
	p.Data = r.Bytes(int(r.U16()))
	if r.Err() != nil {
		return p, nil, fmt.Errorf("%w: %v: %w", ErrUpdate, p.Kind, r.Err())
	}
	return p, r.Rest(), nil
}

// SlowPath finds the kind of an update of the slow path (2.2.9.1.1.3); the data stays
// as it is, for it begins with its type on both paths.
func SlowPath(b []byte) (Kind, []byte, error) {
	r := octets.On(b)
	kind := r.U16()
	if r.Err() != nil || kind > uint16(Synchronize) {
		return 0, nil, fmt.Errorf("%w: slow path, type %d", ErrUpdate, kind)
	}
	return Kind(kind), b, nil
}

// SlowPathPointer finds the kind of a pointer update of the slow path (2.2.9.1.1.4).
func SlowPathPointer(b []byte) (Kind, []byte, error) {
	r := octets.On(b)
	kind := r.U16()
	r.Skip(2)
	if r.Err() != nil {
		return 0, nil, fmt.Errorf("%w: pointer: %w", ErrUpdate, r.Err())
	}
	switch kind {
	case 1:
		if r.U32() == 0 {
			return PointerHidden, nil, nil
		}
		return PointerDefault, nil, nil
	case 3:
		return PointerMove, r.Rest(), nil
	case 6:
		return PointerColor, r.Rest(), nil
	case 7:
		return PointerCache, r.Rest(), nil
	case 8:
		return PointerNew, r.Rest(), nil
	}
	return 0, nil, fmt.Errorf("%w: pointer, type %d", ErrUpdate, kind)
}
