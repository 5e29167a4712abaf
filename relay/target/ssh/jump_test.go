package ssh_test

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
	"github.com/porthole-rac/porthole/scripts/targets"
)

// jumpVia gives the settings for s through hosts that all take its key.
func jumpVia(s *targets.Server, hosts ...*targets.Server) map[string]string {
	var list []string
	for _, h := range hosts {
		list = append(list, h.User+"@"+h.Address())
	}
	return s.With(map[string]string{"proxy-jump": strings.Join(list, ",")})
}

func TestJumpHosts(t *testing.T) {
	t.Parallel()
	last := targets.For(t, targets.OpenSSH, targets.Options{})
	takes := []string{strings.TrimSpace(read(t, last.KeyFile+".pub"))}
	v4 := targets.For(t, targets.OpenSSH, targets.Options{AuthorizedKeys: takes})
	v6 := targets.For(t, targets.OpenSSH, targets.Options{Listen: "::1", AuthorizedKeys: takes})
	drop := targets.For(t, targets.Dropbear, targets.Options{AuthorizedKeys: takes})
	for _, tt := range []struct {
		name string
		via  []*targets.Server
	}{
		{"one", []*targets.Server{v4}},
		{"one on IPv6", []*targets.Server{v6}},
		{"two", []*targets.Server{v4, v6}},
		{"three", []*targets.Server{v6, drop, v4}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all, p, tr := jumpVia(last, tt.via...), new(person), new(trust)
			if err := runs(t, all, p, tr); err != nil {
				t.Fatal(err)
			}
			// The pin is for the target; the hosts on the way are trusted on first use.
			if p.Times("host-key-first-seen") != len(tt.via) {
				t.Errorf("notices %+v", p.Notices)
			}
			for _, h := range tt.via {
				if !slices.Contains(p.Details, h.Address()) {
					t.Errorf("progress does not name %s: %q", h.Address(), p.Details)
				}
			}
			again := new(person)
			if err := runs(t, all, again, tr); err != nil || len(again.Notices) > 0 {
				t.Errorf("second time: %v, %+v", err, again.Notices)
			}
		})
	}
	t.Run("target on IPv6", func(t *testing.T) {
		all := v6.With(map[string]string{"private-key": last.Key, "proxy-jump": v4.User + "@" + v4.Address()})
		if err := runs(t, all, new(person), nil); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("nothing listens behind", func(t *testing.T) {
		all := jumpVia(last, v4)
		all["port"] = fmt.Sprint(freePort(t))
		e := wantError(t, runs(t, all, new(person), nil), wire.EndUnreachable, target.StepConnect)
		if !strings.Contains(e.Message, "jump host") {
			t.Errorf("message %q", e.Message)
		}
	})
	t.Run("changed jump host", func(t *testing.T) {
		all, tr := jumpVia(last, v4), new(trust)
		if err := runs(t, all, new(person), tr); err != nil {
			t.Fatal(err)
		}
		tr.IDs["e1 "+v4.Address()][0].Key = []byte("other")
		e := wantError(t, runs(t, all, new(person), tr), wire.EndHostKeyChanged, target.StepHandshake)
		if !strings.Contains(e.Message, v4.Address()) {
			t.Errorf("message %q", e.Message)
		}
	})
	t.Run("forwarding is not allowed", func(t *testing.T) {
		closed := targets.For(t, targets.OpenSSH, targets.Options{AuthorizedKeys: takes, Config: []string{"AllowTcpForwarding no"}})
		wantError(t, runs(t, jumpVia(last, closed), new(person), nil), wire.EndRefused, target.StepConnect)
	})
	t.Run("login at the jump host fails", func(t *testing.T) {
		stranger := targets.For(t, targets.OpenSSH, targets.Options{})
		e := wantError(t, runs(t, jumpVia(last, stranger), new(person), nil), wire.EndAuthFailed, target.StepAuthenticate)
		if !strings.Contains(e.Message, stranger.Address()) {
			t.Errorf("message %q", e.Message)
		}
	})
}

// A way that cannot be read is not left out.
func TestJumpHostsThatCannotBeRead(t *testing.T) {
	address := serve(t, &fake{conn: func(*ssh.ServerConn) { t.Error("connected without the jump host") }})
	all := at(t, address)
	all["proxy-jump"] = "jump:port"
	_, err := connect(t, all, new(person), nil)
	wantError(t, err, wire.EndSettings, target.StepResolve)
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// The password of the target goes to the target, the one typed for the jump host
// to the jump host.
func TestJumpHostHasAPasswordOfItsOwn(t *testing.T) {
	t.Parallel()
	last := targets.For(t, targets.OpenSSH, targets.Options{Password: goodPassword})
	var offered []string
	jump := serve(t, &fake{password: "jump password", onPassword: func(p string) { offered = append(offered, p) }, forward: true})
	all := byPassword(last, goodPassword)
	all["proxy-jump"] = "somebody@" + jump
	p := &person{Answers: [][]string{{"jump password"}}}
	if err := runs(t, all, p, nil); err != nil {
		t.Fatal(err)
	}
	if len(p.Forms) != 1 || !strings.Contains(p.Forms[0].Title, "jump host") {
		t.Errorf("forms %+v", p.Forms)
	}
	if slices.Contains(offered, goodPassword) {
		t.Error("the jump host, where the account is another, got the target's password")
	}
	// With the same account it is tried there.
	all["proxy-jump"] = jump
	offered = nil
	if err := runs(t, all, &person{Answers: [][]string{{"jump password"}}}, nil); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(offered, []string{goodPassword, "jump password"}) {
		t.Errorf("offered %q", offered)
	}
}
