package authentiktest

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Config is what a Server is like; the zero value is good.
type Config struct {
	Version Version // default: the newest
	Path    string  // that authentik is under, e.g. "/auth/"; default "/"
	TLS     bool
	// Outposts there are; default: one for remote access with the token "outpost-token".
	Outposts []*Outpost
	// Handler has the requests that are not for the double, such as pages.
	Handler http.Handler
	// SessionEndDelay is how long after the closing of its connections a session's end is
	// announced to outposts. Negative: before.
	SessionEndDelay time.Duration
}

// Outpost is one as authentik's administrator has it. Change it with Server.Change.
type Outpost struct {
	ID        string
	Token     string
	Name      string
	Type      string // default "rac"
	Providers []int
	Managed   string
	Refresh   any // refresh_interval_s; default 300
	Config    map[string]any
}

// Server is the double.
type Server struct {
	URL string // with the path, ends with a slash
	cfg Config
	web *httptest.Server

	wait sync.WaitGroup // handlers of WebSockets

	mu        sync.Mutex
	offset    time.Duration
	down      int // status of all answers; 0: it is up
	deaf      bool
	requests  map[string]int // by path
	states    map[string]*Instance
	controls  map[*control]struct{}
	browsers  map[string]*browser
	data      map[*dataSocket]struct{}
	tokens    map[string]*Token
	sessions  map[string]*Session
	closed    bool
	watch     func(*http.Request)
	attempted []string // values of attempt
}

// DefaultToken is the token of the outpost that there is by default.
const DefaultToken = "outpost-token"

// Start makes a Server and serves.
func Start(cfg Config) *Server {
	if cfg.Version.Name == "" {
		cfg.Version = Newest()
	}
	cfg.Path = "/" + strings.Trim(cfg.Path, "/") + "/"
	if cfg.Path == "//" {
		cfg.Path = "/"
	}
	if cfg.Outposts == nil {
		cfg.Outposts = []*Outpost{{Token: DefaultToken, Name: "remote access", Providers: []int{1}}}
	}
	for i, o := range cfg.Outposts {
		if o.ID == "" {
			o.ID = fmt.Sprintf("00000000-0000-4000-8000-%012d", i+1)
		}
		if o.Type == "" {
			o.Type = "rac"
		}
		if o.Refresh == nil {
			o.Refresh = 300
		}
		if o.Config == nil {
			o.Config = map[string]any{"log_level": "info", "authentik_host": "http://localhost", "docker_labels": nil}
		}
	}
	s := &Server{
		cfg: cfg, requests: make(map[string]int), states: make(map[string]*Instance), controls: make(map[*control]struct{}),
		browsers: make(map[string]*browser), data: make(map[*dataSocket]struct{}), tokens: make(map[string]*Token), sessions: make(map[string]*Session),
	}
	s.web = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.web.Config.ErrorLog = log.New(io.Discard, "", 0)
	if cfg.TLS {
		s.web.StartTLS()
	} else {
		s.web.Start()
	}
	s.URL = s.web.URL + cfg.Path
	return s
}

// Close ends everything and waits for it.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.Recycle(AllSockets, true)
	s.wait.Wait()
	s.web.Close()
}

// Client speaks to a Server with TLS.
func (s *Server) Client() *http.Client { return s.web.Client() }

// Certificate is that of a Server with TLS.
func (s *Server) Certificate() *x509.Certificate { return s.web.Certificate() }

// nowLocked is the double's time; see Forward.
func (s *Server) nowLocked() time.Time { return time.Now().Add(s.offset) }

// serve takes every request.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	path, ours := strings.CutPrefix(r.URL.EscapedPath(), s.cfg.Path)
	s.mu.Lock()
	down, closed := s.down, s.closed
	s.requests[path]++
	watch := s.watch
	s.mu.Unlock()
	if watch != nil {
		watch(r)
	}
	if down != 0 || closed {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(max(down, http.StatusBadGateway))
		fmt.Fprint(w, "<html>Bad Gateway</html>")
		return
	}
	if ours {
		s.wait.Add(1)
		defer s.wait.Done()
		if s.route(w, r, path) {
			return
		}
	}
	if s.cfg.Handler != nil {
		s.cfg.Handler.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusNotFound)
	fmt.Fprint(w, "<!DOCTYPE html><title>Not found</title>")
}

// route takes what is the double's.
func (s *Server) route(w http.ResponseWriter, r *http.Request, path string) bool {
	part := strings.Split(strings.TrimSuffix(path, "/"), "/")
	for i := range part {
		part[i], _ = url.PathUnescape(part[i])
	}
	is := func(words ...string) bool {
		if len(part) < len(words) {
			return false
		}
		for i := range words {
			if part[i] != words[i] {
				return false
			}
		}
		return strings.HasSuffix(path, "/") // without it Django redirects, and WebSockets find nothing
	}
	switch {
	case is("api", "v3"):
		s.rest(w, r, strings.Join(part[2:], "/"))
	case len(part) == 3 && is("ws", "outpost"):
		s.control(w, r, part[2])
	case len(part) == 3 && is("ws", "outpost_rac"):
		s.outpostData(w, r, part[2])
	case len(part) == 3 && is("ws", "rac"):
		s.browser(w, r, part[2])
	default:
		return false
	}
	return true
}

// outpostOf gives the outpost of a request's token, nil: it has none of ours.
func (s *Server) outpostOf(r *http.Request) *Outpost {
	for _, o := range s.cfg.Outposts {
		if r.Header.Get("Authorization") == "Bearer "+o.Token {
			return o
		}
	}
	return nil
}

func refuse(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusForbidden)
	fmt.Fprint(w, `{"detail":"Token invalid/expired","code":"authentication_failed"}`)
}

func (s *Server) rest(w http.ResponseWriter, r *http.Request, what string) {
	s.mu.Lock()
	o := s.outpostOf(r)
	v := s.cfg.Version
	var answer any
	switch {
	case what == "root/config":
		answer = map[string]any{"capabilities": []string{"can_save_media"}, "cache_timeout": 300, "error_reporting": map[string]any{"enabled": false}}
	case o == nil:
	case what == "outposts/instances":
		list := []any{}
		if o.Name != "" {
			list = append(list, o.json(v))
		}
		all := map[string]any{
			"pagination": map[string]any{"next": 0, "previous": 0, "count": len(list), "current": 1, "total_pages": 1, "start_index": 1, "end_index": len(list)},
			"results":    list,
		}
		if v.Autocomplete {
			all["autocomplete"] = map[string]any{}
		}
		answer = all
	case what == "admin/version":
		answer = map[string]any{"version_current": v.Name, "version_latest": v.Name, "build_hash": "", "outdated": false}
	}
	s.mu.Unlock()
	switch {
	case answer != nil:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer)
	case o == nil:
		refuse(w)
	default:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"detail":"Not found."}`)
	}
}

// json is an outpost as the API has it; an outpost without a name is none.
func (o *Outpost) json(v Version) map[string]any {
	m := map[string]any{
		"pk": o.ID, "name": o.Name, "type": o.Type, "providers": o.Providers, "providers_obj": []any{},
		"service_connection": nil, "service_connection_obj": nil, "token_identifier": "ak-outpost-" + o.ID + "-api",
		"config": o.Config, "managed": nil,
	}
	if o.Managed != "" {
		m["managed"] = o.Managed
	}
	if v.Refresh {
		m["refresh_interval_s"] = o.Refresh
	}
	return m
}

// Change changes the outposts' configuration.
func (s *Server) Change(f func(outposts []*Outpost)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.cfg.Outposts)
}

// Watch has f see every request.
func (s *Server) Watch(f func(*http.Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watch = f
}

// Requests tells how often a path, below the server's, was asked for.
func (s *Server) Requests(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[path]
}

// Down has every request answered with a status, such as 502, until Up. Sockets that
// are open go on; Recycle ends them.
func (s *Server) Down(status int) {
	s.mu.Lock()
	s.down = status
	s.mu.Unlock()
}

// Up ends Down and Deafen.
func (s *Server) Up() {
	s.mu.Lock()
	s.down, s.deaf = 0, false
	s.mu.Unlock()
}

// Deafen has control sockets answer nothing until Up, as when a line is dead.
func (s *Server) Deafen() {
	s.mu.Lock()
	s.deaf = true
	s.mu.Unlock()
}

// Forward moves the double's time. Group memberships that are too old end then.
func (s *Server) Forward(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset += d
}

func newHex(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func number(v any) int {
	switch v := v.(type) {
	case float64:
		return int(v)
	case string:
		n, _ := strconv.Atoi(v)
		return n
	}
	return 0
}
