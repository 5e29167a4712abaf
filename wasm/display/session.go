//go:build js

package main

import (
	"encoding/base64"
	"errors"
	"syscall/js"
	"time"
	"unsafe"

	"github.com/porthole-rac/porthole/protocol/picture"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/wasm/display/input"
	"github.com/porthole-rac/porthole/wasm/link"
)

// States, as those of the automation API.
const (
	stateConnecting   = "connecting"
	statePrompting    = "prompting"
	stateConnected    = "connected"
	stateReconnecting = "reconnecting"
	stateEnded        = "ended"
)

// shortestStay is how long the relay is looked for at least.
const shortestStay = 20 * time.Second

// session is everything that the program knows. All of it runs on the worker's one
// thread; callbacks must not block.
type session struct {
	bridge js.Value // globalThis.porthole of the worker
	link   *link.Link
	stream *picture.Stream
	state  string

	abilities map[wire.Ability]string
	view      view
	hidden    bool
	ready     bool // the target is there
	ended     bool
	welcome   wire.Welcome
	kept      bool // what was taken over of the stream is worth something
	renewed   bool // a broken stream was begun anew once
	renewing  bool // that has not come yet
	painting  chan struct{}
	acked     uint64
	message   []byte // of the relay, what is not kept by the scripts

	hands  *input.Machine
	events []byte // of the page
	timing timing
	relay  wire.Stats
	clip   clipboard
	buf    []byte
}

func newSession(bridge js.Value) *session {
	s := &session{bridge: bridge, painting: make(chan struct{}, 1), state: stateConnecting, hands: input.New()}
	s.stream = picture.New(canvas{s})
	return s
}

func (s *session) connect(url string) {
	s.link = link.New(url, link.Events{
		Hello: s.hello, Message: s.receive, Batch: func() {}, Lost: s.lost,
		Hidden: func() bool { return s.hidden }, Take: s.take,
	})
	go s.link.Run(func() time.Duration { return max(time.Duration(s.welcome.ResumeFor)*time.Second, shortestStay) })
}

// post tells the page something.
func (s *session) post(kind string, fields map[string]any) {
	if fields == nil {
		fields = make(map[string]any, 1)
	}
	fields["t"] = kind
	s.bridge.Call("post", fields)
}

func (s *session) setState(to string) {
	if s.state != to && s.state != stateEnded {
		s.state = to
		s.post("state", map[string]any{"state": to})
	}
}

func (s *session) hello() *wire.Hello {
	h := &wire.Hello{Version: wire.Version, Hidden: s.hidden, Abilities: s.abilities}
	h.Screen.Scale = s.view.thousandths()
	if s.view.drive {
		h.Screen.Width, h.Screen.Height = int(s.view.width), int(s.view.height)
	}
	if s.welcome.Connection != "" {
		h.Resume = wire.Resume{Connection: s.welcome.Connection, Secret: s.welcome.Secret}
		if s.kept {
			h.Resume.Epoch, h.Resume.Offset = s.stream.ID, uint64(bridgeOffset())
		}
	}
	return h
}

var errMessage = errors.New("message cut off")

// take has the scripts keep what is theirs of a message, and copies the rest.
func (s *session) take(message js.Value) ([]byte, error) {
	n := s.bridge.Call("split", message).Int()
	if n < 0 {
		s.broken(errMessage)
		return nil, errMessage
	}
	if n == 0 {
		return nil, nil
	}
	if cap(s.message) < n || cap(s.message) > keptMessage && n <= keptMessage {
		s.message = make([]byte, max(n, 64<<10))
	}
	p := s.message[:n]
	bridgeTake(unsafe.Pointer(unsafe.SliceData(p)))
	return p, nil
}

// keptMessage bounds the memory for messages that is kept between them.
const keptMessage = 1 << 20

// receive acts on one record of the relay.
func (s *session) receive(t wire.Type, body []byte) {
	if t >= wire.TypeDesktopBegin && t < wire.TypePointer && t != wire.TypeDesktopInfo || t == wire.TypeMark {
		s.picture(t, body)
		return
	}
	if link.Record(s, t, body) {
		return
	}
	switch t {
	case wire.TypeStats:
		_ = s.relay.Decode(body)
	case wire.TypeDesktopInfo:
		var m wire.DesktopInfo
		if m.Decode(body) == nil {
			s.hands.ScanCodes(m.Abilities&wire.CanScanCodes != 0)
			s.post("info", map[string]any{
				"name": m.Name, "protection": int(m.Protection), "security": m.Security, "server": m.Server, "abilities": uint64(m.Abilities),
			})
		}
	case wire.TypeClipboard:
		s.clip.received(s, body)
	case wire.TypeAudioFormat:
		var m wire.AudioFormat
		if m.Decode(body) == nil {
			bridgeSoundFormat(int32(m.Codec), int32(m.Rate), int32(m.Channels))
		}
	case wire.TypeAudioData:
		var m wire.AudioData
		if m.Decode(body) == nil && len(m.Data) > 0 {
			bridgeSound(float64(m.Time), unsafe.Pointer(unsafe.SliceData(m.Data)), int32(len(m.Data)))
		}
	}
}

// picture acts on a record of the stream.
func (s *session) picture(t wire.Type, body []byte) {
	if t == wire.TypeDesktopBegin {
		s.kept, s.acked = true, 0
	}
	if !s.kept { // the rest of a stream that is over
		return
	}
	from := now()
	if err := s.stream.Record(t, body); err != nil {
		s.broken(err)
		return
	}
	s.timing.decode += now() - from
	switch t {
	case wire.TypeDesktopBegin, wire.TypeDesktopSize:
		s.hands.Size(s.stream.Size())
	case wire.TypeMark:
		s.taken(s.stream.Input)
	}
	for s.stream.Full() { // the relay waits meanwhile: nothing is acknowledged
		<-s.painting
	}
}

// painted is called by the scripts after painting: how many frames, how long it took,
// how many of them had something to paint, and which was the last of those.
func (s *session) painted(_ js.Value, args []js.Value) any {
	s.timing.paint += args[1].Float()
	s.timing.frames += args[2].Int()
	last := args[3].Int()
	var mark, shown wire.Mark
	for i := range args[0].Int() {
		if m := s.stream.Painted(); m.Number != 0 {
			mark = m
			if i+1 == last {
				shown = m
			}
		}
	}
	if mark.Number > s.acked {
		s.acked = mark.Number
		s.ack()
	}
	if shown.Number != 0 {
		s.timing.shown(shown.InputBytes)
	}
	select {
	case s.painting <- struct{}{}:
	default:
	}
	return nil
}

// ack tells what is painted. Before the relay has taken the hello it does not know of
// which stream; welcomed makes up for it.
func (s *session) ack() {
	if !s.link.Open() {
		return
	}
	m := wire.Ack{Number: s.acked}
	s.send(m.Append(s.buf[:0]))
}

// pictureFailed is called by the scripts when the browser cannot decode a picture.
func (s *session) pictureFailed(_ js.Value, args []js.Value) any {
	if s.kept {
		s.broken(errors.New(args[0].String()))
	}
	return nil
}

// broken begins a new stream, once: what follows cannot be decoded any more.
func (s *session) broken(err error) {
	if s.ended || s.renewing {
		return
	}
	s.stream.Stop()
	s.kept = false
	if s.renewed {
		s.endOwn("picture", "", "The picture from the machine could not be read: "+err.Error()+".",
			"Connect again; if it happens again, choose another quality or encoding in the endpoint's settings.", true)
		return
	}
	s.renewed, s.renewing = true, true
	s.post("notice", map[string]any{"code": "picture-renewed", "text": "A part of the picture could not be read; the whole picture is fetched again.", "detail": err.Error()})
	s.link.Drop()
}

// Progress implements link.Owner.
func (s *session) Progress(m *wire.Progress) {
	s.setState(stateConnecting)
	s.post("progress", map[string]any{"step": m.Step, "detail": m.Detail})
}

// PromptGone implements link.Owner.
func (s *session) PromptGone(id uint64) { s.post("promptGone", map[string]any{"id": id}) }

// Noticed implements link.Owner.
func (s *session) Noticed(m *wire.Notice) {
	s.post("notice", map[string]any{"code": m.Code, "text": m.Text, "detail": m.Detail})
}

// Confirmed implements link.Owner.
func (s *session) Confirmed(inputs uint64) { s.taken(inputs) }

// Welcomed implements link.Owner.
func (s *session) Welcomed(m *wire.Welcome) {
	s.welcome, s.renewing = *m, false
	secret := base64.RawURLEncoding.EncodeToString(m.Secret)
	s.post("save", map[string]any{"connection": m.Connection, "secret": secret})
	if s.ready { // else nothing is typed before there is somebody to take it
		s.hands.Begin(m.InputBytes, m.InputWindow, m.ReadOnly)
	}
	if m.Resumed != wire.ResumedContinue {
		s.kept, s.acked = false, 0
		s.stream.Stop()
	} else if s.acked > 0 {
		s.ack() // the last one may have been lost with the socket
	}
	s.post("welcome", map[string]any{
		"connection": m.Connection, "endpoint": m.Endpoint, "protocol": m.Protocol, "user": m.User,
		"readOnly": m.ReadOnly, "disableCopy": m.DisableCopy, "disablePaste": m.DisablePaste, "clipboard": m.Clipboard,
		"resumeFor": m.ResumeFor, "resumed": int(m.Resumed),
	})
}

// Connected implements link.Owner.
func (s *session) Connected() {
	m := &s.welcome
	if !s.ready {
		s.ready = true
		s.hands.Begin(m.InputBytes, m.InputWindow, m.ReadOnly)
	}
	s.setState(stateConnected)
	s.post("connected", map[string]any{
		"endpoint": m.Endpoint, "protocol": m.Protocol, "user": m.User,
		"readOnly": m.ReadOnly, "disableCopy": m.DisableCopy, "disablePaste": m.DisablePaste,
	})
	s.view.sent = wire.Window{}
	s.sendWindow()
	if s.timing.listens {
		l := wire.AudioControl{On: true}
		s.send(l.Append(s.buf[:0]))
	}
}

// Prompted implements link.Owner.
func (s *session) Prompted(m *wire.Prompt) {
	s.setState(statePrompting)
	s.post("prompt", link.Question(m))
}

// online tells whether input can go to the target.
func (s *session) online() bool { return s.link != nil && s.link.Open() && s.ready }

func (s *session) send(p []byte) bool {
	s.buf = p[:0]
	return s.link != nil && s.link.Send(p)
}

// lost is called when the socket is gone; attempt -1: for good.
func (s *session) lost(attempt int, in time.Duration) {
	if s.ended {
		return
	}
	s.hands.Away()
	first := s.welcome.Connection == ""
	if attempt < 0 {
		message, remedy := "The relay cannot be reached any more.", "Check your network, then open the connection again from My applications."
		if first {
			message = "The relay cannot be reached."
		}
		s.endOwn("network", "", message, remedy, true)
		return
	}
	if !first {
		s.setState(stateReconnecting)
	}
	s.post("reconnecting", map[string]any{"attempt": attempt, "inMs": in.Milliseconds(), "first": first})
}

// end is the last word, of the relay or our own.
// Ended implements link.Owner.
func (s *session) Ended(m *wire.End) {
	if s.ended {
		return
	}
	s.ended = true
	s.link.Close()
	s.setState(stateEnded)
	s.post("end", map[string]any{
		"code": m.Code, "step": m.Step, "message": m.Message, "remedy": m.Remedy, "canReconnect": m.Retry,
		"forget": m.Code != wire.EndProtocol, // there the connection waits, for the page when it is loaded anew
	})
}

func (s *session) endOwn(code, step, message, remedy string, retry bool) {
	s.Ended(&wire.End{Code: code, Step: step, Message: message, Remedy: remedy, Retry: retry})
}
