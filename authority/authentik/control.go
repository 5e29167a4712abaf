package authentik

import (
	"context"
	"crypto/fips140"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

const (
	writeLimit = 10 * time.Second // for a message of the control socket
	stable     = time.Minute      // age of a control socket whose loss is no sign of trouble
	// elsewhere is said in active_connections by an instance that is leaving, so
	// that authentik chooses another one if there is any.
	elsewhere = 1 << 30
	// soon is how many pauses of a reconnect are taken until the configuration is
	// read again.
	dialTries = 4
)

// control holds a control socket open until ctx ends.
func (o *Outpost) control(ctx context.Context) {
	b := backoff{first: o.cfg.Timing.Retry, most: o.cfg.Timing.RetryMax}
	attempt := 0
	for ctx.Err() == nil {
		select {
		case <-o.moved: // it is the new one that will be connected
		default:
		}
		c, err := o.dialControl(ctx, attempt)
		attempt++
		if err == nil {
			o.log.Info("connected to authentik", "attempt", attempt)
			opened := time.Now()
			o.connected(true)
			err = o.hold(ctx, c, &attempt)
			o.connected(false)
			switch {
			case ctx.Err() != nil:
				return
			case errors.Is(err, errMoved):
				continue
			}
			o.count.lost.Add(1)
			o.lost(err)
			if time.Since(opened) >= min(stable, 4*o.cfg.Timing.RetryMax) {
				b.reset()
			}
			if !pause(ctx, b.pause()) {
				return
			}
			continue
		}
		if ctx.Err() != nil {
			return
		}
		o.count.lost.Add(1)
		denied := o.trouble(err).denied
		if !pause(ctx, b.pause()) {
			return
		}
		if denied && !o.find(ctx) { // the outpost may be another one now
			return
		}
	}
}

// lost notes that a control socket has ended. That is ordinary: authentik replaces
// its workers now and then. Trouble is when no other can be opened.
func (o *Outpost) lost(err error) {
	p := explain(o.cfg.Host, err)
	if code := websocket.CloseStatus(err); code >= 0 {
		p.Text = fmt.Sprintf("authentik closed the control connection (%d).", code)
		p.Remedy = "It is opened again; this is ordinary when authentik replaces a worker or is updated."
	}
	o.mu.Lock()
	o.status.Problem, o.status.said = p, false
	o.mu.Unlock()
	o.log.Info("control connection lost; opening it again, connections go on", "reason", p.Text)
}

var errMoved = errors.New("the token belongs to another outpost now")

// connected notes the state of the control socket.
func (o *Outpost) connected(on bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.status.Connected, o.status.Since = on, o.now()
	if on {
		o.status.Problem, o.updated = nil, o.now()
	}
}

// socket is one control WebSocket.
type socket struct {
	conn   *websocket.Conn
	failed chan error    // capacity 1; why it has ended
	heard  atomic.Int64  // unix nanoseconds of the last message
	first  chan struct{} // closed when authentik has answered
}

func (o *Outpost) dial(ctx context.Context, address string) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, o.cfg.Timing.Dial)
	defer cancel()
	conn, resp, err := websocket.Dial(ctx, address, &websocket.DialOptions{
		HTTPClient: o.api.http, HTTPHeader: o.api.header(), CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		if resp != nil && resp.StatusCode != http.StatusSwitchingProtocols {
			return nil, newStatusError(resp)
		}
		return nil, err
	}
	return conn, nil
}

// dialControl opens a control socket and says HELLO.
func (o *Outpost) dialControl(ctx context.Context, attempt int) (*socket, error) {
	o.mu.Lock()
	id := o.self.ID
	o.mu.Unlock()
	conn, err := o.dial(ctx, join(o.api.base, url.Values{"instance_uuid": {o.uuid}, "attempt": {strconv.Itoa(attempt)}}, "ws", "outpost", id))
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(maxControlMessage)
	c := &socket{conn: conn, failed: make(chan error, 1), first: make(chan struct{})}
	c.heard.Store(time.Now().UnixNano())
	if err := o.hello(ctx, c); err != nil {
		_ = conn.CloseNow()
		return nil, err
	}
	o.count.controls.Add(1)
	o.wait.Go(func() { c.failed <- o.listen(ctx, c) })
	return c, nil
}

// hello says how the outpost is.
func (o *Outpost) hello(ctx context.Context, c *socket) error {
	o.mu.Lock()
	active := len(o.grants)
	if o.leaving {
		active = elsewhere
	}
	o.mu.Unlock()
	h := hello{
		Version: o.cfg.Version, Build: o.cfg.Build, UUID: o.uuid, Go: runtime.Version(), FIPS: fips140.Enabled(), Hostname: o.cfg.Hostname, Active: active,
	}
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	if err := c.conn.Write(ctx, websocket.MessageText, h.encode()); err != nil {
		return fmt.Errorf("say hello: %w", err)
	}
	return nil
}

// hold keeps the control socket alive, and replaces it before authentik forgets
// about it. It gives the reason when it is lost, and closes it when ctx ends.
func (o *Outpost) hold(ctx context.Context, c *socket, attempt *int) error {
	timing := &o.cfg.Timing
	tick := time.NewTicker(timing.Hello)
	defer tick.Stop()
	renew := time.NewTimer(timing.Renew)
	defer renew.Stop()
	renewed := make(chan *socket, 1) // nil: it failed
	renewing, gathering := false, false
	var gather <-chan time.Time
	end := func(err error) error {
		_ = c.conn.CloseNow()
		if renewing {
			if next := <-renewed; next != nil {
				_ = next.conn.CloseNow()
			}
		}
		return err
	}
	for {
		say := false
		select {
		case <-ctx.Done():
			if o.isLeaving() {
				// The last word is what authentik remembers.
				_ = o.hello(context.WithoutCancel(ctx), c)
			}
			_ = c.conn.Close(websocket.StatusNormalClosure, "")
			return end(ctx.Err())
		case err := <-c.failed:
			return end(err)
		case <-o.moved:
			return end(errMoved)
		case <-tick.C:
			say = true
			if silent := time.Since(time.Unix(0, c.heard.Load())); silent > timing.Silence {
				return end(&Problem{
					Text:   fmt.Sprintf("authentik has not answered for %v.", silent.Round(time.Second)),
					Remedy: "The connection is opened anew; if this happens often, look at proxies and the load of authentik's workers.",
				})
			}
		case <-o.changed:
			// Changes that come close together share a message.
			if !gathering {
				gathering, gather = true, time.After(timing.Gather)
			}
		case <-gather:
			say, gathering, gather = true, false, nil
		case <-renew.C:
			renewing = true
			n := *attempt
			*attempt++
			o.wait.Go(func() { renewed <- o.replacement(ctx, n) })
		case next := <-renewed:
			renewing = false
			renew.Reset(timing.Renew)
			if next == nil {
				renew.Reset(timing.Renew / 20) // the old one has time
				continue
			}
			o.log.Info("control connection replaced", "age", timing.Renew)
			o.retire(ctx, c)
			c = next
		}
		if say {
			if err := o.hello(ctx, c); err != nil {
				return end(err)
			}
		}
	}
}

func (o *Outpost) isLeaving() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.leaving
}

// replacement opens another control socket and waits for authentik's first answer
// on it; nil: there is none.
func (o *Outpost) replacement(ctx context.Context, attempt int) *socket {
	c, err := o.dialControl(ctx, attempt)
	if err == nil {
		t := time.NewTimer(o.cfg.Timing.Dial)
		defer t.Stop()
		select {
		case <-c.first:
			return c
		case err = <-c.failed:
		case <-t.C:
			err = context.DeadlineExceeded
		case <-ctx.Done():
			err = ctx.Err()
		}
		_ = c.conn.CloseNow()
	}
	if ctx.Err() == nil {
		p := explain(o.cfg.Host, err)
		o.log.Warn("control connection not replaced; the old one goes on", "problem", p.Text)
	}
	return nil
}

// retire closes a socket that has been replaced, after a while in which both are
// listened to.
func (o *Outpost) retire(ctx context.Context, c *socket) {
	o.wait.Go(func() {
		pause(ctx, o.cfg.Timing.Overlap)
		_ = c.conn.Close(websocket.StatusNormalClosure, "")
	})
}

// listen reads a control socket until it ends.
func (o *Outpost) listen(ctx context.Context, c *socket) error {
	// It is closed by whoever holds it, with a word; an ended context would close it
	// without.
	alive := context.WithoutCancel(ctx)
	answered := false
	for {
		_, p, err := c.conn.Read(alive)
		if err != nil {
			_ = c.conn.CloseNow()
			return fmt.Errorf("read control connection: %w", err)
		}
		c.heard.Store(time.Now().UnixNano())
		if !answered {
			answered = true
			close(c.first)
		}
		o.receive(ctx, p)
	}
}

// receive acts on a message of the control socket. What it does not know or cannot
// read it says and skips.
func (o *Outpost) receive(ctx context.Context, p []byte) {
	var m message
	if json.Unmarshal(p, &m) != nil {
		o.log.Warn("message of authentik not understood", "bytes", len(p))
		return
	}
	switch m.Instruction {
	case instructionACK:
	case instructionUpdate:
		o.log.Debug("authentik announces a change")
		o.announced()
	case instructionSpecific:
		r, err := parseEvent(m.Args)
		switch {
		case err != nil:
			o.log.Warn("message of authentik not understood", "error", err)
		case r == nil:
			o.log.Debug("message of authentik skipped: none of remote access")
		default:
			o.request(ctx, r)
		}
	case instructionSessionEnd:
		o.sessionEnded()
	default:
		o.log.Debug("message of authentik skipped", "instruction", m.Instruction)
	}
}

// announced has the configuration read after this instance's pause, once however
// many changes are announced in it.
func (o *Outpost) announced() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.due {
		return
	}
	o.due = true
	o.later(o.offset, func() {
		o.mu.Lock()
		o.due = false
		o.mu.Unlock()
		o.Refresh()
	})
}

// request takes an init_connection, once: while a control socket is replaced it
// comes on both.
func (o *Outpost) request(ctx context.Context, r *request) {
	o.mu.Lock()
	again := !o.seen.add(r.Channel)
	o.mu.Unlock()
	if again {
		o.count.repeated.Add(1)
		return
	}
	o.count.requests.Add(1)
	o.wait.Go(func() { o.serve(ctx, r) })
}

// dialTunnel opens a data socket. It tries a few times: a browser waits.
func (o *Outpost) dialTunnel(ctx context.Context, channel string) (conn *websocket.Conn, err error) {
	address := join(o.api.base, nil, "ws", "outpost_rac", channel)
	b := backoff{first: o.cfg.Timing.Retry / 4, most: o.cfg.Timing.Retry}
	for try := range dialTries {
		if try > 0 && !pause(ctx, b.pause()) {
			return nil, ctx.Err()
		}
		if conn, err = o.dial(ctx, address); err == nil || explain(o.api.base, err).denied {
			return conn, err
		}
	}
	return nil, err
}

// recent remembers the newest names of a bounded number.
type recent struct {
	set  map[string]struct{}
	ring [1024]string
	next int
}

// add tells whether a name is new.
func (r *recent) add(name string) bool {
	if _, ok := r.set[name]; ok {
		return false
	}
	if r.set == nil {
		r.set = make(map[string]struct{})
	}
	delete(r.set, r.ring[r.next])
	r.ring[r.next] = name
	r.set[name] = struct{}{}
	r.next = (r.next + 1) % len(r.ring)
	return true
}
