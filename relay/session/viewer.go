package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/porthole-rac/porthole/protocol/wire"
)

const (
	maxControl   = 2 << 20          // bytes of control records that may wait for one browser
	pingEvery    = 20 * time.Second // of silence
	pingLimit    = 60 * time.Second // of silence, after which the browser is taken for lost
	writeLimit   = 20 * time.Second // for one message, and a second more for each slowestLine bytes
	slowestLine  = 16 << 10         // bytes per second
	statsEvery   = time.Second
	bufferKept   = 16 << 10  // bytes of buffers kept while nothing happens
	bufferBusy   = 512 << 10 // bytes of buffers kept between messages
	helloTimeout = 10 * time.Second
)

// Socket is one browser's WebSocket, binary messages only.
type Socket interface {
	// Read gives the next message; it is valid until the next Read. It fails
	// for messages longer than wire.MaxFromBrowser.
	Read(ctx context.Context) ([]byte, error)
	// Write sends a message and does not keep it.
	Write(ctx context.Context, p []byte) error
	// Close says goodbye properly, which may take a moment.
	Close()
	// Abort closes the connection at once.
	Abort()
}

// viewer is one attached browser. Session.mu guards the fields unless said
// otherwise.
type viewer struct {
	s      *Session
	socket Socket
	ctx    context.Context
	cancel context.CancelFunc
	wake   chan struct{} // capacity 1
	done   chan struct{} // closed when the writer has gone

	feed     feed
	queue    []byte // control records that wait
	overflow bool
	end      *wire.End // to be sent last
	ended    bool

	heard    time.Time // last message from the browser
	pinged   time.Time
	statsAt  time.Time
	wantsOut bool // a Stats record is due
}

// takenOver is what a browser is told whose connection another one has.
func takenOver() *wire.End {
	return &wire.End{
		Code: wire.EndTakenOver, Message: "This connection was opened in another tab or browser.",
		Remedy: "Take it back from My applications, under open connections.", Retry: true,
	}
}

// attach makes v the browser of the session, in place of an earlier one. byToken
// tells that it came with a token instead of the resume secret: what the earlier
// one had is worth nothing any more.
func (s *Session) attach(socket Socket, ctx context.Context, hello *wire.Hello, byToken bool) (*viewer, error) {
	v := &viewer{s: s, socket: socket, wake: make(chan struct{}, 1), done: make(chan struct{}), heard: time.Now()}
	v.ctx, v.cancel = context.WithCancel(ctx)

	s.mu.Lock()
	if s.phase == over {
		end := s.end
		s.mu.Unlock()
		v.cancel()
		return nil, &endError{end}
	}
	if old := s.viewer; old != nil {
		old.feed.replacedLocked()
		old.end = takenOver()
		old.signal()
	}
	if byToken && s.epoch > 0 {
		s.revokeSecretsLocked()
	}
	if s.abandon != nil {
		s.abandon.Stop()
		s.abandon, s.until = nil, time.Time{}
	}
	s.viewer = v
	s.makeRoomLocked()
	s.epoch++

	var resumed wire.Resumed
	v.feed, resumed = s.content.attachLocked(v, hello)
	v.queue = s.welcomeLocked(v.queue, resumed)
	if s.phase != running {
		if s.progress.Step != "" {
			v.queue = s.progress.Append(v.queue)
		}
		if s.prompt != nil {
			v.queue = s.prompt.record.Append(v.queue)
		}
	} else {
		m := wire.Connected{}
		v.queue = m.Append(v.queue)
	}
	for i := range s.notices {
		v.queue = s.notices[i].Append(v.queue)
	}
	s.notices = nil
	s.mu.Unlock()

	s.content.attached(v, hello)
	return v, nil
}

func (s *Session) welcomeLocked(dst []byte, resumed wire.Resumed) []byte {
	m := wire.Welcome{
		Version: wire.Version, Connection: s.grant.ID, Secret: s.newSecretLocked(),
		Resumed: resumed, Epoch: s.epoch,
		Protocol: s.grant.Endpoint.Protocol, Endpoint: clip(s.grant.Endpoint.Name, wire.MaxText), User: clip(s.grant.User.Name, wire.MaxText),
		ResumeFor: int(s.reg.cfg.ResumeFor / time.Second),
	}
	s.content.welcomeLocked(&m)
	return m.Append(dst)
}

// detach takes a browser away; the session waits for another one.
func (s *Session) detach(v *viewer) {
	if s.detachLocked(v) {
		s.content.detached()
	}
}

func (s *Session) detachLocked(v *viewer) (was bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.viewer != v {
		return false
	}
	v.feed.replacedLocked()
	s.viewer = nil
	s.makeRoomLocked()
	s.content.detachedLocked()
	if s.phase == over {
		return true
	}
	s.until = time.Now().Add(s.reg.cfg.ResumeFor)
	s.abandon = time.AfterFunc(s.reg.cfg.ResumeFor, func() {
		s.mu.Lock()
		alone := s.viewer == nil
		s.mu.Unlock()
		if alone { // none came in the last moment
			s.cancel(endCause(wire.EndAbandoned, "No browser came back in time."))
		}
	})
	s.log.Info("browser detached", "until", s.until)
	return true
}

func (v *viewer) signal() {
	select {
	case v.wake <- struct{}{}:
	default:
	}
}

// control queues a control record. Session.mu is held.
func (v *viewer) control(record []byte) {
	v.queue = append(v.queue, record...)
	v.queued()
}

// queued has the queue sent. A browser that does not read it loses its socket at
// once; it may come back.
func (v *viewer) queued() {
	if len(v.queue) > maxControl && !v.overflow {
		v.overflow, v.queue = true, nil
		v.s.log.Info("browser dropped", "error", errOverflow)
		v.cancel()
	}
	v.signal()
}

// finish sends the end of the session and waits until it is out or cannot be.
func (v *viewer) finish(end *wire.End) {
	v.s.mu.Lock()
	if v.end == nil {
		v.end = end
	}
	v.s.mu.Unlock()
	v.signal()
	select {
	case <-v.done:
	case <-time.After(drainTime):
		v.cancel()
		<-v.done
	}
}

var (
	errOverflow = errors.New("browser does not take its messages")
	errSilent   = errors.New("browser is silent")
)

// write sends what there is until the attachment ends. It is the only writer of
// the socket.
func (v *viewer) write() {
	defer close(v.done)
	defer v.cancel()
	v.s.guard("update", v.send)
}

func (v *viewer) send() {
	stuck := time.AfterFunc(writeLimit, v.socket.Abort)
	stuck.Stop()
	timer := time.NewTimer(pingEvery)
	defer timer.Stop()
	var buf []byte
	for {
		batch, direct, last, wait, err := v.collect(buf[:0], time.Now())
		if err != nil {
			v.s.log.Info("browser dropped", "error", err)
			v.socket.Abort()
			return
		}
		if err := v.sendMessage(stuck, batch); err != nil {
			return
		}
		if len(direct) > 0 {
			err := v.sendMessage(stuck, direct)
			v.s.mu.Lock()
			v.feed.sentLocked()
			v.s.mu.Unlock()
			if err != nil {
				return
			}
		}
		if last {
			v.socket.Close()
			return
		}
		buf = batch
		if len(batch)+len(direct) > 0 {
			continue // more may have come while this was sent
		}
		if cap(buf) > bufferBusy {
			buf = nil
		}
		timer.Reset(wait)
		select {
		case <-v.wake:
		case <-timer.C:
			if wait == pingEvery && cap(buf) > bufferKept {
				buf = nil
			}
		case <-v.ctx.Done():
			v.socket.Abort()
			return
		}
	}
}

// sendMessage writes a message, if it is not empty.
func (v *viewer) sendMessage(stuck *time.Timer, p []byte) error {
	if len(p) == 0 {
		return nil
	}
	stuck.Reset(writeLimit + time.Duration(len(p))*time.Second/slowestLine)
	err := v.socket.Write(v.ctx, p)
	stuck.Stop()
	if err == nil {
		v.s.sentBytes.Add(uint64(len(p)))
	}
	return err
}

// collect appends to dst what is to be sent now, and gives what is to be sent after
// it as it is. last means that the socket is to be closed after both, wait how long
// there is nothing to do.
func (v *viewer) collect(dst []byte, now time.Time) (out, direct []byte, last bool, wait time.Duration, err error) {
	s := v.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if v.overflow {
		return nil, nil, false, 0, errOverflow
	}
	if now.Sub(v.heard) > pingLimit {
		return nil, nil, false, 0, errSilent
	}
	if len(v.queue) > 0 {
		dst = append(dst, v.queue...)
		if v.queue = v.queue[:0]; cap(v.queue) > bufferKept {
			v.queue = nil
		}
	}
	wait = pingEvery
	if v.mayUpdate() {
		var pause time.Duration
		if dst, pause = v.feed.collectLocked(dst, now); pause > 0 {
			wait = min(wait, pause)
		}
		direct = v.feed.takeLocked()
	}
	if v.wantsOut {
		v.wantsOut = false
		v.statsAt = now
		m := wire.Stats{FromTarget: s.targetBytes.Load()}
		s.content.statsLocked(&m)
		dst = m.Append(dst)
	}
	if silent := now.Sub(v.heard); silent >= pingEvery && now.Sub(v.pinged) >= pingEvery {
		v.pinged = now
		m := wire.Ping{Time: uint64(now.Sub(s.started).Microseconds())}
		dst = m.Append(dst)
	}
	if v.end != nil && !v.ended && direct == nil {
		v.ended = true
		dst = v.end.Append(dst)
		return dst, nil, true, 0, nil
	}
	return dst, direct, false, wait, nil
}

// mayUpdate is false for a browser whose connection another one has taken over:
// it only gets its End.
func (v *viewer) mayUpdate() bool { return v.s.viewer == v }

// read takes the browser's messages until the socket ends.
func (v *viewer) read() error {
	for {
		p, err := v.socket.Read(v.ctx)
		if err != nil {
			return err
		}
		v.s.receivedBytes.Add(uint64(len(p)))
		v.s.mu.Lock()
		v.heard = time.Now()
		current := v.s.viewer == v
		if current {
			v.s.confirmSecretLocked()
		}
		v.s.mu.Unlock()
		for len(p) > 0 && current { // one that was replaced has nothing to say any more
			var t wire.Type
			var body []byte
			if t, body, p, err = wire.Next(p); err != nil {
				return err
			}
			if err := v.receive(t, body); err != nil {
				return fmt.Errorf("%s: %w", t, err)
			}
		}
	}
}

// receive acts on one record.
func (v *viewer) receive(t wire.Type, body []byte) error {
	s := v.s
	switch t {
	case wire.TypeAnswer:
		var m wire.Answer
		if err := m.Decode(body); err != nil {
			return err
		}
		s.answer(m)
	case wire.TypePing:
		var m wire.Ping
		if err := m.Decode(body); err != nil {
			return err
		}
		v.pong(m)
	case wire.TypeBye:
		s.cancel(endCause(wire.EndDisconnected, "You disconnected."))
	case wire.TypePong:
		// Hearing from the browser is all that matters.
	case wire.TypeHello:
		return &protocolError{"a second hello"}
	default:
		return v.feed.receive(t, body)
	}
	return nil
}

func (v *viewer) pong(m wire.Ping) {
	s := v.s
	s.mu.Lock()
	defer s.mu.Unlock()
	r := wire.Pong{Time: m.Time}
	v.queue = r.Append(v.queue)
	v.queued()
	if time.Since(v.statsAt) >= statsEvery {
		v.wantsOut = true
	}
}
