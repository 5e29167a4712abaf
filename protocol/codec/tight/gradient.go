package tight

import "encoding/binary"

const tpixel = 3 // bytes of a TPIXEL of gradient's

// gradient adds differences to what the neighbours predict: left + up - upper left,
// kept in 0–255. Those outside of the rectangle are 0. The neighbours are in the
// target already.
func (d *Decoder) gradient(b []byte) int {
	used := 0
	for len(b)-used >= tpixel && d.rows.Left() > 0 {
		x, y := d.rows.At()
		n := min(d.r.W-x, (len(b)-used)/tpixel)
		row := d.dst.Row(d.r.X, d.r.Y+y, d.r.W)
		var lr, lg, lb, ur, ug, ub int // left, upper left
		var up []byte
		if y > 0 {
			up = d.dst.Row(d.r.X, d.r.Y+y-1, d.r.W)
		}
		if x > 0 {
			lr, lg, lb = int(row[4*x-4]), int(row[4*x-3]), int(row[4*x-2])
			if up != nil {
				ur, ug, ub = int(up[4*x-4]), int(up[4*x-3]), int(up[4*x-2])
			}
		}
		row = row[4*x : 4*(x+n)]
		src := b[used : used+tpixel*n]
		if up == nil {
			for len(row) >= 4 && len(src) >= 3 {
				lr, lg, lb = (lr+int(src[0]))&255, (lg+int(src[1]))&255, (lb+int(src[2]))&255
				binary.LittleEndian.PutUint32(row, uint32(lr)|uint32(lg)<<8|uint32(lb)<<16|0xff000000)
				row, src = row[4:], src[3:]
			}
		} else {
			up = up[4*x : 4*(x+n)]
			for len(row) >= 4 && len(src) >= 3 && len(up) >= 4 {
				r, g, b := int(up[0]), int(up[1]), int(up[2])
				lr = (clamp(lr+r-ur) + int(src[0])) & 255
				lg = (clamp(lg+g-ug) + int(src[1])) & 255
				lb = (clamp(lb+b-ub) + int(src[2])) & 255
				ur, ug, ub = r, g, b
				binary.LittleEndian.PutUint32(row, uint32(lr)|uint32(lg)<<8|uint32(lb)<<16|0xff000000)
				row, src, up = row[4:], src[3:], up[4:]
			}
		}
		used += tpixel * n
		d.rows.Advance(n)
	}
	return used
}

func clamp(v int) int { return max(0, min(255, v)) }

// otherGradient does so in formats other than R, G, B: as the colours' bits are fewer, it
// reckons with the pixels as they came. Hardly a server sends it.
func (d *Decoder) otherGradient(b []byte) int {
	used := 0
	for len(b)-used >= d.tpixel && d.rows.Left() > 0 {
		x, y := d.rows.At()
		if y == 0 && x == 0 {
			d.line = append(d.line[:0], make([]uint32, d.r.W+1)...) // the pixel left of the row first
		}
		if x == 0 {
			d.corner, d.line[0] = 0, 0
		}
		var v uint32
		for i := range d.tpixel {
			v |= uint32(b[used+i]) << (8 * i)
		}
		v = d.dst.Predict(d.line[x], d.line[x+1], d.corner, v)
		d.corner, d.line[x+1] = d.line[x+1], v
		var pixel [4]byte
		binary.LittleEndian.PutUint32(pixel[:], v)
		d.dst.CompactPixels(d.rows.Row()[:4], pixel[:d.tpixel])
		used += d.tpixel
		d.rows.Advance(1)
	}
	return used
}
