package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/porthole-rac/porthole/relay/session"
)

const (
	maxBody           = "1MiB"
	maxHeader         = 32 << 10
	readHeaderTimeout = 10 * time.Second
	readTimeout       = time.Minute
	writeTimeout      = 10 * time.Minute // the whole bundle over a slow line
	idleTimeout       = 2 * time.Minute
	shutdownTime      = 10 * time.Second
)

// Config is what a Server needs.
type Config struct {
	Sessions *session.Registry
	// Bundle holds the files of web/dist.
	Bundle fs.FS
	// API answers /api/ and /open/; nil: there is none here.
	API http.Handler
	// Login gives the value of the login session's cookie, or "".
	Login func(*http.Request) string
	// Tunnel is set where pages come through a tunnel of the authority, as with
	// authentik; nil: they come straight to /ws/rac/TOKEN/.
	Tunnel *Tunnel
	// Origins are further origins whose pages may open connections, such as
	// "https://desk.example.org"; the server's own always may.
	Origins []string
	// TLS is set when the main listener speaks TLS.
	TLS *tls.Config
	// Secure says that browsers reach this server by https, through the listener's
	// own TLS or a proxy's.
	Secure bool
	// TrustedProxies are networks whose X-Forwarded-For is believed.
	TrustedProxies []*net.IPNet
	Version        string
	Logger         *slog.Logger
}

// Server serves browsers. Make one with New.
type Server struct {
	cfg    Config
	echo   *echo.Echo
	http   *http.Server
	policy string // Content Security Policy
	ready  atomic.Bool
	// sockets is done when the server stops: it ends attachments whose session
	// cannot tell them so.
	sockets     context.Context
	stopSockets context.CancelFunc

	mu      sync.Mutex
	stopped bool           // no more sockets
	open    sync.WaitGroup // sockets
}

// New makes a server; Serve starts it.
func New(cfg Config) (*Server, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Login == nil {
		cfg.Login = func(*http.Request) string { return "" }
	}
	cfg.Secure = cfg.Secure || cfg.TLS != nil
	s := &Server{cfg: cfg, echo: echo.New(), policy: fmt.Sprintf(policy, cfg.Tunnel.connectSources())}
	s.sockets, s.stopSockets = context.WithCancel(context.Background())
	e := s.echo
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.fail
	e.IPExtractor = clientAddress(cfg.TrustedProxies)
	e.Use(s.recover, s.headers, middleware.BodyLimit(maxBody))

	files, err := newFiles(cfg.Bundle)
	if err != nil {
		return nil, fmt.Errorf("read web bundle: %w", err)
	}
	read := []string{http.MethodGet, http.MethodHead}
	session, err := files.sessionPage(cfg.Tunnel != nil)
	if err != nil {
		return nil, fmt.Errorf("read web bundle: %w", err)
	}
	e.Match(read, "/if/rac/:token/", session)
	e.Match(read, "/if/rac/:token/*", files.asset)
	e.Match(read, "/if/rac/:name", files.named)
	if t := cfg.Tunnel; t != nil {
		e.Pre(t.withoutPrefix)
		e.Match(read, "/", t.home)
		e.GET(directPath, s.direct)
	} else {
		e.Match(read, "/", files.page("home.html"))
		e.GET("/ws/rac/:token/", s.socket)
	}
	e.Match(read, "/-/health/live/", func(c echo.Context) error { return c.NoContent(http.StatusNoContent) })
	e.Match(read, "/-/health/ready/", s.health)
	if cfg.API != nil {
		e.Any("/api/*", echo.WrapHandler(cfg.API))
		e.GET("/open/*", echo.WrapHandler(cfg.API))
	}
	e.Match(read, "/*", files.asset)

	s.http = &http.Server{
		Handler: e, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, TLSConfig: cfg.TLS,
		ErrorLog: slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelDebug),
	}
	s.ready.Store(true)
	return s, nil
}

// Client gives the address of a request's browser, by the rules of TrustedProxies.
func (s *Server) Client(r *http.Request) string { return s.echo.IPExtractor(r) }

// Handler is the server as a handler, for tests.
func (s *Server) Handler() http.Handler { return s.echo }

// Serve serves the listener until Shutdown, and then gives nil.
func (s *Server) Serve(l net.Listener) error {
	var err error
	if s.cfg.TLS != nil {
		err = s.http.ServeTLS(l, "", "")
	} else {
		err = s.http.Serve(l)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve %s: %w", l.Addr(), err)
}

// Shutdown takes no new connections, ends the sessions with a reason, and waits
// for both as long as ctx allows, at most ten seconds.
func (s *Server) Shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, shutdownTime)
	defer cancel()
	s.ready.Store(false)
	err := s.cfg.Sessions.Shutdown(ctx)
	s.stopSockets()
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	err = errors.Join(err, s.http.Shutdown(ctx))
	gone := make(chan struct{})
	go func() { s.open.Wait(); close(gone) }()
	select {
	case <-gone:
	case <-ctx.Done():
		err = errors.Join(err, fmt.Errorf("wait for sockets: %w", ctx.Err()))
	}
	return err
}

// admit counts a socket, unless the server has stopped.
func (s *Server) admit() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return false
	}
	s.open.Add(1)
	return true
}

func (s *Server) health(c echo.Context) error {
	if !s.ready.Load() {
		return c.NoContent(http.StatusServiceUnavailable)
	}
	return c.NoContent(http.StatusNoContent)
}

// recover turns a panic of a handler into an error of one request.
func (s *Server) recover(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if r := recover(); r != nil {
				if r == http.ErrAbortHandler { //nolint:errorlint // the sentinel itself is thrown
					panic(r)
				}
				err = fmt.Errorf("panic in %s %s: %v", c.Request().Method, c.Path(), r)
			}
		}()
		return next(c)
	}
}

// fail answers a request that went wrong. The path may hold a token, so only
// the route is logged.
func (s *Server) fail(err error, c echo.Context) {
	code := http.StatusInternalServerError
	var he *echo.HTTPError
	if errors.As(err, &he) {
		code = he.Code
	} else {
		s.cfg.Logger.Error("request failed", "method", c.Request().Method, "route", c.Path(), "error", err)
	}
	if c.Response().Committed {
		return
	}
	_ = c.String(code, http.StatusText(code)+"\n")
}

// clientAddress takes the address from X-Forwarded-For only when the request
// came from a proxy that is trusted.
func clientAddress(trusted []*net.IPNet) echo.IPExtractor {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, n := range trusted {
		options = append(options, echo.TrustIPRange(n))
	}
	return echo.ExtractIPFromXFFHeader(options...)
}
