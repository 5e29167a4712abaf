package vnc_test

import (
	"context"
	"crypto/rand"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/rfb/rfbtest"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
	"github.com/porthole-rac/porthole/relay/target/vnc"
	"github.com/porthole-rac/porthole/scripts/targets"
)

// A second login that hangs holds nobody up: the old connection goes on meanwhile, for
// each browser that comes, and the new one takes over when it is there after all.
func TestRenewHangs(t *testing.T) {
	defer vnc.RenewPatience(50 * time.Millisecond)()
	ctx, letIn := context.WithCancel(t.Context())
	defer letIn()
	var mu sync.Mutex
	var old *scripted
	n := 0
	a := listen(t, func(c net.Conn) {
		mu.Lock()
		n++
		late := n > 1
		mu.Unlock()
		if late {
			<-ctx.Done()
		}
		server := rfbtest.Server{Types: []rfb.Security{rfb.SecurityNone}, Rand: rand.Reader}
		session, err := server.Serve(c)
		if err != nil {
			return
		}
		s := &scripted{Conn: c, Session: session, rw: session.ReadWriter, t: t}
		s.say(pixel(1))
		if !late {
			mu.Lock()
			old = s
			mu.Unlock()
		}
		s.listenOn()
	})
	s := start(t, options{settings: at(a)})
	s.await("a picture", func() bool { return s.marks > 0 })
	mu.Lock()
	first := old
	mu.Unlock()
	asked := func() (n int) { // for the whole picture
		for _, m := range first.all(3) {
			if m[0] == 0 {
				n++
			}
		}
		return n
	}
	until(t, "the first request", func() bool { return asked() == 1 })
	for i := range 3 {
		before := asked()
		s.renewed(chrome)
		until(t, "a request on the old connection", func() bool { return asked() > before })
		first.say(pixel(byte(i)))
		s.await("a stream without the login", func() bool { return s.begun == 2+i && s.marks > 0 })
	}
	letIn()
	s.await("the new connection", func() bool { return s.begun == 5 && s.marks > 0 })
}

// A server that offers TLS without certificates and cannot do it is entered by the next
// best way.
func TestAnonymousTLSFails(t *testing.T) {
	alert := func(rw io.ReadWriter, _ bool) (io.ReadWriter, error) {
		head := make([]byte, 5)
		if _, err := io.ReadFull(rw, head); err != nil {
			return nil, err
		}
		_, _ = io.ReadFull(rw, make([]byte, int(head[3])<<8|int(head[4])))
		_, _ = rw.Write([]byte{21, 3, 3, 0, 2, 2, 40})
		_, _ = io.Copy(io.Discard, rw)
		return nil, io.ErrUnexpectedEOF
	}
	for name, c := range map[string]struct {
		server   rfbtest.Server
		security string
	}{
		"type 18":  {rfbtest.Server{Types: []rfb.Security{rfb.SecurityVncAuth, rfb.SecurityTLS}}, "VncAuth"},
		"VeNCrypt": {rfbtest.Server{Types: []rfb.Security{rfb.SecurityVeNCrypt}, Sub: []rfb.Security{rfb.SecurityPlain, rfb.SecurityTLSVnc}}, "VeNCrypt, Plain"},
	} {
		t.Run(name, func(t *testing.T) {
			c.server.Secure, c.server.Username, c.server.Password = alert, "ann", "sesame"
			a := script(t, c.server, func(s *scripted) { s.say(pixel(1)); s.idle() })
			s := start(t, options{settings: at(a, "username", "ann", "password", "sesame")})
			s.await("a picture", func() bool { return s.marks > 0 })
			if s.told().Security != c.security {
				t.Errorf("%+v", s.told())
			}
		})
	}
	// Who allows nothing less gets an error, and not something less.
	a := script(t, rfbtest.Server{Types: []rfb.Security{rfb.SecurityVncAuth, rfb.SecurityTLS}, Secure: alert}, func(*scripted) {})
	if _, err := open(t, options{settings: at(a, "security", "encrypted", "password", "sesame")}); err == nil {
		t.Error("connected without TLS")
	}
}

// x11vnc by TLS without certificates, as VeNCrypt and as type 18; and as Debian's OpenSSL
// has it, which takes neither.
func TestX11VNCWithTLS(t *testing.T) {
	const password = "sesame12"
	o := targets.VNCOptions{Width: 320, Height: 240, Password: password, Security: []string{"TLSVnc"}}
	v := targets.For(t, targets.X11VNC, o)
	for _, c := range []struct {
		allow, security string
		protect         wire.Protection
	}{
		{"tlsvnc", "VeNCrypt, TLSVnc", wire.ProtectUnverified},
		{"18", "TLS, VncAuth", wire.ProtectUnverified},
		{"x509vnc", "VeNCrypt, X509Vnc", wire.ProtectAll},
	} {
		t.Run(c.allow, func(t *testing.T) {
			s := start(t, options{settings: at(v.Address(), "password", password, "security", c.allow, "force-lossless", "true", "timeout", "30")})
			same(t, s, v, 0)
			if info := s.told(); info.Security != c.security || info.Protection != c.protect {
				t.Errorf("%+v", info)
			}
		})
	}
	t.Run("not really", func(t *testing.T) {
		o.SystemTLS = true
		v := targets.For(t, targets.X11VNC, o)
		s := start(t, options{settings: at(v.Address(), "password", password, "security", "tlsvnc,x509vnc", "timeout", "30")})
		s.await("a picture", func() bool { return s.marks > 0 })
		if info := s.told(); info.Security != "VeNCrypt, X509Vnc" {
			t.Errorf("%+v", info)
		}
		_, err := open(t, options{settings: at(v.Address(), "password", password, "security", "anontls", "timeout", "30")})
		wantError(t, err, wire.EndAlgorithms, target.StepHandshake)
	})
}
