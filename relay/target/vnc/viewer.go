package vnc

import (
	"errors"
	"fmt"
	"time"

	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/audio"
	"github.com/porthole-rac/porthole/relay/target"
)

// readSize is how much is read at once.
const readSize = 64 << 10

// viewer is what Run's goroutine alone knows.
type viewer struct {
	d      *desktop
	screen target.Screen
	out    *sender
	line   *line
	dec    *rfb.Decoder
	stream *stream
	asked  pixels
	buf    []byte
	pass   passing
	sound  *audio.Encoder

	info    wire.DesktopInfo
	cursor  wire.Cursor
	leds    wire.LEDs
	mode    wire.PointerMode
	hasLEDs bool

	within bool // an update
	pixels bool // it has some
	block  bool // the machine's own input is to be blocked
	fences bool // the server has messages that those who can block input do not have
	lost   bool // there is no stream: a new one is on its way
	plain  bool // encodings that remember are not passed on: the browser has no part of what came before
}

func newViewer(d *desktop, screen target.Screen) *viewer {
	return &viewer{
		d: d, screen: screen, stream: newStream(screen), buf: make([]byte, readSize),
		sound: audio.NewEncoder(d.abilities().Audio, screen),
	}
}

// run serves the connection, and those after it.
func (v *viewer) run(l *line, out *sender) error {
	for {
		if err := v.attach(l, out); err != nil {
			return err
		}
		if again, err := v.serve(); !again {
			return err
		}
		if l, out = v.d.switchOver(); l == nil {
			return nil
		}
	}
}

// attach begins the stream of a connection.
func (v *viewer) attach(l *line, out *sender) error {
	v.line, v.out = l, out
	v.asked = v.d.cfg.pixels()
	v.dec = rfb.NewDecoder(l.ready.Width, l.ready.Height, v.asked.format, v.d.cfg.limits())
	v.cursor, v.leds, v.mode, v.hasLEDs = wire.Cursor{}, wire.LEDs{}, wire.PointerMode{}, false
	v.within, v.pixels, v.lost, v.plain = false, false, false, false
	v.block, v.fences = v.d.cfg.Settings.DisableServerInput, false
	v.pass.abandon()
	v.sound.End()
	v.sound.Browser(v.d.abilities().Audio)
	v.info = wire.DesktopInfo{
		Name: l.ready.Name, Protection: protection(l.ready.Protection), Security: securityName(l.ready.Security),
		Server: "RFB " + l.ready.Announced.String(),
	}
	if v.d.cfg.Settings.EnableAudio {
		v.info.Abilities = wire.CanSound
	}
	return v.beginStream()
}

// beginStream begins a stream with what does not come by itself.
func (v *viewer) beginStream() error {
	w, h := v.dec.Size()
	if w > wire.MaxSide || h > wire.MaxSide {
		return tooLarge(w, h)
	}
	v.stream.forget()
	if err := v.screen.Begin(w, h); err != nil {
		return err
	}
	v.lost = false
	v.out.do(func(s *sender) { s.pace.begin() })
	err := v.tellInfo()
	if err == nil && v.cursor.Pixels != nil {
		err = v.stream.cursor(&v.cursor)
	}
	if err == nil && v.hasLEDs {
		err = v.stream.record(&v.leds)
	}
	if err == nil && v.mode.Relative {
		err = v.stream.record(&v.mode)
	}
	return v.tolerate(err)
}

func tooLarge(w, h int) error {
	return &rfb.ProtocolError{Step: "desktop size", Text: fmt.Sprintf("a screen of %d×%d, at most %d pixels a side are taken", w, h, wire.MaxSide)}
}

// tolerate takes ErrRenew: there is no stream until a second login is done.
func (v *viewer) tolerate(err error) error {
	if errors.Is(err, target.ErrRenew) {
		v.lost = true
		v.stream.forget()
		return nil
	}
	return err
}

// serve reads one connection until it ends; again: another one takes its place.
func (v *viewer) serve() (again bool, err error) {
	in := v.line.rest
	v.line.rest = nil
	for {
		if err := v.events(in); err != nil {
			return false, err
		}
		if !v.lost {
			v.stream.flush()
		}
		n, err := v.line.rw.Read(v.buf)
		if n > 0 {
			v.screen.FromTarget(n)
			if again, err := v.turn(); again || err != nil {
				return again, err
			}
			in = v.buf[:n]
			continue
		}
		if err == nil {
			continue
		}
		return v.gone(err)
	}
}

// turn looks whether a second login has ended.
func (v *viewer) turn() (again bool, err error) {
	switch turn(v.d.turn.Swap(int32(turnNone))) {
	case turnNew:
		return true, nil
	case turnOld:
		v.plain = true
		v.pass.abandon()
		return false, v.beginStream()
	}
	return false, nil
}

// gone handles the end of a connection: it may be that another one takes its place.
func (v *viewer) gone(err error) (again bool, _ error) {
	for v.d.isRenewing() {
		select {
		case <-v.d.turned:
		case <-v.d.ctx.Done():
			return false, v.d.ctx.Err()
		}
	}
	if turn(v.d.turn.Swap(int32(turnNone))) == turnNew {
		return true, nil
	}
	if broken := v.out.failure(); broken != nil {
		return false, broken
	}
	if ended(err) && !v.within {
		return false, nil
	}
	return false, err
}

// end gives up what the last connection has.
func (v *viewer) end() {
	v.out.close()
	v.sound.Close()
}

// events goes through what was read.
func (v *viewer) events(in []byte) error {
	for {
		ev, n, err := v.dec.Next(in)
		if err != nil {
			return err
		}
		in = in[n:]
		if ev == nil {
			return nil
		}
		if err := v.tolerate(v.event(ev)); err != nil {
			return err
		}
	}
}

// event handles those of the picture; they come often.
func (v *viewer) event(ev rfb.Event) error {
	switch ev := ev.(type) {
	case *rfb.Data:
		return v.pass.data(v, ev)
	case *rfb.Rect:
		return v.pass.begin(v, ev)
	case *rfb.RectEnd:
		return v.pass.end(v)
	case *rfb.Update:
		v.within, v.pixels = true, false
	case *rfb.UpdateEnd:
		return v.updated()
	case *rfb.Fence:
		v.fence(ev)
	case *rfb.Resize:
		return v.resize(ev)
	case *rfb.Cursor:
		return v.shape(ev)
	case *rfb.PointerMoved:
		if !v.lost {
			return v.stream.record(&wire.PointerMoved{X: ev.X, Y: ev.Y})
		}
	case *rfb.AudioData:
		_, _ = v.sound.Write(ev.Bytes)
	default:
		return v.other(ev)
	}
	return nil
}

// updated ends an update.
func (v *viewer) updated() error {
	v.within = false
	pixels := v.pixels && !v.lost
	var mark uint64
	var err error
	if pixels {
		mark, err = v.stream.mark()
		if pixels = err == nil; errors.Is(err, target.ErrRenew) {
			v.lost = true
			v.stream.forget()
			err = nil
		}
	}
	now := time.Now()
	v.out.note(func(s *sender) bool {
		s.pace.updated(now, pixels, mark)
		return s.pace.asks()
	})
	if v.block && v.pixels {
		v.blockInput()
	}
	return err
}

func (v *viewer) fence(f *rfb.Fence) {
	if f.Flags&rfb.FenceRequest == 0 {
		return
	}
	v.fences = true
	now := time.Now()
	v.out.note(func(s *sender) bool {
		if !s.pace.fences.add(now, f) {
			s.err = errSlow
		}
		n := len(s.pace.fences.list)
		return n == 1 || n > maxFences // else those before it have set the time
	})
}

// resize takes a new size.
func (v *viewer) resize(r *rfb.Resize) error {
	if r.Width > wire.MaxSide || r.Height > wire.MaxSide {
		return tooLarge(r.Width, r.Height)
	}
	refused := false
	v.out.do(func(s *sender) {
		refused = s.size.server(r)
		if r.Changed {
			s.resized(r.Width, r.Height)
		}
	})
	if refused {
		v.d.log.Info("vnc: the server does not take the size", "status", r.Status.String())
	}
	if r.Extended && !v.d.cfg.Settings.DisableDisplayResize {
		if err := v.ability(wire.CanResize, !(refused && r.Status == rfb.ResizeProhibited)); err != nil {
			return err
		}
	}
	if !r.Changed || v.lost {
		return nil
	}
	v.pixels = true // it changes what is seen
	return v.stream.record(&wire.DesktopSize{Width: r.Width, Height: r.Height})
}

// shape keeps a new cursor and passes it on.
func (v *viewer) shape(c *rfb.Cursor) error {
	w, h := c.Width, c.Height
	v.cursor = wire.Cursor{
		HotX: min(c.HotX, max(w-1, 0)), HotY: min(c.HotY, max(h-1, 0)), Width: w, Height: h, Pixels: append(v.cursor.Pixels[:0], c.Pixels...),
	}
	if v.cursor.Pixels == nil {
		v.cursor.Pixels = []byte{} // hidden, and known
	}
	if v.lost {
		return nil
	}
	return v.stream.cursor(&v.cursor)
}

// ability says that the server can do something, or cannot.
func (v *viewer) ability(a wire.DesktopAbilities, on bool) error {
	all := v.info.Abilities &^ a
	if on {
		all |= a
	}
	if all == v.info.Abilities {
		return nil
	}
	v.info.Abilities = all
	return v.tellInfo()
}

func (v *viewer) tellInfo() error {
	if v.lost {
		return nil
	}
	v.stream.commit()
	v.stream.dirty = true
	return v.screen.Info(v.info)
}
