package pulse

import (
	"encoding/binary"
	"errors"
)

// Tags before the values of a command.
const (
	tagString     = 't' // up to a zero byte
	tagNoString   = 'N'
	tagUint32     = 'L'
	tagSampleSpec = 'a' // form, channels, rate (32 bit)
	tagBytes      = 'x' // length (32 bit), bytes
	tagTrue       = '1'
	tagFalse      = '0'
	tagChannelMap = 'm' // count, one byte each
	tagProperties = 'P' // key, length, bytes …, tagNoString
)

// channelCommands is the channel of commands; none is also "no index".
const (
	channelCommands = 1<<32 - 1
	none            = 1<<32 - 1
	descriptorSize  = 5 * 4
)

// request appends a packet with a command. Its length is filled in by finish.
func request(dst []byte, code, tag uint32) ([]byte, int) {
	at := len(dst)
	dst = append(dst, make([]byte, descriptorSize)...)
	binary.BigEndian.PutUint32(dst[at+4:], channelCommands)
	return appendUint32(appendUint32(dst, code), tag), at
}

func finish(dst []byte, at int) []byte {
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-descriptorSize))
	return dst
}

func appendUint32(dst []byte, v uint32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, tagUint32), v)
}

func appendString(dst []byte, s string) []byte {
	return append(append(append(dst, tagString), s...), 0)
}

func appendBytes(dst, p []byte) []byte {
	return append(binary.BigEndian.AppendUint32(append(dst, tagBytes), uint32(len(p))), p...)
}

func appendBools(dst []byte, values ...bool) []byte {
	for _, v := range values {
		if v {
			dst = append(dst, tagTrue)
		} else {
			dst = append(dst, tagFalse)
		}
	}
	return dst
}

// appendProperties appends pairs of keys and values.
func appendProperties(dst []byte, pairs ...string) []byte {
	dst = append(dst, tagProperties)
	for i := 0; i+1 < len(pairs); i += 2 {
		value := append([]byte(pairs[i+1]), 0)
		dst = appendBytes(appendUint32(appendString(dst, pairs[i]), uint32(len(value))), value)
	}
	return append(dst, tagNoString)
}

// values reads what a command has. After an error all are zero.
type values struct {
	p   []byte
	bad bool
}

var errMalformed = errors.New("pulse: malformed command")

func (v *values) err() error {
	if v.bad {
		return errMalformed
	}
	return nil
}

// take gives n bytes after a tag.
func (v *values) take(tag byte, n int) []byte {
	if v.bad || len(v.p) < 1+n || v.p[0] != tag {
		v.bad = true
		return make([]byte, n) // n is small: see the callers
	}
	p := v.p[1 : 1+n]
	v.p = v.p[1+n:]
	return p
}

func (v *values) uint32() uint32 { return binary.BigEndian.Uint32(v.take(tagUint32, 4)) }

func (v *values) sampleSpec() (form, channels byte, rate uint32) {
	p := v.take(tagSampleSpec, 6)
	return p[0], p[1], binary.BigEndian.Uint32(p[2:])
}

// string gives a string, "" for none.
func (v *values) string() string {
	if !v.bad && len(v.p) > 0 && v.p[0] == tagNoString {
		v.p = v.p[1:]
		return ""
	}
	v.take(tagString, 0)
	for i, c := range v.p {
		if c == 0 && !v.bad {
			s := string(v.p[:i])
			v.p = v.p[i+1:]
			return s
		}
	}
	v.bad = true
	return ""
}
