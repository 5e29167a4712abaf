package session

import (
	"time"
	"unicode/utf8"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
)

// inputPoll is how soon a browser is told that its input was taken, when no mark
// tells it.
const inputPoll = 30 * time.Millisecond

// desktopFeed is one browser's view of a desktop. Session.mu guards it.
type desktopFeed struct {
	v       *viewer
	d       *desktop
	stream  uint64 // that it has been told to begin
	sent    uint64 // of the stream, bytes
	sending *chunk
	size    int    // bytes of it being sent
	input   uint64 // input count last told
	renew   bool   // it has nothing of the stream
	refused bool   // was told that pasting is disabled
}

// collectLocked implements feed.
func (f *desktopFeed) collectLocked(dst []byte, _ time.Time) (out []byte, wait time.Duration) {
	d := f.d
	if s := &d.stream; s.open && f.stream != s.id {
		m := wire.DesktopBegin{Width: s.width, Height: s.height, Stream: s.id}
		dst = m.Append(dst)
		f.stream, f.sent, f.renew = s.id, 0, false
	}
	dst = d.sound.appendTo(dst)
	var more bool
	if dst, more = d.clip.appendPart(dst); more {
		wait = time.Millisecond
	}
	if f.input < d.inputs {
		n := d.dropped
		if d.remote != nil {
			n += d.remote.Taken()
		}
		if n > f.input {
			f.input = n
			m := wire.InputAck{Bytes: n}
			dst = m.Append(dst)
		}
		if f.input < d.inputs && wait == 0 {
			wait = inputPoll
		}
	}
	return dst, wait
}

// takeLocked implements feed.
func (f *desktopFeed) takeLocked() []byte {
	s := &f.d.stream
	if !s.open || f.stream != s.id {
		return nil
	}
	p, c := s.from(f.sent)
	if len(p) == 0 {
		return nil
	}
	c.users++
	f.sending, f.size = c, len(p)
	f.sent += uint64(len(p))
	return p
}

// sentLocked implements feed.
func (f *desktopFeed) sentLocked() {
	f.sending.users--
	f.sending = nil
	if f.d.feed == f {
		f.d.makeRoomLocked() // less waits for the socket
	}
}

// replacedLocked implements feed.
func (f *desktopFeed) replacedLocked() {}

// receive implements feed.
func (f *desktopFeed) receive(t wire.Type, body []byte) error {
	d := f.d
	d.mu.Lock()
	remote, l := d.remote, d.limits
	d.mu.Unlock()
	switch t {
	case wire.TypePointer, wire.TypePointerRelative, wire.TypeKey, wire.TypeTyped, wire.TypePower:
		return f.take(remote, t, body)
	case wire.TypeAck:
		var m wire.Ack
		if err := m.Decode(body); err != nil {
			return err
		}
		f.ack(remote, m.Number)
	case wire.TypeWindow:
		var m wire.Window
		if err := m.Decode(body); err != nil {
			return err
		}
		w := target.Window(m)
		d.mu.Lock()
		d.window = w
		d.mu.Unlock()
		if remote != nil {
			remote.Window(w)
		}
	case wire.TypeVisibility:
		var m wire.Visibility
		if err := m.Decode(body); err != nil {
			return err
		}
		d.mu.Lock()
		d.hidden = m.Hidden
		watched := d.watchedLocked()
		d.mu.Unlock()
		if remote != nil {
			remote.Watched(watched)
		}
	case wire.TypeQuality:
		var m wire.Quality
		if err := m.Decode(body); err != nil {
			return err
		}
		d.mu.Lock()
		d.quality = m.Level
		d.mu.Unlock()
		if remote != nil {
			remote.Quality(m.Level)
		}
	case wire.TypeAudioControl:
		var m wire.AudioControl
		if err := m.Decode(body); err != nil {
			return err
		}
		d.mu.Lock()
		d.listens = m.On
		if d.sound.clear(); m.On {
			d.sound.queue = d.sound.format.Append(nil)
		}
		d.mu.Unlock()
		if remote != nil {
			remote.Listen(m.On)
		}
	case wire.TypeRefresh:
		if remote != nil {
			remote.Refresh()
		}
	case wire.TypeClipboard:
		var m wire.Clipboard
		if err := m.Decode(body); err != nil {
			return err
		}
		if l.ReadOnly || l.DisablePaste {
			f.refuse(l.DisablePaste)
			return nil
		}
		d.mu.Lock()
		kind, content, whole := d.clip.in.add(&m, l.ClipboardBufferSize)
		d.mu.Unlock()
		if whole && remote != nil {
			remote.Clipboard(kind, content)
		}
	}
	return nil
}

// take hands one input to the target. In a read-only session nothing reaches it.
func (f *desktopFeed) take(remote target.Desktop, t wire.Type, body []byte) error {
	d := f.d
	var taken uint64
	if remote != nil {
		taken = remote.Taken()
	}
	d.mu.Lock()
	d.inputs++
	drop := remote == nil || d.limits.ReadOnly || t == wire.TypeTyped && d.limits.DisablePaste && len(body) > wire.MaxComposed
	if drop {
		d.dropped++
	}
	ahead := d.inputs - d.dropped - taken
	d.mu.Unlock()
	if ahead > 2*target.InputWindow && taken > 0 { // the count of a browser before may be in it
		return errInputWindow
	}
	if drop {
		f.v.signal()
		return nil
	}
	switch t {
	case wire.TypePointer:
		var m wire.Pointer
		if err := m.Decode(body); err != nil {
			return err
		}
		remote.Pointer(m)
	case wire.TypePointerRelative:
		var m wire.PointerRelative
		if err := m.Decode(body); err != nil {
			return err
		}
		remote.PointerRelative(m)
	case wire.TypeKey:
		var m wire.Key
		if err := m.Decode(body); err != nil {
			return err
		}
		remote.Key(m)
	case wire.TypeTyped:
		var m wire.Typed
		if err := m.Decode(body); err != nil {
			return err
		}
		if !utf8.ValidString(m.Text) {
			return &protocolError{"typed text is not UTF-8"}
		}
		remote.Typed(m.Text)
	case wire.TypePower:
		var m wire.Power
		if err := m.Decode(body); err != nil {
			return err
		}
		remote.Power(m.Action)
	}
	f.v.signal() // the count is told soon
	return nil
}

// refuse says once that pasting is disabled.
func (f *desktopFeed) refuse(disabled bool) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if !disabled || f.refused {
		return
	}
	f.refused = true
	n := wire.Notice{Code: "paste-disabled", Text: "Pasting is switched off for this endpoint."}
	f.v.control(n.Append(nil))
}

// ack notes what is painted, lets the target go on, and tells the driver. One that
// is of an earlier stream may come late, and is no news.
func (f *desktopFeed) ack(remote target.Desktop, number uint64) {
	d := f.d
	now := time.Now()
	d.mu.Lock()
	if d.feed != f || f.stream != d.stream.id || !d.stream.open {
		d.mu.Unlock()
		return
	}
	m, ok := d.stream.paint(number, f.sent)
	if !ok {
		d.mu.Unlock()
		return
	}
	busy := d.stream.head-d.stream.done >= d.flow.window()/2
	delay := d.flow.painted(m, busy, now)
	p := target.Painted{Mark: m.number, Delay: delay, RTT: d.flow.shortest, Rate: d.flow.carried()}
	d.makeRoomLocked()
	d.mu.Unlock()
	f.v.signal()
	if remote != nil {
		remote.Painted(p)
	}
}
