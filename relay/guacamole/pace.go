package guacamole

import "time"

const (
	frameTime    = 16 * time.Millisecond // between two pictures that are drawn
	leastAhead   = 2                     // frames that the page may have that it has not painted
	mostAhead    = 8
	shortestLife = 10 * time.Second // after which the shortest time is measured anew
	askAgain     = 2 * time.Second  // after which a page that does not answer is asked again
	patience     = 10 * time.Second // since when a page must have been heard to be asked
	asksAtMost   = 30               // in vain, until a page that lives is taken for stuck
	lagAllowed   = 20 * time.Millisecond
	bestQuality  = 90 // of JPEG
	leastQuality = 30
)

// frame is one that the page has not painted, as far as is known.
type frame struct {
	stamp int64 // of its sync, ms
	mark  uint64
	at    time.Time
}

// pace knows what is on its way to the page, and from that how much it can take. It
// reads no clock.
type pace struct {
	frames []frame
	sent   int   // frames, ever
	last   int64 // stamp
	asks   int   // again, in vain

	owed  bool      // something was painted that is not shown
	mark  uint64    // of it
	shown time.Time // the last sync

	shortest time.Duration // the shortest time to the page and back
	base     time.Time     // when that was seen
	queue    time.Duration // what was longer than that lately
	next     time.Time     // when something may be drawn
}

// owe notes that an update is complete. True: the page should show it now. Else it is
// shown together with the next: a page paints one sync at each of the screen's frames,
// and those beyond would wait there.
func (p *pace) owe(mark uint64, now time.Time) bool {
	p.owed, p.mark = true, max(p.mark, mark)
	ok, _ := p.pay(now)
	return ok
}

// pay tells whether what is owed should be shown now, or how long to wait; 0: for the
// page.
func (p *pace) pay(now time.Time) (ok bool, wait time.Duration) {
	switch d := frameTime - now.Sub(p.shown); {
	case !p.owed || len(p.frames) >= p.ahead():
		return false, 0
	case d > 0:
		return false, d
	}
	return true, 0
}

// frame notes a frame and gives the stamp of its sync: the page answers each stamp
// once, so they grow.
func (p *pace) frame(began, now time.Time) int64 {
	p.last = max(p.last+1, now.Sub(began).Milliseconds()+1)
	p.frames = append(p.frames, frame{p.last, p.mark, now})
	p.sent++
	p.owed, p.mark, p.shown = false, 0, now
	return p.last
}

// painted takes the page's answer and gives the last mark that it has painted, 0 for
// none that is new.
func (p *pace) painted(stamp int64, now time.Time) (mark uint64) {
	n := 0
	for n < len(p.frames) && p.frames[n].stamp <= stamp {
		mark = max(mark, p.frames[n].mark)
		n++
	}
	if n == 0 {
		return 0
	}
	p.asks = 0
	delay := now.Sub(p.frames[n-1].at)
	if p.base.IsZero() || delay <= p.shortest || now.Sub(p.base) > shortestLife {
		p.shortest, p.base = delay, now
	}
	p.queue += (delay - p.shortest - p.queue) / 8
	p.frames = append(p.frames[:0], p.frames[n:]...)
	return mark
}

// begin forgets the marks of an earlier stream.
func (p *pace) begin() {
	for i := range p.frames {
		p.frames[i].mark = 0
	}
	p.mark = 0
}

// ahead is how many frames may be on their way: what fills the time to the page.
func (p *pace) ahead() int {
	return min(leastAhead+int(p.shortest/frameTime), mostAhead)
}

// may tells whether something may be drawn, or how long to wait; 0: for the page.
func (p *pace) may(now time.Time) (ok bool, wait time.Duration) {
	if len(p.frames) >= p.ahead() {
		return false, 0
	}
	if d := max(p.next.Sub(now), frameTime-now.Sub(p.shown)); d > 0 {
		return false, d
	}
	return true, 0
}

// drew notes how long drawing took: at most half of the time goes into it.
func (p *pace) drew(from, to time.Time) {
	p.next = from.Add(max(frameTime, 2*to.Sub(from)))
}

// after puts drawing off.
func (p *pace) after(t time.Time) {
	if p.next.Before(t) {
		p.next = t
	}
}

// forgotten tells that the page lives and has not answered for long: what it said
// before its tunnel was joined at the authority is lost. Another sync asks again.
func (p *pace) forgotten(now, heard time.Time) bool {
	n := len(p.frames)
	if n == 0 || now.Sub(p.frames[n-1].at) < askAgain || now.Sub(heard) > patience {
		return false
	}
	p.asks++
	return true
}

// stuck tells that the page does not paint for good: its script waits for ever for a
// picture that the browser cannot decode.
func (p *pace) stuck() bool { return p.asks > asksAtMost }

// lag is what waits in queues.
func (p *pace) lag() time.Duration { return max(p.queue, 0) }

// quality is that of JPEG: less when the page falls behind.
func (p *pace) quality() int {
	return min(max(bestQuality-int((p.lag()-lagAllowed)/time.Millisecond), leastQuality), bestQuality)
}
