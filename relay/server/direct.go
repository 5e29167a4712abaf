package server

import (
	"net/http"
	"strings"

	"github.com/coder/websocket"
	"github.com/labstack/echo/v4"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/wire"
)

const (
	// directPath is below /if/rac/, so that a proxy that routes the page to this server
	// routes its direct connections as well.
	directPath = "/if/rac/" + DirectName
	// DirectName is the direct WebSocket's place relative to if/rac/.
	DirectName = "direct/"
	// secretProtocol begins the offered subprotocol that is a secret in truth: a browser's
	// page can set no header, and what is in an address, proxies log.
	secretProtocol = "porthole.secret."
)

// Tunnel is what a Server needs where the session page comes through a tunnel of the
// authority. The page is reached at the authority's own host then, by a route for /if/rac/.
type Tunnel struct {
	// Admit uses up the secret of a direct connection.
	Admit func(secret string) bool
	// Home is the authority's address, where / leads.
	Home string
	// Prefix is the path under which the authority lives, such as "/auth": requests may have
	// it in front, or not.
	Prefix string
	// Connect are further sources to which the page may connect, as a Content Security Policy
	// writes them: "wss:", or "ws://relay.test:8080".
	Connect []string
}

// connectSources is the part of the policy.
func (t *Tunnel) connectSources() string {
	if t == nil || len(t.Connect) == 0 {
		return ""
	}
	return " " + strings.Join(t.Connect, " ")
}

// withoutPrefix takes the authority's path off.
func (t *Tunnel) withoutPrefix(next echo.HandlerFunc) echo.HandlerFunc {
	prefix := strings.TrimSuffix(t.Prefix, "/")
	return func(c echo.Context) error {
		u := c.Request().URL
		if rest, ok := strings.CutPrefix(u.Path, prefix+"/if/rac/"); ok && prefix != "" {
			u.Path, u.RawPath = "/if/rac/"+rest, ""
		}
		return next(c)
	}
}

// home sends a person who has come to the relay itself to where the machines are.
func (t *Tunnel) home(c echo.Context) error { return c.Redirect(http.StatusFound, t.Home) }

// direct takes a WebSocket of a page that was offered a direct way.
func (s *Server) direct(c echo.Context) error {
	r := c.Request()
	if r.Header.Get("Origin") == "" || !s.sameOrigin(r) {
		s.cfg.Logger.Warn("direct connection refused", "reason", "origin", "origin", clipHeader(r.Header.Get("Origin")), "client", c.RealIP(),
			"remedy", "if this is the address by which people reach authentik, set AUTHENTIK_HOST_BROWSER or PORTHOLE_ORIGINS to it")
		return echo.NewHTTPError(http.StatusForbidden)
	}
	secret, speaks := offered(r.Header)
	if !speaks || !s.cfg.Tunnel.Admit(secret) {
		s.cfg.Logger.Info("direct connection refused", "reason", "secret", "client", c.RealIP())
		return echo.NewHTTPError(http.StatusForbidden)
	}
	return s.accept(c, authority.Presented{Token: secret, Client: c.RealIP()})
}

// offered finds the secret among the subprotocols that a page offers, and tells whether it
// speaks ours.
func offered(h http.Header) (secret string, speaks bool) {
	for _, line := range h.Values("Sec-Websocket-Protocol") {
		for name := range strings.SplitSeq(line, ",") {
			name = strings.TrimSpace(name)
			if rest, ok := strings.CutPrefix(name, secretProtocol); ok {
				secret = rest
			}
			speaks = speaks || name == wire.Subprotocol
		}
	}
	return secret, speaks
}

// accept takes a request's WebSocket and serves it until it ends.
func (s *Server) accept(c echo.Context, p authority.Presented) error {
	if !s.admit() {
		return echo.NewHTTPError(http.StatusServiceUnavailable)
	}
	defer s.open.Done()
	conn, err := websocket.Accept(c.Response(), c.Request(), &websocket.AcceptOptions{
		Subprotocols:       []string{wire.Subprotocol},
		InsecureSkipVerify: true, // sameOrigin has decided
		CompressionMode:    websocket.CompressionDisabled,
	})
	if err != nil {
		return nil // Accept has answered
	}
	if conn.Subprotocol() != wire.Subprotocol {
		_ = conn.Close(websocket.StatusPolicyViolation, "subprotocol "+wire.Subprotocol+" expected")
		return nil
	}
	conn.SetReadLimit(wire.MaxFromBrowser)
	// The request's own context ends with the hijacked request.
	s.cfg.Sessions.Serve(s.sockets, &socket{conn: conn}, p)
	return nil
}
