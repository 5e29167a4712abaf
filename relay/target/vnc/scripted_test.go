package vnc_test

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/rfb/rfbtest"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
	"github.com/porthole-rac/porthole/relay/target/vnc"
)

// scripted is a server that does what a test wants, and what it was told.
type scripted struct {
	net.Conn
	*rfbtest.Session
	rw io.ReadWriter
	t  testing.TB

	mu  sync.Mutex
	got []message
}

// message is one of the client's.
type message struct {
	kind byte
	body []byte // after kind
}

// script serves each connection by f once it is logged in.
func script(t testing.TB, s rfbtest.Server, f func(s *scripted)) string {
	t.Helper()
	s.Rand = rand.Reader
	if s.Types == nil {
		s.Types = []rfb.Security{rfb.SecurityNone}
	}
	return listen(t, func(c net.Conn) {
		session, err := s.Serve(c)
		if err != nil {
			return
		}
		f(&scripted{Conn: c, Session: session, rw: session.ReadWriter, t: t})
	})
}

// say writes to the client.
func (s *scripted) say(parts ...[]byte) { _, _ = s.rw.Write(bytes.Join(parts, nil)) }

// listenOn reads the client's messages until it goes.
func (s *scripted) listenOn() {
	for {
		m, err := readMessage(s.rw)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.got = append(s.got, m)
		s.mu.Unlock()
	}
}

// all are the messages of a kind so far.
func (s *scripted) all(kind byte) (bodies [][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.got {
		if m.kind == kind {
			bodies = append(bodies, m.body)
		}
	}
	return bodies
}

// readMessage reads one message of a client.
func readMessage(r io.Reader) (m message, err error) {
	take := func(n int) []byte {
		b := make([]byte, n)
		if err == nil {
			_, err = io.ReadFull(r, b)
		}
		m.body = append(m.body, b...)
		return b
	}
	kind := make([]byte, 1)
	if _, err := io.ReadFull(r, kind); err != nil {
		return m, err
	}
	switch m.kind = kind[0]; m.kind {
	case 0:
		take(19)
	case 2:
		take(4 * int(binary.BigEndian.Uint16(take(3)[1:])))
	case 3, 150:
		take(9)
	case 4:
		take(7)
	case 5:
		take(5)
	case 6:
		n := int32(binary.BigEndian.Uint32(take(7)[3:]))
		take(int(max(n, -n)))
	case 9:
		take(3)
	case 248:
		take(int(take(8)[7]))
	case 250:
		take(3)
	case 251:
		take(16 * int(take(7)[5]))
	case 255:
		switch head := take(1); head[0] {
		case 0:
			take(10)
		default:
			if op := take(2); op[1] == 2 {
				take(6)
			}
		}
	default:
		return m, errors.New("an unknown message")
	}
	return m, err
}

// Parts of what a server says.
func update(rects int) []byte { return []byte{0, 0, byte(rects >> 8), byte(rects)} }

func rect(x, y, w, h int, e rfb.Encoding) []byte {
	var b []byte
	for _, v := range []int{x, y, w, h} {
		b = binary.BigEndian.AppendUint16(b, uint16(v))
	}
	return binary.BigEndian.AppendUint32(b, uint32(e))
}

// pixel is an update of one pixel.
func pixel(v byte) []byte {
	return bytes.Join([][]byte{update(1), rect(0, 0, 1, 1, rfb.EncodingRaw), {v, v, v, 0}}, nil)
}

func fence(payload string) []byte {
	return append([]byte{248, 0, 0, 0, 0x80, 0, 0, 1, byte(len(payload))}, payload...)
}

// idle reads and says nothing more.
func (s *scripted) idle() { s.listenOn() }

// What a server does wrong ends its session, with words for the person.
func TestHostileServers(t *testing.T) {
	cases := []struct {
		name string
		code string
		say  []byte
	}{
		{"rectangle outside", wire.EndTargetProtocol, slices.Concat(update(1), rect(630, 0, 100, 10, rfb.EncodingRaw))},
		{"copy from outside", wire.EndTargetProtocol, slices.Concat(update(1), rect(0, 0, 10, 10, rfb.EncodingCopyRect), []byte{2, 0x7c, 0, 0})},
		{"huge resize", wire.EndTargetProtocol, slices.Concat(update(1), rect(0, 0, 32767, 32767, rfb.EncodingDesktopSize))},
		{"long resize", wire.EndTargetProtocol, slices.Concat(update(1), rect(0, 0, 65535, 16, rfb.EncodingDesktopSize))},
		{"huge cursor", wire.EndTargetProtocol, slices.Concat(update(1), rect(0, 0, 5000, 5000, rfb.EncodingCursor))},
		{"unknown message", wire.EndTargetProtocol, []byte{99}},
		{"unknown encoding", wire.EndTargetProtocol, slices.Concat(update(1), rect(0, 0, 1, 1, 4711))},
		{"length that lies", wire.EndTargetProtocol, slices.Concat(update(1), rect(0, 0, 10, 10, rfb.EncodingZRLE), []byte{0x7f, 0xff, 0xff, 0xff})},
		{"end within a rectangle", wire.EndTargetLost, slices.Concat(update(1), rect(0, 0, 100, 100, rfb.EncodingRaw), make([]byte, 50))},
		{"end within an update", wire.EndTargetLost, update(2)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := start(t, options{settings: at(script(t, rfbtest.Server{}, func(s *scripted) { s.say(c.say) }))})
			<-s.done
			wantError(t, s.end, c.code, target.StepSession)
		})
	}
}

// A server that ends in order is no failure.
func TestServerEnds(t *testing.T) {
	s := start(t, options{settings: at(script(t, rfbtest.Server{}, func(s *scripted) { s.say(pixel(1)) }))})
	<-s.done
	if s.end != nil || s.Exit() == "" || s.marks != 1 {
		t.Errorf("%v, %q, %d marks", s.end, s.Exit(), s.marks)
	}
}

// A server that asks and does not read ends its session, and nothing grows.
func TestServerDoesNotRead(t *testing.T) {
	s := start(t, options{settings: at(script(t, rfbtest.Server{}, func(s *scripted) {
		flood := bytes.Repeat(fence(strings.Repeat("x", 64)), 1000)
		for {
			if _, err := s.rw.Write(flood); err != nil {
				return
			}
		}
	}))})
	<-s.done
	wantError(t, s.end, wire.EndTargetLost, target.StepSession)
}

// What goes wrong before the session is said with its step and a remedy.
func TestHandshakeFails(t *testing.T) {
	defer vnc.HandshakeTime(300 * time.Millisecond)()
	wait := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
	cases := []struct {
		name, code string
		step       target.Step
		serve      func(c net.Conn)
	}{
		{"silent", wire.EndTimeout, target.StepHandshake, wait},
		{"stalls", wire.EndTimeout, target.StepHandshake, func(c net.Conn) { _, _ = c.Write([]byte("RFB 003.008\n")); wait(c) }},
		{"ssh", wire.EndTargetProtocol, target.StepHandshake, func(c net.Conn) { _, _ = c.Write([]byte("SSH-2.0-OpenSSH_9.2\r\n")); wait(c) }},
		{"closes", wire.EndTargetLost, target.StepHandshake, func(net.Conn) {}},
		{"refuses", wire.EndRefused, target.StepHandshake, func(c net.Conn) {
			_, _ = (&rfbtest.Server{Types: []rfb.Security{}, Reason: "not today"}).Serve(c)
		}},
		{"refuses for too many", wire.EndAuthFailed, target.StepAuthenticate, func(c net.Conn) {
			_, _ = (&rfbtest.Server{Types: []rfb.Security{}, Reason: "Too many security failures"}).Serve(c)
		}},
		{"huge screen", wire.EndTargetProtocol, target.StepHandshake, func(c net.Conn) {
			_, _ = (&rfbtest.Server{Types: []rfb.Security{rfb.SecurityNone}, Width: 32767, Height: 32767}).Serve(c)
		}},
		{"unknown login", wire.EndAlgorithms, target.StepHandshake, func(c net.Conn) {
			_, _ = (&rfbtest.Server{Types: []rfb.Security{77}}).Serve(c)
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := open(t, options{settings: at(listen(t, c.serve), "timeout", "1")})
			wantError(t, err, c.code, c.step)
		})
	}
	_, err := open(t, options{settings: at("127.0.0.1:1")})
	wantError(t, err, wire.EndUnreachable, target.StepConnect)
	_, err = open(t, options{settings: at("no-such-host.invalid")})
	wantError(t, err, wire.EndUnreachable, target.StepResolve)
	_, err = open(t, options{settings: map[string]string{}})
	wantError(t, err, wire.EndSettings, target.StepResolve)
}

// Too many attempts are not made more.
func TestTooMany(t *testing.T) {
	p := &person{Answers: [][]string{{"wrong"}, {"wrong"}}}
	a := listen(t, func(c net.Conn) {
		_, _ = (&rfbtest.Server{Types: []rfb.Security{rfb.SecurityVncAuth}, Password: "right", TooMany: true, Rand: rand.Reader}).Serve(c)
	})
	_, err := open(t, options{settings: at(a), person: p})
	wantError(t, err, wire.EndAuthFailed, target.StepAuthenticate)
	if len(p.Forms) != 1 {
		t.Errorf("asked %d times", len(p.Forms))
	}
}

// A Mac wants a name and a password, and asks for both at once.
func TestARD(t *testing.T) {
	server := rfbtest.Server{Types: []rfb.Security{rfb.SecurityARD}, Username: "ann", Password: "sesame"}
	a := script(t, server, func(s *scripted) { s.say(pixel(1)); s.idle() })
	p := &person{Answers: [][]string{{"ann", "sesame"}}}
	s := start(t, options{settings: at(a), person: p})
	s.await("a picture", func() bool { return s.marks > 0 })
	if len(p.Forms) != 1 || len(p.Forms[0].Fields) != 2 || !p.Forms[0].Fields[0].Echo || p.Forms[0].Title != "Log in to Build 7" || !p.Noticed("vnc-login-only") {
		t.Errorf("asked %+v, told %+v", p.Forms, p.Notices)
	}
	s2 := start(t, options{settings: at(a, "username", "ann", "password", "sesame")})
	s2.await("a picture", func() bool { return s2.marks > 0 })
}

// The key of an RSA-AES server is remembered, and another one stops the connection.
func TestServerKey(t *testing.T) {
	key, err := rsaKey()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []rfb.Security{rfb.SecurityRA2, rfb.SecurityRA256, rfb.SecurityRA256ne} {
		server := rfbtest.Server{Types: []rfb.Security{kind}, Password: "sesame", Key: key, Kind: 2}
		a := script(t, server, func(s *scripted) { s.say(pixel(1)); s.idle() })
		tr := new(trust)
		for i := range 2 {
			p := new(person)
			s := start(t, options{settings: at(a, "password", "sesame"), trust: tr, person: p})
			s.await("a picture", func() bool { return s.marks > 0 })
			if p.Noticed("host-key-first-seen") != (i == 0) {
				t.Errorf("%v, attempt %d: %+v", kind, i, p.Notices)
			}
		}
		tr.IDs["e1 "+a][0].Key[20] ^= 1
		_, err := open(t, options{settings: at(a, "password", "sesame"), trust: tr})
		wantError(t, err, wire.EndHostKeyChanged, target.StepHandshake)
	}
}

// A server that loses patience while the person thinks is asked again, the person not.
func TestSlowPerson(t *testing.T) {
	var first sync.Once
	gone := make(chan struct{})
	a := listen(t, func(c net.Conn) {
		early := false
		first.Do(func() { early = true })
		s := rfbtest.Server{Types: []rfb.Security{rfb.SecurityVncAuth}, Password: "sesame", Rand: rand.Reader}
		if early { // up to the challenge
			_, _ = c.Write([]byte("RFB 003.008\n"))
			_, _ = io.ReadFull(c, make([]byte, 12))
			_, _ = c.Write([]byte{1, 2})
			_, _ = io.ReadFull(c, make([]byte, 1))
			_, _ = c.Write(make([]byte, 16))
			_ = c.Close()
			close(gone)
			return
		}
		if _, err := s.Serve(c); err == nil {
			_, _ = c.Write(pixel(1))
			_, _ = io.Copy(io.Discard, c)
		}
	})
	p := &person{Answers: [][]string{{"sesame"}}, Before: func() { <-gone }}
	s := start(t, options{settings: at(a), person: p})
	s.await("a picture", func() bool { return s.marks > 0 })
	if len(p.Forms) != 1 {
		t.Errorf("asked %d times", len(p.Forms))
	}
}

// The server dials out.
func TestReverse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := l.Addr().String()
	_ = l.Close()
	go func() {
		var c net.Conn
		for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			if c, err = net.Dial("tcp", a); err == nil {
				break
			}
		}
		if c == nil {
			return
		}
		defer c.Close()
		s := rfbtest.Server{Types: []rfb.Security{rfb.SecurityNone}, Rand: rand.Reader}
		if _, err := s.Serve(c); err == nil {
			_, _ = c.Write(pixel(1))
			_, _ = io.Copy(io.Discard, c)
		}
	}()
	s := start(t, options{settings: at("", "port", a[strings.LastIndexByte(a, ':')+1:], "reverse-connect", "true")})
	s.await("a picture", func() bool { return s.marks > 0 })

	_, err = open(t, options{settings: at("", "port", a[strings.LastIndexByte(a, ':')+1:], "reverse-connect", "true", "listen-timeout", "50")})
	wantError(t, err, wire.EndTimeout, target.StepConnect)
}

// A repeater is told which server is meant.
func TestRepeater(t *testing.T) {
	told := make(chan string, 1)
	a := listen(t, func(c net.Conn) {
		_, _ = c.Write([]byte("RFB 000.000\n"))
		b := make([]byte, rfb.RepeaterSize)
		_, _ = io.ReadFull(c, b)
		told <- string(bytes.TrimRight(b, "\x00"))
		s := rfbtest.Server{Types: []rfb.Security{rfb.SecurityNone}, Rand: rand.Reader}
		if _, err := s.Serve(c); err == nil {
			_, _ = c.Write(pixel(1))
			_, _ = io.Copy(io.Discard, c)
		}
	})
	s := start(t, options{settings: at(a, "dest-host", "inside.example", "dest-port", "5903")})
	s.await("a picture", func() bool { return s.marks > 0 })
	if got := <-told; got != "inside.example:5903" {
		t.Errorf("told %q", got)
	}
}

// A server that is starting is tried again, as often as the setting says.
func TestAutoretry(t *testing.T) {
	n := 0
	a := listen(t, func(c net.Conn) {
		if n++; n == 1 {
			return
		}
		s := rfbtest.Server{Types: []rfb.Security{rfb.SecurityNone}, Rand: rand.Reader}
		if _, err := s.Serve(c); err == nil {
			_, _ = c.Write(pixel(1))
			_, _ = io.Copy(io.Discard, c)
		}
	})
	s := start(t, options{settings: at(a, "autoretry", "1")})
	s.await("a picture", func() bool { return s.marks > 0 })
}

// Addresses of IPv6 have brackets where a port follows, and none elsewhere.
func TestIPv6(t *testing.T) {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("no IPv6 here")
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		s := rfbtest.Server{Types: []rfb.Security{rfb.SecurityNone}, Rand: rand.Reader}
		if _, err := s.Serve(c); err == nil {
			_, _ = c.Write(pixel(1))
			_, _ = io.Copy(io.Discard, c)
		}
	}()
	s := start(t, options{settings: at("::1", "port", port)})
	s.await("a picture", func() bool { return s.marks > 0 })
}

// Renewals one upon another end with one stream and one connection.
func TestRenewStorm(t *testing.T) {
	var live sync.WaitGroup
	a := script(t, rfbtest.Server{}, func(s *scripted) {
		live.Go(func() { s.say(pixel(1)); s.listenOn() })
		live.Wait()
	})
	s := start(t, options{settings: at(a)})
	s.await("a picture", func() bool { return s.marks > 0 })
	for range 20 {
		s.renewed(chrome)
	}
	s.await("a stream", func() bool { return s.begun > 1 && !s.renew && s.marks > 0 })
	_ = s.Close()
	s.renewed(chrome) // a browser that comes too late
	s.Pointer(wire.Pointer{})
	s.Desktop.Clipboard("text/plain", []byte("x"))
	if s.Taken() != 1 {
		t.Errorf("%d taken", s.Taken())
	}
}
