package codec

import (
	"errors"
	"fmt"
)

// Errors that the decoders' errors wrap.
var (
	// ErrCorrupt: the payload breaks the rules of its encoding.
	ErrCorrupt = errors.New("corrupt payload")
	// ErrShort: the payload ends before the rectangle does.
	ErrShort = errors.New("payload ends too early")
	// ErrLong: bytes are left when the rectangle is complete.
	ErrLong = errors.New("payload is longer than its rectangle")
)

// Decoder paints rectangles of one encoding. Its state that outlives a rectangle
// (zlib streams, JPEG tables) belongs to one connection.
type Decoder interface {
	// Begin starts a rectangle, which must lie in dst. An unfinished one is
	// forgotten.
	Begin(dst Target, r Rect) error
	// Write takes the next piece of the payload, everything after the rectangle's
	// header, and says how much of it belongs to the rectangle: less than all only
	// when that is done. It does not keep p.
	Write(p []byte) (int, error)
	// Done is true when the rectangle is complete.
	Done() bool
}

// Decode paints one rectangle whose payload is at hand.
func Decode(d Decoder, dst Target, r Rect, payload []byte) error {
	if err := d.Begin(dst, r); err != nil {
		return err
	}
	n, err := d.Write(payload)
	switch {
	case err != nil:
		return err
	case !d.Done():
		return fmt.Errorf("rectangle %v, %d bytes: %w", r, len(payload), ErrShort)
	case n < len(payload):
		return fmt.Errorf("rectangle %v, %d bytes of %d: %w", r, n, len(payload), ErrLong)
	}
	return nil
}

// Stepper is a decoder as [Units] sees it.
type Stepper interface {
	// Step takes as many whole units from the front of b as there are, and says
	// how many bytes that were. 0 means that b does not hold one. It calls
	// Units.Finish with the last unit. b may be empty.
	Step(b []byte) (int, error)
}

// Units cuts a payload that comes in pieces into units for a [Stepper]. A unit
// that lies in one piece is not copied.
type Units struct {
	name  string
	rect  Rect
	carry []byte // the beginning of a unit
	done  bool
	err   error
}

// longestUnit bounds the carry. The longest unit is a tile of TRLE or the palette
// of Tight; the largest tile of TRLE has 16×16 pixels in runs of one, 4 bytes each.
const longestUnit = 4 << 10

// taken is how much a carry grows in one step.
const taken = 512

// Start begins a rectangle; name is the encoding's for errors.
func (u *Units) Start(name string, dst *Target, r Rect) error {
	u.name, u.rect, u.carry, u.done, u.err = name, r, u.carry[:0], false, nil
	if err := dst.Check(r); err != nil {
		u.err = fmt.Errorf("%s: %w", name, err)
	}
	return u.err
}

// Finish says that the rectangle is complete.
func (u *Units) Finish() { u.done = true }

// Done is true after Finish.
func (u *Units) Done() bool { return u.done }

// Feed gives a piece to the stepper.
func (u *Units) Feed(p []byte, s Stepper) (int, error) {
	if u.err != nil {
		return 0, u.err
	}
	n, err := u.feed(p, s)
	if err != nil {
		u.err = fmt.Errorf("%s rectangle %v: %w", u.name, u.rect, err)
		return n, u.err
	}
	return n, nil
}

func (u *Units) feed(p []byte, s Stepper) (int, error) {
	total := 0
	for !u.done {
		if len(u.carry) == 0 {
			n, err := s.Step(p[total:])
			total += n
			if err != nil || u.done {
				return total, err
			}
			if n == 0 {
				if len(p)-total > longestUnit {
					return total, fmt.Errorf("no end of a unit in %d bytes: %w", len(p)-total, ErrCorrupt)
				}
				u.carry = append(u.carry, p[total:]...)
				return len(p), nil
			}
			continue
		}
		more := min(len(p)-total, taken)
		if more == 0 {
			return total, nil
		}
		before := len(u.carry)
		u.carry = append(u.carry, p[total:total+more]...)
		n, err := s.Step(u.carry)
		switch {
		case err != nil:
			return total, err
		case n == 0 && !u.done:
			total += more
			if len(u.carry) > longestUnit {
				return total, fmt.Errorf("no end of a unit in %d bytes: %w", len(u.carry), ErrCorrupt)
			}
		default: // what was carried did not hold one unit, so n > before
			total += n - before
			u.carry = u.carry[:0]
		}
	}
	return total, nil
}
