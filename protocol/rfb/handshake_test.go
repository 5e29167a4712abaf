package rfb_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/rfb/rfbtest"
)

// rsaKey makes keys once: they take time.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

var tlsConfig = sync.OnceValue(func() *tls.Config {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
})

// loopback gives both ends of a connection.
func loopback(t testing.TB) (client, server net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []net.Conn{client, server} {
		_ = c.SetDeadline(time.Now().Add(60 * time.Second))
		t.Cleanup(func() { _ = c.Close() })
	}
	return client, server
}

// viewer is an owner of a handshake.
type viewer struct {
	cfg   rfb.Config
	creds rfb.Credentials
	chunk int // bytes read at a time

	asked     []*rfb.NeedCredentials
	key       *rfb.ServerKey
	anonymous []bool // of each TLS
}

func (v *viewer) run(rw io.ReadWriter) (*rfb.Ready, io.ReadWriter, error) {
	h := rfb.NewHandshake(v.cfg)
	buf := make([]byte, v.chunk)
	for {
		n, err := rw.Read(buf)
		if n == 0 && err != nil {
			return nil, nil, h.Closed()
		}
		for in := buf[:n]; ; {
			ev, taken, err := h.Next(in)
			in = in[taken:]
			if out := h.Output(); len(out) > 0 {
				if _, err := rw.Write(out); err != nil {
					return nil, nil, err
				}
			}
			if err != nil {
				return nil, nil, err
			}
			if ev == nil {
				if len(in) > 0 {
					return nil, nil, fmt.Errorf("%d bytes left", len(in))
				}
				break
			}
			switch ev := ev.(type) {
			case *rfb.NeedCredentials:
				v.asked = append(v.asked, ev)
				if err := h.Answer(v.creds); err != nil {
					return nil, nil, err
				}
			case *rfb.ServerKey:
				v.key = ev
				if err := h.TrustServer(); err != nil {
					return nil, nil, err
				}
			case *rfb.StartTLS:
				v.anonymous = append(v.anonymous, ev.Anonymous)
				rw = tls.Client(rw.(net.Conn), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // a test's
				if err := h.Secured(); err != nil {
					return nil, nil, err
				}
			case *rfb.StartRecords:
				rw = rfbtest.Records(rw, ev)
				if err := h.Secured(); err != nil {
					return nil, nil, err
				}
			case *rfb.Ready:
				return ev, struct {
					io.Reader
					io.Writer
				}{io.MultiReader(bytes.NewReader(in), rw), rw}, nil
			}
		}
	}
}

// meet lets a viewer and a scripted server shake hands, and then exchanges a byte each
// way over what they agreed on.
func meet(t *testing.T, s rfbtest.Server, v *viewer) (*rfb.Ready, *rfbtest.Session, error) {
	t.Helper()
	client, server := loopback(t)
	s.Rand, s.Key = rand.Reader, rsaKey()
	s.Secure = func(rw io.ReadWriter, _ bool) (io.ReadWriter, error) {
		return tls.Server(rw.(net.Conn), tlsConfig()), nil
	}
	if v.chunk == 0 {
		v.chunk = 1 // as slowly as a network may be
	}
	v.cfg.Rand, v.cfg.Key = rand.Reader, rsaKey()
	type result struct {
		*rfbtest.Session
		error
	}
	served := make(chan result, 1)
	go func() {
		out, err := s.Serve(server)
		if err != nil {
			_ = server.(*net.TCPConn).CloseWrite()
		} else {
			_, err = out.Write([]byte{2})
		}
		served <- result{out, err}
	}()
	ready, rw, err := v.run(client)
	if err != nil {
		_ = client.Close()
		<-served
		return nil, nil, err
	}
	bell := make([]byte, 1)
	if _, err := io.ReadFull(rw, bell); err != nil || bell[0] != 2 {
		t.Errorf("after the handshake: %v, %v", bell, err)
	}
	r := <-served
	if r.error != nil {
		t.Fatal(r.error)
	}
	return ready, r.Session, nil
}

type types = []rfb.Security

func TestEveryLogin(t *testing.T) {
	const user, password = "ada", "Enchantress of numbers"
	for _, c := range []struct {
		name   string
		server rfbtest.Server
		path   types
		asked  rfb.Kinds
		safe   bool
		gives  rfb.Protection
	}{
		{"None", rfbtest.Server{Types: types{1}}, types{1}, 0, false, rfb.ProtectNothing},
		{"None 3.7", rfbtest.Server{Version: "RFB 003.007\n", Types: types{1}}, types{1}, 0, false, rfb.ProtectNothing},
		{"None 3.3", rfbtest.Server{Version: "RFB 003.003\n", Types: types{1}}, types{1}, 0, false, rfb.ProtectNothing},
		{"VncAuth", rfbtest.Server{Types: types{2}}, types{2}, rfb.Password, false, rfb.ProtectNothing},
		{"VncAuth 3.7", rfbtest.Server{Version: "RFB 003.007\n", Types: types{2}}, types{2}, rfb.Password, false, rfb.ProtectNothing},
		{"VncAuth 3.3", rfbtest.Server{Version: "RFB 003.003\n", Types: types{2}}, types{2}, rfb.Password, false, rfb.ProtectNothing},
		{"XVP", rfbtest.Server{Types: types{22}, Target: "vm1"}, types{22}, rfb.Username | rfb.Password | rfb.Target, false, rfb.ProtectNothing},
		{"RA2", rfbtest.Server{Types: types{5}, Kind: 1}, types{5}, rfb.Username | rfb.Password, true, rfb.ProtectAll},
		{"RA2, password only", rfbtest.Server{Types: types{5}, Kind: 2}, types{5}, rfb.Password, true, rfb.ProtectAll},
		{"RA2ne", rfbtest.Server{Types: types{6}, Kind: 1}, types{6}, rfb.Username | rfb.Password, true, rfb.ProtectLogin},
		{"RA2r", rfbtest.Server{Types: types{13}, Kind: 1}, types{13}, rfb.Username | rfb.Password, true, rfb.ProtectAll},
		{"RA256", rfbtest.Server{Types: types{129}, Kind: 1}, types{129}, rfb.Username | rfb.Password, true, rfb.ProtectAll},
		{"RA256ne", rfbtest.Server{Types: types{130}, Kind: 2}, types{130}, rfb.Password, true, rfb.ProtectLogin},
		{"RA256r", rfbtest.Server{Types: types{133}, Kind: 1}, types{133}, rfb.Username | rfb.Password, true, rfb.ProtectAll},
		{"ARD", rfbtest.Server{Types: types{30, 33, 36}}, types{30}, rfb.Username | rfb.Password, true, rfb.ProtectLogin},
		{"ARD 4096", rfbtest.Server{Version: "RFB 003.889\n", Types: types{30, 33, 36}, DHBytes: 512}, types{30}, rfb.Username | rfb.Password, true, rfb.ProtectLogin},
		{"MSLogonII", rfbtest.Server{Types: types{113}}, types{113}, rfb.Username | rfb.Password, true, rfb.ProtectLogin},
		{"Ultra, VncAuth", rfbtest.Server{Types: types{17, 117}, Second: types{2}}, types{17, 2}, rfb.Password, false, rfb.ProtectNothing},
		{"Ultra, MSLogonII", rfbtest.Server{Types: types{17, 117}, Second: types{118, 113}}, types{17, 113}, rfb.Username | rfb.Password, true, rfb.ProtectLogin},
		{"Tight, nothing", rfbtest.Server{Types: types{16}}, types{16, 1}, 0, false, rfb.ProtectNothing},
		{"Tight, VncAuth", rfbtest.Server{Types: types{2, 16}, Logins: types{2}}, types{16, 2}, rfb.Password, false, rfb.ProtectNothing},
		{"Tight, Unix", rfbtest.Server{Types: types{16}, Logins: types{rfb.SecuritySASL, rfb.SecurityTightUnix}}, types{16, rfb.SecurityTightUnix}, rfb.Username | rfb.Password, false, rfb.ProtectNothing},
		{"Tight, VeNCrypt", rfbtest.Server{Types: types{16}, Logins: types{2, 19}, Sub: types{261}}, types{16, 19, 261}, rfb.Password, true, rfb.ProtectAll},
		{"TLS, None", rfbtest.Server{Types: types{18}, Second: types{1}}, types{18, 1}, 0, false, rfb.ProtectUnverified},
		{"TLS, VncAuth", rfbtest.Server{Types: types{1, 2, 18}, Second: types{2}}, types{18, 2}, rfb.Password, true, rfb.ProtectUnverified},
		{"Plain", rfbtest.Server{Types: types{19}, Sub: types{256}}, types{19, 256}, rfb.Username | rfb.Password, false, rfb.ProtectNothing},
		{"Ident", rfbtest.Server{Types: types{19}, Sub: types{265}}, types{19, 265}, rfb.Username, false, rfb.ProtectNothing},
		{"VncAuth in VeNCrypt", rfbtest.Server{Types: types{19}, Sub: types{2}}, types{19, 2}, rfb.Password, false, rfb.ProtectNothing},
		{"TLSNone", rfbtest.Server{Types: types{19}, Sub: types{257}}, types{19, 257}, 0, false, rfb.ProtectUnverified},
		{"TLSVnc", rfbtest.Server{Types: types{19}, Sub: types{258}}, types{19, 258}, rfb.Password, true, rfb.ProtectUnverified},
		{"TLSPlain", rfbtest.Server{Types: types{19}, Sub: types{259}}, types{19, 259}, rfb.Username | rfb.Password, true, rfb.ProtectUnverified},
		{"TLSIdent", rfbtest.Server{Types: types{19}, Sub: types{266}}, types{19, 266}, rfb.Username, true, rfb.ProtectUnverified},
		{"X509None", rfbtest.Server{Types: types{19}, Sub: types{260}}, types{19, 260}, 0, false, rfb.ProtectAll},
		{"X509Vnc", rfbtest.Server{Types: types{19}, Sub: types{261, 263}}, types{19, 261}, rfb.Password, true, rfb.ProtectAll},
		{"X509Plain", rfbtest.Server{Types: types{19}, Sub: types{262}}, types{19, 262}, rfb.Username | rfb.Password, true, rfb.ProtectAll},
		{"X509Ident", rfbtest.Server{Types: types{19}, Sub: types{267}}, types{19, 267}, rfb.Username, true, rfb.ProtectAll},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.server.Username, c.server.Password, c.server.Name = user, password, "büro\x1b[1m\n2"
			v := &viewer{creds: rfb.Credentials{Username: user, Password: password, Target: "vm1"}}
			ready, session, err := meet(t, c.server, v)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(ready.Security, c.path) || !slices.Equal(session.Security, c.path) {
				t.Errorf("went through %v, the server saw %v, want %v", ready.Security, session.Security, c.path)
			}
			var asked rfb.Kinds
			for _, a := range v.asked {
				asked |= a.Kinds
				if a.Safe != c.safe {
					t.Errorf("credentials asked for as safe: %v", a.Safe)
				}
			}
			if asked != c.asked || len(v.asked) > 1 {
				t.Errorf("asked %d times for %b, want %b", len(v.asked), asked, c.asked)
			}
			if ready.Protection != c.gives {
				t.Errorf("protection: %v, want %v", ready.Protection, c.gives)
			}
			if ready.Width != 640 || ready.Height != 480 || ready.Name != "büro[1m 2" || ready.Format != rfb.RGBX {
				t.Errorf("desktop: %+v", ready)
			}
			if !session.Shared {
				t.Error("the desktop is not shared")
			}
			if last := c.path[len(c.path)-1]; ready.Truncated != (last == 2 || last == 22 || last == 258 || last == 261) {
				t.Errorf("password cut: %v", ready.Truncated)
			}
			if c.path[0] == rfb.SecurityTight && (ready.Tight == nil || len(ready.Tight.ServerMessages) != 1 || ready.Tight.Encodings[0].Code != 7) {
				t.Errorf("tight capabilities: %+v", ready.Tight)
			}

			// The same with a wrong password, where there is one.
			if c.asked&rfb.Password == 0 {
				return
			}
			c.server.Reason = "nobody here\x07"
			v = &viewer{creds: rfb.Credentials{Username: user, Password: "x", Target: "vm1"}}
			_, _, err = meet(t, c.server, v)
			var auth *rfb.AuthError
			if !errors.As(err, &auth) {
				t.Fatalf("wrong password: %v", err)
			}
			if (auth.Reason != "nobody here") != strings.Contains(c.name, "3.") || !slices.Equal(auth.Security, c.path) || strings.Contains(err.Error(), "\"x\"") {
				t.Errorf("wrong password: %+v", auth)
			}
		})
	}
}

// What a person knows decides between types of equal protection.
func TestChoice(t *testing.T) {
	tigervnc := rfbtest.Server{Types: types{1, 2, 19, 5, 6}, Sub: types{256, 257, 258, 259, 260, 261, 262}, Kind: 2}
	mac := rfbtest.Server{Types: types{30, 33, 36, 2}}
	for _, c := range []struct {
		name   string
		server rfbtest.Server
		cfg    rfb.Config
		want   types
	}{
		{"nothing known", tigervnc, rfb.Config{}, types{19, 260}},
		{"a password", tigervnc, rfb.Config{Have: rfb.Password}, types{19, 261}},
		{"a user", tigervnc, rfb.Config{Have: rfb.Username | rfb.Password}, types{19, 262}},
		{"only RA2", tigervnc, rfb.Config{Allow: types{5}}, types{5}},
		{"only VncAuth", tigervnc, rfb.Config{Allow: types{2}}, types{2}},
		{"only TLSVnc", tigervnc, rfb.Config{Allow: types{258}}, types{19, 258}},
		{"VeNCrypt, whatever it has", tigervnc, rfb.Config{Allow: types{19}, Have: rfb.Password}, types{19, 261}},
		{"no VeNCrypt", tigervnc, rfb.Config{Forbid: types{19}}, types{5}},
		{"no X.509", tigervnc, rfb.Config{Forbid: types{260, 261, 262}, Have: rfb.Password}, types{19, 258}},
		{"a Mac, a user", mac, rfb.Config{Have: rfb.Username | rfb.Password}, types{30}},
		{"a Mac, only VncAuth", mac, rfb.Config{Allow: types{2}}, types{2}},
		{"None rather than a question", rfbtest.Server{Types: types{1, 2}}, rfb.Config{}, types{1}},
		{"VncAuth rather than None", rfbtest.Server{Types: types{1, 2}}, rfb.Config{Have: rfb.Password}, types{2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ready, _, err := meet(t, c.server, &viewer{cfg: c.cfg, chunk: 4096})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(ready.Security, c.want) {
				t.Errorf("took %v, want %v", ready.Security, c.want)
			}
		})
	}
}

func TestNothingToChoose(t *testing.T) {
	for _, c := range []struct {
		server rfbtest.Server
		cfg    rfb.Config
		words  []string
	}{
		{rfbtest.Server{Types: types{33, 36}}, rfb.Config{}, []string{"AppleRSA", "Apple's own login"}},
		{rfbtest.Server{Types: types{20, 77}}, rfb.Config{}, []string{"SASL is not supported", "type 77"}},
		{rfbtest.Server{Types: types{2}}, rfb.Config{Allow: types{19}}, []string{"settings forbid"}},
		{rfbtest.Server{Types: types{19}, Sub: types{263, 264}}, rfb.Config{}, []string{"X509SASL", "within VeNCrypt"}},
		{rfbtest.Server{Types: types{16}, Logins: types{20}}, rfb.Config{}, []string{"within Tight"}},
		{rfbtest.Server{Version: "RFB 003.003\n", Types: types{33}}, rfb.Config{}, []string{"AppleRSA"}},
	} {
		_, _, err := meet(t, c.server, &viewer{cfg: c.cfg})
		var none *rfb.SecurityError
		if !errors.As(err, &none) {
			t.Errorf("%v: %v", c.server.Types, err)
			continue
		}
		for _, w := range c.words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%q does not say %q", err, w)
			}
		}
	}
}

func TestRefusedConnection(t *testing.T) {
	for _, version := range []string{"RFB 003.003\n", "RFB 003.008\n"} {
		_, _, err := meet(t, rfbtest.Server{Version: version, Reason: "Too many security failures"}, &viewer{})
		var auth *rfb.AuthError
		if !errors.As(err, &auth) || auth.Reason != "Too many security failures" || auth.Security != nil {
			t.Errorf("%q: %v", version, err)
		}
	}
	_, _, err := meet(t, rfbtest.Server{Types: types{2}, TooMany: true, Password: "x"}, &viewer{})
	var auth *rfb.AuthError
	if !errors.As(err, &auth) || !auth.TooMany {
		t.Errorf("too many attempts: %v", err)
	}
}

func TestServerKeyIsThatOnTheWire(t *testing.T) {
	v := &viewer{}
	if _, _, err := meet(t, rfbtest.Server{Types: types{129}, Kind: 2}, v); err != nil {
		t.Fatal(err)
	}
	if v.key == nil || v.key.Bits != 2048 || string(v.key.Wire) != string(rfb.AppendRSAKey(nil, &rsaKey().PublicKey)) {
		t.Errorf("key: %+v", v.key)
	}
}
