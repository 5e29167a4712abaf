package guacamole_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/porthole-rac/porthole/protocol/guac"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/guacamole"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

// page is the other end of a tunnel: a page that tests move by hand.
type page struct {
	t    *testing.T
	sink *guacamole.Sink
	says chan []byte
	gone chan struct{}
	once sync.Once

	mu      sync.Mutex
	lines   []string // instructions but nop, in short
	data    [][]byte // of streams that ended, in order
	blob    map[string][]byte
	stamps  []string // of syncs
	sent    []byte   // records for the relay, in order
	changed chan struct{}
	nops    int
	auto    bool // syncs are answered
}

func (p *page) Read(ctx context.Context) ([]byte, error) {
	select {
	case m := <-p.says:
		return m, nil
	case <-p.gone:
		return nil, io.EOF
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *page) Write(_ context.Context, m []byte) error {
	if len(m) > guac.MessageSize {
		p.t.Errorf("a message of %d bytes", len(m))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	parser := guac.Parser{Units: 1 << 20}
	for len(m) > 0 {
		in, rest, err := parser.Next(m)
		if err != nil {
			p.t.Errorf("message %.60q: %v", m, err)
			return err
		}
		m = rest
		p.take(&in)
	}
	close(p.changed)
	p.changed = make(chan struct{})
	return nil
}

func (p *page) take(in *guac.Instruction) {
	line := string(in.Opcode)
	for _, a := range in.Args {
		line += " " + string(a)
	}
	switch string(in.Opcode) {
	case "nop":
		p.nops++
	case "blob":
		b, err := base64.StdEncoding.DecodeString(string(in.Arg(1)))
		if err != nil {
			p.t.Error(err)
		}
		p.blob[string(in.Arg(0))] = append(p.blob[string(in.Arg(0))], b...)
	case "end":
		p.data = append(p.data, p.blob[string(in.Arg(0))])
		delete(p.blob, string(in.Arg(0)))
		p.lines = append(p.lines, line)
	case "sync":
		p.stamps = append(p.stamps, string(in.Arg(0)))
		p.lines = append(p.lines, "sync")
		if p.auto {
			stamp := string(in.Arg(0))
			go p.say("sync", stamp)
		}
	default:
		p.lines = append(p.lines, line)
	}
}

func (p *page) Close() { p.once.Do(func() { close(p.gone) }) }
func (p *page) Abort() { p.Close() }

// say sends an instruction of the page.
func (p *page) say(opcode string, args ...string) {
	var w guac.Writer
	w.Begin(opcode)
	for _, a := range args {
		w.Text(a)
	}
	w.End()
	for m := range w.Messages {
		select {
		case p.says <- append([]byte(nil), m...):
		case <-p.gone:
		}
	}
}

// show opens a sink for a page; what it paints first is forgotten.
func show(t *testing.T, cfg guacamole.Config) *page {
	t.Helper()
	p := &page{t: t, says: make(chan []byte), gone: make(chan struct{}), blob: map[string][]byte{}, changed: make(chan struct{})}
	p.sink = guacamole.New(p, cfg)
	t.Cleanup(p.sink.Abort)
	go func() {
		for {
			b, err := p.sink.Read(context.Background())
			if err != nil {
				p.Close()
				return
			}
			p.mu.Lock()
			p.sent = append(p.sent, b...)
			close(p.changed)
			p.changed = make(chan struct{})
			p.mu.Unlock()
		}
	}()
	p.waits("the page is connected", func() bool { return len(p.stamps) > 0 })
	p.say("sync", p.stamps[0])
	p.clear()
	return p
}

// clear forgets what was painted.
func (p *page) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines, p.data = nil, nil
}

// waits until something is so; is runs under the lock.
func (p *page) waits(what string, is func() bool) {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		p.mu.Lock()
		ok, changed := is(), p.changed
		lines := strings.Join(p.lines, "\n")
		p.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			p.t.Fatalf("never happened: %s; the page was told:\n%s", what, lines)
		}
	}
}

type record interface{ Append([]byte) []byte }

// relay sends records in one message.
func (p *page) relay(records ...record) {
	p.t.Helper()
	var b []byte
	for _, r := range records {
		b = r.Append(b)
	}
	if err := p.sink.Write(context.Background(), b); err != nil {
		p.t.Fatal(err)
	}
}

// connect is how a relay begins, with a desktop of 640×480.
func (p *page) connect() {
	p.t.Helper()
	p.relay(&wire.Welcome{Version: 1, Endpoint: "box", Frames: 100, InputWindow: 4, Clipboard: 100_000}, &wire.Connected{},
		&wire.DesktopBegin{Width: 640, Height: 480, Stream: 1})
	p.clear()
}

// records gives what the relay was sent of a type, each printed.
func (p *page) records(kind wire.Type) (all []string) {
	rest := p.sent
	for len(rest) > 0 {
		t, body, after, err := wire.Next(rest)
		if err != nil {
			return append(all, err.Error())
		}
		if rest = after; t != kind {
			continue
		}
		switch t {
		case wire.TypeAck:
			var m wire.Ack
			_ = m.Decode(body)
			all = append(all, fmt.Sprint(m))
		case wire.TypeKey:
			var m wire.Key
			_ = m.Decode(body)
			all = append(all, fmt.Sprint(m))
		case wire.TypePointer:
			var m wire.Pointer
			_ = m.Decode(body)
			all = append(all, fmt.Sprint(m))
		case wire.TypeClipboard:
			var m wire.Clipboard
			_ = m.Decode(body)
			all = append(all, fmt.Sprintf("%s %q %v", m.Type, m.Data, m.More))
		case wire.TypeWindow:
			var m wire.Window
			_ = m.Decode(body)
			all = append(all, fmt.Sprint(m))
		case wire.TypeAnswer:
			var m wire.Answer
			_ = m.Decode(body)
			all = append(all, fmt.Sprint(m))
		case wire.TypeHello:
			var m wire.Hello
			_ = m.Decode(body)
			all = append(all, fmt.Sprint(m.Screen, m.Abilities))
		default:
			all = append(all, t.String())
		}
	}
	return all
}

// told waits until the page has a line, and gives all lines then.
func (p *page) told(line string) (lines []string) {
	p.t.Helper()
	p.waits(line, func() bool {
		lines = p.lines
		for _, l := range lines {
			if l == line {
				return true
			}
		}
		return false
	})
	return lines
}
