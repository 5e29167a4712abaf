package vnc

import (
	"time"

	"github.com/porthole-rac/porthole/protocol/rfb"
)

// Bounds of the sizes that are asked for, in pixels of a side.
const (
	leastSide = 200
	mostSide  = 8192
)

// sizer has the desktop follow the browser's view, where the server can. Changes are
// gathered for a while, and a size that was refused is not asked for again.
type sizer struct {
	can     bool // the server takes SetDesktopSize
	never   bool // it says that it is prohibited, or settings do
	first   rfb.Screen
	now     [2]int // what it has
	want    [2]int
	asked   [2]int
	refused [2]int
	at      time.Time // when to ask
}

// view is a new size of the browser's view.
func (s *sizer) view(width, height int, now time.Time) {
	if width <= 0 || height <= 0 {
		return
	}
	s.want = [2]int{min(max(width, leastSide), mostSide), min(max(height, leastSide), mostSide)}
	if s.at.IsZero() {
		s.at = now.Add(resizePause)
	}
}

// server takes what the server says about its size.
func (s *sizer) server(r *rfb.Resize) (refused bool) {
	s.now = [2]int{r.Width, r.Height}
	if !r.Extended {
		return false
	}
	s.can = true
	if len(r.Screens) > 0 {
		s.first = r.Screens[0]
	}
	if r.Reason == rfb.ResizeByClient && r.Status != rfb.ResizeDone && r.Status != rfb.ResizeForwarded {
		s.refused = s.asked
		s.never = s.never || r.Status == rfb.ResizeProhibited
		return true
	}
	return false
}

// append asks for the size when it is time. One screen is asked for: the layout of
// several would be that of another window.
func (s *sizer) append(dst []byte, now time.Time) (out []byte, wait time.Duration) {
	if !s.can || s.never || s.want == [2]int{} || s.at.IsZero() {
		return dst, 0
	}
	if wait := s.at.Sub(now); wait > 0 {
		return dst, wait
	}
	s.at = time.Time{}
	if s.want == s.now || s.want == s.refused {
		return dst, 0
	}
	s.asked = s.want
	w, h := uint16(s.want[0]), uint16(s.want[1])
	screen := rfb.Screen{ID: s.first.ID, Flags: s.first.Flags, Area: rfb.Area{Width: w, Height: h}}
	return rfb.AppendSetDesktopSize(dst, w, h, []rfb.Screen{screen}), 0
}
