package guacamole

import (
	"fmt"
	"time"

	"github.com/porthole-rac/porthole/protocol/wire"
)

// record acts on one record of the relay. Sink.mu is held.
func (s *Sink) record(t wire.Type, body []byte) error {
	if s.out.Len() > maxOut {
		return fmt.Errorf("%d MB wait for the page", maxOut>>20)
	}
	switch t {
	case wire.TypeWelcome:
		var m wire.Welcome
		if err := m.Decode(body); err != nil {
			return err
		}
		s.welcome = m
		s.gate.open(&m)
		canvas{s}.Name(m.Endpoint)
		s.content.Welcome(&m)
	case wire.TypeConnected:
		if !s.cfg.Silent {
			m := wire.AudioControl{On: true}
			s.toRelay(m.Append(nil))
		}
		return s.pass(t, body)
	case wire.TypePing:
		var m wire.Ping
		if err := m.Decode(body); err != nil {
			return err
		}
		if time.Since(s.heard) < alive { // else the relay shall find out that nobody is there
			r := wire.Pong{Time: m.Time}
			s.toRelay(r.Append(nil))
		}
	case wire.TypePrompt:
		var m wire.Prompt
		if err := m.Decode(body); err != nil {
			return err
		}
		if s.content.Prompt(canvas{s}, &m) {
			s.due = true
			return nil
		}
		s.ending = unasked(&m)
		a := wire.Answer{ID: m.ID, Cancelled: true}
		s.toRelay(a.Append(nil))
	case wire.TypeEnd:
		var m wire.End
		if err := m.Decode(body); err != nil {
			return err
		}
		s.end(&m)
	case wire.TypeInputAck:
		var m wire.InputAck
		if err := m.Decode(body); err != nil {
			return err
		}
		s.in = s.gate.confirm(s.in, m.Bytes)
		signal(s.ready)
	case wire.TypeMark:
		var m wire.Mark
		if err := m.Decode(body); err != nil {
			return err
		}
		s.in = s.gate.confirm(s.in, m.InputBytes)
		signal(s.ready)
		return s.pass(t, body)
	case wire.TypeDesktopBegin:
		s.pace.begin()
		return s.pass(t, body)
	case wire.TypeClipboard:
		if _, ok := s.content.(clipboards); ok {
			return s.pass(t, body)
		}
		return s.clipboard(body)
	case wire.TypeAudioFormat, wire.TypeAudioData:
		return s.hear(t, body)
	case wire.TypeProgress, wire.TypeNotice, wire.TypePromptGone, wire.TypeClipboardRequest:
		return s.pass(t, body)
	default:
		if t >= wire.TypeOutput && t < wire.TypePointer {
			return s.pass(t, body)
		}
	}
	return nil
}

// pass gives a record to the content.
func (s *Sink) pass(t wire.Type, body []byte) error {
	s.due = true
	return s.content.Record(canvas{s}, t, body)
}

// toRelay sends records past the input's window.
func (s *Sink) toRelay(records []byte) {
	s.in = append(s.in, records...)
	signal(s.ready)
}

// end tells the page why the connection is over.
func (s *Sink) end(m *wire.End) {
	if s.ending != nil && m.Code == wire.EndCancelled {
		m = s.ending
	}
	c := canvas{s}
	c.endClipboard()
	c.endSound()
	c.sync(time.Now()) // what was painted last is seen
	goodbye(&s.out, m)
}

// clipboard passes a part of the target's clipboard on.
func (s *Sink) clipboard(body []byte) error {
	var m wire.Clipboard
	if err := m.Decode(body); err != nil {
		return err
	}
	c := canvas{s}
	if m.Denied {
		c.endClipboard()
		return nil
	}
	c.clipboardPart(m.Type, m.Data, m.More)
	return nil
}

// hear passes sound on. The page plays samples in 16 bits as they are.
func (s *Sink) hear(t wire.Type, body []byte) error {
	c := canvas{s}
	if t == wire.TypeAudioData {
		var m wire.AudioData
		if err := m.Decode(body); err != nil {
			return err
		}
		if s.sound {
			s.out.Blobs(streamSound, m.Data)
		}
		return nil
	}
	var m wire.AudioFormat
	if err := m.Decode(body); err != nil {
		return err
	}
	c.endSound()
	if m.Channels == 0 || m.Codec != wire.AudioPCM {
		return nil
	}
	s.sound = true
	s.out.Begin("audio")
	s.out.Int(streamSound)
	s.out.Text(fmt.Sprintf("audio/L16;rate=%d,channels=%d", m.Rate, m.Channels))
	s.out.End()
	return nil
}

func (c canvas) endSound() {
	if c.sound {
		c.sound = false
		c.out.Begin("end")
		c.out.Int(streamSound)
		c.out.End()
	}
}
