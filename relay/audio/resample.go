package audio

import "math"

// resampler turns any rate into Rate: a windowed sinc in 256 phases, between which
// it interpolates, so that every ratio costs the same small table.
type resampler struct {
	channels int
	taps     int       // input frames that one output frame is made of
	table    []float32 // (phases+1) × taps
	step     uint64    // input frames per output frame, 32.32
	at       uint64    // place of the next output frame in held, 32.32
	held     []float32 // input not done with, interleaved
}

const phases = 256

// newResampler has room for input of up to most frames at a time.
func newResampler(rate, channels, most int) *resampler {
	// Faster input needs a longer filter, as what lies above the output's range is
	// cut away.
	ratio := max(1, float64(rate)/Rate)
	taps := (int(32*ratio) + 1) &^ 1
	r := &resampler{
		channels: channels, taps: taps,
		table: make([]float32, (phases+1)*taps),
		step:  uint64(math.Round(float64(rate) / Rate * (1 << 32))),
		held:  make([]float32, (taps-1)*channels, (2*taps+most)*channels), // silence before the first
	}
	const beta = 8 // Kaiser: 80 dB
	cut := 0.94 / ratio
	for p := range phases + 1 {
		row := r.table[p*taps : (p+1)*taps]
		var sum float64
		weights := make([]float64, taps)
		for k := range row {
			x := float64(k-taps/2+1) - float64(p)/phases
			w := x / (float64(taps) / 2)
			if w <= -1 || w >= 1 {
				continue
			}
			v := bessel(beta*math.Sqrt(1-w*w)) / bessel(beta)
			if y := math.Pi * cut * x; y != 0 {
				v *= math.Sin(y) / y
			}
			weights[k] = v
			sum += v
		}
		for k := range row {
			row[k] = float32(weights[k] / sum)
		}
	}
	return r
}

// bessel is the modified Bessel function of the first kind, order 0.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > 1e-12*sum; k++ {
		term *= (x / 2 / k) * (x / 2 / k)
		sum += term
	}
	return sum
}

// put adds input, interleaved, when next has nothing more to give.
func (r *resampler) put(in []float32) {
	done := min(int(r.at>>32)*r.channels, len(r.held))
	r.held = r.held[:copy(r.held, r.held[done:])]
	r.at -= uint64(done/r.channels) << 32
	r.held = append(r.held, in...)
}

// next gives output frames, interleaved, and how many samples it has put into dst.
func (r *resampler) next(dst []float32) int {
	n := 0
	for n+r.channels <= len(dst) {
		at := int(r.at >> 32)
		if (at+r.taps)*r.channels > len(r.held) {
			break
		}
		frac := uint32(r.at)
		low := r.table[int(frac>>24)*r.taps:][:2*r.taps]
		high := low[r.taps:]
		w := float32(frac&0xffffff) / (1 << 24)
		in := r.held[at*r.channels:][:r.taps*r.channels]
		if r.channels == 1 {
			var a, b float32
			for k, x := range in {
				a += low[k] * x
				b += high[k] * x
			}
			dst[n] = a + (b-a)*w
		} else {
			var l, s float32
			for k := range r.taps {
				h := low[k] + (high[k]-low[k])*w
				l += h * in[2*k]
				s += h * in[2*k+1]
			}
			dst[n], dst[n+1] = l, s
		}
		n += r.channels
		r.at += r.step
	}
	return n
}
