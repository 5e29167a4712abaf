package guacamole

import (
	"encoding/base64"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"time"

	"github.com/porthole-rac/porthole/protocol/guac"
	"github.com/porthole-rac/porthole/protocol/wire"
)

// page is what is known of the page. Sink.mu guards it.
type page struct {
	parser guac.Parser
	buf    []byte // of records

	width, height int // wanted
	resized       bool
	resizedAt     time.Time

	clip     []byte // that is being sent
	clipKind string
	clipFrom int // its stream
	clipping bool
	clipLost bool // it is too long

	given maphash.Hash // what the page was given to copy
}

// clipboardUntold bounds a clipboard before the relay has told its bound, bytes.
const clipboardUntold = 256 << 10

// rest lets go of memory.
func (p *page) rest() {
	if cap(p.buf) > kept {
		p.buf = nil
	}
	if !p.clipping {
		p.clip = nil
	}
}

// take acts on a message of the page. An error ends the attachment.
func (s *Sink) take(message []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = time.Now()
	for len(message) > 0 {
		in, rest, err := s.page.parser.Next(message)
		if err != nil {
			return fmt.Errorf("guacamole: %w", err)
		}
		message = rest
		if err := s.instruction(&in); err != nil {
			return err
		}
	}
	if s.out.Len() > 0 || s.due {
		signal(s.wake)
	}
	if s.pace.stuck() {
		return errStuck
	}
	return nil
}

var errStuck = errors.New("guacamole: the page does not paint any more")

// instruction acts on one. What is not understood is left alone: pages are older or
// newer than this.
func (s *Sink) instruction(in *guac.Instruction) error {
	switch string(in.Opcode) {
	case "sync":
		if stamp, ok := in.Int(0); ok {
			s.painted(int64(stamp))
		}
	case "key":
		sym, ok := in.Int(0)
		down, _ := in.Int(1)
		if ok && sym > 0 && sym <= 1<<32-1 {
			s.input(s.content.Key(s.page.buf[:0], uint32(sym), down != 0))
		}
	case "mouse":
		x, okX := in.Int(0)
		y, okY := in.Int(1)
		mask, okMask := in.Int(2)
		if okX && okY && okMask {
			x, y = min(max(x, 0), wire.MaxSide), min(max(y, 0), wire.MaxSide)
			s.input(s.content.Pointer(s.page.buf[:0], x, y, wire.Buttons(mask&0x1f)))
		}
	case "size":
		w, okW := in.Int(0)
		h, okH := in.Int(1)
		if okW && okH && w > 0 && h > 0 {
			p := &s.page
			p.width, p.height = min(w, wire.MaxSide), min(h, wire.MaxSide)
			p.resized, p.resizedAt = true, time.Now()
			signal(s.wake)
		}
	case "clipboard", "blob", "end":
		s.pageClipboard(in)
	case "file", "pipe", "audio", "argv":
		if stream, ok := in.Int(0); ok && s.out.Len() < maxAside {
			canvas{s}.ack(stream, "Not supported", guac.StatusUnsupported)
		}
	case "disconnect":
		return io.EOF
	case "":
		if string(in.Arg(0)) == "ping" && s.out.Len() < maxAside {
			s.out.Begin("")
			s.out.Text("ping")
			s.out.Text(string(in.Arg(1)))
			s.out.End()
		}
	}
	return nil
}

// painted takes the page's answer to a frame.
func (s *Sink) painted(stamp int64) {
	if mark := s.pace.painted(stamp, time.Now()); mark != 0 {
		m := wire.Ack{Number: mark}
		s.in = m.Append(s.in)
		signal(s.ready)
	}
	if s.pace.owed {
		signal(s.wake)
	}
}

// input sends what a person did to the relay, as far as the target may have it.
func (s *Sink) input(records []byte) {
	s.page.buf = records[:0]
	if len(records) == 0 {
		s.due = true // it may have changed what is seen
		return
	}
	s.due = true
	if s.welcome.Version == 0 { // nobody is there to take it
		return
	}
	if s.in = s.gate.add(s.in, records); s.gate.lost {
		s.gate.lost = false
		s.log.Warn("guacamole: input lost, the target takes none")
	}
	signal(s.ready)
}

// resize tells the window's size. The stock page tells it when it is connected, too.
func (s *Sink) resize() {
	p := &s.page
	if s.welcome.Version == 0 {
		p.resizedAt = time.Now()
		return
	}
	p.resized = false
	s.input(s.content.Resize(p.buf[:0], p.width, p.height))
}

// pageClipboard takes the page's clipboard, which comes as a stream.
func (s *Sink) pageClipboard(in *guac.Instruction) {
	p := &s.page
	stream, ok := in.Int(0)
	if !ok {
		return
	}
	c := canvas{s}
	if in.Is("clipboard") {
		p.clip, p.clipKind, p.clipFrom = p.clip[:0], string(in.Arg(1)), stream
		p.clipping, p.clipLost = len(p.clipKind) <= wire.MaxName, false
		return
	}
	if !p.clipping || stream != p.clipFrom {
		return
	}
	if in.Is("end") {
		p.clipping = false
		s.copied()
		return
	}
	most := s.welcome.Clipboard
	if most == 0 {
		most = clipboardUntold
	}
	data := in.Arg(1)
	n := len(p.clip)
	decoded, err := base64.StdEncoding.AppendDecode(p.clip, data)
	switch {
	case err != nil:
		c.ack(stream, "Not base64", guac.StatusBadRequest)
		p.clipLost = true
	case p.clipLost || len(decoded) > most:
		c.ack(stream, "The clipboard is longer than this endpoint allows", guac.StatusOverrun)
		p.clip, p.clipLost = p.clip[:n], true
	default:
		p.clip = decoded
		c.ack(stream, "OK", guac.StatusSuccess)
	}
}

// copied gives a whole clipboard to the content. What came from the target a moment
// ago does not go back to it: the target would lose its other formats.
func (s *Sink) copied() {
	p := &s.page
	if p.clipLost || s.welcome.DisablePaste || s.welcome.ReadOnly {
		return
	}
	var h maphash.Hash
	h.SetSeed(p.given.Seed())
	_, _ = h.Write(p.clip)
	if h.Sum64() == p.given.Sum64() {
		return
	}
	s.input(s.content.Clipboard(p.buf[:0], p.clipKind, p.clip))
}
