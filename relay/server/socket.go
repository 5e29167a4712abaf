package server

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/coder/websocket"
	"github.com/labstack/echo/v4"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/wire"
)

const maxToken = 128 // characters

// socket takes a browser's WebSocket and runs it until it ends.
func (s *Server) socket(c echo.Context) error {
	r := c.Request()
	token := c.Param("token")
	switch {
	case !s.sameOrigin(r):
		s.cfg.Logger.Warn("websocket refused", "reason", "origin", "origin", clipHeader(r.Header.Get("Origin")), "client", c.RealIP())
		return echo.NewHTTPError(http.StatusForbidden)
	case token == "" || len(token) > maxToken:
		return echo.ErrNotFound
	}
	return s.accept(c, authority.Presented{Token: token, Login: s.cfg.Login(r), Client: c.RealIP()})
}

// socket adapts a WebSocket to session.Socket. Its read buffer is kept between
// messages.
type socket struct {
	conn *websocket.Conn
	buf  []byte
}

const readBuffer = 4 << 10 // bytes kept between messages

// Read implements session.Socket.
func (s *socket) Read(ctx context.Context) ([]byte, error) {
	kind, r, err := s.conn.Reader(ctx)
	if err != nil {
		return nil, fmt.Errorf("read message: %w", err)
	}
	if kind != websocket.MessageBinary {
		return nil, fmt.Errorf("read message: %w", wire.ErrTruncated)
	}
	if s.buf == nil || cap(s.buf) > 4*readBuffer {
		s.buf = make([]byte, readBuffer)
	}
	n := 0
	for {
		if n == len(s.buf) {
			s.buf = append(s.buf, 0)
			s.buf = s.buf[:cap(s.buf)]
		}
		m, err := r.Read(s.buf[n:])
		n += m
		switch {
		case err == io.EOF: //nolint:errorlint // io.Reader's contract
			return s.buf[:n], nil
		case err != nil:
			return nil, fmt.Errorf("read message: %w", err)
		}
	}
}

// Write implements session.Socket.
func (s *socket) Write(ctx context.Context, p []byte) error {
	return s.conn.Write(ctx, websocket.MessageBinary, p)
}

// Close implements session.Socket.
func (s *socket) Close() { _ = s.conn.Close(websocket.StatusNormalClosure, "") }

// Abort implements session.Socket.
func (s *socket) Abort() { _ = s.conn.CloseNow() }

// clipHeader bounds what a stranger may write into the log.
func clipHeader(v string) string {
	if len(v) > 200 {
		return v[:200]
	}
	return v
}
