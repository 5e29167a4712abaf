package vnc

import (
	"context"
	"errors"
	"time"

	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/relay/target"
)

// renewPatience is how long a browser without a picture waits for the second login; then
// the old connection begins a stream, and the login goes on beside it. Tests have less.
var renewPatience = 1500 * time.Millisecond

// Renew implements target.Desktop. The decoders of a new browser need the beginnings
// of the zlib streams, which a server gives to those who log in.
func (d *desktop) Renew(b target.Browser) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.browser = b
	d.hear(true)
	switch {
	case d.closed || !d.running: // a stream begins anyway
	case d.renewing && d.impatient:
		d.goOn() // the login takes long, as is known
	case !d.renewing:
		d.renewing, d.impatient = true, false
		d.out.do(func(s *sender) { s.pace.paused = true })
		d.wg.Go(d.renew)
	}
}

// renew logs in anew, or has the old connection begin a stream.
func (d *desktop) renew() {
	timer := time.AfterFunc(renewPatience, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.renewing && !d.closed {
			d.impatient = true
			d.log.Info("vnc: the second login for a new stream takes long; the old connection goes on meanwhile with plainer encodings")
			d.goOn()
		}
	})
	l, err := d.loginAgain()
	timer.Stop()
	d.mu.Lock()
	d.renewing = false
	if d.closed {
		d.mu.Unlock()
		if l != nil {
			l.close()
		}
		return
	}
	old := d.line
	if err == nil {
		if d.next != nil { // of the renewal before; Run did not come to it
			d.next.close()
		}
		d.next = l
		d.turn.Store(int32(turnNew))
	} else if !d.impatient {
		d.goOn()
	}
	d.mu.Unlock()
	d.wake()
	if err == nil {
		old.close() // which wakes who reads from it
		return
	}
	d.log.Info("vnc: no second login for a new stream; the old connection goes on with plainer encodings", "error", err)
}

// wake wakes Run where it waits for what becomes of a second login.
func (d *desktop) wake() {
	select {
	case d.turned <- struct{}{}:
	default:
	}
}

// goOn has the old connection begin a stream, of encodings that remember nothing. Called
// with mu held.
func (d *desktop) goOn() {
	if d.next != nil { // the new one begins one
		return
	}
	d.plain = true
	d.turn.Store(int32(turnOld))
	list := wanted(&d.cfg.Settings, d.browser, d.quality.level(), true)
	// What is on its way in other encodings is dropped; the answer to the request
	// comes after it, and covers it.
	d.out.do(func(s *sender) {
		s.say(rfb.AppendSetEncodings(nil, list))
		s.pace.paused, s.pace.want = false, requestAll
	})
}

func (d *desktop) loginAgain() (*line, error) {
	if d.cfg.Settings.ReverseConnect {
		return nil, errors.New("the server dials, so it cannot be dialled")
	}
	ctx, cancel := context.WithTimeout(d.ctx, renewTime)
	defer cancel()
	return d.login.connect(ctx)
}

func (d *desktop) isRenewing() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.renewing
}

// switchOver goes over to the new connection; nil: everything is closed.
func (d *desktop) switchOver() (*line, *sender) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.out.close()
	if d.closed || d.next == nil {
		return nil, nil
	}
	next := d.next
	d.line, d.next, d.plain = next, nil, false
	d.out = d.attach(next)
	d.start(d.out)
	return next, d.out
}
