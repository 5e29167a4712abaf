package vnc

import (
	"time"

	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/settings"
	"github.com/porthole-rac/porthole/relay/target"
)

// level is what a server is asked for.
type level struct {
	quality     int // of JPEG, 0 to 9
	compression int // of zlib, 0 to 9
	lossless    bool
}

// steps are the levels from the best to the smallest. Up to the third the eye sees
// little of it; the last ones are for lines on which nothing else moves.
var steps = [...]level{
	{quality: 8, compression: 2},
	{quality: 7, compression: 3},
	{quality: 6, compression: 4},
	{quality: 5, compression: 5},
	{quality: 4, compression: 6},
	{quality: 2, compression: 7},
	{quality: 1, compression: 9},
}

// Figures of following the line.
const (
	queueLong  = 200 * time.Millisecond // what waits that long is too much
	queueShort = 60 * time.Millisecond  // what waits that long is nothing
	worseAfter = time.Second            // between two steps down
	betterFor  = 5 * time.Second        // without a queue before a step up
	// Bytes per second below which, and above which, plain pixels are compressed on
	// the way, and are not.
	deflateBelow = 6 << 20
	deflateAbove = 20 << 20
)

// quality follows the line to the browser: when pictures wait for it, they are asked
// for smaller, and larger again after a while without waiting. Between the two
// figures nothing changes. It reads no clock.
type quality struct {
	wish     int // of the person: 0: follow the line
	lossless bool
	best     level // what settings say
	step     int   // in steps, from where best lies
	first    int
	deflate  bool

	queue     time.Duration // smoothed
	changed   time.Time
	goodSince time.Time
}

func newQuality(s *settings.VNC) quality {
	q := quality{lossless: s.ForceLossless, best: steps[0]}
	if s.QualityLevel >= 0 {
		q.best.quality = s.QualityLevel
		for q.first < len(steps)-1 && steps[q.first].quality > s.QualityLevel {
			q.first++
		}
		q.best.compression = steps[q.first].compression
	}
	if s.CompressLevel >= 0 {
		q.best.compression = s.CompressLevel
	}
	q.step = q.first
	return q
}

// level is what holds now.
func (q *quality) level() level {
	l := q.best
	switch {
	case q.wish == 10:
		l.lossless = true
	case q.wish > 0:
		l = level{quality: q.wish, compression: min(max(9-q.wish, 2), 9)}
	case q.step > q.first:
		l = steps[q.step]
	}
	l.lossless = l.lossless || q.lossless
	return l
}

// ask takes the person's wish.
func (q *quality) ask(wish int) { q.wish = min(max(wish, 0), 10) }

// painted takes what became of an update, and tells whether the level changed.
func (q *quality) painted(p target.Painted, now time.Time) bool {
	waited := max(p.Delay-p.RTT, 0)
	q.queue += (waited - q.queue) / 8
	switch {
	case q.queue > queueLong/2 || p.Rate > 0 && p.Rate < deflateBelow:
		q.deflate = true
	case q.queue < queueShort/2 && p.Rate > deflateAbove:
		q.deflate = false
	}
	if q.queue > queueShort {
		q.goodSince = time.Time{}
	} else if q.goodSince.IsZero() {
		q.goodSince = now
	}
	switch {
	case q.wish != 0:
		return false
	case q.queue > queueLong && q.step < len(steps)-1 && now.Sub(q.changed) >= worseAfter:
		q.step++
	case !q.goodSince.IsZero() && now.Sub(q.goodSince) >= betterFor && q.step > q.first && now.Sub(q.changed) >= betterFor:
		q.step--
	default:
		return false
	}
	q.changed, q.goodSince = now, time.Time{}
	return true
}

// Painted implements target.Desktop.
func (d *desktop) Painted(p target.Painted) {
	d.mu.Lock()
	out := d.out
	now := time.Now()
	changed := d.quality.painted(p, now)
	d.deflate.Store(d.quality.deflate)
	d.mu.Unlock()
	out.note(func(s *sender) bool {
		late := s.pace.fences.late(now) > 0
		s.pace.paint(p.Mark, p.Delay, p.RTT)
		return late || s.pace.asks()
	})
	if changed {
		d.requality(false)
	}
}

// Quality implements target.Desktop.
func (d *desktop) Quality(wish int) {
	d.mu.Lock()
	before := d.quality.level()
	d.quality.ask(wish)
	after := d.quality.level()
	d.mu.Unlock()
	if before != after {
		d.requality(after.lossless || after.quality > before.quality)
	}
}

// requality tells the server the level, and has what is seen sent again.
func (d *desktop) requality(again bool) {
	d.mu.Lock()
	out, l := d.out, d.quality.level()
	list := wanted(&d.cfg.Settings, d.browser, l, d.plain)
	d.mu.Unlock()
	d.log.Debug("vnc: quality", "jpeg", l.quality, "zlib", l.compression, "lossless", l.lossless)
	out.do(func(s *sender) {
		s.say(rfb.AppendSetEncodings(nil, list))
		if again {
			s.pace.want = requestAll
		}
	})
}

// deflates tells whether plain pixels are worth compressing.
func (v *viewer) deflates() bool { return v.d.deflate.Load() }
