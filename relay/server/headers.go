package server

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// policy is the pages' Content Security Policy: nothing but our own files, no
// inline script, and WebAssembly without eval. The place is for where else pages may
// connect.
const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; " +
	"img-src 'self' data: blob:; font-src 'self'; connect-src 'self'%s; worker-src 'self'; media-src 'self' blob:; " +
	"manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// headers sets what every answer carries.
func (s *Server) headers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", s.policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(self), clipboard-read=(self), clipboard-write=(self), fullscreen=(self)")
		if s.cfg.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		return next(c)
	}
}

// sameOrigin tells whether a browser's request comes from a page of this server
// or of an origin that was allowed. A request without Origin does not come from
// a browser's page; it has to bring its token and cookie all the same.
func (s *Server) sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	// Behind a proxy that is not known to speak TLS, the page's scheme cannot be
	// told; else a page that came unprotected must not speak for this one.
	scheme, host, _ := strings.Cut(strings.ToLower(origin), "://")
	if strings.EqualFold(host, r.Host) && (scheme == "https" || scheme == "http" && !s.cfg.Secure) {
		return true
	}
	for _, allowed := range s.cfg.Origins {
		if strings.EqualFold(strings.TrimSuffix(allowed, "/"), origin) {
			return true
		}
	}
	return false
}
