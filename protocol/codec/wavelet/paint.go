package wavelet

import (
	"fmt"

	"github.com/porthole-rac/porthole/protocol/codec"
)

// Paint paints the tile at x, y of a frame, as much of it as the frame's region has.
// origin is the frame's place in dst. The rectangles of a region should be distinct;
// those that together have more of a tile than four times its pixels are refused.
func Paint(dst codec.Target, origin codec.Rect, region []codec.Rect, x, y int, planes *[3]Plane) error {
	if err := dst.Check(origin); err != nil {
		return err
	}
	var row [4 * Side]byte
	painted := 0
	for _, r := range region {
		left, top := max(r.X, x), max(r.Y, y)
		right, bottom := min(r.X+r.W, x+Side, origin.W), min(r.Y+r.H, y+Side, origin.H)
		if left >= right || top >= bottom {
			continue
		}
		if painted += (right - left) * (bottom - top); painted > 4*Side*Side {
			return fmt.Errorf("rectangles over each other: %w", codec.ErrLong)
		}
		if right-left == Side {
			for line := top; line < bottom; line++ {
				out := dst.Row(origin.X+x, origin.Y+line, Side)
				Row((*[4 * Side]byte)(out), line-y, &planes[0], &planes[1], &planes[2])
			}
			if painted == Side*Side {
				return nil // all of it: nothing is left for other rectangles
			}
			continue
		}
		for line := top; line < bottom; line++ {
			Row(&row, line-y, &planes[0], &planes[1], &planes[2])
			copy(dst.Row(origin.X+left, origin.Y+line, right-left), row[4*(left-x):])
		}
	}
	return nil
}
