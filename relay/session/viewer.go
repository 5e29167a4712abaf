package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/protocol/wire"
)

const (
	maxFrames    = 6                // updates that a browser may have unpainted
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

	pos      position
	frames   uint64            // number of the last mark sent
	acked    uint64            // number of the last mark painted
	offsets  [maxFrames]uint64 // output offset at each unpainted mark
	painted  uint64            // output painted
	input    uint64            // input count last told
	queue    []byte            // control records that wait
	overflow bool
	end      *wire.End // to be sent last
	ended    bool

	heard    time.Time // last message from the browser
	pinged   time.Time
	statsAt  time.Time
	wantsOut bool // a Stats record is due

	pasting pasting // only the reader's
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
		old.closePasteLocked()
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
	s.clip.open, s.clip.data = false, nil // only the earlier browser was asked
	s.viewer = v
	s.makeRoomLocked()
	s.epoch++

	resumed := wire.ResumedNew
	switch pos, ok := s.screen.resumeAt(hello.Resume.Offset); {
	case s.epoch == 1:
		v.pos = position{}
	case hello.Resume.Epoch != 0 && ok:
		resumed = wire.ResumedContinue
		v.pos = pos
	default:
		resumed = wire.ResumedState
		v.pos = position{fresh: true, sent: s.screen.ring.head}
	}
	v.painted = v.pos.sent
	v.input = s.input.settle()
	v.queue = s.welcomeLocked(v.queue, resumed, v.input)
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
	s.screen.term.SetPalette(palette(hello.Colors))
	s.mu.Unlock()

	s.resize(v, hello.Grid)
	return v, nil
}

func (s *Session) welcomeLocked(dst []byte, resumed wire.Resumed, input uint64) []byte {
	m := wire.Welcome{
		Version: wire.Version, Connection: s.grant.ID, Secret: s.newSecretLocked(),
		Resumed: resumed, Epoch: s.epoch,
		Protocol: s.grant.Endpoint.Protocol, Endpoint: clip(s.grant.Endpoint.Name, wire.MaxText), User: clip(s.grant.User.Name, wire.MaxText),
		ReadOnly: s.prefs.ReadOnly, DisableCopy: s.prefs.DisableCopy, DisablePaste: s.prefs.DisablePaste,
		Clipboard: s.prefs.ClipboardBufferSize, Frames: maxFrames, InputWindow: inputWindow,
		ResumeFor: int(s.reg.cfg.ResumeFor / time.Second), Scrollback: s.prefs.Scrollback,
		FontName: clip(s.prefs.FontName, wire.MaxText), FontSize: s.prefs.FontSize, ColorScheme: clip(s.prefs.ColorScheme, wire.MaxText),
		CopyOnSelect: s.prefs.CopyOnSelect, Ligatures: s.prefs.Ligatures,
		InputBytes: input, Backspace: s.prefs.Backspace,
	}
	return m.Append(dst)
}

// detach takes a browser away; the session waits for another one.
func (s *Session) detach(v *viewer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.viewer != v {
		return
	}
	v.closePasteLocked()
	s.viewer = nil
	s.makeRoomLocked()
	s.clip.open, s.clip.data = false, nil
	if s.phase == over {
		return
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
		batch, last, wait, err := v.collect(buf[:0], time.Now())
		if err != nil {
			v.s.log.Info("browser dropped", "error", err)
			v.socket.Abort()
			return
		}
		if len(batch) > 0 {
			stuck.Reset(writeLimit + time.Duration(len(batch))*time.Second/slowestLine)
			err := v.socket.Write(v.ctx, batch)
			stuck.Stop()
			if err != nil {
				return
			}
			v.s.sentBytes.Add(uint64(len(batch)))
		}
		if last {
			v.socket.Close()
			return
		}
		buf = batch
		if len(batch) > 0 {
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

// collect appends to dst what is to be sent now. last means that the socket is
// to be closed after it, wait how long there is nothing to do.
func (v *viewer) collect(dst []byte, now time.Time) (out []byte, last bool, wait time.Duration, err error) {
	s := v.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if v.overflow {
		return nil, false, 0, errOverflow
	}
	if now.Sub(v.heard) > pingLimit {
		return nil, false, 0, errSilent
	}
	if len(v.queue) > 0 {
		dst = append(dst, v.queue...)
		if v.queue = v.queue[:0]; cap(v.queue) > bufferKept {
			v.queue = nil
		}
	}
	wait = pingEvery
	if (s.phase == running || s.phase == over) && v.frames-v.acked < maxFrames && s.screen.pending(&v.pos) && v.mayUpdate() {
		var state bool
		var pause time.Duration
		before := len(dst)
		dst, state, pause = s.screen.appendUpdate(dst, &v.pos, v.frames-v.acked, now)
		if state {
			s.stateCount.Add(1)
		}
		if pause > 0 {
			wait = min(wait, pause)
		}
		if len(dst) > before {
			v.frames++
			v.offsets[v.frames%maxFrames] = v.pos.sent
			v.input = s.input.count()
			m := wire.Mark{Number: v.frames, InputBytes: v.input}
			dst = m.Append(dst)
		}
	}
	if n := s.input.count(); n != v.input {
		v.input = n
		m := wire.InputAck{Bytes: n}
		dst = m.Append(dst)
	}
	if v.wantsOut {
		v.wantsOut = false
		v.statsAt = now
		m := wire.Stats{FromTarget: s.targetBytes.Load(), ToTarget: s.input.count(), States: s.stateCount.Load()}
		dst = m.Append(dst)
	}
	if silent := now.Sub(v.heard); silent >= pingEvery && now.Sub(v.pinged) >= pingEvery {
		v.pinged = now
		m := wire.Ping{Time: uint64(now.Sub(s.started).Microseconds())}
		dst = m.Append(dst)
	}
	if v.end != nil && !v.ended {
		v.ended = true
		dst = v.end.Append(dst)
		return dst, true, 0, nil
	}
	return dst, false, wait, nil
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
	case wire.TypeInput:
		var m wire.Input
		if err := m.Decode(body); err != nil {
			return err
		}
		if s.prefs.ReadOnly {
			return s.input.add(nil, len(m.Data))
		}
		return s.input.add(m.Data, len(m.Data))
	case wire.TypePaste:
		var m wire.Paste
		if err := m.Decode(body); err != nil {
			return err
		}
		return v.paste(&m)
	case wire.TypeAck:
		var m wire.Ack
		if err := m.Decode(body); err != nil {
			return err
		}
		return v.ack(m.Number)
	case wire.TypeResize:
		var m wire.Resize
		if err := m.Decode(body); err != nil {
			return err
		}
		s.resize(v, m.Grid)
	case wire.TypeColors:
		var m wire.Colors
		if err := m.Decode(body); err != nil {
			return err
		}
		s.mu.Lock()
		s.screen.term.SetPalette(palette(m))
		s.mu.Unlock()
	case wire.TypeAnswer:
		var m wire.Answer
		if err := m.Decode(body); err != nil {
			return err
		}
		s.answer(m)
	case wire.TypeClipboard:
		var m wire.Clipboard
		if err := m.Decode(body); err != nil {
			return err
		}
		s.clipboardAnswer(&m)
	case wire.TypePing:
		var m wire.Ping
		if err := m.Decode(body); err != nil {
			return err
		}
		v.pong(m)
	case wire.TypeBye:
		s.cancel(endCause(wire.EndDisconnected, "You disconnected."))
	case wire.TypePong, wire.TypeVisibility:
		// Hearing from the browser is all that matters for a terminal.
	case wire.TypeHello:
		return &protocolError{"a second hello"}
	}
	return nil
}

// ack notes what is painted, and lets the output go on.
func (v *viewer) ack(number uint64) error {
	s := v.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if number > v.frames {
		return &protocolError{fmt.Sprintf("update %d acknowledged, %d sent", number, v.frames)}
	}
	if number <= v.acked {
		return nil
	}
	v.acked = number
	v.painted = v.offsets[number%maxFrames]
	if s.viewer == v {
		s.makeRoomLocked()
	}
	v.signal()
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

// palette turns the browser's theme into the terminal's base colours.
func palette(c wire.Colors) term.Palette {
	p := term.DefaultPalette()
	if c.Foreground != 0 || c.Background != 0 {
		p.Foreground, p.Background, p.Cursor = term.RGB(c.Foreground), term.RGB(c.Background), term.RGB(c.Cursor)
	}
	for i, v := range c.Palette {
		p.Colors[i] = term.RGB(v)
	}
	return p
}
