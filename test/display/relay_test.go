package display_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/porthole-rac/porthole/protocol/wire"
	drive "github.com/porthole-rac/porthole/scripts/browser"
)

// patience bounds every wait.
const patience = 30 * time.Second

// scripts are the tests that wait for the browser's sockets, by name.
var scripts sync.Map

func serveScript(w http.ResponseWriter, r *http.Request) {
	c, ok := scripts.Load(strings.TrimPrefix(r.URL.Path, "/ws/"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{wire.Subprotocol}})
	if err != nil {
		return
	}
	conn.SetReadLimit(wire.MaxFromBrowser)
	l := &line{conn: conn, records: make(chan record, 1000)}
	go l.read()
	c.(chan *line) <- l
	<-r.Context().Done()
}

// record is one that the browser sent.
type record struct {
	kind wire.Type
	body []byte
}

// line is one socket of the browser.
type line struct {
	t       *testing.T
	conn    *websocket.Conn
	records chan record
	hello   wire.Hello
}

func (l *line) read() {
	defer close(l.records)
	for {
		_, p, err := l.conn.Read(context.Background())
		if err != nil {
			return
		}
		for len(p) > 0 {
			var r record
			if r.kind, r.body, p, err = wire.Next(p); err != nil {
				return
			}
			l.records <- r
		}
	}
}

// message puts records into one message.
func message(records ...appender) []byte {
	var p []byte
	for _, r := range records {
		p = r.Append(p)
	}
	return p
}

type appender interface{ Append([]byte) []byte }

// send sends records in one message.
func (l *line) send(records ...appender) {
	l.t.Helper()
	l.raw(message(records...))
}

func (l *line) raw(p []byte) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := l.conn.Write(ctx, websocket.MessageBinary, p); err != nil {
		l.t.Fatalf("send: %v", err)
	}
}

// next waits for a record of a kind, and skips others.
func (l *line) next(kind wire.Type) []byte {
	l.t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case r, ok := <-l.records:
			if !ok {
				l.t.Fatalf("the browser is gone while %v is waited for", kind)
			}
			if r.kind == kind {
				return r.body
			}
		case <-timeout:
			l.t.Fatalf("no %v from the browser", kind)
		}
	}
}

// acked waits until a mark is acknowledged.
func (l *line) acked(number uint64) {
	l.t.Helper()
	for {
		var a wire.Ack
		if err := a.Decode(l.next(wire.TypeAck)); err != nil {
			l.t.Fatal(err)
		}
		if a.Number > number {
			l.t.Fatalf("mark %d acknowledged, want %d", a.Number, number)
		}
		if a.Number == number {
			return
		}
	}
}

// desk is a browser's page with a desktop, and the relay that it talks to.
type desk struct {
	*drive.Page
	t     *testing.T
	lines chan *line
	line  *line

	blinks int
}

// open opens a page; query says how it differs.
func open(t *testing.T, query string) *desk {
	t.Helper()
	if absent != "" {
		t.Skip(absent)
	}
	d := &desk{t: t, lines: make(chan *line, 4)}
	name := strings.NewReplacer("/", "-", "&", "-").Replace(t.Name())
	scripts.Store(name, d.lines)
	t.Cleanup(func() { scripts.Delete(name) })
	p, err := chromium.Page()
	if err != nil {
		t.Fatal(err)
	}
	d.Page = p
	t.Cleanup(p.Close)
	t.Cleanup(func() {
		if t.Failed() {
			text, _ := drive.Eval[string](p, `JSON.stringify(told.filter(m => !["loaded", "painted"].includes(m.t)))`)
			t.Logf("the worker told %s", text)
		}
	})
	if err := p.Go(site.URL + "/page.html?script=" + name + "&" + query); err != nil {
		t.Fatal(err)
	}
	d.attach()
	return d
}

// attach waits for a socket and its Hello.
func (d *desk) attach() {
	d.t.Helper()
	select {
	case d.line = <-d.lines:
	case <-time.After(patience):
		d.t.Fatal("the browser opens no socket")
	}
	d.line.t = d.t
	if err := d.line.hello.Decode(d.line.next(wire.TypeHello)); err != nil {
		d.t.Fatal(err)
	}
	l := d.line
	d.t.Cleanup(func() { _ = l.conn.CloseNow() })
}

// welcome is what a relay says first.
func welcome(how wire.Resumed, epoch uint64) *wire.Welcome {
	return &wire.Welcome{
		Version: wire.Version, Connection: "c1", Secret: bytes.Repeat([]byte{7}, 32), Resumed: how, Epoch: epoch,
		Protocol: "vnc", Endpoint: "A desktop", User: "person", Frames: 8, InputWindow: 1024, ResumeFor: 60, Clipboard: 1 << 20,
	}
}

// connect opens a page with a connection whose desktop has a size.
func connect(t *testing.T, query string, width, height int) *desk {
	t.Helper()
	d := open(t, query)
	d.line.send(welcome(wire.ResumedNew, 1), &wire.Connected{}, &wire.DesktopBegin{Width: width, Height: height, Stream: 5})
	return d
}

// picture gives the canvas.
func (d *desk) picture() image.Image {
	d.t.Helper()
	text, err := drive.Eval[string](d.Page, "shot()")
	if err != nil {
		d.t.Fatal(err)
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		d.t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		d.t.Fatal(err)
	}
	return m
}

// until waits for the page.
func (d *desk) until(js string) {
	d.t.Helper()
	if err := d.Until(js); err != nil {
		d.t.Fatal(err)
	}
}

func rgb(m image.Image, x, y int) uint32 {
	r, g, b, _ := m.At(x, y).RGBA()
	return r>>8<<16 | g>>8<<8 | b>>8
}

// wantRGB compares pixels; JPEG and video may differ by a little.
func wantRGB(t *testing.T, m image.Image, x, y int, want uint32, tolerance int) {
	t.Helper()
	got := rgb(m, x, y)
	for s := 0; s < 24; s += 8 {
		if diff := int(got>>s&255) - int(want>>s&255); diff < -tolerance || diff > tolerance {
			t.Errorf("pixel %d,%d is %06x, want %06x", x, y, got, want)
			return
		}
	}
}

// hex is bytes written in hexadecimal with spaces.
func hex(text string) []byte {
	var p []byte
	for _, f := range strings.Fields(text) {
		var b byte
		if _, err := fmt.Sscanf(f, "%02x", &b); err != nil {
			panic(err)
		}
		p = append(p, b)
	}
	return p
}
