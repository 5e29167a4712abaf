package update

import (
	"fmt"

	"github.com/porthole-rac/porthole/protocol/rdp/caps"
	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// whole reads an update that was collected.
func (p *Parser) whole(r octets.Reader) (Event, error) {
	switch p.kind {
	case PaletteUpdate:
		return p.palette(&r)
	case Synchronize:
		return nil, nil
	case PointerHidden, PointerDefault:
		p.ev.system = PointerSystem{Hidden: p.kind == PointerHidden}
		return &p.ev.system, nil
	case PointerMove:
		p.ev.moved = PointerMoved{int(r.U16()), int(r.U16())}
		return &p.ev.moved, r.Err()
	case PointerCache:
		index := int(r.U16())
		if r.Err() != nil {
			return nil, r.Err()
		}
		if index >= caps.PointerEntries || p.cached&(1<<index) == 0 {
			// Some servers keep theirs over an activation, which empties ours.
			p.ev.system = PointerSystem{}
			return &p.ev.system, nil
		}
		p.ev.index = PointerCached{index}
		return &p.ev.index, nil
	case PointerColor:
		return p.pointer(&r, 24, false)
	case PointerNew:
		return p.pointer(&r, int(r.U16()), false)
	case PointerLarge:
		return p.pointer(&r, int(r.U16()), true)
	}
	p.ev.skipped = Skipped{p.kind}
	return &p.ev.skipped, nil
}

func (p *Parser) palette(r *octets.Reader) (Event, error) {
	r.Skip(2 + 2)
	n := r.U32()
	if n > 256 {
		return nil, fmt.Errorf("%d colours", n)
	}
	p.ev.palette.N = int(n)
	for i := range int(n) {
		copy(p.ev.palette.Colors[i][:], r.Bytes(3))
	}
	return &p.ev.palette, r.Err()
}

// pointer reads a pointer with its masks (2.2.9.1.1.4.4, 2.2.9.1.2.1.11).
func (p *Parser) pointer(r *octets.Reader, bpp int, large bool) (Event, error) {
	e := Pointer{Index: int(r.U16()), HotX: int(r.U16()), HotY: int(r.U16()), Width: int(r.U16()), Height: int(r.U16()), BPP: bpp}
	var and, xor uint64
	if large {
		and, xor = uint64(r.U32()), uint64(r.U32())
	} else {
		and, xor = uint64(r.U16()), uint64(r.U16())
	}
	switch {
	case r.Err() != nil:
		return nil, r.Err()
	case e.Index >= caps.PointerEntries:
		return nil, fmt.Errorf("place %d of a cache of %d", e.Index, caps.PointerEntries)
	case e.Width > MaxPointer || e.Height > MaxPointer:
		return nil, fmt.Errorf("%d × %d pixels", e.Width, e.Height)
	case and+xor > uint64(r.Len()):
		return nil, fmt.Errorf("masks of %d and %d bytes, of which %d came", and, xor, r.Len())
	}
	switch bpp {
	case 1, 4, 8, 15, 16, 24, 32:
	default:
		return nil, fmt.Errorf("%d bits", bpp)
	}
	e.XOR, e.AND = r.Bytes(int(xor)), r.Bytes(int(and))
	bits := bpp
	if bits == 15 {
		bits = 16
	}
	if need := (e.Width*bits + 15) / 16 * 2 * e.Height; len(e.XOR) < need {
		return nil, fmt.Errorf("%d bytes of colours where %d × %d pixels need %d", len(e.XOR), e.Width, e.Height, need)
	}
	if need := (e.Width + 15) / 16 * 2 * e.Height; len(e.AND) < need && len(e.AND) != 0 {
		return nil, fmt.Errorf("%d bytes of mask where %d × %d pixels need %d", len(e.AND), e.Width, e.Height, need)
	}
	// A spot outside occurs where a server scales; it is moved inside.
	e.HotX, e.HotY = min(e.HotX, max(e.Width-1, 0)), min(e.HotY, max(e.Height-1, 0))
	p.cached |= 1 << e.Index
	p.ev.pointer = e
	return &p.ev.pointer, nil
}
