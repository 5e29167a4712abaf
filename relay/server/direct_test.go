package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/server"
)

const page = "https://authentik.example.org"

// throughTunnel is a server whose pages come through authentik; token is the secret of
// one direct connection.
func throughTunnel(t *testing.T, change ...func(*server.Config)) *fixture {
	t.Helper()
	left := 1
	return start(t, append([]func(*server.Config){func(c *server.Config) {
		c.Origins = []string{page}
		c.Tunnel = &server.Tunnel{
			Home: page + "/", Prefix: "/auth/", Connect: []string{"wss:"},
			Admit: func(secret string) bool {
				ok := secret == token && left > 0
				if ok {
					left--
				}
				return ok
			},
		}
	}}, change...)...)
}

func (f *fixture) direct(path, origin string, protocols ...string) (*websocket.Conn, int) {
	f.t.Helper()
	h := http.Header{}
	if origin != "" {
		h.Set("Origin", origin)
	}
	conn, resp, err := websocket.Dial(f.t.Context(), f.base+path, &websocket.DialOptions{HTTPClient: f.client, HTTPHeader: h, Subprotocols: protocols})
	if err != nil {
		if resp == nil {
			f.t.Fatal(err)
		}
		return nil, resp.StatusCode
	}
	f.t.Cleanup(func() { _ = conn.CloseNow() })
	return conn, http.StatusSwitchingProtocols
}

func TestDirectConnection(t *testing.T) {
	secret := "porthole.secret." + token
	for _, tt := range []struct {
		name, path, origin string
		protocols          []string
		want               int
	}{
		{"as the page does it", "/if/rac/direct/", page, []string{wire.Subprotocol, secret}, 101},
		{"below authentik's path", "/auth/if/rac/direct/", page, []string{secret, wire.Subprotocol}, 101},
		{"another origin", "/if/rac/direct/", "https://evil.example", []string{wire.Subprotocol, secret}, 403},
		{"without TLS", "/if/rac/direct/", "http://authentik.example.org", []string{wire.Subprotocol, secret}, 403},
		{"a longer name", "/if/rac/direct/", page + ".evil.example", []string{wire.Subprotocol, secret}, 403},
		{"no origin", "/if/rac/direct/", "", []string{wire.Subprotocol, secret}, 403},
		{"opaque origin", "/if/rac/direct/", "null", []string{wire.Subprotocol, secret}, 403},
		{"another secret", "/if/rac/direct/", page, []string{wire.Subprotocol, secret + "x"}, 403},
		{"no secret", "/if/rac/direct/", page, []string{wire.Subprotocol}, 403},
		{"another protocol", "/if/rac/direct/", page, []string{"guacamole", secret}, 403},
		{"the token's way is closed", "/ws/rac/" + token + "/", page, []string{wire.Subprotocol}, 404},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := throughTunnel(t)
			conn, status := f.direct(tt.path, tt.origin, tt.protocols...)
			if status != tt.want {
				t.Fatalf("status %d, want %d", status, tt.want)
			}
			if conn != nil {
				if conn.Subprotocol() != wire.Subprotocol {
					t.Errorf("the answer has %q", conn.Subprotocol())
				}
				conn.SetReadLimit(wire.MaxFromRelay)
				w := &ws{conn, f}
				w.hello()
				w.send((&wire.Bye{}).Append(nil))
				w.ends(wire.EndDisconnected)
			}
			if strings.Contains(f.log.String(), token) {
				t.Errorf("the secret is in the log: %s", f.log)
			}
		})
	}
}

// A secret is good once, and an attempt from elsewhere does not use it up.
func TestSecretIsGoodOnce(t *testing.T) {
	f := throughTunnel(t)
	protocols := []string{wire.Subprotocol, "porthole.secret." + token}
	if _, status := f.direct("/if/rac/direct/", "https://evil.example", protocols...); status != 403 {
		t.Errorf("another origin: %d", status)
	}
	if _, status := f.direct("/if/rac/direct/", page, protocols...); status != 101 {
		t.Errorf("first: %d", status)
	}
	if _, status := f.direct("/if/rac/direct/", page, protocols...); status != 403 {
		t.Errorf("second: %d", status)
	}
}

func TestPagesThroughATunnel(t *testing.T) {
	f := throughTunnel(t)
	for _, path := range []string{"/if/rac/x/", "/auth/if/rac/x/"} {
		resp, body := f.do("GET", path)
		if resp.StatusCode != 200 || !strings.HasPrefix(body, `<html data-way="tunnel" lang="en">`) {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
		if csp := resp.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "connect-src 'self' wss:;") {
			t.Errorf("policy %s", csp)
		}
	}
	if resp, body := f.do("GET", "/auth/if/rac/app-0123456789abcdef.js"); resp.StatusCode != 200 || body != "plain script" {
		t.Errorf("file: %d %s", resp.StatusCode, body)
	}
	// Who comes to the relay itself is sent to where the machines are.
	f.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if resp, _ := f.do("GET", "/"); resp.StatusCode != 302 || resp.Header.Get("Location") != page+"/" {
		t.Errorf("home: %d %s", resp.StatusCode, resp.Header.Get("Location"))
	}
	if resp, body := start(t).do("GET", "/if/rac/x/"); strings.Contains(body, "data-way") ||
		!strings.Contains(resp.Header.Get("Content-Security-Policy"), "connect-src 'self';") {
		t.Errorf("without a tunnel: %s", body)
	}
}
