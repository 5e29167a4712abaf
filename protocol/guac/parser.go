package guac

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Bounds of one instruction from a browser. Those of authentik are the same.
const (
	MaxUnits    = 8192 // UTF-16 code units, with lengths and separators
	MaxElements = 64   // with the opcode

	maxDigits = 5
)

// Errors of parsing, to be tested with errors.Is.
var (
	// ErrMalformed means that a message is not a row of whole instructions.
	ErrMalformed = errors.New("guac: malformed instruction")
	// ErrTooLong means that an instruction exceeds a bound.
	ErrTooLong = errors.New("guac: instruction too long")
	// ErrGoodbye is authentik's word that the browser has gone.
	ErrGoodbye = errors.New("guac: the browser has disconnected")
)

// goodbye is what authentik sends in place of an instruction.
const goodbye = "0.authentik.disconnect"

// Instruction is one instruction. Its parts alias the message and the parser.
type Instruction struct {
	Opcode []byte // empty: it belongs to the tunnel
	Args   [][]byte
}

// Is tells whether the opcode is this one.
func (i *Instruction) Is(opcode string) bool { return string(i.Opcode) == opcode }

// Arg is an argument, nil when there are fewer.
func (i *Instruction) Arg(n int) []byte {
	if n < 0 || n >= len(i.Args) {
		return nil
	}
	return i.Args[n]
}

// Int is an argument as a number. A fraction is cut off, as pages compute places with
// fractions. ok is false for anything else, and for numbers beyond 2⁵³.
func (i *Instruction) Int(n int) (v int, ok bool) {
	p := i.Arg(n)
	if at := bytes.IndexByte(p, '.'); at > 0 {
		for _, c := range p[at+1:] {
			if c < '0' || c > '9' {
				return 0, false
			}
		}
		p = p[:at]
	}
	if len(p) == 0 || len(p) > 17 {
		return 0, false
	}
	negative := p[0] == '-'
	if negative {
		p = p[1:]
	}
	for _, c := range p {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = 10*v + int(c-'0')
	}
	if negative {
		v = -v
	}
	return v, len(p) > 0 && v <= 1<<53 && v >= -1<<53
}

// Parser reads instructions. The zero value has the bounds of a browser's.
type Parser struct {
	// Units bounds an instruction's UTF-16 code units; 0: MaxUnits.
	Units int

	args [MaxElements][]byte
}

// Next splits the first instruction off a message. At the message's end it gives an
// instruction without opcode and arguments, and no rest: ask for len(message) before.
// The instruction is valid until the next call.
func (p *Parser) Next(message []byte) (in Instruction, rest []byte, err error) {
	if len(message) == 0 {
		return Instruction{}, nil, nil
	}
	most := p.Units
	if most == 0 {
		most = MaxUnits
	}
	left, n, at := most, 0, 0
	for {
		length, digits, err := elementLength(message[at:])
		if err != nil {
			if string(message) == goodbye {
				return Instruction{}, nil, ErrGoodbye
			}
			return Instruction{}, nil, err
		}
		at += digits + 1
		if left -= digits + 1 + length + 1; left < 0 {
			return Instruction{}, nil, fmt.Errorf("more than %d units: %w", most, ErrTooLong)
		}
		size, err := span(message[at:], length)
		if err != nil {
			return Instruction{}, nil, err
		}
		if n == MaxElements {
			return Instruction{}, nil, fmt.Errorf("more than %d elements: %w", MaxElements, ErrTooLong)
		}
		p.args[n] = message[at : at+size : at+size]
		n++
		if at += size; at == len(message) {
			return Instruction{}, nil, errCutOff
		}
		switch message[at] {
		case ',':
			at++
		case ';':
			return Instruction{Opcode: p.args[0], Args: p.args[1:n]}, message[at+1:], nil
		default:
			if string(message) == goodbye {
				return Instruction{}, nil, ErrGoodbye
			}
			return Instruction{}, nil, fmt.Errorf("%q after an element: %w", message[at], ErrMalformed)
		}
	}
}

var errCutOff = fmt.Errorf("cut off: %w", ErrMalformed)

// elementLength reads the digits in front of the point.
func elementLength(p []byte) (length, digits int, err error) {
	for digits < len(p) {
		switch c := p[digits]; {
		case c == '.' && digits > 0:
			return length, digits, nil
		case c < '0' || c > '9':
			return 0, 0, fmt.Errorf("%q in a length: %w", c, ErrMalformed)
		case digits == maxDigits:
			return 0, 0, fmt.Errorf("length of more than %d digits: %w", maxDigits, ErrTooLong)
		default:
			length = 10*length + int(c-'0')
			digits++
		}
	}
	return 0, 0, errCutOff
}

// span is how many bytes have a number of UTF-16 code units.
func span(p []byte, units int) (n int, err error) {
	for units > 0 {
		if n >= len(p) {
			return 0, errCutOff
		}
		if p[n] < utf8.RuneSelf {
			n++
			units--
			continue
		}
		r, size := utf8.DecodeRune(p[n:])
		switch {
		case r == utf8.RuneError && size == 1:
			return 0, fmt.Errorf("not UTF-8: %w", ErrMalformed)
		case r > 0xffff:
			units -= 2
		default:
			units--
		}
		n += size
	}
	if units < 0 {
		return 0, fmt.Errorf("an element ends within a character: %w", ErrMalformed)
	}
	return n, nil
}

// units is how many UTF-16 code units a string has; bytes that are not UTF-8 count one
// each, as [Writer] puts one character in their place.
func units(s string) (n int) {
	for _, r := range s {
		if n++; r > 0xffff {
			n++
		}
	}
	return n
}

func appendInt(dst []byte, v int64) []byte {
	var b [20]byte
	s := strconv.AppendInt(b[:0], v, 10)
	dst = strconv.AppendInt(dst, int64(len(s)), 10)
	dst = append(dst, '.')
	return append(dst, s...)
}
