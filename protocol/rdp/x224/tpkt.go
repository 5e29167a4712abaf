// Package x224 is the outermost layer of RDP: frames (TPKT and fast-path), and the
// X.224 connection request and confirm in which the two sides agree on how the
// connection is protected (MS-RDPBCGR 2.2.1.1, 2.2.1.2).
package x224

import (
	"errors"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// Sizes of frames.
const (
	// MaxFrame is the most that the 16 bits of a TPKT header can say.
	MaxFrame = 0xffff
	// HeaderSize is a TPKT header with the X.224 data header.
	HeaderSize = 4 /* TPKT */ + 3 /* X.224 data */
)

const (
	tpktVersion = 3

	typeRequest    = 0xe0
	typeConfirm    = 0xd0
	typeData       = 0xf0
	typeDisconnect = 0x80
)

// Errors of frames.
var (
	ErrNotRDP     = errors.New("the other side does not speak RDP")
	ErrFrame      = errors.New("a frame that is no frame")
	ErrDisconnect = errors.New("the server ends the connection (X.224 disconnect)")
)

// FrameSize tells how long the frame at the start of b is, header included, and
// whether it is a fast-path one (MS-RDPBCGR 2.2.9.1.2) rather than TPKT. It is 0
// when b does not say yet.
func FrameSize(b []byte) (size int, fast bool, err error) {
	if len(b) == 0 {
		return 0, false, nil
	}
	switch b[0] & 3 {
	case tpktVersion:
		if b[0] != tpktVersion {
			return 0, false, ErrFrame
		}
		if len(b) < 4 {
			return 0, false, nil
		}
		size = int(b[2])<<8 | int(b[3])
		if size < HeaderSize {
			return 0, false, fmt.Errorf("%w: %d bytes", ErrFrame, size)
		}
		return size, false, nil
	case 0:
		if len(b) < 2 {
			return 0, true, nil
		}
		size = int(b[1])
		if size&0x80 == 0 {
			if size < 2 {
				return 0, true, fmt.Errorf("%w: %d bytes", ErrFrame, size)
			}
			return size, true, nil
		}
		if len(b) < 3 {
			return 0, true, nil
		}
		size = size&0x7f<<8 | int(b[2])
		if size < 3 {
			return 0, true, fmt.Errorf("%w: %d bytes", ErrFrame, size)
		}
		return size, true, nil
	}
	return 0, false, ErrFrame
}

// Begin appends the headers of a data frame whose contents follow; End sets its
// length.
func Begin(dst []byte) []byte {
	return append(dst, tpktVersion, 0, 0, 0, 2, typeData, 0x80)
}

// End sets the length of the frame that begins at start. It tells whether the frame
// is one: contents that are too long are a fault of the caller.
func End(dst []byte, start int) ([]byte, error) {
	n := len(dst) - start
	if n > MaxFrame {
		return dst[:start], fmt.Errorf("a message of %d bytes does not fit a frame", n)
	}
	dst[start+2], dst[start+3] = byte(n>>8), byte(n)
	return dst, nil
}

// Data gives the contents of a data frame.
func Data(frame []byte) ([]byte, error) {
	if len(frame) < HeaderSize {
		return nil, ErrFrame
	}
	switch {
	case frame[5]&0xf0 == typeDisconnect:
		return nil, ErrDisconnect
	case frame[4] != 2 || frame[5] != typeData:
		return nil, fmt.Errorf("%w: X.224 type %#x", ErrFrame, frame[5])
	}
	return frame[HeaderSize:], nil
}

// finish sets the two lengths of a connection request or confirm.
func finish(dst []byte, start int) []byte {
	n := len(dst) - start
	dst[start+2], dst[start+3] = byte(n>>8), byte(n)
	dst[start+4] = byte(n - 5)
	return dst
}

// header checks the fixed part of a connection request or confirm and gives the rest.
func header(frame []byte, kind byte) ([]byte, error) {
	r := octets.New(frame)
	r.Skip(4)
	length, got := r.U8(), r.U8()
	r.Skip(2 /* destination */ + 2 /* source */ + 1 /* class */)
	switch {
	case got&0xf0 == typeDisconnect:
		return nil, ErrDisconnect
	case r.Err() != nil || got&0xf0 != kind || int(length) != len(frame)-5:
		return nil, ErrNotRDP
	}
	return r.Rest(), nil
}
