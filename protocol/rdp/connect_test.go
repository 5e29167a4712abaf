package rdp_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/porthole-rac/porthole/protocol/rdp"
	"github.com/porthole-rac/porthole/protocol/rdp/credssp"
	"github.com/porthole-rac/porthole/protocol/rdp/license"
	"github.com/porthole-rac/porthole/protocol/rdp/mcs"
	"github.com/porthole-rac/porthole/protocol/rdp/ntlm"
	"github.com/porthole-rac/porthole/protocol/rdp/rdptest"
	"github.com/porthole-rac/porthole/protocol/rdp/share"
	"github.com/porthole-rac/porthole/protocol/rdp/x224"
)

// everywhere calls f with servers of all kinds.
func everywhere(f func(name string, c rdp.Config, s rdptest.Config)) {
	add := func(name string, p x224.Protocols, change func(c *rdp.Config, s *rdptest.Config)) {
		c, s := alice(), wonderland(p)
		if change != nil {
			change(&c, &s)
		}
		f(name, c, s)
	}
	add("TLS", x224.TLS, nil)
	add("NLA", x224.TLS|x224.Hybrid, nil)
	add("NLA with early authorization", x224.TLS|x224.Hybrid|x224.HybridEx, nil)
	for v := 2; v <= 7; v++ {
		add(fmt.Sprintf("CredSSP %d", v), x224.Hybrid, func(_ *rdp.Config, s *rdptest.Config) { s.Version = v })
	}
	add("NTLM without time", x224.Hybrid, func(_ *rdp.Config, s *rdptest.Config) { s.NoTimestamp = true })
	add("NTLM without key exchange", x224.Hybrid, func(_ *rdp.Config, s *rdptest.Config) { s.WithoutFlags = ntlm.FlagKeyExchange })
	add("UPN", x224.Hybrid, func(c *rdp.Config, s *rdptest.Config) {
		c.Credentials.User, s.User, s.Domain = "alice@dom.example", "alice@dom.example", ""
	})
	add("account of the machine", x224.Hybrid, func(c *rdp.Config, s *rdptest.Config) {
		c.Credentials.User, s.Domain = `.\alice`, ""
	})
	add("full licensing", x224.TLS, func(_ *rdp.Config, s *rdptest.Config) { s.License = true })
	add("no licensing", x224.TLS, func(_ *rdp.Config, s *rdptest.Config) { s.NoLicensing = true })
	add("joins skipped", x224.TLS, func(_ *rdp.Config, s *rdptest.Config) { s.SkipJoin = true })
	add("old settings", x224.TLS, func(_ *rdp.Config, s *rdptest.Config) { s.Flags, s.MessageChannel = 0, false })
	add("another size", x224.TLS, func(_ *rdp.Config, s *rdptest.Config) { s.Width, s.Height = 640, 480 })
	add("login screen", x224.TLS, func(c *rdp.Config, s *rdptest.Config) { c.Credentials, c.NoLogin = nil, true })
}

func TestConnectsToEveryKindOfServer(t *testing.T) {
	everywhere(func(name string, c rdp.Config, s rdptest.Config) {
		for _, chunk := range []int{1 << 20, 1} {
			t.Run(fmt.Sprintf("%s/%d", name, chunk), func(t *testing.T) {
				c := c
				c.Rand = alice().Rand
				c.Credentials = nil
				if !c.NoLogin {
					c.Credentials = &rdp.Credentials{User: s.Domain + `\` + s.User, Password: s.Password}
					if s.Domain == "" {
						c.Credentials.User = s.User
					}
				}
				l := newLink(t, c, s, chunk)
				if err := l.run(); err != nil {
					t.Fatal(err)
				}
				width, height := 800, 600
				if s.Width != 0 {
					width, height = s.Width, s.Height
				}
				if want := fmt.Sprintf("active %dx%d first=true", width, height); !slices.Contains(l.log, want) {
					t.Errorf("got %q, want %q", l.log, want)
				}
				info := find[rdptest.Info](l)
				if info == nil {
					t.Fatal("no client information came")
				}
				if c.NoLogin {
					if info.Info.User != "" || info.Info.Password != "" || info.Info.Flags&share.InfoAutoLogon != 0 {
						t.Errorf("without a login the server got %q", info.Info.User)
					}
					return
				}
				if info.Info.Flags&share.InfoAutoLogon == 0 {
					t.Error("the server is not told to log in")
				}
				if info.Info.User != s.User || info.Info.Domain != s.Domain || info.Info.Password != s.Password {
					t.Errorf("the server got %q, %q", info.Info.Domain, info.Info.User)
				}
				if s.Protocols&x224.Hybrid != 0 {
					want := &rdptest.Login{Domain: s.Domain, User: s.User, Password: s.Password}
					if diff := cmp.Diff(want, find[rdptest.Login](l)); diff != "" {
						t.Error(diff)
					}
				}
			})
		}
	})
}

// TestOverTLS is the same over real TLS and a pipe.
func TestOverTLS(t *testing.T) {
	near, far := net.Pipe()
	done := make(chan error, 1)
	go func() {
		defer far.Close()
		s := rdptest.New(wonderland(x224.Hybrid))
		var conn net.Conn = far
		buf := make([]byte, 4096)
		var in []byte
		for {
			ev, n, err := s.Next(in)
			in = in[n:]
			if out := s.Output(); len(out) > 0 {
				if _, err := conn.Write(out); err != nil {
					done <- err
					return
				}
			}
			switch ev.(type) {
			case *rdptest.StartTLS:
				conn = tls.Server(far, &tls.Config{Certificates: []tls.Certificate{certificate()}})
				s.Secured()
			case *rdptest.Disconnected:
				done <- nil
				return
			case nil:
				if err == nil {
					n, err = conn.Read(buf)
					in = buf[:n]
				}
				if err != nil {
					done <- err
					return
				}
			}
		}
	}()
	c := alice()
	err := talk(near, c, func(_ *rdp.Client, ev rdp.Event) bool {
		_, active := ev.(*rdp.Active)
		return active
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal("server:", err)
	}
}

// talk drives a client over a connection until done says so, then says goodbye.
func talk(conn net.Conn, cfg rdp.Config, done func(c *rdp.Client, ev rdp.Event) bool) error {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(2 * time.Minute))
	c, err := rdp.NewClient(cfg)
	if err != nil {
		return err
	}
	began := time.Now()
	buf := make([]byte, 64<<10)
	var in []byte
	for {
		c.At(time.Since(began))
		ev, n, err := c.Next(in)
		in = in[n:]
		if _, werr := conn.Write(c.Output()); werr != nil && err == nil {
			err = werr
		}
		if err != nil {
			return err
		}
		if ev != nil && done(c, ev) {
			_ = c.Disconnect()
			_, err := conn.Write(c.Output())
			return err
		}
		switch ev := ev.(type) {
		case *rdp.StartTLS:
			client := tls.Client(conn, &tls.Config{InsecureSkipVerify: true, DynamicRecordSizingDisabled: true})
			if err := client.Handshake(); err != nil {
				return fmt.Errorf("TLS: %w", err)
			}
			conn, in = client, nil
			if err := c.Secured(client.ConnectionState().PeerCertificates[0].Raw); err != nil {
				return err
			}
		case *rdp.FrameEnd:
			_ = c.AckFrame(ev.ID)
		case nil:
			k, err := conn.Read(buf)
			in = buf[:k]
			if errors.Is(err, io.EOF) {
				return c.Closed()
			}
			if err != nil {
				return err
			}
		}
	}
}

func TestCredentialsAreAskedFor(t *testing.T) {
	for _, p := range []x224.Protocols{x224.TLS, x224.Hybrid} {
		c := alice()
		c.Credentials = nil
		l := newLink(t, c, wonderland(p), 1<<20)
		var asked *rdp.NeedCredentials
		l.on = func(ev rdp.Event) {
			if ev, ok := ev.(*rdp.NeedCredentials); ok {
				asked = ev
			}
		}
		if err := l.run(); err != nil {
			t.Fatal(err)
		}
		if asked == nil || asked.Required != (p == x224.Hybrid) || !l.c.Waiting() {
			t.Fatalf("%v: asked %v", p, asked)
		}
		if err := l.c.Answer(rdp.Credentials{}); (err != nil) != asked.Required {
			t.Errorf("%v: nobody is taken: %v", p, err)
		}
		if asked.Required {
			if err := l.c.Answer(rdp.Credentials{User: "alice", Domain: "DOM", Password: "wonder-1"}); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.run(); err != nil || !l.c.Active() {
			t.Errorf("%v: %v", p, err)
		}
	}
}

func TestLoginsThatFail(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(c *rdp.Config, s *rdptest.Config)
		kind   credssp.Kind
		is     error
		text   string
	}{
		{"wrong password", func(c *rdp.Config, _ *rdptest.Config) { c.Credentials.Password = "wonder-2" }, credssp.Wrong, nil, "password is wrong"},
		{"wrong user", func(c *rdp.Config, _ *rdptest.Config) { c.Credentials.User = "bob" }, credssp.Wrong, nil, "user name"},
		{"wrong host", func(c *rdp.Config, _ *rdptest.Config) { c.Host = "other" }, credssp.Wrong, nil, ""},
		{"expired", func(_ *rdp.Config, s *rdptest.Config) { s.Status = 0xc0000071 }, credssp.Expired, nil, "expired"},
		{"must change", func(_ *rdp.Config, s *rdptest.Config) { s.Status = 0xc0000224 }, credssp.Expired, nil, "changed"},
		{"locked", func(_ *rdp.Config, s *rdptest.Config) { s.Status = 0xc0000234 }, credssp.Locked, nil, "locked"},
		{"unknown code", func(_ *rdp.Config, s *rdptest.Config) { s.Status = 0xc0001234 }, credssp.Other, nil, "0xc0001234"},
		{"another key", func(_ *rdp.Config, s *rdptest.Config) { s.PublicKey = []byte("another key") }, 0, credssp.ErrKey, ""},
		{"another key, old", func(_ *rdp.Config, s *rdptest.Config) { s.PublicKey, s.Version = []byte("another key"), 2 }, 0, credssp.ErrKey, ""},
		{"no proof", func(_ *rdp.Config, s *rdptest.Config) { s.NoProof = true }, 0, credssp.ErrKey, ""},
		{"proof of another version", func(_ *rdp.Config, s *rdptest.Config) { s.OldProof = true }, 0, credssp.ErrKey, ""},
		{"another certificate", func(_ *rdp.Config, s *rdptest.Config) {
			s.Certificate = append(append([]byte(nil), der()...), 0)
		}, credssp.Other, nil, "TLS"},
		{"no sealing", func(_ *rdp.Config, s *rdptest.Config) { s.WithoutFlags = ntlm.FlagSeal }, 0, ntlm.ErrWeak, ""},
		{"40 bits", func(_ *rdp.Config, s *rdptest.Config) { s.WithoutFlags = ntlm.Flag128 }, 0, ntlm.ErrWeak, ""},
		{"old NTLM", func(_ *rdp.Config, s *rdptest.Config) { s.WithoutFlags = ntlm.FlagExtended }, 0, ntlm.ErrWeak, ""},
		{"nameless", func(_ *rdp.Config, s *rdptest.Config) { s.WithoutFlags = ntlm.FlagTargetInfo }, 0, ntlm.ErrWeak, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, s := alice(), wonderland(x224.Hybrid)
			tt.change(&c, &s)
			l := newLink(t, c, s, 1<<20)
			err := l.run()
			var status *credssp.StatusError
			switch {
			case err == nil:
				t.Fatal("logged in")
			case tt.is != nil && !errors.Is(err, tt.is):
				t.Errorf("got %v, want %v", err, tt.is)
			case tt.is == nil && (!errors.As(err, &status) || status.Kind() != tt.kind):
				t.Errorf("got %v, want a status of kind %d", err, tt.kind)
			case !strings.Contains(err.Error(), tt.text):
				t.Errorf("%q does not say %q", err, tt.text)
			}
			if find[rdptest.Login](l) != nil || find[rdptest.Info](l) != nil {
				t.Error("the server has the password all the same")
			}
			if strings.Contains(err.Error(), "wonder") {
				t.Error("the password is in the error")
			}
		})
	}
	t.Run("not permitted", func(t *testing.T) {
		s := wonderland(x224.HybridEx)
		s.EarlyResult = 5
		if err := newLink(t, alice(), s, 1<<20).run(); !errors.Is(err, credssp.ErrDenied) {
			t.Error(err)
		}
	})
}

// TestLoginsRefusedWithoutAWord: by closing, or by a goodbye of another layer.
func TestLoginsRefusedWithoutAWord(t *testing.T) {
	for name, goodbye := range map[string]string{"closed": "", "goodbye": "\x03\x00\x00\x09\x02\xf0\x80\x21\x80"} {
		c, s := alice(), wonderland(x224.Hybrid)
		c.Credentials.Password = "wonder-2"
		l := newLink(t, c, s, 1<<20)
		l.mangle = func(_ int, b []byte) []byte {
			if find[rdptest.StartTLS](l) != nil && len(b) > 0 && len(b) < 40 { // the answer with the code
				return []byte(goodbye)
			}
			return b
		}
		err := l.run()
		if err == nil {
			err = l.c.Closed()
		}
		var ended *rdp.DisconnectError
		if !errors.As(err, &ended) || !ended.LoginSent || !strings.Contains(err.Error(), "password is probably wrong") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	for f := x224.TLSRequired; f <= x224.CertificateRequired+1; f++ {
		s := wonderland(x224.TLS)
		s.Failure = f
		var got x224.Failure
		if err := newLink(t, alice(), s, 1).run(); !errors.As(err, &got) || got != f || len(err.Error()) < 15 {
			t.Errorf("%d: %v", f, err)
		}
	}
	s := wonderland(x224.TLS)
	s.LicenseError = 6
	var licensing *license.Error
	if err := newLink(t, alice(), s, 1<<20).run(); !errors.As(err, &licensing) || !strings.Contains(err.Error(), "licence server") {
		t.Error(err)
	}
}

func TestWhatIsNotRDP(t *testing.T) {
	for hello, want := range map[string]string{
		"SSH-2.0-OpenSSH_9.2\r\n": "SSH", "RFB 003.008\n": "VNC", "HTTP/1.1 400 Bad Request\r\n": "web", "\x00\x00\x00\x00\x00\x00\x00\x00\x00": "does not speak RDP",
		"\x03\x00\x00\x0b\x06\x80\x00\x00\x00\x00\x00": "disconnect",
	} {
		c, err := rdp.NewClient(alice())
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.Next([]byte(hello)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", hello, err)
		}
	}
}

func TestLicenceIsKeptAndShown(t *testing.T) {
	s := wonderland(x224.TLS)
	s.License = true
	var kept *rdp.LicenseIssued
	l := newLink(t, alice(), s, 1<<20)
	l.on = func(ev rdp.Event) {
		if ev, ok := ev.(*rdp.LicenseIssued); ok {
			kept = ev
		}
	}
	if err := l.run(); err != nil {
		t.Fatal(err)
	}
	want := license.License{Product: license.Product{Version: 0x60000, Company: "Microsoft Corporation", ID: "A02", Scope: "microsoft.com"}, Data: []byte("the licence")}
	if kept == nil || !cmp.Equal(kept.License, want) {
		t.Fatalf("got %v", kept)
	}
	if got := find[rdptest.Licensed](l); got.User != "alice" || got.Kept != nil {
		t.Errorf("the server saw %q", got)
	}

	c := alice()
	c.FindLicense = func(p license.Product, scopes []string) []byte {
		if p.ID != "A02" || p.Version != 0x60000 || !slices.Equal(scopes, []string{"microsoft.com"}) {
			t.Errorf("asked for %v of %v", p, scopes)
		}
		return kept.License.Data
	}
	l = newLink(t, c, s, 1<<20)
	if err := l.run(); err != nil {
		t.Fatal(err)
	}
	if got := find[rdptest.Licensed](l); string(got.Kept) != "the licence" {
		t.Errorf("the server saw %q", got.Kept)
	}
}

// TestLicenceThatWasChanged: nothing is kept of a licence whose integrity is broken.
func TestLicenceThatWasChanged(t *testing.T) {
	s := wonderland(x224.TLS)
	s.License = true
	l := newLink(t, alice(), s, 1<<20)
	changed := false
	l.mangle = func(_ int, b []byte) []byte {
		if at := bytes.Index(b, []byte{share.SecLicense, 0, 0, 0, license.TypeNew}); at > 0 {
			b[at+20] ^= 1
			changed = true
		}
		return b
	}
	if err := l.run(); !changed || !errors.Is(err, license.ErrMAC) {
		t.Errorf("changed %v: %v", changed, err)
	}
}

// TestClosesAnywhere: wherever a server closes, there is an error that says where.
func TestClosesAnywhere(t *testing.T) {
	steps := map[string]bool{}
	s := wonderland(x224.HybridEx)
	s.License = true
	for cut := 0; ; cut++ {
		l := newLink(t, alice(), s, 1<<20)
		l.mangle = func(offset int, b []byte) []byte { return b[:min(len(b), max(cut-offset, 0))] }
		if err := l.run(); err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if l.c.Active() {
			break
		}
		err := l.c.Closed()
		var ended *rdp.DisconnectError
		if !errors.As(err, &ended) || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if l.c.Waiting() {
			t.Fatalf("cut at %d: waits", cut)
		}
		steps[ended.Step] = true
	}
	for _, want := range []string{"connection request", "login", "early authorization", "settings", "attach user", "channels", "licensing", "capabilities", "finalisation"} {
		if !steps[want] {
			t.Errorf("never closed in %q", want)
		}
	}
}

// TestEveryByteMayLie: with any byte of a server wrong, there is a session, or an
// error, or more is awaited.
func TestEveryByteMayLie(t *testing.T) {
	s := wonderland(x224.TLS)
	s.License = true
	l := newLink(t, alice(), s, 1<<20)
	if err := l.run(); err != nil {
		t.Fatal(err)
	}
	for at := range l.sent {
		for _, x := range []byte{0x01, 0x80, 0xff} {
			l := newLink(t, alice(), s, 1<<20)
			l.mangle = func(offset int, b []byte) []byte {
				if i := at - offset; i >= 0 && i < len(b) {
					b[i] ^= x
				}
				return b
			}
			_ = l.run()
		}
	}
}

func TestErrorInfoIsSaid(t *testing.T) {
	l := connected(t, alice(), wonderland(x224.TLS), 1<<20)
	l.s.ErrorInfo(share.ConnectedElse)
	l.s.Disconnect(mcs.ProviderInitiated)
	err := l.run()
	var ended *rdp.DisconnectError
	if !errors.As(err, &ended) || ended.Info != share.ConnectedElse || !strings.Contains(err.Error(), "elsewhere") {
		t.Error(err)
	}
	// Closing at once after the information means the same.
	l = connected(t, alice(), wonderland(x224.TLS), 1<<20)
	l.s.ErrorInfo(share.IdleTimeout)
	if err := l.run(); err != nil {
		t.Fatal(err)
	}
	if err := l.c.Closed(); errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "idle") {
		t.Error(err)
	}
	l = connected(t, alice(), wonderland(x224.TLS), 1<<20)
	l.s.Disconnect(mcs.UserRequested)
	if err := l.run(); !errors.As(err, &ended) || !ended.LoggedOff() {
		t.Error(err)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	c := alice()
	for _, v := range []any{c, *c.Credentials, c.Credentials, share.Info{Password: "wonder-1"}, share.Cookie{Random: [16]byte{0x77}}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if s := fmt.Sprintf(verb, v); strings.Contains(s, "wonder-1") || strings.Contains(s, "119") {
				t.Errorf("%s of %T: %s", verb, v, s)
			}
		}
	}
}
