//go:build js

package main

import (
	"encoding/base64"
	"strconv"
	"syscall/js"
	"time"

	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/protocol/term/selection"
	"github.com/porthole-rac/porthole/protocol/term/theme"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/wasm/client/screen"
	"github.com/porthole-rac/porthole/wasm/link"
)

// States of the automation API.
const (
	stateConnecting   = "connecting"
	statePrompting    = "prompting"
	stateConnected    = "connected"
	stateReconnecting = "reconnecting"
	stateEnded        = "ended"
)

// client is everything that the page's program knows. All of it runs on the
// browser's one thread; callbacks must not block.
type client struct {
	garbage *garbage
	ui      js.Value // globalThis.portholeUI
	api     js.Value // globalThis.porthole
	config  js.Value // globalThis.portholeConfig
	link    *link.Link
	screen  *screen.Screen
	view    screen.View
	anchor  uint64 // number of the view's first row, while the person has scrolled back
	term    *term.Terminal
	theme   theme.Theme
	options options
	scheme  string // guacd's color-scheme of the endpoint

	state   string
	reason  js.Value
	ready   bool // the target is there
	welcome wire.Welcome
	offset  uint64 // output applied
	mark    wire.Mark
	acked   uint64
	ended   bool

	sel    selection.Selection
	find   finding
	copier copyMode
	bar    bar

	input  input
	timing timing
	grid   wire.Grid // last asked for
	buf    []byte
	text   liveText
	blink  blink

	still     bool    // the person wants no motion
	belled    float64 // when the bell rang last
	shownBack uint32  // background that the page shows
	chosen    bool    // the person has chosen a theme for this session
}

func newClient() (*client, error) {
	g := js.Global()
	c := &client{
		ui: g.Get("portholeUI"), api: g.Get("porthole"), config: g.Get("portholeConfig"),
		state: stateConnecting, reason: js.Null(),
	}
	c.options = loadOptions()
	c.still = reducedMotion()
	c.term = term.New(term.Config{Cols: 80, Rows: 24, Scrollback: 1000, ImageBytes: term.ImageBudget})
	c.view = screen.View{Term: c.term, Theme: &c.theme, BlinkOn: true, Marked: c.marked, Found: c.found, Hovered: c.hovered, Place: c.copyPlace}
	c.chooseTheme()
	s, err := screen.New(&c.view, c.font(), screen.Drawing(c.config.Get("drawing").String()), c.painted)
	if err != nil {
		return nil, err
	}
	c.screen = s
	c.handleTerm()
	return c, nil
}

// start puts everything in motion.
func (c *client) start() {
	c.garbage = newGarbage()
	c.installAPI()
	c.installInput()
	c.watchSize()
	c.startBlink()
	c.link = link.New(c.config.Get("wsURL").String(), link.Events{
		Hello: c.hello, Message: c.receive, Batch: c.batch, Lost: c.lost, Hidden: hidden,
	})
	go c.link.Run(func() time.Duration { return max(time.Duration(c.welcome.ResumeFor), 20) * time.Second })
}

// handleTerm takes the events of the terminal. Answers to the program come from
// the relay's terminal, not from this one.
func (c *client) handleTerm() {
	c.term.Handle(term.Handler{
		Bell:  c.bell,
		Title: func(title string) { c.ui.Call("title", title); c.emit("title", title) },
	})
}

func (c *client) hello() *wire.Hello {
	h := &wire.Hello{Version: wire.Version, Grid: c.wantedGrid(), Hidden: hidden(), Colors: c.colors()}
	c.grid = h.Grid
	w := js.Global()
	scale := w.Get("devicePixelRatio").Float()
	h.Screen = wire.Screen{Width: w.Get("innerWidth").Int(), Height: w.Get("innerHeight").Int(), Scale: int(scale * 1000)}
	zone := w.Get("Intl").Get("DateTimeFormat").New().Call("resolvedOptions").Get("timeZone").String()
	h.Abilities = map[wire.Ability]string{
		wire.AbilityTimeZone: zone, wire.AbilityLocale: w.Get("navigator").Get("language").String(),
		wire.AbilityUserAgent: "porthole-client", wire.AbilitySnapshot: strconv.Itoa(term.SnapshotVersion),
	}
	if id, secret := c.loadResume(); id != "" {
		h.Resume = wire.Resume{Connection: id, Secret: secret, Offset: c.offset}
		if c.welcome.Connection == id {
			h.Resume.Epoch = c.welcome.Epoch
		}
	}
	return h
}

// The resume secret lives as long as the tab.

func (c *client) loadResume() (id string, secret []byte) {
	v := js.Global().Get("sessionStorage").Call("getItem", c.config.Get("storageKey"))
	if v.Type() != js.TypeString {
		return "", nil
	}
	text := v.String()
	for i := range len(text) {
		if text[i] == ' ' {
			secret, err := base64.RawURLEncoding.DecodeString(text[i+1:])
			if err == nil {
				return text[:i], secret
			}
		}
	}
	return "", nil
}

func (c *client) saveResume() {
	js.Global().Get("sessionStorage").Call("setItem", c.config.Get("storageKey"),
		c.welcome.Connection+" "+base64.RawURLEncoding.EncodeToString(c.welcome.Secret))
}

func (c *client) dropResume() {
	js.Global().Get("sessionStorage").Call("removeItem", c.config.Get("storageKey"))
}

// receive acts on one record of the relay.
func (c *client) receive(t wire.Type, body []byte) {
	if link.Record(c, t, body) {
		return
	}
	switch t {
	case wire.TypeOutput:
		var m wire.Output
		if m.Decode(body) == nil {
			c.output(&m)
		}
	case wire.TypeState:
		var m wire.State
		if m.Decode(body) == nil {
			c.restore(&m)
		}
	case wire.TypeResized:
		var m wire.Resized
		if m.Decode(body) == nil {
			c.resized(m.Grid)
		}
	case wire.TypeMark:
		if c.mark.Decode(body) == nil {
			c.input.confirmed(c.mark.InputBytes)
			c.flush()
			c.timing.arrived(c.mark.InputBytes)
		}
	case wire.TypeClipboard:
		c.clipboardFromTarget(body)
	case wire.TypeClipboardRequest:
		c.clipboardRequest(body)
	}
}

// Progress implements link.Owner.
func (c *client) Progress(m *wire.Progress) {
	c.setState(stateConnecting)
	c.ui.Call("progress", map[string]any{"step": m.Step, "detail": m.Detail})
}

// PromptGone implements link.Owner.
func (c *client) PromptGone(id uint64) { c.ui.Call("promptGone", id) }

// Noticed implements link.Owner.
func (c *client) Noticed(m *wire.Notice) {
	o := map[string]any{"code": m.Code, "text": m.Text, "detail": m.Detail}
	c.ui.Call("notice", o)
	c.emit("notice", o)
}

// Confirmed implements link.Owner.
func (c *client) Confirmed(bytes uint64) {
	c.input.confirmed(bytes)
	c.flush()
}

// Welcomed implements link.Owner.
func (c *client) Welcomed(m *wire.Welcome) {
	c.welcome = *m
	c.saveResume()
	c.acked, c.mark = 0, wire.Mark{}
	c.input.welcome(m.InputBytes, m.InputWindow)
	if m.Resumed != wire.ResumedContinue {
		c.term = term.New(term.Config{Cols: c.grid.Cols, Rows: c.grid.Rows, Scrollback: m.Scrollback, ImageBytes: term.ImageBudget})
		c.term.SetCellPixels(c.grid.CellWidth, c.grid.CellHeight)
		c.view.Term, c.view.Back, c.offset = c.term, 0, 0
		c.handleTerm()
		if !c.chosen {
			c.scheme = m.ColorScheme
		}
		c.chooseTheme()
		c.screen.Invalidate()
	}
	if m.FontName != "" || m.FontSize != 0 {
		c.changeFont()
	}
	c.ui.Call("welcome", map[string]any{"connection": m.Connection, "endpoint": m.Endpoint, "protocol": m.Protocol, "user": m.User})
}

// Connected implements link.Owner.
func (c *client) Connected() {
	c.ready = true
	c.setState(stateConnected)
	m := &c.welcome
	c.ui.Call("connected", map[string]any{
		"endpoint": m.Endpoint, "protocol": m.Protocol, "user": m.User,
		"readOnly": m.ReadOnly, "disableCopy": m.DisableCopy, "disablePaste": m.DisablePaste,
	})
	c.resize()
	c.input.reconnected(c)
}

// Prompted implements link.Owner.
func (c *client) Prompted(m *wire.Prompt) {
	c.setState(statePrompting)
	c.ui.Call("prompt", link.Question(m))
}

// output applies bytes of the target; those it has already are skipped.
func (c *client) output(m *wire.Output) {
	data := m.Data
	if m.Offset < c.offset {
		skip := min(c.offset-m.Offset, uint64(len(data)))
		data = data[skip:]
	}
	c.offset = m.Offset + uint64(len(m.Data))
	epoch := c.term.Epoch()
	_, _ = c.term.Write(data)
	c.keepPlace(epoch)
	c.changed()
}

// restore takes the relay's terminal in place of the bytes that led to it.
func (c *client) restore(m *wire.State) {
	epoch := c.term.Epoch()
	if err := c.term.RestoreSnapshot(m.Snapshot); err != nil {
		if m.Complete { // the next one would be no better
			c.fail(wire.EndProtocol, "", "The page cannot read the screen that the relay has sent.",
				"Reload the page; if it happens again, page and relay are of different releases.")
			return
		}
		// Page and relay do not agree any more; a fresh start puts that right.
		c.dropState()
		return
	}
	c.timing.states++
	c.offset = m.Offset
	c.keepPlace(epoch)
	c.ui.Call("title", c.term.Title())
	c.changed()
}

// dropState asks for a complete state by connecting anew.
func (c *client) dropState() {
	c.welcome.Epoch = 0
	c.link.Drop()
}

func (c *client) resized(g wire.Grid) {
	c.term.Resize(g.Cols, g.Rows)
	c.term.SetCellPixels(g.CellWidth, g.CellHeight)
	c.view.Back = min(c.view.Back, c.term.Scrollback())
	c.anchor = c.term.TopLine() - uint64(c.view.Back)
	c.emit("resize", map[string]any{"cols": g.Cols, "rows": g.Rows})
	c.changed()
}

// keepPlace keeps what the person has scrolled back to in place. In a flood most of
// the scrollback is missing for a while, and its oldest line is shown; when the lines
// come, the view goes back to where it was, if that is still there.
func (c *client) keepPlace(epoch uint32) {
	if c.view.Back == 0 {
		return
	}
	top, back := c.term.TopLine(), uint64(c.view.Back)
	if c.term.Epoch() == epoch {
		back = top - min(c.anchor, top)
	}
	c.view.Back = int(min(back, uint64(c.term.Scrollback())))
	if c.term.Epoch() != epoch { // the lines have new numbers
		c.anchor = top - uint64(c.view.Back)
	}
	c.screen.Invalidate()
}

// changed has the screen drawn, and tells those who listen.
func (c *client) changed() {
	c.blink.show()
	if !hidden() { // a tab that is shown again is drawn
		c.screen.Wake()
	}
	c.text.changed(c)
	c.background()
	state, percent := c.term.Progress()
	c.progressBar(state, percent)
}

// batch is called after each message. In a hidden tab nothing is painted, so the
// update counts as done.
func (c *client) batch() {
	c.garbage.heardOf()
	if c.mark.Number > c.acked {
		if hidden() {
			c.ack()
		} else {
			c.screen.Wake()
		}
	}
}

// painted is called after each frame.
func (c *client) painted() {
	c.scrollbar()
	if c.mark.Number > c.acked {
		c.timing.painted(c)
		c.ack()
	}
}

// ack tells that the newest update is painted. Before the relay has taken the hello it
// would be of the socket before, and an error.
func (c *client) ack() {
	if !c.link.Open() {
		return
	}
	c.acked = c.mark.Number
	m := wire.Ack{Number: c.acked}
	c.send(m.Append(c.buf[:0]))
}

func (c *client) send(p []byte) bool {
	c.buf = p[:0]
	return c.link.Send(p)
}

// lost is called when the socket is gone; attempt -1: for good.
func (c *client) lost(attempt int, in time.Duration) {
	if c.ended {
		return
	}
	c.input.lost(c)
	if attempt < 0 {
		message, remedy := "The relay cannot be reached any more.", "Check your network, then open the connection again from My applications."
		if c.welcome.Connection == "" {
			message = "The relay cannot be reached."
		}
		c.fail("network", "", message, remedy)
		return
	}
	if c.welcome.Connection != "" {
		c.setState(stateReconnecting)
	}
	c.ui.Call("reconnecting", map[string]any{"attempt": attempt, "inMs": in.Milliseconds(), "first": c.welcome.Connection == ""})
}

// end is the relay's last word.
// Ended implements link.Owner.
func (c *client) Ended(m *wire.End) {
	c.ended = true
	c.link.Close()
	if m.Code != wire.EndProtocol { // there the connection waits, for the page when it is loaded anew
		c.dropResume()
	}
	c.stopCopyMode()
	r := map[string]any{"code": m.Code, "step": m.Step, "message": m.Message, "remedy": m.Remedy}
	c.reason = js.ValueOf(r)
	c.setState(stateEnded)
	r["canReconnect"] = m.Retry
	c.ui.Call("ended", r)
}

func (c *client) fail(code, step, message, remedy string) {
	c.Ended(&wire.End{Code: code, Step: step, Message: message, Remedy: remedy, Retry: true})
}

func (c *client) disconnect() {
	if c.link.Open() {
		m := wire.Bye{}
		c.send(m.Append(c.buf[:0]))
		return
	}
	c.fail(wire.EndDisconnected, "", "You disconnected.", "")
}
