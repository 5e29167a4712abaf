package authentik_test

import (
	"testing"
	"time"

	"github.com/porthole-rac/porthole/authority/authentik/authentiktest"
	"github.com/porthole-rac/porthole/protocol/wire"
)

// Every version of authentik gets a working outpost, with the path that it may be
// under.
func TestEveryVersion(t *testing.T) {
	for _, v := range authentiktest.Versions() {
		t.Run(v.Name, func(t *testing.T) {
			s := newServer(t, authentiktest.Config{Version: v, Path: "/auth/"})
			f := run(t, s.URL)
			f.up(s)
			i := s.Instances()[0]
			if missing := i.Missing(); len(missing) > 0 {
				t.Errorf("the HELLO lacks %v", missing)
			}
			if i.Outdated(v) {
				t.Error("authentik's pages call the outpost outdated")
			}
			token := s.Login("ann").Connect(authentiktest.Token{Protocol: "ssh", Host: "10.0.0.5:2222", Settings: map[string]string{"username": "root", "password": "hunter2"}})
			if v.NoSubprotocol {
				conn, err := token.Open(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = conn.CloseNow() }()
				if conn.Subprotocol() != "" {
					t.Error("this version of the double has a subprotocol")
				}
				f.logged("breaks every remote access connection")
				return
			}
			p := open(t, token)
			c := f.next()
			if c.Protocol != "ssh" || c.Width != 1280 || c.Height != 800 || c.DPI != 96 || c.Page != "" {
				t.Errorf("connection %+v", c.Connection)
			}
			g := c.grant
			want := map[string]string{"hostname": "10.0.0.5", "port": "2222", "username": "root", "password": "hunter2"}
			for name, v := range want {
				if g.Settings[name] != v {
					t.Errorf("setting %s is %q", name, g.Settings[name])
				}
			}
			if len(g.Settings) != len(want) {
				t.Errorf("settings have more than they should: %d", len(g.Settings))
			}
			if v.ClientUser != (g.User.Name == "ann") || g.Endpoint.Protocol != "ssh" || g.Endpoint.Name != "10.0.0.5:2222" {
				t.Errorf("grant: user %q, endpoint %+v", g.User.Name, g.Endpoint)
			}
			p.works()
			wait(t, "one connection is told", func() bool { return s.Instances()[0].Active() == 1 })
			_ = p.CloseNow()
			c.ends(t, wire.EndAbandoned)
			wait(t, "no connection is told", func() bool { return s.Instances()[0].Active() == 0 && s.Tunnels() == 0 })
		})
	}
}

// Fast as the tests' intervals are, a HELLO comes at its interval and at changes,
// and not more often.
func TestHelloAtItsInterval(t *testing.T) {
	s := newServer(t, authentiktest.Config{})
	f := run(t, s.URL)
	f.up(s)
	start, before := time.Now(), s.Instances()[0].Hellos
	wait(t, "ten more", func() bool { return s.Instances()[0].Hellos >= before+10 })
	if d := time.Since(start); d < 9*quick.Hello {
		t.Errorf("ten HELLOs in %v", d)
	}
}
