package session

import "time"

const (
	minWindow    = 128 << 10
	firstWindow  = 512 << 10
	maxWindow    = 8 << 20
	queueDelay   = 80 * time.Millisecond // that a full line may add
	rateSamples  = 8
	shortestLife = 10 * time.Second // after which the shortest delay is measured anew
	emptied      = 2                // times the delay, until a queue is gone that nothing feeds
)

// flow decides how many bytes may be on their way to a browser: as many as the
// line carries in its shortest delay and queueDelay, so that a slow line keeps
// short queues and a fast one is never idle. Its figures are those of marks that
// were painted; it reads no clock.
type flow struct {
	shortest time.Duration // delay without a queue, 0: not known
	measured time.Time     // when
	// A line that is always busy always has a queue. To measure it anew, less is sent
	// for a moment: until drained, if that is set.
	drained    time.Time
	lowest     time.Duration // seen meanwhile
	rates      [rateSamples]float64
	at         int
	full       bool // the line has set the pace at least once: its rate is known
	windowSize uint64
}

// painted takes the news that a mark was painted, and whether much is on its way, so
// that the line and not the target sets the pace.
func (f *flow) painted(m mark, busy bool, now time.Time) (delay time.Duration) {
	delay = max(now.Sub(m.ready), 100*time.Microsecond)
	switch {
	case f.shortest == 0 || delay <= f.shortest:
		f.shortest, f.measured, f.drained = delay, now, time.Time{}
	case !f.drained.IsZero():
		if f.lowest == 0 || delay < f.lowest {
			f.lowest = delay
		}
		if now.After(f.drained) {
			f.shortest, f.measured, f.drained = f.lowest, now, time.Time{}
		}
	case now.Sub(f.measured) > shortestLife:
		f.drained, f.lowest = now.Add(emptied*delay), 0
	}
	// What was on its way when the mark was ready, and the mark, took this long.
	if rate := float64(m.end-m.done) / delay.Seconds(); busy || rate > f.rate() {
		f.rates[f.at%rateSamples] = rate
		f.at++
	}
	f.full = f.full || busy
	room := 1.25 * (f.shortest + queueDelay).Seconds()
	if !f.drained.IsZero() {
		room = f.shortest.Seconds() / 2
	}
	f.windowSize = uint64(f.rate() * room)
	return delay
}

// rate is what the line carried lately at best, bytes per second; 0: not known.
func (f *flow) rate() float64 {
	best := 0.0
	for _, r := range f.rates {
		best = max(best, r)
	}
	return best
}

// window is how many bytes may be unpainted.
func (f *flow) window() uint64 {
	if f.windowSize == 0 {
		return firstWindow
	}
	return min(max(f.windowSize, minWindow), maxWindow)
}

// carried is the rate for the driver, 0 while it is not known.
func (f *flow) carried() int {
	if !f.full {
		return 0
	}
	return int(f.rate())
}
