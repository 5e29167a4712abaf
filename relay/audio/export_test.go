package audio

import "time"

// SetClock gives an encoder a clock of the test's.
func (e *Encoder) SetClock(now func() time.Time) { e.now = now }

// Convert is what fuzzing looks at.
func Convert(s Sample, dst []float32, p []byte) { s.convert(dst, p) }

// LongestPause is how long nothing may come before the time jumps.
const LongestPause = longestPause
