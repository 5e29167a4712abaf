// Package disp is display control (MS-RDPEDISP): how a client tells the server another
// size, scale or orientation of its screens.
package disp

import (
	"errors"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/rdp/gcc"
	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// Channel is the dynamic channel's name.
const Channel = "Microsoft::Windows::RDS::DisplayControl"

// Bounds of a monitor's sides, in pixels (2.2.2.2.1).
const (
	MinSide = 200
	MaxSide = 8192
)

const (
	typeLayout = 2
	typeCaps   = 5
	size       = 40 // of a monitor
)

// ErrMessage is a message that cannot be read.
var ErrMessage = errors.New("not a message of display control")

// Caps are the server's limits.
type Caps struct {
	Monitors int
	Area     uint64 // pixels of all monitors together; 0: not limited
}

// ParseCaps reads the server's one message.
func ParseCaps(b []byte) (Caps, error) {
	r := octets.New(b)
	kind, n := r.U32(), r.U32()
	monitors, a, f := r.U32(), r.U32(), r.U32()
	if r.Err() != nil || kind != typeCaps || uint64(n) > uint64(len(b)) || monitors == 0 {
		return Caps{}, ErrMessage
	}
	c := Caps{Monitors: int(min(monitors, gcc.MaxMonitors))}
	// Three numbers of 32 bits: the product is bounded before it is taken.
	if a <= 1<<16 && f <= 1<<16 {
		c.Area = uint64(c.Monitors) * uint64(a) * uint64(f)
	}
	return c, nil
}

// Fit gives the nearest size that may be asked for: an even width, within the bounds.
func Fit(width, height int) (int, int) {
	return min(max(width, MinSide), MaxSide) &^ 1, min(max(height, MinSide), MaxSide)
}

// Append appends the layout that is wanted. The first monitor is primary unless
// another is.
func (c Caps) Append(dst []byte, monitors []gcc.Monitor) ([]byte, error) {
	if len(monitors) == 0 || len(monitors) > c.Monitors {
		return dst, fmt.Errorf("the server takes 1 to %d monitors, not %d", c.Monitors, len(monitors))
	}
	var area uint64
	primary := 0
	for i, m := range monitors {
		if w, h := Fit(m.Width, m.Height); w != m.Width || h != m.Height {
			return dst, fmt.Errorf("a monitor of %d × %d is not possible", m.Width, m.Height)
		}
		area += uint64(m.Width) * uint64(m.Height)
		if m.Primary {
			primary = i
		}
	}
	if c.Area != 0 && area > c.Area {
		return dst, fmt.Errorf("%d pixels are more than the server takes (%d)", area, c.Area)
	}
	dst = octets.U32(octets.U32(dst, typeLayout), uint32(8+4+4+size*len(monitors)))
	dst = octets.U32(octets.U32(dst, size), uint32(len(monitors)))
	for i, m := range monitors {
		flags := uint32(0)
		if i == primary {
			flags = 1
		}
		scale, device := m.DesktopScale, m.DeviceScale
		if scale == 0 {
			scale = 100
		}
		if device == 0 {
			device = 100
		}
		dst = octets.U32(dst, flags)
		for _, v := range [...]int{m.X, m.Y, m.Width, m.Height, m.PhysicalWidth, m.PhysicalHeight, m.Orientation, scale, device} {
			dst = octets.U32(dst, uint32(int32(v)))
		}
	}
	return dst, nil
}
