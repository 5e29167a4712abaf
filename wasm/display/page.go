//go:build js

package main

import (
	"encoding/base64"
	"syscall/js"
	"time"

	"github.com/porthole-rac/porthole/protocol/wire"
)

// view is the browser's view of the desktop.
type view struct {
	width, height float64 // CSS pixels
	scale         float64 // device pixel ratio
	drive         bool    // the view gives the desktop its size
	sent          wire.Window
	timer         *time.Timer
}

// settled is how long a view must keep its size before the desktop follows: each
// change costs the target a whole picture.
const settled = 200 * time.Millisecond

func (v *view) thousandths() int { return int(v.scale*1000 + .5) }

func (v *view) set(m js.Value) {
	v.width, v.height, v.scale = number(m, "width", v.width), number(m, "height", v.height), number(m, "scale", 1)
	if v.drive = m.Get("drive").Truthy(); !v.drive {
		v.sent = wire.Window{} // it is told again when it gives the size again
	}
}

// number reads a field that may be missing.
func number(m js.Value, name string, otherwise float64) float64 {
	if v := m.Get(name); v.Type() == js.TypeNumber {
		return v.Float()
	}
	return otherwise
}

func text(m js.Value, name string) string {
	if v := m.Get(name); v.Type() == js.TypeString {
		return v.String()
	}
	return ""
}

// sendWindow tells the relay the view's size, if it is to be the desktop's.
func (s *session) sendWindow() {
	v := &s.view
	w := wire.Window{Width: int(v.width*v.scale + .5), Height: int(v.height*v.scale + .5), Scale: v.thousandths()}
	if !v.drive || w == v.sent || w.Width < 1 || w.Height < 1 || !s.online() {
		return
	}
	v.sent = w
	s.send(w.Append(s.buf[:0]))
}

// fromPage acts on a message of the page.
func (s *session) fromPage(_ js.Value, args []js.Value) any {
	m := args[0]
	kind := text(m, "t")
	if s.link == nil && kind != "start" {
		return nil
	}
	switch kind {
	case "start":
		s.start(m)
	case "view":
		s.view.set(m)
		if s.view.timer != nil {
			s.view.timer.Stop()
		}
		s.view.timer = time.AfterFunc(settled, s.sendWindow)
	case "hidden":
		s.hidden = m.Get("on").Truthy()
		v := wire.Visibility{Hidden: s.hidden}
		s.send(v.Append(s.buf[:0]))
	case "input":
		s.pageInput(m.Get("events"))
	case "typed":
		s.sendInput(s.hands.Typed(s.buf[:0], text(m, "text")))
	case "power":
		s.sendInput(s.hands.Power(s.buf[:0], wire.PowerAction(number(m, "action", 0))))
	case "answer":
		s.answer(m)
	case "clipboard":
		s.sendClipboard(m)
	case "quality":
		q := wire.Quality{Level: int(number(m, "level", 0))}
		s.send(q.Append(s.buf[:0]))
	case "listen":
		s.timing.listens = m.Get("on").Truthy()
		l := wire.AudioControl{On: s.timing.listens}
		s.send(l.Append(s.buf[:0]))
	case "refresh":
		r := wire.Refresh{}
		s.send(r.Append(s.buf[:0]))
	case "retry":
		s.link.Retry()
	case "drop":
		s.link.Drop()
	case "stats":
		s.stats(m.Get("id"))
	case "bye":
		s.bye()
	}
	return nil
}

func (s *session) start(m js.Value) {
	s.view.set(m.Get("view"))
	hello := m.Get("hello")
	s.abilities = map[wire.Ability]string{wire.AbilityUserAgent: "porthole-display"}
	for name, a := range map[string]wire.Ability{
		"timeZone": wire.AbilityTimeZone, "locale": wire.AbilityLocale, "keyboard": wire.AbilityKeyboard,
		"touch": wire.AbilityTouch, "pictures": wire.AbilityPictures, "video": wire.AbilityVideo, "audio": wire.AbilityAudio,
	} {
		if v := text(hello, name); v != "" {
			s.abilities[a] = v
		}
	}
	s.hidden = m.Get("hidden").Truthy()
	if r := m.Get("resume"); r.Type() == js.TypeObject {
		secret, err := base64.RawURLEncoding.DecodeString(text(r, "secret"))
		if err == nil {
			s.welcome.Connection, s.welcome.Secret = text(r, "connection"), secret
		}
	}
	s.connect(text(m, "url"))
}

func (s *session) answer(m js.Value) {
	a := wire.Answer{ID: uint64(number(m, "id", 0))}
	if values := m.Get("values"); values.Type() == js.TypeObject {
		for i := range values.Length() {
			a.Values = append(a.Values, values.Index(i).String())
		}
	} else {
		a.Cancelled = true
	}
	s.link.Send(a.Append(nil)) // not in the common buffer: it holds secrets
	s.setState(stateConnecting)
}

func (s *session) bye() {
	if s.link.Open() {
		m := wire.Bye{}
		s.send(m.Append(s.buf[:0]))
		return
	}
	s.endOwn(wire.EndDisconnected, "", "You disconnected.", "", false)
}
