// Package api is the HTTP side of the embedded authority: what the pages need to
// log in, to list endpoints and connections, and to launch.
//
// All bodies are JSON. An error is {"error": {"code", "message", "remedy"}} with
// a stable code. Requests that change something must come from a page of the
// same origin (http.CrossOriginProtection) and carry the login's cookie.
package api

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/authority/embedded"
)

const maxBody = 64 << 10

// Config is what the API needs.
type Config struct {
	Store       *embedded.Store
	Connections authority.Connections
	Secure      bool // browsers come by https: cookies are for TLS only
	// Origins are further origins, such as "https://desk.example.org", whose pages
	// may use the API with the person's cookie: where the static bundle lies.
	Origins []string
	Version string
	Demo    bool
	// Client gives the network address of a request's browser; nil: the peer's.
	Client func(*http.Request) string
	Logger *slog.Logger
}

// API is the handler. Make it with New.
type API struct {
	cfg  Config
	mux  *http.ServeMux
	safe http.Handler

	mu    sync.Mutex
	quick *quick
}

// New makes the handler for /api/ and /open/.
func New(cfg Config) *API {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Client == nil {
		cfg.Client = func(r *http.Request) string {
			host, _, err := net.SplitHostPort(r.RemoteAddr)
			if err != nil {
				return r.RemoteAddr
			}
			return host
		}
	}
	a := &API{cfg: cfg, mux: http.NewServeMux()}
	a.mux.HandleFunc("POST /api/login", a.logIn)
	a.mux.HandleFunc("POST /api/logout", a.withLogin(a.logOut))
	a.mux.HandleFunc("GET /api/me", a.withLogin(a.me))
	a.mux.HandleFunc("POST /api/password", a.withLogin(a.password))
	a.mux.HandleFunc("GET /api/endpoints", a.withLogin(a.endpoints))
	a.mux.HandleFunc("POST /api/endpoints/{id}/launch", a.withLogin(a.launch))
	a.mux.HandleFunc("GET /api/connections", a.withLogin(a.connections))
	a.mux.HandleFunc("POST /api/connections/{id}/resume", a.withLogin(a.resume))
	a.mux.HandleFunc("DELETE /api/connections/{id}", a.withLogin(a.end))
	a.mux.HandleFunc("GET /open/{secret}", a.open)
	protection := http.NewCrossOriginProtection()
	for _, o := range cfg.Origins {
		if err := protection.AddTrustedOrigin(strings.TrimSuffix(o, "/")); err != nil {
			cfg.Logger.Error("origin not usable", "origin", o, "error", err)
		}
	}
	a.safe = protection.Handler(a.mux)
	return a
}

// shared lets pages of the allowed origins read the answers (CORS), and answers
// the browser's question beforehand. It tells whether that was all.
func (a *API) shared(w http.ResponseWriter, r *http.Request) (answered bool) {
	origin := r.Header.Get("Origin")
	if origin == "" || !slices.ContainsFunc(a.cfg.Origins, func(o string) bool { return strings.EqualFold(strings.TrimSuffix(o, "/"), origin) }) {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Access-Control-Expose-Headers", "Retry-After")
	h.Set("Cross-Origin-Resource-Policy", "same-site")
	if r.Method != http.MethodOptions {
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
	h.Set("Access-Control-Allow-Headers", "Content-Type")
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if a.shared(w, r) {
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	a.safe.ServeHTTP(w, r)
}

// Cookie names. The prefix makes browsers refuse a cookie that a neighbour set.
const (
	cookieName   = "porthole_session"
	secureCookie = "__Host-porthole_session"
)

func (a *API) cookie() string {
	if a.cfg.Secure {
		return secureCookie
	}
	return cookieName
}

// LoginOf gives the value of the login's cookie, or "".
func (a *API) LoginOf(r *http.Request) string {
	c, err := r.Cookie(a.cookie())
	if err != nil {
		return ""
	}
	return c.Value
}

func (a *API) setCookie(w http.ResponseWriter, value string, expires time.Time) {
	c := &http.Cookie{
		Name: a.cookie(), Value: value, Path: "/", Expires: expires,
		HttpOnly: true, Secure: a.cfg.Secure, SameSite: http.SameSiteLaxMode,
	}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// problem is an error for the page.
type problem struct {
	status  int
	Code    string `json:"code"`
	Message string `json:"message"`
	Remedy  string `json:"remedy"`
}

func (p *problem) Error() string { return p.Code + ": " + p.Message }

// Problems with their stable codes; docs/errors.md lists them.
var (
	errLogin       = &problem{http.StatusUnauthorized, "login-required", "You are not logged in.", "Log in."}
	errCredentials = &problem{http.StatusUnauthorized, "credentials", "User name or password is wrong.", "Check both; capital letters count in the password."}
	errBody        = &problem{http.StatusBadRequest, "bad-request", "The request is not understood.", "Reload the page."}
	errMissing     = &problem{http.StatusNotFound, "not-found", "This is not here (any more).", "Reload the page."}
	errBusy        = &problem{http.StatusConflict, "busy", "The endpoint has as many connections as it may.", "End one of them, or try again later."}
	errInternal    = &problem{http.StatusInternalServerError, "internal", "The server met an unexpected fault.", "Try again; the server's log has the details."}
)

func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	var p *problem
	var limit *embedded.LimitError
	switch {
	case errors.As(err, &p):
	case errors.As(err, &limit):
		seconds := int(limit.RetryAfter/time.Second) + 1
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
		p = &problem{http.StatusTooManyRequests, "rate-limited", "Too many logins have failed.", fmt.Sprintf("Try again in %d seconds.", seconds)}
	case errors.Is(err, authority.ErrLogin):
		p = errLogin
	case errors.Is(err, embedded.ErrCredentials):
		p = errCredentials
	case errors.Is(err, embedded.ErrBusy):
		p = errBusy
	case errors.Is(err, embedded.ErrNotFound), errors.Is(err, authority.ErrGone):
		p = errMissing
	case errors.Is(err, embedded.ErrInvalid):
		p = &problem{http.StatusBadRequest, "invalid", err.Error(), "Change it and try again."}
	default:
		a.cfg.Logger.Error("request failed", "route", r.Pattern, "error", err)
		p = errInternal
	}
	writeJSON(w, p.status, map[string]any{"error": p})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the browser has gone if this fails
}

// readJSON reads a body. Only JSON is taken: forms of other pages cannot send it.
func readJSON(r *http.Request, v any) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return errBody
	}
	d := json.NewDecoder(r.Body)
	if err := d.Decode(v); err != nil {
		return errBody
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errBody
	}
	return nil
}

// withLogin runs a handler for a browser that is logged in.
func (a *API) withLogin(next func(w http.ResponseWriter, r *http.Request, l embedded.Login) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		l, err := a.cfg.Store.Login(r.Context(), a.LoginOf(r))
		if err == nil {
			err = next(w, r, l)
		}
		if err != nil {
			a.fail(w, r, err)
		}
	}
}

type user struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Admin bool   `json:"admin"`
}

func userOf(u authority.User) user { return user{u.ID, u.Name, u.Admin} }

func (a *API) logIn(w http.ResponseWriter, r *http.Request) {
	var in struct{ Username, Password string }
	err := readJSON(r, &in)
	if err == nil {
		var cookie string
		var l embedded.Login
		if cookie, l, err = a.cfg.Store.LogIn(r.Context(), in.Username, in.Password, a.cfg.Client(r)); err == nil {
			a.setCookie(w, cookie, l.Expires)
			writeJSON(w, http.StatusOK, map[string]any{"user": userOf(l.User)})
			return
		}
	}
	a.fail(w, r, err)
}

func (a *API) logOut(w http.ResponseWriter, r *http.Request, l embedded.Login) error {
	if err := a.cfg.Store.LogOut(r.Context(), l); err != nil {
		return err
	}
	a.setCookie(w, "", time.Unix(0, 0))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *API) me(w http.ResponseWriter, _ *http.Request, l embedded.Login) error {
	writeJSON(w, http.StatusOK, map[string]any{"user": userOf(l.User), "version": a.cfg.Version, "demo": a.cfg.Demo})
	return nil
}

func (a *API) password(w http.ResponseWriter, r *http.Request, l embedded.Login) error {
	var in struct{ Old, New string }
	if err := readJSON(r, &in); err != nil {
		return err
	}
	if err := a.cfg.Store.ChangePassword(r.Context(), l, in.Old, in.New); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

type endpoint struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Protocol    string `json:"protocol"`
	Host        string `json:"host"`
	Application string `json:"application"`
	Maximum     int    `json:"maximum"`
	Active      int    `json:"active"`
}

func (a *API) endpoints(w http.ResponseWriter, r *http.Request, _ embedded.Login) error {
	list, err := a.cfg.Store.Endpoints(r.Context())
	if err != nil {
		return err
	}
	out := make([]endpoint, len(list))
	for i, e := range list {
		out[i] = endpoint{e.ID, e.Name, e.Protocol, e.Address(), e.Application, e.Maximum, a.cfg.Store.Active(e.ID)}
	}
	writeJSON(w, http.StatusOK, out)
	return nil
}

func writeLaunch(w http.ResponseWriter, token string) {
	writeJSON(w, http.StatusOK, map[string]string{"url": "/if/rac/" + token + "/"})
}

func (a *API) launch(w http.ResponseWriter, r *http.Request, l embedded.Login) error {
	token, err := a.cfg.Store.Launch(r.Context(), l, r.PathValue("id"))
	if err != nil {
		return err
	}
	writeLaunch(w, token)
	return nil
}

type connection struct {
	ID         string     `json:"id"`
	Endpoint   string     `json:"endpoint"`
	EndpointID string     `json:"endpoint_id"`
	Protocol   string     `json:"protocol"`
	Started    time.Time  `json:"started"`
	Attached   bool       `json:"attached"`
	Until      *time.Time `json:"until"`
	State      string     `json:"state"`
	Title      string     `json:"title"`
	User       string     `json:"user"`
}

func (a *API) connections(w http.ResponseWriter, r *http.Request, l embedded.Login) error {
	all := l.User.Admin && r.URL.Query().Get("all") == "1"
	out := []connection{}
	for _, c := range a.cfg.Connections.List() {
		if !all && c.User.ID != l.User.ID {
			continue
		}
		item := connection{
			ID: c.GrantID, Endpoint: c.Endpoint.Name, EndpointID: c.Endpoint.ID, Protocol: c.Endpoint.Protocol,
			Started: c.Started, Attached: c.Attached, State: c.State, Title: c.Title, User: c.User.Name,
		}
		if !c.Until.IsZero() {
			item.Until = &c.Until
		}
		out = append(out, item)
	}
	writeJSON(w, http.StatusOK, out)
	return nil
}

func (a *API) resume(w http.ResponseWriter, r *http.Request, l embedded.Login) error {
	token, err := a.cfg.Store.LaunchResume(r.Context(), l, r.PathValue("id"))
	if err != nil {
		return err
	}
	writeLaunch(w, token)
	return nil
}

// end ends a connection by hand: one's own, or any for an administrator.
func (a *API) end(w http.ResponseWriter, r *http.Request, l embedded.Login) error {
	id := r.PathValue("id")
	for _, c := range a.cfg.Connections.List() {
		if c.GrantID == id && (c.User.ID == l.User.ID || l.User.Admin) {
			if err := a.cfg.Store.DeleteToken(r.Context(), id); err != nil {
				return err
			}
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
	}
	return errMissing
}

// quick is an address that logs one browser in and opens one endpoint, once.
type quick struct {
	hash     []byte
	user     authority.User
	endpoint string
	expires  time.Time
}

// QuickExpiry is how long an address of Quick may wait for its browser.
const QuickExpiry = 10 * time.Minute

// Quick makes the path of an address that logs a browser in as u and opens the
// endpoint. It works once.
func (a *API) Quick(u authority.User, endpointID string) (path string) {
	secret, hash := embedded.NewSecret()
	a.mu.Lock()
	a.quick = &quick{hash, u, endpointID, time.Now().Add(QuickExpiry)}
	a.mu.Unlock()
	return "/open/" + secret
}

func (a *API) open(w http.ResponseWriter, r *http.Request) {
	hash := embedded.HashSecret(r.PathValue("secret"))
	a.mu.Lock()
	q := a.quick
	good := q != nil && subtle.ConstantTimeCompare(q.hash, hash) == 1 && time.Now().Before(q.expires)
	if good {
		a.quick = nil
	}
	a.mu.Unlock()
	if !good {
		http.Error(w, "This address has been used, or has expired. Run porthole open again.", http.StatusGone)
		return
	}
	cookie, l, err := a.cfg.Store.IssueLogin(r.Context(), q.user, a.cfg.Client(r))
	if err == nil {
		var token string
		if token, err = a.cfg.Store.Launch(r.Context(), l, q.endpoint); err == nil {
			a.setCookie(w, cookie, l.Expires)
			http.Redirect(w, r, "/if/rac/"+token+"/", http.StatusSeeOther)
			return
		}
	}
	a.fail(w, r, err)
}
