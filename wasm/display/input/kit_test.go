package input_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/wasm/display/input"
)

// events writes what a page sends.
type events struct{ p []byte }

func (e *events) u8(v int) *events  { e.p = append(e.p, byte(v)); return e }
func (e *events) u16(v int) *events { e.p = binary.LittleEndian.AppendUint16(e.p, uint16(v)); return e }

func (e *events) f32(v ...float64) *events {
	for _, f := range v {
		e.p = binary.LittleEndian.AppendUint32(e.p, math.Float32bits(float32(f)))
	}
	return e
}

func (e *events) f64(v float64) *events {
	e.p = binary.LittleEndian.AppendUint64(e.p, math.Float64bits(v))
	return e
}

func (e *events) name(s string) *events { e.u8(len(s)); e.p = append(e.p, s...); return e }

func (e *events) options(o input.Option) *events { return e.u8(1).u16(int(o)) }

func (e *events) key(bits int, code, key string, mods, location int, at float64) *events {
	return e.u8(2).u8(bits).u16(mods).f64(at).u8(location).name(code).name(key)
}

func (e *events) text(s string) *events {
	e.u8(3)
	e.p = binary.LittleEndian.AppendUint32(e.p, uint32(len(s)))
	e.p = append(e.p, s...)
	return e
}

func (e *events) combo(codes ...string) *events {
	e.u8(4).u8(len(codes))
	for _, c := range codes {
		e.name(c)
	}
	return e
}

func (e *events) press(code, key string) *events { return e.u8(5).name(code).name(key) }
func (e *events) latch(on int, code string) *events {
	return e.u8(6).u8(on).name(code)
}

func (e *events) pointer(buttons, mods int, x, y float64) *events {
	return e.u8(7).u8(buttons).u16(mods).f64(0).f32(x, y)
}

func (e *events) motion(buttons int, dx, dy float64) *events {
	return e.u8(8).u8(buttons).u16(0).f64(0).f32(dx, dy)
}

func (e *events) wheel(mods int, at, dx, dy float64, mode, notchX, notchY int) *events {
	return e.u8(9).u16(mods).f64(at).f32(10, 20, dx, dy).u8(mode).u16(notchX).u16(notchY)
}

// touch has framebuffer pixels twice the view's.
func (e *events) touch(phase, finger int, at, x, y float64) *events {
	return e.u8(10).u8(phase).u8(finger).f64(at).f32(x, y, 2*x, 2*y)
}
func (e *events) release() *events        { return e.u8(11) }
func (e *events) tick(at float64) *events { return e.u8(12).f64(at) }

const (
	down   = 1
	repeat = 2
)

// hands is a machine that is attached, with helpers.
type hands struct {
	*input.Machine
	t   testing.TB
	now float64
}

func newHands(t testing.TB, o input.Option) *hands {
	h := &hands{Machine: input.New(), t: t}
	h.Begin(0, 1024, false)
	h.Size(1000, 800)
	h.ScanCodes(true)
	h.do(new(events).options(o))
	return h
}

// do gives what the target is told, in words.
func (h *hands) do(e *events) string {
	h.t.Helper()
	p, err := h.Handle(nil, e.p)
	if err != nil {
		h.t.Fatal(err)
	}
	return words(h.t, p)
}

// keys plays keys: "+KeyA:a" presses, "-KeyA:a" releases, "*KeyA:a" repeats. After
// a further colon come modifiers, letters of S C A M G L N.
func (h *hands) keys(script string) string {
	h.t.Helper()
	e := &events{}
	for _, word := range strings.Fields(script) {
		h.now++
		part := strings.Split(word[1:], ":")
		bits := map[byte]int{'+': down, '-': 0, '*': down | repeat, '~': down | 4}[word[0]]
		mods := 0
		if len(part) > 2 {
			for _, c := range part[2] {
				mods |= 1 << strings.IndexRune("SCAMGLN", c)
			}
		}
		location := 0
		switch code := part[0]; {
		case strings.HasPrefix(code, "Numpad"):
			location = 3
		case strings.HasSuffix(code, "Left") && !strings.HasPrefix(code, "Arrow"):
			location = 1
		case strings.HasSuffix(code, "Right") && !strings.HasPrefix(code, "Arrow"):
			location = 2
		}
		e.key(bits, part[0], part[1], mods, location, h.now)
	}
	return h.do(e)
}

// words tells records in short: +scan/keysym for a key that goes down, p for the
// pointer, r for a movement, "text" for what is typed.
func words(t testing.TB, p []byte) string {
	t.Helper()
	var out []string
	for len(p) > 0 {
		kind, body, rest, err := wire.Next(p)
		if err != nil {
			t.Fatal(err)
		}
		p = rest
		switch kind {
		case wire.TypeKey:
			var k wire.Key
			if err := k.Decode(body); err != nil {
				t.Fatal(err)
			}
			sign := "-"
			if k.Down {
				sign = "+"
			}
			out = append(out, fmt.Sprintf("%s%02x/%x", sign, k.Scan, k.Keysym))
		case wire.TypePointer:
			var m wire.Pointer
			if err := m.Decode(body); err != nil {
				t.Fatal(err)
			}
			out = append(out, fmt.Sprintf("p%d@%d,%d", m.Buttons, m.X, m.Y))
		case wire.TypePointerRelative:
			var m wire.PointerRelative
			if err := m.Decode(body); err != nil {
				t.Fatal(err)
			}
			out = append(out, fmt.Sprintf("r%d@%d,%d", m.Buttons, m.DX, m.DY))
		case wire.TypeTyped:
			var m wire.Typed
			if err := m.Decode(body); err != nil {
				t.Fatal(err)
			}
			out = append(out, fmt.Sprintf("%q", m.Text))
		case wire.TypePower:
			var m wire.Power
			if err := m.Decode(body); err != nil {
				t.Fatal(err)
			}
			out = append(out, fmt.Sprintf("power%d", m.Action))
		default:
			t.Fatalf("a record of %v", kind)
		}
	}
	return strings.Join(out, " ")
}
