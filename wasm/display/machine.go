//go:build js

package main

import (
	"encoding/binary"
	"math"

	"github.com/porthole-rac/porthole/protocol/wire"
)

// machine makes records of a person's input.
type machine interface {
	Begin(taken uint64, window int, readOnly bool)
	Away()
	Taken(dst []byte, n uint64) []byte
	Sent() uint64
	ScanCodes(on bool)
	Size(width, height int)
	LEDs(l wire.LEDs)
	PointerMoved(x, y int)
	Relative(on bool)
	Handle(dst, events []byte) ([]byte, error)
	Typed(dst []byte, text string) []byte
	Power(dst []byte, a wire.PowerAction) []byte
	ForPage() []float64
}

// plainMachine knows positions of the pointer alone.
type plainMachine struct {
	sent     uint64
	readOnly bool
}

func (m *plainMachine) Begin(taken uint64, _ int, readOnly bool) {
	m.sent, m.readOnly = taken, readOnly
}
func (m *plainMachine) Away()                             {}
func (m *plainMachine) Taken(dst []byte, _ uint64) []byte { return dst }
func (m *plainMachine) Sent() uint64                      { return m.sent }
func (m *plainMachine) ScanCodes(bool)                    {}
func (m *plainMachine) Size(int, int)                     {}
func (m *plainMachine) LEDs(wire.LEDs)                    {}
func (m *plainMachine) PointerMoved(int, int)             {}
func (m *plainMachine) Relative(bool)                     {}
func (m *plainMachine) ForPage() []float64                { return nil }

func (m *plainMachine) Handle(dst, e []byte) ([]byte, error) {
	for len(e) >= 20 && e[0] == 7 && !m.readOnly {
		x := math.Float32frombits(binary.LittleEndian.Uint32(e[12:]))
		y := math.Float32frombits(binary.LittleEndian.Uint32(e[16:]))
		p := wire.Pointer{Buttons: wire.Buttons(e[1]), X: int(x), Y: int(y)}
		dst = p.Append(dst)
		m.sent++
		e = e[20:]
	}
	return dst, nil
}

func (m *plainMachine) Typed(dst []byte, text string) []byte {
	t := wire.Typed{Text: text}
	m.sent++
	return t.Append(dst)
}

func (m *plainMachine) Power(dst []byte, a wire.PowerAction) []byte {
	p := wire.Power{Action: a}
	m.sent++
	return p.Append(dst)
}
