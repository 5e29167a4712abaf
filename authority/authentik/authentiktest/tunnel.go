package authentiktest

import (
	"context"
	"net/http"
	"time"

	"github.com/coder/websocket"
)

// goodbye is what an outpost hears when a browser has gone. It is no instruction.
const goodbye = "0.authentik.disconnect"

// browser is a browser's socket.
type browser struct {
	*socket
	channel string
	token   *Token
	outpost *dataSocket // nil: none has announced itself
	cut     bool        // its worker was killed: nobody is told
}

// dataSocket is an outpost's socket for one connection.
type dataSocket struct {
	*socket
	channel string // of the browser
}

func (s *Server) browser(w http.ResponseWriter, r *http.Request, text string) {
	protocol := []string{"guacamole"}
	if s.cfg.Version.NoSubprotocol {
		protocol = nil
	}
	sock, err := accept(w, r, protocol...)
	if err != nil {
		return
	}
	defer sock.over()
	b := &browser{socket: sock, channel: "asgi.specific." + newHex(16)}
	if !s.cfg.Version.GroupsEnd {
		b.channel = "specific." + newHex(16) + "!" + newHex(16) // Redis's form
	}
	if !s.admit(b, r, text) {
		sock.close(websocket.StatusNormalClosure)
		<-sock.done
		return
	}
	s.forwardBrowser(b)

	s.mu.Lock()
	delete(s.browsers, b.channel)
	if b.outpost != nil && !b.cut {
		b.outpost.text(goodbye)
		b.outpost.close(websocket.StatusNormalClosure)
	}
	s.mu.Unlock()
}

// admit looks at a browser's token and asks for the connection.
func (s *Server) admit(b *browser, r *http.Request, text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tokens[text]
	if s.closed || t == nil || !s.nowLocked().Before(t.expires) {
		return false
	}
	if s.cfg.Version.Bound {
		cookie, err := r.Cookie(Cookie)
		if err != nil || s.sessions[cookie.Value] != t.session {
			return false
		}
	}
	b.token = t
	s.browsers[b.channel] = b
	q := r.URL.Query()
	query := make(map[string]string)
	for _, name := range []string{"screen_width", "screen_height", "screen_dpi", "audio"} {
		query[name] = q.Get(name)
	}
	if !s.announceLocked(b.channel, t, query) {
		delete(s.browsers, b.channel)
		return false
	}
	if t.DeleteOnDisconnect {
		delete(s.tokens, t.Text) // at once, whatever its name says
	}
	return true
}

// forwardBrowser passes on what a browser sends, until its socket ends.
func (s *Server) forwardBrowser(b *browser) {
	for {
		kind, p, err := b.conn.Read(context.Background())
		if err != nil {
			return
		}
		f := frame{kind == websocket.MessageBinary, p}
		answer := []byte(nil)
		if s.cfg.Version.Parses {
			if f.binary {
				continue
			}
			f.data, answer = filter(p)
		}
		s.mu.Lock()
		expired := s.expiredLocked(b)
		if !expired && b.outpost != nil && len(f.data) > 0 {
			b.outpost.send(f) // before there is one it is dropped
		}
		s.mu.Unlock()
		if expired {
			b.close(websocket.StatusNormalClosure)
			<-b.done
			return
		}
		if len(answer) > 0 {
			b.send(frame{data: answer})
		}
	}
}

// expiredLocked tells whether a token is over; authentik looks only when something
// passes.
func (s *Server) expiredLocked(b *browser) bool { return !s.nowLocked().Before(b.token.expires) }

func (s *Server) outpostData(w http.ResponseWriter, r *http.Request, channel string) {
	s.mu.Lock()
	o := s.outpostOf(r) // any token will do
	s.mu.Unlock()
	if o == nil {
		refuse(w)
		return
	}
	sock, err := accept(w, r)
	if err != nil {
		return
	}
	defer sock.over()
	d := &dataSocket{socket: sock, channel: channel}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.data[d] = struct{}{}
	if b := s.browsers[channel]; b != nil && b.outpost == nil {
		b.outpost = d // the first wins, and others are not told
	}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.data, d) // and the browser hears nothing
	}()
	for {
		kind, p, err := sock.conn.Read(context.Background())
		if err != nil {
			return
		}
		s.mu.Lock()
		b := s.browsers[channel]
		if b != nil && s.expiredLocked(b) {
			b.close(websocket.StatusNormalClosure)
			b = nil
		}
		s.mu.Unlock()
		if b != nil {
			b.send(frame{kind == websocket.MessageBinary, p})
		}
	}
}

// Tunnels counts the data sockets that are open.
func (s *Server) Tunnels() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.data)
}

// Browsers counts the browsers that are there.
func (s *Server) Browsers() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.browsers)
}

// Backlog is the most bytes that ever waited for one browser of those that are
// there: authentik itself slows nobody down.
func (s *Server) Backlog() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	most := 0
	for _, b := range s.browsers {
		b.mu.Lock()
		most = max(most, b.most)
		b.mu.Unlock()
	}
	return most
}

// timeAfter is the end of a life, far away where it is not told.
func timeAfter(now time.Time, life time.Duration) time.Time {
	if life == 0 {
		life = 8 * time.Hour
	}
	return now.Add(life)
}
