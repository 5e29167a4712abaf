// Package gcc is what the two sides say of themselves before RDP's own messages begin:
// the conference create request and response of T.124, in which blocks of settings
// travel (MS-RDPBCGR 2.2.1.3, 2.2.1.4).
package gcc

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// ErrMessage is settings that cannot be read.
var ErrMessage = errors.New("not a conference of GCC")

// Types of blocks (MS-RDPBCGR 2.2.1.3.1).
const (
	csCore           = 0xc001
	csSecurity       = 0xc002
	csNet            = 0xc003
	csCluster        = 0xc004
	csMonitor        = 0xc005
	csMessageChannel = 0xc006
	csMonitorEx      = 0xc008
	csMultitransport = 0xc00a

	scCore           = 0x0c01
	scSecurity       = 0x0c02
	scNet            = 0x0c03
	scMessageChannel = 0x0c04
	scMultitransport = 0x0c08
)

// t124 is the identifier of T.124 itself: {itu-t recommendation t 124 version(0) 1}.
var t124 = []byte{0, 5, 0, 0x14, 0x7c, 0, 1}

// appendRequest wraps blocks of a client.
func appendRequest(dst, blocks []byte) []byte {
	dst = append(dst, t124...)
	// What comes after: conference create request with user data, conference name "1",
	// one set of user data with the key of a client.
	head := []byte{0, 8, 0, 0x10, 0, 1, 0xc0, 0, 'D', 'u', 'c', 'a'}
	dst = appendLength(dst, len(head)+2+len(blocks))
	dst = appendLength(append(dst, head...), len(blocks))
	return append(dst, blocks...)
}

// appendResponse wraps blocks of a server.
func appendResponse(dst, blocks []byte) []byte {
	dst = append(dst, t124...)
	head := []byte{0x14, 0x76, 0x0a, 1, 1, 0, 1, 0xc0, 0, 'M', 'c', 'D', 'n'}
	dst = appendLength(dst, len(head)+2+len(blocks))
	dst = appendLength(append(dst, head...), len(blocks))
	return append(dst, blocks...)
}

// appendLength is PER's length, in two bytes always.
func appendLength(dst []byte, n int) []byte { return append(dst, 0x80|byte(n>>8), byte(n)) }

func readLength(r *octets.Reader) int {
	n := int(r.U8())
	if n&0x80 != 0 {
		n = n&0x7f<<8 | int(r.U8())
	}
	return n
}

// blocksOf gives the blocks of a conference with a key. The length of the whole is
// not looked at: there are servers that have it wrong.
func blocksOf(b []byte, key string) ([]byte, error) {
	r := octets.New(b)
	if !bytes.Equal(r.Bytes(len(t124)), t124) {
		return nil, ErrMessage
	}
	readLength(r)
	if key == "McDn" {
		r.Skip(1 /* choice */ + 2 /* node */)
		r.Skip(int(r.U8())) // tag
		r.Skip(1 /* result */ + 1 /* sets */ + 1 /* choice */ + 1 /* length of key */)
	} else {
		r.Skip(8)
	}
	if string(r.Bytes(4)) != key {
		return nil, ErrMessage
	}
	blocks := r.Bytes(readLength(r))
	if r.Err() != nil {
		return nil, fmt.Errorf("%w: %w", ErrMessage, r.Err())
	}
	return blocks, nil
}

// each calls read for every block.
func each(blocks []byte, read func(kind uint16, r *octets.Reader) error) error {
	for len(blocks) > 0 {
		r := octets.New(blocks)
		kind, n := r.U16(), int(r.U16())
		if r.Err() != nil || n < 4 || n > len(blocks) {
			return fmt.Errorf("%w: a block of %d bytes where %d are left", ErrMessage, n, len(blocks))
		}
		inner := octets.New(blocks[4:n])
		if err := read(kind, inner); err != nil {
			return err
		}
		if inner.Err() != nil {
			return fmt.Errorf("%w: block %#x: %w", ErrMessage, kind, inner.Err())
		}
		blocks = blocks[n:]
	}
	return nil
}

// block appends a block with its header.
func block(dst []byte, kind uint16, body func([]byte) []byte) []byte {
	start := len(dst)
	dst = body(octets.U16(octets.U16(dst, kind), 0))
	n := len(dst) - start
	dst[start+2], dst[start+3] = byte(n), byte(n>>8)
	return dst
}
