package authentiktest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/coder/websocket"
)

// Cookie is the name of a login session's cookie.
const Cookie = "authentik_session"

// Session is a login of a user.
type Session struct {
	User   string
	Cookie string // value
	server *Server
}

// Login makes a session.
func (s *Server) Login(user string) *Session {
	l := &Session{User: user, Cookie: newHex(32), server: s}
	s.mu.Lock()
	s.sessions[l.Cookie] = l
	s.mu.Unlock()
	return l
}

// Token is a connection token, as the flow of an endpoint makes it.
type Token struct {
	Text     string // the secret; 60 characters
	Protocol string
	Host     string // as in the endpoint: host[:port]
	Settings map[string]string
	Provider int           // default 1
	Life     time.Duration // default 8 h
	// DeleteOnDisconnect is the provider's setting: the token is gone as soon as it
	// is used.
	DeleteOnDisconnect bool

	server  *Server
	session *Session
	expires time.Time
}

// Connect makes a connection token for an endpoint.
func (l *Session) Connect(t Token) *Token {
	if t.Text == "" {
		t.Text = newHex(30)
	}
	if t.Provider == 0 {
		t.Provider = 1
	}
	t.server, t.session = l.server, l
	t.server.mu.Lock()
	defer t.server.mu.Unlock()
	t.expires = timeAfter(t.server.nowLocked(), t.Life)
	t.server.tokens[t.Text] = &t
	return &t
}

// Open opens a token as a browser does, whose page tells its size and query.
func (t *Token) Open(ctx context.Context, query url.Values) (*websocket.Conn, error) {
	if query == nil {
		query = url.Values{"screen_width": {"1280"}, "screen_height": {"800"}, "screen_dpi": {"96"}}
	}
	conn, _, err := websocket.Dial(ctx, t.server.URL+"ws/rac/"+t.Text+"/?"+query.Encode(), &websocket.DialOptions{
		HTTPClient: t.server.web.Client(), Subprotocols: []string{"guacamole"},
		HTTPHeader: http.Header{"Cookie": {Cookie + "=" + t.session.Cookie}},
	})
	if err != nil {
		return nil, fmt.Errorf("open %s connection: %w", t.Protocol, err)
	}
	conn.SetReadLimit(16 << 20)
	return conn, nil
}

// Expire makes the token expire now. A live connection ends when something passes.
func (t *Token) Expire() {
	t.server.mu.Lock()
	defer t.server.mu.Unlock()
	t.expires = t.server.nowLocked()
}

// Delete deletes the token, as an administrator does under Connections. A live
// connection goes on; it cannot be opened again.
func (t *Token) Delete() {
	t.server.mu.Lock()
	defer t.server.mu.Unlock()
	delete(t.server.tokens, t.Text)
}

// Logout ends the session: by logging out, by an administrator, or as it expired.
func (l *Session) Logout() {
	s := l.server
	key := sha256.Sum256([]byte(l.Cookie))
	announce := func() {
		if s.cfg.Version.SessionEnd {
			s.Say(`{"instruction": 4, "args": {"type": "event.session.end", "session_id": "` + hex.EncodeToString(key[:]) + `"}}`)
		}
	}
	if s.cfg.SessionEndDelay < 0 {
		announce()
	}
	s.mu.Lock()
	delete(s.sessions, l.Cookie)
	for text, t := range s.tokens {
		if t.session == l {
			delete(s.tokens, text)
		}
	}
	for _, b := range s.browsers {
		if b.token.session == l {
			b.close(websocket.StatusNormalClosure)
		}
	}
	s.mu.Unlock()
	if s.cfg.SessionEndDelay >= 0 {
		time.Sleep(s.cfg.SessionEndDelay)
		announce()
	}
}

// Sockets are kinds of WebSockets.
type Sockets int

// Kinds of WebSockets; they can be added.
const (
	ControlSockets Sockets = 1 << iota
	DataSockets
	BrowserSockets
	AllSockets = ControlSockets | DataSockets | BrowserSockets
)

// Recycle ends sockets, as when their workers are replaced: in order, so that the
// outposts of browsers are told, or hard, so that nobody is told anything.
func (s *Server) Recycle(which Sockets, hard bool) {
	s.mu.Lock()
	var all []*socket
	if which&ControlSockets != 0 {
		for c := range s.controls {
			all = append(all, c.socket)
		}
	}
	if which&DataSockets != 0 {
		for d := range s.data {
			all = append(all, d.socket)
		}
	}
	if which&BrowserSockets != 0 {
		for _, b := range s.browsers {
			b.cut = b.cut || hard
			all = append(all, b.socket)
		}
	}
	s.mu.Unlock()
	for _, one := range all {
		if hard {
			one.cut()
		} else {
			one.close(websocket.StatusServiceRestart)
		}
	}
}
