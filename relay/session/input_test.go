package session_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/session"
)

func TestPaste(t *testing.T) {
	paste := func(parts ...string) []wire.Paste {
		var out []wire.Paste
		for i, p := range parts {
			out = append(out, wire.Paste{Data: []byte(p), More: i < len(parts)-1})
		}
		return out
	}
	for _, tt := range []struct {
		name  string
		set   []string
		begin string // what the program printed before
		in    []wire.Paste
		want  string
	}{
		{"plain", nil, "", paste("a\nb\r\nc\rd\te"), "a\rb\rc\rd\te"},
		{"bracketed", nil, "\x1b[?2004h", paste("one\ntwo"), "\x1b[200~one\rtwo\x1b[201~"},
		{"no more brackets", nil, "\x1b[?2004h\x1b[?2004l", paste("x"), "x"},
		{"in parts", nil, "\x1b[?2004h", paste("one\r", "\ntw", "o"), "\x1b[200~one\rtwo\x1b[201~"},
		{"a character cut in two", nil, "", paste("a\xe2\x82", "\xacb"), "a€b"},
		{"cut at the very end", nil, "", paste("a\xe2\x82"), "a"},
		{"no way out of the brackets", nil, "\x1b[?2004h", paste("x\x1b[201~rm -rf\x9b201~\u009b201~\x03\x00\x7fy"), "\x1b[200~x[201~rm -rf201~201~y\x1b[201~"},
		{"bytes that are no text", nil, "", paste("a\xff\xfeb"), "ab"},
		{"nothing", nil, "\x1b[?2004h", paste(""), ""},
		{"an end without text", nil, "\x1b[?2004h", paste("a", ""), "\x1b[200~a\x1b[201~"},
		{"read-only", []string{"read-only", "true"}, "", paste("x"), ""},
		{"disabled", []string{"disable-paste", "true"}, "", paste("x", "y"), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRelay(t, session.Config{}, tt.set...)
			m := r.machine()
			b := r.open("c1")
			b.until("connected", func() bool { return b.ready })
			m.print(t, tt.begin+"$")
			b.sees("$")
			n := 0
			for i := range tt.in {
				b.send(&tt.in[i])
				n += len(tt.in[i].Data)
			}
			b.send(&wire.Ping{})
			b.until("all taken", func() bool { return b.pongs == 1 && b.taken == uint64(n) })
			eventually(t, "typed", func() bool { return m.typed() == tt.want || len(m.typed()) > len(tt.want) })
			if got := m.typed(); got != tt.want {
				t.Errorf("target got %q, want %q", got, tt.want)
			}
			b.look(func() {
				notices := 0
				if tt.name == "disabled" {
					notices = 1
				}
				if len(b.notices) != notices {
					t.Errorf("notices %+v", b.notices)
				}
			})
		})
	}
}

// A paste that a lost line cuts off does not leave the brackets open.
func TestBrokenPasteIsClosed(t *testing.T) {
	for _, how := range []string{"lost", "replaced"} {
		t.Run(how, func(t *testing.T) {
			r := newRelay(t, session.Config{})
			m := r.machine()
			b := r.open("c1")
			b.until("connected", func() bool { return b.ready })
			m.print(t, "\x1b[?2004h$")
			b.sees("$")
			b.send(&wire.Paste{More: true, Data: []byte("half")})
			eventually(t, "half of it", func() bool { return strings.HasSuffix(m.typed(), "half") })
			if how == "lost" {
				b.resume(r)
			} else {
				b = r.open("c1")
				b.until("connected", func() bool { return b.ready })
			}
			b.send(&wire.Input{Data: []byte("ls")})
			eventually(t, "typed", func() bool { return strings.HasSuffix(m.typed(), "ls") })
			if want := "\x1b[200~half\x1b[201~ls"; m.typed() != want {
				t.Errorf("target got %q, want %q", m.typed(), want)
			}
		})
	}
}

func TestReadOnlyTakesNoKeys(t *testing.T) {
	r := newRelay(t, session.Config{}, "read-only", "true")
	m := r.machine()
	b := r.open("c1")
	b.until("connected", func() bool { return b.ready })
	b.look(func() {
		if !b.welcome.ReadOnly {
			t.Error("the page is not told")
		}
	})
	for range 3 * session.InputWindow / wire.MaxInput { // the count goes on, so nothing gets stuck
		n := b.taken
		b.send(&wire.Input{Data: make([]byte, wire.MaxInput)})
		b.until("confirmed", func() bool { return b.taken == n+wire.MaxInput })
	}
	m.print(t, "\x1b[c") // answers of the terminal itself still go
	eventually(t, "an answer", func() bool { return len(m.typed()) > 0 })
	if !strings.HasPrefix(m.typed(), "\x1b[?") {
		t.Errorf("target got %q", m.typed()[:min(20, len(m.typed()))])
	}
}

func TestClipboardOfTheTarget(t *testing.T) {
	osc := func(text string) string {
		return "\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte(text)) + "\x07"
	}
	for _, tt := range []struct {
		name string
		set  []string
		text string
		want int
	}{
		{"text", nil, "copied é", 1},
		{"large", nil, strings.Repeat("x", 256<<10), 1},
		{"too large", nil, strings.Repeat("x", 256<<10+1), 0},
		{"not text", nil, "\xff\xfe", 0},
		{"disabled", []string{"disable-copy", "true"}, "x", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRelay(t, session.Config{}, tt.set...)
			m := r.machine()
			b := r.open("c1")
			b.until("connected", func() bool { return b.ready })
			m.print(t, osc(tt.text)+"done")
			b.sees("done")
			b.look(func() {
				if len(b.clips) != tt.want || tt.want == 1 && (string(b.clips[0].Data) != tt.text || b.clips[0].Selection != 'c' || b.clips[0].Type != "text/plain") {
					t.Errorf("%d clipboards", len(b.clips))
				}
			})
		})
	}
}

func TestReadingTheClipboardAsksFirst(t *testing.T) {
	const question = "\x1b]52;c;?\x07"
	answer := func(text string) string {
		return "\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte(text)) + "\x1b\\"
	}
	for _, tt := range []struct {
		name    string
		answers []wire.Clipboard
		want    string
	}{
		{"allowed", []wire.Clipboard{{Type: "text/plain", Data: []byte("secret")}}, answer("secret")},
		{"in parts", []wire.Clipboard{{More: true, Data: []byte("sec")}, {Data: []byte("ret")}}, answer("secret")},
		{"large", []wire.Clipboard{{Data: bytes.Repeat([]byte("x"), 256<<10)}}, answer(strings.Repeat("x", 256<<10))},
		{"denied", []wire.Clipboard{{Denied: true}, {Data: []byte("late")}}, ""},
		{"too large", []wire.Clipboard{{More: true, Data: bytes.Repeat([]byte("x"), 200<<10)}, {Data: bytes.Repeat([]byte("x"), 100<<10)}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRelay(t, session.Config{})
			m := r.machine()
			b := r.open("c1")
			b.until("connected", func() bool { return b.ready })
			b.send(&wire.Clipboard{Data: []byte("unasked")}, &wire.Clipboard{Request: 1, Data: []byte("too early")})
			b.send(&wire.Ping{})
			b.until("an answer", func() bool { return b.pongs == 1 })
			m.print(t, question+question+"done") // the second while the first is open
			b.sees("done")
			b.look(func() {
				if len(b.asked) != 1 || b.asked[0].Selection != 'c' || b.asked[0].Request == 0 {
					t.Fatalf("asked %+v", b.asked)
				}
			})
			for i := range tt.answers {
				a := tt.answers[i]
				a.Request = b.asked[0].Request
				b.send(&a)
			}
			b.send(&wire.Input{Data: []byte("!")})
			eventually(t, "typed", func() bool { return strings.HasSuffix(m.typed(), "!") })
			if got := m.typed(); got != tt.want+"!" {
				t.Errorf("target got %d bytes, want %d", len(got)-1, len(tt.want))
			}
		})
	}
	t.Run("another browser is asked anew", func(t *testing.T) {
		r := newRelay(t, session.Config{})
		m := r.machine()
		first := r.open("c1")
		first.until("connected", func() bool { return first.ready })
		m.print(t, question)
		first.until("asked", func() bool { return len(first.asked) == 1 })
		second := r.open("c1")
		second.until("connected", func() bool { return second.ready })
		m.print(t, question)
		second.until("asked", func() bool { return len(second.asked) == 1 })
	})
	for _, set := range []string{"disable-paste", "read-only"} {
		t.Run(set, func(t *testing.T) {
			r := newRelay(t, session.Config{}, set, "true")
			m := r.machine()
			b := r.open("c1")
			b.until("connected", func() bool { return b.ready })
			m.print(t, question+"done")
			b.sees("done")
			b.look(func() {
				if len(b.asked) != 0 {
					t.Error("asked")
				}
			})
		})
	}
}

// stuck gives a browser on a machine that reads nothing.
func stuck(t *testing.T) (*relay, *machine, *browser) {
	r := newRelay(t, session.Config{})
	m := newMachine()
	m.block = make(chan struct{})
	r.next <- m
	b := r.open("c1")
	b.until("connected", func() bool { return b.ready })
	m.print(t, "\x1b[?2004h$")
	b.sees("$")
	return r, m, b
}

func TestInputBeyondTheWindowEndsThatBrowserOnly(t *testing.T) {
	r, m, b := stuck(t)
	for range session.InputWindow/wire.MaxInput + 2 {
		b.send(&wire.Input{Data: bytes.Repeat([]byte("x"), wire.MaxInput)})
	}
	b.ends(wire.EndProtocol)
	// Its session waits, and a browser that comes back has a window of its own.
	b.resume(r)
	b.until("connected", func() bool { return b.ready })
	if n := b.welcome.InputBytes; n != session.InputWindow { // all that was accepted counts
		t.Errorf("the count goes on at %d", n)
	}
	b.send(&wire.Input{Data: bytes.Repeat([]byte("y"), wire.MaxInput)})
	b.send(&wire.Ping{})
	b.until("an answer", func() bool { return b.pongs == 1 })
	close(m.block)
	b.until("all taken", func() bool { return b.taken >= b.welcome.InputBytes+wire.MaxInput })
	eventually(t, "typed", func() bool { return strings.HasSuffix(m.typed(), strings.Repeat("y", wire.MaxInput)) })
}

// What costs the browser nothing is bounded as well.
func TestBracketsOfEmptyPastesAreBounded(t *testing.T) {
	for _, p := range []wire.Paste{{}, {Data: []byte("x")}, {More: true}} {
		_, _, b := stuck(t)
		one := append(p.Append(nil), (&wire.Paste{}).Append(nil)...)
		many := bytes.Repeat(one, 20_000)
		sent := 0
		for range 40 {
			if !b.socket.send(many) {
				break
			}
			sent += 20_000
		}
		if p.Data == nil && !p.More {
			b.send(&wire.Ping{})
			b.until("an answer", func() bool { return b.pongs == 1 })
			continue
		}
		b.ends(wire.EndProtocol)
	}
}

func TestMalformedMessagesEndThatBrowserOnly(t *testing.T) {
	whole := map[string][]byte{
		"hello": (&wire.Hello{Version: 1}).Append(nil), "input": (&wire.Input{Data: []byte("abc")}).Append(nil),
		"paste": (&wire.Paste{Data: []byte("abc")}).Append(nil), "answer": (&wire.Answer{ID: 300, Values: []string{"abc"}}).Append(nil),
		"clipboard": (&wire.Clipboard{Request: 300, Type: "text/plain", Data: []byte("abc")}).Append(nil),
		"ack":       (&wire.Ack{Number: 300}).Append(nil), "resize": (&wire.Resize{Grid: wire.Grid{Cols: 300, Rows: 300}}).Append(nil),
		"colors": (&wire.Colors{Palette: make([]uint32, 16)}).Append(nil), "ping": (&wire.Ping{Time: 300, RTT: 300}).Append(nil),
	}
	bad := map[string][]byte{
		"a length without a record": {0x05}, "an empty record": {0x00}, "a length of 2^63": {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x43},
		"a varint of 11 bytes":       bytes.Repeat([]byte{0xff}, 11),
		"an input that is too long":  (&wire.Input{Data: make([]byte, wire.MaxInput+1)}).Append(nil),
		"a paste that is too long":   (&wire.Paste{Data: make([]byte, wire.MaxInput+1)}).Append(nil),
		"an answer that is too long": (&wire.Answer{Values: []string{strings.Repeat("x", wire.MaxAnswer+1)}}).Append(nil),
		"too many answers":           (&wire.Answer{Values: make([]string, wire.MaxFields+1)}).Append(nil),
		"too many colours":           (&wire.Colors{Palette: make([]uint32, 17)}).Append(nil),
		"a second hello":             whole["hello"],
		"an update never sent":       (&wire.Ack{Number: 1 << 40}).Append(nil),
		"bytes without end":          append([]byte{7, byte(wire.TypeInput)}, bytes.Repeat([]byte{0xff}, 6)...),
	}
	for name, p := range whole { // cut off within the record
		bad[name+" cut off"] = p[:len(p)-1]
	}
	for name, p := range bad {
		t.Run(name, func(t *testing.T) {
			r := newRelay(t, session.Config{})
			m := r.machine()
			b := r.open("c1")
			b.until("connected", func() bool { return b.ready })
			if !b.socket.send(p) {
				t.Fatal("socket has gone already")
			}
			b.ends(wire.EndProtocol)
			b.resume(r)
			b.until("connected", func() bool { return b.ready })
			m.print(t, "alive")
			b.sees("alive")
			b.send(&wire.Input{Data: []byte("k")})
			eventually(t, "typed", func() bool { return m.typed() == "k" })
		})
	}
	t.Run("unknown types are skipped", func(t *testing.T) {
		r := newRelay(t, session.Config{})
		m := r.machine()
		b := r.open("c1")
		b.until("connected", func() bool { return b.ready })
		b.socket.send([]byte{3, 0x3f, 1, 2, 1, 0xff, 1, 0, 4, byte(wire.TypeOutput), 1, 1, 'x'})
		b.socket.send(nil)
		b.send(&wire.Input{Data: []byte("k")}, &wire.Visibility{Hidden: true}, &wire.Pong{Time: 4})
		eventually(t, "typed", func() bool { return m.typed() == "k" })
	})
	t.Run("instead of the hello", func(t *testing.T) {
		r := newRelay(t, session.Config{})
		for _, p := range [][]byte{nil, {5}, (&wire.Input{}).Append(nil), (&wire.Hello{Version: 0}).Append(nil), whole["hello"][:len(whole["hello"])-3]} {
			b := newBrowser(t)
			b.socket = newSocket()
			r.serve(b.socket, r.ledger.token("c1"))
			b.socket.send(p)
			b.reading.Go(func() { b.read(b.socket) })
			b.ends(wire.EndProtocol)
			b.reading.Wait()
		}
	})
}

func TestPingFloodEndsThatBrowserOnly(t *testing.T) {
	r := newRelay(t, session.Config{})
	m := r.machine()
	s := r.raw("c1")
	<-s.down
	flood := bytes.Repeat((&wire.Ping{Time: 1 << 60}).Append(nil), 10_000)
	for s.send(flood) { // it reads no answer
	}
	b := r.open("c1")
	m.print(t, "alive")
	b.sees("alive")
}

func TestStatisticsCountBytes(t *testing.T) {
	r := newRelay(t, session.Config{})
	m := r.machine()
	b := r.open("c1")
	b.until("connected", func() bool { return b.ready })
	m.print(t, "12345")
	b.sees("12345")
	b.send(&wire.Input{Data: []byte("123")})
	b.until("taken", func() bool { return b.taken == 3 })
	b.send(&wire.Ping{Time: 1})
	b.until("statistics", func() bool { return len(b.stats) == 1 })
	b.send(&wire.Ping{Time: 2}) // within a second: no second one
	b.until("an answer", func() bool { return b.pongs == 2 })
	b.look(func() {
		if s := b.stats[0]; s.FromTarget != 5 || s.ToTarget != 3 || len(b.stats) != 1 {
			t.Errorf("stats %+v", b.stats)
		}
	})
}
