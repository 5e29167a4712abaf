package guacamole

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/guac"
	"github.com/porthole-rac/porthole/protocol/wire"
)

// Figures of the tunnel.
const (
	nopEvery   = 2 * time.Second        // of silence: the page gives up after 10 s, and authentik only sees that a token expired when something passes
	flushAt    = 64 << 10               // bytes of instructions that go out before an update is complete
	maxIn      = 64 << 10               // bytes of records for the relay beyond which the page is not read
	maxMessage = wire.MaxFromBrowser    // one message to the relay
	slice      = 512 << 10              // bytes of one where more waits
	maxAside   = 64 << 10               // bytes that wait for the page beyond which pings are not answered
	maxOut     = 64 << 20               // bytes that wait for the page beyond which it is lost
	settled    = 200 * time.Millisecond // that a window must keep its size before the target follows
	alive      = 30 * time.Second       // since when the page must have been heard to answer the relay for it
	idleAfter  = 3 * time.Second        // without a picture, when memory is let go
	kept       = 32 << 10               // bytes of each buffer that are kept then
	farewell   = 2 * time.Second        // for the last words
)

// Config says what the authority told of a connection.
type Config struct {
	// Width and Height are the page's window in pixels, DPI its pixels in an inch
	// (0: 96).
	Width, Height, DPI int
	// Content is what the connection shows; nil: a desktop.
	Content Content
	// Lossless forbids JPEG where the target did not send it, as for text. A desktop whose
	// endpoint is so needs nothing: Welcome tells it.
	Lossless bool
	// Silent asks for no sound.
	Silent bool
	Logger *slog.Logger
}

// Sink is the browser of one attachment: a session.Socket.
type Sink struct {
	tunnel  authority.Tunnel
	cfg     Config
	content Content
	log     *slog.Logger
	began   time.Time

	ctx    context.Context
	cancel context.CancelFunc
	wait   sync.WaitGroup

	token chan struct{} // held by who writes to the tunnel
	wake  chan struct{} // the minder has something to do
	ready chan struct{} // there is something for the relay
	room  chan struct{} // the relay has taken it
	given []byte        // what the last Read gave
	spare guac.Writer   // of the token's holder

	mu    sync.Mutex
	out   guac.Writer // for the page
	in    []byte      // for the relay
	err   error       // of the tunnel: nothing more comes
	wrote time.Time   // something to the page
	heard time.Time   // something from it

	pace                    pace
	gate                    gate
	page                    page
	welcome                 wire.Welcome
	ending                  *wire.End // what the page is told in place of the relay's end
	due                     bool      // the content may have something to draw
	width                   int       // of the picture
	height                  int
	movedWidth, movedHeight int       // of the layer that copies go by
	lastEvent               time.Time // when something was painted
	idle                    bool
	parts                   []part
	sound                   bool // a stream of sound is open
	copying                 bool // a stream of the clipboard is open
}

// New makes the browser at the other end of a tunnel. It runs until Close or Abort.
func New(tunnel authority.Tunnel, cfg Config) *Sink {
	if cfg.Content == nil {
		cfg.Content = NewDesktop()
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.DPI <= 0 {
		cfg.DPI = 96
	}
	now := time.Now()
	s := &Sink{
		tunnel: tunnel, cfg: cfg, content: cfg.Content, log: cfg.Logger, began: now, heard: now, wrote: now, lastEvent: now,
		token: make(chan struct{}, 1), wake: make(chan struct{}, 1), ready: make(chan struct{}, 1), room: make(chan struct{}, 1),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.gate.window = 1 << 10
	s.in = s.hello(s.in)
	s.greet()
	s.wait.Add(2)
	go s.pump()
	go s.mind()
	signal(s.ready)
	signal(s.wake)
	return s
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// hello is what a browser of this kind says.
func (s *Sink) hello(dst []byte) []byte {
	scale := s.cfg.DPI * 1000 / 96
	m := wire.Hello{
		Version:   wire.Version,
		Screen:    wire.Screen{Width: (s.cfg.Width*1000 + scale/2) / scale, Height: (s.cfg.Height*1000 + scale/2) / scale, Scale: scale},
		Grid:      wire.Grid{Cols: 80, Rows: 24},
		Abilities: map[wire.Ability]string{wire.AbilityUserAgent: "guacamole"},
	}
	if !s.cfg.Silent {
		m.Abilities[wire.AbilityAudio] = "pcm"
	}
	s.content.Hello(&m)
	return m.Append(dst)
}

// greet opens the tunnel for the page: it is connected at the first sync, and shows a
// pointer. It takes no lock, as nobody else is there yet.
func (s *Sink) greet() {
	c := canvas{s}
	if s.cfg.Width > 0 && s.cfg.Height > 0 {
		c.Size(min(s.cfg.Width, wire.MaxSide), min(s.cfg.Height, wire.MaxSide))
	}
	c.Cursor(arrow)
	c.sync(s.began)
}

// Read implements session.Socket: what the page does, as records.
func (s *Sink) Read(ctx context.Context) ([]byte, error) {
	for {
		s.mu.Lock()
		if n := len(s.in); n > 0 {
			if n > maxMessage {
				n = wholeRecords(s.in, slice)
			}
			s.given = append(s.given[:0], s.in[:n]...)
			s.in = append(s.in[:0], s.in[n:]...)
			if len(s.in) > 0 {
				signal(s.ready)
			} else if cap(s.in) > maxIn {
				s.in = nil
			}
			s.mu.Unlock()
			signal(s.room)
			return s.given, nil
		}
		err := s.err
		s.mu.Unlock()
		if err != nil {
			return nil, err
		}
		select {
		case <-s.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// wholeRecords is how many bytes of records p begins with, at most most unless a single one is longer.
func wholeRecords(p []byte, most int) int {
	n := 0
	for n < len(p) {
		_, _, rest, err := wire.Next(p[n:])
		if err != nil {
			return len(p)
		}
		end := len(p) - len(rest)
		if n > 0 && end > most {
			break
		}
		n = end
	}
	return n
}

// Write implements session.Socket: what the relay sends, as instructions.
func (s *Sink) Write(ctx context.Context, p []byte) error {
	for len(p) > 0 {
		t, body, rest, err := wire.Next(p)
		if err != nil {
			return fmt.Errorf("guacamole: %w", err)
		}
		p = rest
		s.mu.Lock()
		err = s.record(t, body)
		full := s.out.Len() >= flushAt
		s.mu.Unlock()
		if err != nil {
			return s.broken(ctx, err)
		}
		if full {
			if err := s.flush(ctx); err != nil {
				return err
			}
		}
	}
	s.mu.Lock()
	if s.draw(time.Now()) > 0 {
		signal(s.wake)
	}
	s.mu.Unlock()
	return s.flush(ctx)
}

// broken ends the connection because of what the relay sent: a fault, which a new
// picture may heal. The page connects again by itself.
func (s *Sink) broken(ctx context.Context, err error) error {
	s.log.Warn("guacamole: picture lost", "error", err)
	s.mu.Lock()
	goodbye(&s.out, &wire.End{
		Code: wire.EndInternal, Message: "The picture from the machine could not be read.",
		Remedy: "Connect again; if it happens again, choose another quality or encoding in the endpoint's settings.",
	})
	s.mu.Unlock()
	_ = s.flush(ctx)
	s.fail(err)
	return fmt.Errorf("guacamole: %w", err)
}

// flush sends all instructions. One goroutine at a time does, and takes what others
// have written meanwhile.
func (s *Sink) flush(ctx context.Context) error {
	select {
	case s.token <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.token }()
	s.mu.Lock()
	s.out, s.spare = s.spare, s.out
	if s.spare.Len() > 0 {
		s.wrote = time.Now()
	}
	s.mu.Unlock()
	defer s.spare.Reset()
	for m := range s.spare.Messages {
		if err := s.tunnel.Write(ctx, m); err != nil {
			s.fail(err)
			return fmt.Errorf("guacamole: write: %w", err)
		}
	}
	return nil
}

// fail notes that the tunnel has ended.
func (s *Sink) fail(err error) {
	s.mu.Lock()
	if s.err == nil {
		s.err = err
	}
	s.mu.Unlock()
	signal(s.ready)
	signal(s.room)
}

// Close implements session.Socket.
func (s *Sink) Close() {
	ctx, cancel := context.WithTimeout(s.ctx, farewell)
	_ = s.flush(ctx)
	cancel()
	s.tunnel.Close()
	s.stop()
}

// Abort implements session.Socket.
func (s *Sink) Abort() {
	s.tunnel.Abort()
	s.stop()
}

func (s *Sink) stop() {
	s.cancel()
	s.fail(io.EOF)
	s.wait.Wait()
}

// pump takes what the page sends. It waits while the relay does not take it.
func (s *Sink) pump() {
	defer s.wait.Done()
	for {
		p, err := s.tunnel.Read(s.ctx)
		if err == nil {
			err = s.take(p)
		}
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				s.log.Debug("guacamole: tunnel ended", "error", err)
			}
			s.fail(err)
			return
		}
		for {
			s.mu.Lock()
			wait := len(s.in) > maxIn && s.err == nil
			s.mu.Unlock()
			if !wait {
				break
			}
			select {
			case <-s.room:
			case <-s.ctx.Done():
				s.fail(s.ctx.Err())
				return
			}
		}
	}
}

// mind does what is due at its time, and what others leave to it because they may not
// wait for the tunnel.
func (s *Sink) mind() {
	defer s.wait.Done()
	timer := time.NewTimer(nopEvery)
	defer timer.Stop()
	for {
		select {
		case <-s.wake:
		case <-timer.C:
		case <-s.ctx.Done():
			return
		}
		s.mu.Lock()
		wait := s.duties(time.Now())
		flush := s.out.Len() > 0
		s.mu.Unlock()
		if flush && s.flush(s.ctx) != nil {
			return
		}
		timer.Reset(wait)
	}
}

// duties does what is due and says when something is again.
func (s *Sink) duties(now time.Time) (wait time.Duration) {
	wait = nopEvery
	later := func(d time.Duration) { wait = max(min(wait, d), time.Millisecond) }
	if d := s.draw(now); d > 0 {
		later(d)
	}
	if p := &s.page; p.resized {
		if d := settled - now.Sub(p.resizedAt); d > 0 {
			later(d)
		} else {
			s.resize()
		}
	}
	switch ok, d := s.pace.pay(now); {
	case ok, s.pace.forgotten(now, s.heard):
		canvas{s}.sync(now)
	case d > 0:
		later(d)
	}
	if silent := now.Sub(s.wrote); silent >= nopEvery && s.out.Len() == 0 {
		s.out.Begin("nop")
		s.out.End()
	} else {
		later(nopEvery - silent)
	}
	if quiet := now.Sub(s.lastEvent); s.idle {
	} else if quiet >= idleAfter {
		s.idle = true
		s.rest()
	} else {
		later(idleAfter - quiet)
	}
	return wait
}

// rest lets go of memory.
func (s *Sink) rest() {
	if s.out.Len() == 0 {
		s.out.Trim(kept)
	}
	select {
	case s.token <- struct{}{}:
		s.spare.Trim(kept)
		<-s.token
	default:
	}
	if cap(s.parts) > 64 {
		s.parts = nil
	}
	s.page.rest()
	if c, ok := s.content.(interface{ Idle() }); ok {
		c.Idle()
	}
}

// draw lets the content draw if the page can take it, and says how long it should
// wait else; 0: until something happens.
func (s *Sink) draw(now time.Time) (wait time.Duration) {
	if !s.due || s.err != nil {
		return 0
	}
	ok, wait := s.pace.may(now)
	if !ok {
		return wait
	}
	s.due = false
	frames := s.pace.sent
	wait = s.content.Draw(canvas{s})
	if s.pace.sent != frames || s.pace.owed {
		s.pace.drew(now, time.Now())
	}
	if wait > 0 {
		s.due = true
		s.pace.after(now.Add(wait))
	}
	return wait
}
