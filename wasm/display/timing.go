//go:build js

package main

import (
	"slices"
	"syscall/js"
	"time"
)

// timing has the figures of a session.
type timing struct {
	frames  int     // painted
	decode  float64 // ms in the program
	paint   float64 // ms of painting
	listens bool    // the person wants to hear sound

	waiting []sentInput // oldest first
	times   []float64   // ms from input to paint, the newest 512
	last    float64
	count   int
}

// sentInput is an input whose effect is waited for.
type sentInput struct {
	count uint64
	at    float64
}

// sent notes a key or a button.
func (t *timing) sent(count uint64) {
	if len(t.waiting) < 64 {
		t.waiting = append(t.waiting, sentInput{count, now()})
	}
}

// shown notes that an update was painted which the target made after it took count
// inputs.
func (t *timing) shown(count uint64) {
	at := now()
	n := 0
	for ; n < len(t.waiting) && t.waiting[n].count <= count; n++ {
		t.last = at - t.waiting[n].at
		t.count++
		if len(t.times) == 512 {
			t.times = slices.Delete(t.times, 0, 1)
		}
		t.times = append(t.times, t.last)
	}
	t.waiting = slices.Delete(t.waiting, 0, n)
}

func (t *timing) quantiles() (p50, p95, p99 float64) {
	if len(t.times) == 0 {
		return 0, 0, 0
	}
	s := slices.Sorted(slices.Values(t.times))
	at := func(q float64) float64 { return s[min(int(q*float64(len(s))), len(s)-1)] }
	return at(.5), at(.95), at(.99)
}

// stats answers the page with all figures; the scripts add theirs.
func (s *session) stats(id js.Value) {
	t := &s.timing
	p50, p95, p99 := t.quantiles()
	width, height := s.stream.Size()
	rtt := 0.0
	in, out := uint64(0), uint64(0)
	if s.link != nil {
		rtt, in, out = float64(s.link.RTT)/float64(time.Millisecond), s.link.Received, s.link.Sent
	}
	s.post("stats", map[string]any{
		"id": id, "framesPainted": t.frames, "bytesIn": in, "bytesOut": out, "rtt": rtt, "width": width, "height": height,
		"decodeMs": t.decode, "paintMs": t.paint,
		"keyToPaint": map[string]any{"count": t.count, "last": t.last, "p50": p50, "p95": p95, "p99": p99},
		"fromTarget": s.relay.FromTarget, "toTarget": s.relay.ToTarget, "targetRtt": float64(s.relay.TargetRTT) / 1000,
	})
}
