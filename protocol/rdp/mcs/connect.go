package mcs

import (
	"fmt"

	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// Tags of BER.
const (
	tagBoolean    = 0x01
	tagInteger    = 0x02
	tagOctets     = 0x04
	tagEnumerated = 0x0a
	tagSequence   = 0x30
	tagInitial    = 0x65 // after 0x7f: APPLICATION 101
	tagResponse   = 0x66
)

// parameters of a domain: channels, users, tokens, priorities, throughput, height,
// size of a message, version (T.125 section 7, part 2). The values are those of
// MS-RDPBCGR 4.1.3; servers look at the largest message at most.
var (
	targetParameters  = [8]uint16{34, 2, 0, 1, 0, 1, 0xffff, 2}
	minimumParameters = [8]uint16{1, 1, 1, 1, 0, 1, 0x420, 2}
	maximumParameters = [8]uint16{0xffff, 0xfc17, 0xffff, 1, 0, 1, 0xffff, 2}
)

// AppendConnectInitial appends the first message of MCS with what GCC has to say.
func AppendConnectInitial(dst, gcc []byte) []byte {
	body := []byte{tagOctets, 1, 1, tagOctets, 1, 1, tagBoolean, 1, 0xff}
	for _, p := range [...][8]uint16{targetParameters, minimumParameters, maximumParameters} {
		body = appendParameters(body, p)
	}
	body = append(appendLength(append(body, tagOctets), len(gcc)), gcc...)
	return append(appendLength(append(dst, 0x7f, tagInitial), len(body)), body...)
}

// AppendConnectResponse answers it, as a server does.
func AppendConnectResponse(dst []byte, result Result, gcc []byte) []byte {
	body := []byte{tagEnumerated, 1, byte(result), tagInteger, 1, 0}
	body = appendParameters(body, [8]uint16{34, 3, 0, 1, 0, 1, 0xfff8, 2})
	body = append(appendLength(append(body, tagOctets), len(gcc)), gcc...)
	return append(appendLength(append(dst, 0x7f, tagResponse), len(body)), body...)
}

func appendParameters(dst []byte, values [8]uint16) []byte {
	var body []byte
	for _, v := range values {
		switch {
		case v < 0x80:
			body = append(body, tagInteger, 1, byte(v))
		case v < 0x8000:
			body = append(body, tagInteger, 2, byte(v>>8), byte(v))
		default:
			body = append(body, tagInteger, 3, 0, byte(v>>8), byte(v))
		}
	}
	return append(appendLength(append(dst, tagSequence), len(body)), body...)
}

func appendLength(dst []byte, n int) []byte {
	if n < 0x80 {
		return append(dst, byte(n))
	}
	return append(dst, 0x82, byte(n>>8), byte(n))
}

// ParseConnectInitial gives what GCC says in it.
func ParseConnectInitial(b []byte) (gcc []byte, err error) {
	r, err := connect(b, tagInitial)
	if err != nil {
		return nil, err
	}
	element(r, tagOctets)
	element(r, tagOctets)
	element(r, tagBoolean)
	for range 3 {
		element(r, tagSequence)
	}
	gcc = element(r, tagOctets)
	return gcc, broken(r)
}

// ParseConnectResponse gives what GCC says in it. A result other than success is an
// error.
func ParseConnectResponse(b []byte) (gcc []byte, err error) {
	r, err := connect(b, tagResponse)
	if err != nil {
		return nil, err
	}
	result := element(r, tagEnumerated)
	element(r, tagInteger)
	element(r, tagSequence)
	gcc = element(r, tagOctets)
	if err := broken(r); err != nil {
		return nil, err
	}
	if len(result) != 1 {
		return nil, ErrMessage
	}
	if result[0] != 0 {
		return nil, fmt.Errorf("the server refuses the connection (MCS: %v)", Result(result[0]))
	}
	return gcc, nil
}

func broken(r *octets.Reader) error {
	if r.Err() != nil {
		return fmt.Errorf("%w: %w", ErrMessage, r.Err())
	}
	return nil
}

func connect(b []byte, tag byte) (*octets.Reader, error) {
	r := octets.New(b)
	if r.U8() != 0x7f || r.U8() != tag {
		return nil, ErrMessage
	}
	body := r.Bytes(berLength(r))
	return octets.New(body), broken(r)
}

// element takes one element of BER of a tag; anything else makes the reader short.
func element(r *octets.Reader, tag byte) []byte {
	if r.U8() != tag {
		r.Bytes(-1)
		return nil
	}
	return r.Bytes(berLength(r))
}

// berLength takes a definite length of at most 16 bits.
func berLength(r *octets.Reader) int {
	switch n := r.U8(); {
	case n < 0x80:
		return int(n)
	case n == 0x81:
		return int(r.U8())
	case n == 0x82:
		return int(r.U16BE())
	}
	return -1
}
