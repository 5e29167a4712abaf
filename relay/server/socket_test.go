package server_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/server"
)

func newRecorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }

// ws is a browser's WebSocket.
type ws struct {
	*websocket.Conn
	f *fixture
}

func (f *fixture) tryDial(header http.Header, protocols ...string) (*websocket.Conn, *http.Response, error) {
	ctx, cancel := context.WithTimeout(f.t.Context(), 10*time.Second)
	defer cancel()
	return websocket.Dial(ctx, f.base+"/ws/rac/"+token+"/", &websocket.DialOptions{
		HTTPClient: f.client, HTTPHeader: header, Subprotocols: protocols,
	})
}

func (f *fixture) dial(header http.Header) *ws {
	f.t.Helper()
	conn, _, err := f.tryDial(header, wire.Subprotocol, "guacamole")
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = conn.CloseNow() })
	conn.SetReadLimit(wire.MaxFromRelay)
	return &ws{conn, f}
}

func (w *ws) closeNow() { _ = w.CloseNow() }

// hello opens the session and waits for the welcome.
func (w *ws) hello() {
	w.f.t.Helper()
	w.send((&wire.Hello{Version: 1, Grid: wire.Grid{Cols: 80, Rows: 24}}).Append(nil))
	w.until(wire.TypeWelcome)
}

func (w *ws) send(p []byte) {
	w.f.t.Helper()
	if err := w.Write(w.f.t.Context(), websocket.MessageBinary, p); err != nil {
		w.f.t.Fatal(err)
	}
}

// until reads to a record of the given type.
func (w *ws) until(kind wire.Type) []byte {
	w.f.t.Helper()
	ctx, cancel := context.WithTimeout(w.f.t.Context(), 10*time.Second)
	defer cancel()
	for {
		_, p, err := w.Read(ctx)
		if err != nil {
			w.f.t.Fatalf("before %s: %v", kind, err)
		}
		for len(p) > 0 {
			t, body, rest, err := wire.Next(p)
			if err != nil {
				w.f.t.Fatal(err)
			}
			if t == kind {
				return body
			}
			p = rest
		}
	}
}

func (w *ws) ends(code string) {
	w.f.t.Helper()
	var m wire.End
	if err := m.Decode(w.until(wire.TypeEnd)); err != nil || m.Code != code {
		w.f.t.Errorf("ended with %+v, want %s", m, code)
	}
}

func TestOrigins(t *testing.T) {
	for _, tt := range []struct {
		origin string // HOST stands for the server's own
		secure bool
		want   bool
	}{
		{"", false, true}, // not a browser's page
		{"http://HOST", false, true},
		{"HTTP://HOST", false, true},
		{"https://HOST", false, true}, // a proxy may speak TLS
		{"https://HOST", true, true},
		{"http://HOST", true, false},
		{"ftp://HOST", false, false},
		{"HOST", false, false},
		{"http://HOST.evil.example", false, false},
		{"http://evil.example", false, false},
		{"http://127.0.0.1", false, false}, // another port
		{"http://127.0.0.1:1", false, false},
		{"null", false, false},
		{"https://desk.example.org", false, true},
		{"https://DESK.example.org", false, true},
		{"http://desk.example.org", false, false},
		{"https://desk.example.org:8443", false, false},
		{"https://desk.example.org.evil.example", false, false},
		{"https://slash.example.org", false, true},
	} {
		f := start(t, func(c *server.Config) {
			c.Secure = tt.secure
			c.Origins = []string{"https://desk.example.org", "https://slash.example.org/"}
		})
		h := http.Header{}
		if tt.origin != "" {
			h.Set("Origin", strings.ReplaceAll(tt.origin, "HOST", strings.TrimPrefix(f.base, "http://")))
		}
		conn, resp, err := f.tryDial(h, wire.Subprotocol)
		if (err == nil) != tt.want || !tt.want && resp.StatusCode != http.StatusForbidden {
			t.Errorf("origin %q, secure %t: %v", tt.origin, tt.secure, err)
		}
		if err == nil {
			_ = conn.CloseNow()
		}
	}
}

func TestSubprotocolIsRequired(t *testing.T) {
	f := start(t)
	for _, offer := range [][]string{nil, {"guacamole"}, {"porthole.v2"}} {
		conn, _, err := f.tryDial(nil, offer...)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
			t.Errorf("offer %v: %v", offer, err)
		}
		_ = conn.CloseNow()
	}
	if conn := f.dial(nil); conn.Subprotocol() != wire.Subprotocol {
		t.Errorf("chose %q", conn.Subprotocol())
	}
}

func TestASessionOverTheSocket(t *testing.T) {
	f := start(t)
	w := f.dial(http.Header{"Cookie": {"login-secret"}})
	w.hello()
	w.send((&wire.Input{Data: []byte("echo")}).Append(nil))
	var m wire.Output
	if err := m.Decode(w.until(wire.TypeOutput)); err != nil || string(m.Data) != "echo" {
		t.Errorf("got %q, %v", m.Data, err)
	}
	f.doorman.mu.Lock()
	p := f.doorman.seen[0]
	f.doorman.mu.Unlock()
	if p.Token != token || p.Login != "login-secret" || p.Client != "127.0.0.1" {
		t.Errorf("presented %+v", p)
	}
	w.send((&wire.Bye{}).Append(nil))
	w.ends(wire.EndDisconnected)
	if _, _, err := w.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusNormalClosure {
		t.Errorf("closed with %v", err)
	}
}

func TestMessagesThatAreNotOurs(t *testing.T) {
	f := start(t)
	w := f.dial(nil)
	if err := w.Write(t.Context(), websocket.MessageText, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	w.ends(wire.EndProtocol)
	large := f.dial(nil)
	large.hello()
	_ = large.Write(t.Context(), websocket.MessageBinary, make([]byte, wire.MaxFromBrowser+1))
	for {
		_, _, err := large.Read(t.Context())
		if err == nil {
			continue
		}
		if websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
			t.Errorf("closed with %v", err)
		}
		break
	}
}

func TestShutdownTellsTheSockets(t *testing.T) {
	f := start(t)
	w, silent := f.dial(nil), f.dial(nil) // the second one never says hello
	w.hello()
	if resp, _ := f.do("GET", "/-/health/ready/"); resp.StatusCode != 204 {
		t.Errorf("before: %d", resp.StatusCode)
	}
	done := make(chan error, 1)
	go func() { done <- f.Shutdown(context.Background()) }()
	w.ends(wire.EndShutdown)
	_, _, _ = w.Read(t.Context()) // answers the goodbye
	if err := <-done; err != nil {
		t.Errorf("shutdown: %v", err)
	}
	if _, _, err := silent.Read(t.Context()); err == nil {
		t.Error("the silent socket is open")
	}
	h := newRecorder()
	f.Handler().ServeHTTP(h, httptest.NewRequest("GET", "/-/health/ready/", nil))
	if h.Code != http.StatusServiceUnavailable {
		t.Errorf("ready after shutdown: %d", h.Code)
	}
	h = newRecorder()
	f.Handler().ServeHTTP(h, httptest.NewRequest("GET", "/-/health/live/", nil))
	if h.Code != http.StatusNoContent {
		t.Errorf("live after shutdown: %d", h.Code)
	}
	h = newRecorder()
	f.Handler().ServeHTTP(h, httptest.NewRequest("GET", "/ws/rac/x/", nil))
	if h.Code != http.StatusServiceUnavailable {
		t.Errorf("socket after shutdown: %d", h.Code)
	}
}

func TestTLS(t *testing.T) {
	f := start(t, func(c *server.Config) { c.TLS = certificate(t) })
	resp, _ := f.do("GET", "/")
	if resp.ProtoMajor != 2 || resp.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%s, %v", resp.Proto, resp.Header)
	}
	// A browser opens its WebSocket by HTTP/1.1 beside.
	f.client.CloseIdleConnections()
	one := f.client.Transport.(*http.Transport).Clone()
	one.ForceAttemptHTTP2 = false
	one.TLSClientConfig.NextProtos = []string{"http/1.1"}
	one.Protocols = new(http.Protocols)
	one.Protocols.SetHTTP1(true)
	f.client = &http.Client{Transport: one}
	w := f.dial(http.Header{"Origin": {f.base}})
	w.hello()
	conn, _, err := f.tryDial(http.Header{"Origin": {strings.Replace(f.base, "https:", "http:", 1)}}, wire.Subprotocol)
	if err == nil {
		_ = conn.CloseNow()
		t.Error("an unprotected page may connect")
	}
}

func TestTokensAreNotLogged(t *testing.T) {
	f := start(t)
	w := f.dial(http.Header{"Cookie": {"login-secret"}})
	w.hello()
	w.closeNow()
	for _, path := range []string{"/if/rac/" + token + "/", "/if/rac/" + token + "/none", "/ws/rac/" + token + "/", "/api/panic?x=" + token, "/open/" + token} {
		f.do("GET", path)
	}
	f.do("POST", "/if/rac/"+token+"/")
	_, _, _ = f.tryDial(http.Header{"Origin": {"http://evil.example"}}, wire.Subprotocol)
	if err := f.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{token, "login-secret"} {
		if strings.Contains(f.log.String(), secret) {
			t.Errorf("logged: %s", f.log)
		}
	}
	if !strings.Contains(f.log.String(), "reason=origin") {
		t.Error("the refused origin was not logged")
	}
}
