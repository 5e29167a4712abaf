package codectest

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/porthole-rac/porthole/protocol/codec"
)

// Planar says how [Planar.Encode] encodes.
type Planar struct {
	Loss       int  // colour loss level, 0 to 7; 0 is ARGB
	Subsampled bool // chroma by halves; only with a loss
	Runs       bool
	Alpha      bool
	BottomUp   bool
	// Swapped: red for blue, as Microsoft's servers have it without alpha.
	Swapped bool
}

// Encode encodes a picture in RDP 6.0 bitmap compression (MS-RDPEGDI §3.1.9).
func (f Planar) Encode(src codec.Target) []byte {
	head := byte(f.Loss)
	if f.Subsampled {
		head |= 8
	}
	if f.Runs {
		head |= 16
	}
	if !f.Alpha {
		head |= 32
	}
	out := []byte{head}
	planes := Planes(src, f.Loss, f.Subsampled, f.BottomUp, f.Swapped, 1)
	if !f.Alpha {
		planes = planes[1:]
	}
	for _, p := range planes {
		if f.Runs {
			out = append(out, segments(p)...)
		} else {
			out = append(out, p.Pix...)
		}
	}
	if !f.Runs {
		out = append(out, 0)
	}
	return out
}

// Plane is a colour plane.
type Plane struct {
	Width int
	Pix   []byte
}

// Planes splits a picture into alpha, red, green and blue, or with a loss alpha, luma,
// orange and green chroma. With subsampled, the width of chroma, and of luma with an
// align of 8, is filled up as NSCodec wants it.
func Planes(src codec.Target, loss int, subsampled, bottomUp, swapped bool, align int) []Plane {
	w, h := src.Width, src.Height
	lw, cw, ch := w, w, h
	if subsampled {
		lw = (w + align - 1) / align * align
		cw, ch = (lw+1)/2, (h+1)/2
	}
	planes := []Plane{{w, make([]byte, w*h)}, {lw, make([]byte, lw*h)}, {cw, make([]byte, cw*ch)}, {cw, make([]byte, cw*ch)}}
	sums := make([][3]int, cw*ch) // orange, green, how many
	for y := range h {
		row := y
		if bottomUp {
			row = h - 1 - y
		}
		for x := range w {
			p := src.Row(x, y, 1)
			planes[0].Pix[row*w+x] = p[3]
			r, g, b := int(p[0]), int(p[1]), int(p[2])
			if loss == 0 {
				planes[1].Pix[row*w+x], planes[2].Pix[row*w+x], planes[3].Pix[row*w+x] = p[0], p[1], p[2]
				continue
			}
			if swapped {
				r, b = b, r
			}
			planes[1].Pix[row*lw+x] = byte((r + 2*g + b) / 4)
			i := row*cw + x
			if subsampled {
				i = row/2*cw + x/2
			}
			sums[i][0] += r - b
			sums[i][1] += (2*g - r - b) >> 1
			sums[i][2]++
		}
	}
	if loss > 0 {
		for i, s := range sums {
			n := max(1, s[2])
			planes[2].Pix[i], planes[3].Pix[i] = byte(s[0]/n>>loss), byte(s[1]/n>>loss)
		}
	}
	return planes
}

// segments encodes a plane in run-length segments (§3.1.9.2).
func segments(p Plane) []byte {
	var out []byte
	for y := 0; y < len(p.Pix); y += p.Width {
		row := append([]byte(nil), p.Pix[y:y+p.Width]...)
		if y > 0 {
			for x := range row {
				d := int8(row[x] - p.Pix[y-p.Width+x])
				row[x] = byte(d<<1) ^ byte(d>>7)
			}
		}
		last := byte(0)
		for x := 0; x < len(row); {
			raw := 0
			run := func(from int, v byte) int {
				n := 0
				for from+n < len(row) && row[from+n] == v {
					n++
				}
				return n
			}
			n := run(x, last)
			for n < 3 && x+raw < len(row) && raw < 15 {
				last = row[x+raw]
				raw++
				n = run(x+raw, last)
			}
			if n < 3 {
				n = 0
			}
			// The run that follows raw values has at most 15 values; 1 and 2 stand for more.
			short := min(n, 15)
			if raw == 0 && n >= 16 {
				short = min(n, 47)
				if short < 32 {
					out = append(out, byte(short-16)<<4|1)
				} else {
					out = append(out, byte(short-32)<<4|2)
				}
			} else {
				out = append(out, byte(raw)<<4|byte(short))
				out = append(out, row[x:x+raw]...)
			}
			x += raw + short
		}
	}
	return out
}

// NSC encodes a picture in NSCodec (MS-RDPNSC §3.1.8), each plane plain or in runs,
// whichever is shorter.
func NSC(src codec.Target, loss int, subsampled, alpha bool) []byte {
	planes := Planes(src, loss, subsampled, false, false, 8)
	order := []Plane{planes[1], planes[2], planes[3], planes[0]}
	head := make([]byte, 20)
	head[16] = byte(loss)
	if subsampled {
		head[17] = 1
	}
	out := head
	for i, p := range order {
		if i == 3 && !alpha {
			break
		}
		data := p.Pix
		if r := nscRuns(data); len(r) < len(data) {
			data = r
		}
		binary.LittleEndian.PutUint32(out[4*i:], uint32(len(data)))
		out = append(out, data...)
	}
	return out
}

func nscRuns(p []byte) []byte {
	var out []byte
	for len(p) > 4 {
		n := 1
		for n < len(p)-4 && p[n] == p[0] {
			n++
		}
		switch {
		case n == 1:
			out = append(out, p[0])
			// The last byte before the end must not look like the begin of a run; it
			// does not, as the decoder stops there.
		case n < 256:
			out = append(out, p[0], p[0], byte(n-2))
		default:
			out = append(out, p[0], p[0], 255)
			out = binary.LittleEndian.AppendUint32(out, uint32(n))
		}
		p = p[n:]
	}
	return append(out, p...)
}

// Noisy is a picture of random alpha, for formats that have some.
func Noisy(src codec.Target, seed uint64) codec.Target {
	r := rand.New(rand.NewPCG(seed, 9))
	out, _ := codec.NewTarget(src.Width, src.Height)
	copy(out.Pix, src.Pix)
	out.Alpha = true
	for i := 3; i < len(out.Pix); i += 4 {
		if r.IntN(4) == 0 {
			out.Pix[i] = byte(r.Uint32())
		}
	}
	return out
}
