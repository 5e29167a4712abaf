package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"

	"github.com/coder/websocket"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/scripts/browser"
)

// account is a person who is logged in, without a browser.
type account struct {
	url  string // of the server, with a slash at the end
	http *http.Client
}

func logIn(ctx context.Context, s *browser.Server) (*account, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	a := &account{url: s.URL, http: &http.Client{Jar: jar}}
	return a, a.call(ctx, http.MethodPost, "api/login", map[string]string{"username": s.User, "password": s.Password}, nil)
}

// call calls the pages' API.
func (a *account) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, a.url+path, body)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := a.http.Do(r)
	if err != nil {
		return fmt.Errorf("call %s: %w", path, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("call %s: %w", path, err)
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("call %s: status %d: %s", path, resp.StatusCode, b)
	}
	if out != nil {
		if err := json.Unmarshal(b, out); err != nil {
			return fmt.Errorf("call %s: %w", path, err)
		}
	}
	return nil
}

// endpoint gives the ID of the endpoint of a name.
func (a *account) endpoint(ctx context.Context, name string) (string, error) {
	var list []struct{ ID, Name string }
	if err := a.call(ctx, http.MethodGet, "api/endpoints", nil, &list); err != nil {
		return "", err
	}
	for _, e := range list {
		if e.Name == name {
			return e.ID, nil
		}
	}
	return "", fmt.Errorf("no endpoint is called %s", name)
}

// launch gives the path of a fresh session page, "/if/rac/TOKEN/".
func (a *account) launch(ctx context.Context, endpoint string) (string, error) {
	var out struct{ URL string }
	err := a.call(ctx, http.MethodPost, "api/endpoints/"+endpoint+"/launch", nil, &out)
	return out.URL, err
}

// session is a browser's side of a connection, without the browser. It paints
// at once: every mark is acknowledged when it comes.
type session struct {
	conn *websocket.Conn
	buf  []byte
	seen []byte // output that take has taken
}

// open opens a connection and waits until the target is there.
func (a *account) open(ctx context.Context, endpoint string, grid wire.Grid) (*session, error) {
	page, err := a.launch(ctx, endpoint)
	if err != nil {
		return nil, err
	}
	url := "ws" + strings.TrimPrefix(strings.TrimSuffix(a.url, "/"), "http") + strings.Replace(page, "/if/", "/ws/", 1)
	conn, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{Subprotocols: []string{wire.Subprotocol}, HTTPClient: a.http})
	if err != nil {
		return nil, fmt.Errorf("open socket: %w", err)
	}
	conn.SetReadLimit(wire.MaxFromRelay)
	s := &session{conn: conn}
	hello := wire.Hello{Version: wire.Version, Grid: grid}
	if err := s.send(ctx, hello.Append(nil)); err != nil {
		return nil, err
	}
	connected := false
	for !connected {
		if err := s.receive(ctx, func(t wire.Type, body []byte) error {
			connected = connected || t == wire.TypeConnected
			return s.take(t, body)
		}); err != nil {
			return nil, fmt.Errorf("open session: %w", errors.Join(err, conn.CloseNow()))
		}
	}
	return s, nil
}

// take keeps output.
func (s *session) take(t wire.Type, body []byte) error {
	if t != wire.TypeOutput {
		return nil
	}
	var m wire.Output
	err := m.Decode(body)
	s.seen = append(s.seen, m.Data...)
	return err
}

// untilPrompt takes output until the prompt has come.
func (s *session) untilPrompt(ctx context.Context) error {
	for !bytes.HasSuffix(s.seen, []byte(prompt)) {
		if err := s.receive(ctx, s.take); err != nil {
			return err
		}
	}
	s.seen = nil
	return nil
}

func (s *session) send(ctx context.Context, record []byte) error {
	return s.conn.Write(ctx, websocket.MessageBinary, record)
}

// receive takes one message; each gets its records but marks and pings, which are
// answered.
func (s *session) receive(ctx context.Context, each func(t wire.Type, body []byte) error) error {
	_, p, err := s.conn.Read(ctx)
	if err != nil {
		return err
	}
	for len(p) > 0 {
		var t wire.Type
		var body []byte
		if t, body, p, err = wire.Next(p); err != nil {
			return err
		}
		switch t {
		case wire.TypeMark:
			var m wire.Mark
			if err := m.Decode(body); err != nil {
				return err
			}
			ack := wire.Ack{Number: m.Number}
			s.buf = ack.Append(s.buf[:0])
			err = s.send(ctx, s.buf)
		case wire.TypePing:
			var m wire.Ping
			if err := m.Decode(body); err != nil {
				return err
			}
			pong := wire.Pong{Time: m.Time}
			s.buf = pong.Append(s.buf[:0])
			err = s.send(ctx, s.buf)
		case wire.TypeEnd:
			var m wire.End
			if err := m.Decode(body); err != nil {
				return err
			}
			err = fmt.Errorf("session ended: %s %s", m.Code, m.Message)
		default:
			err = each(t, body)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// input sends keys.
func (s *session) input(ctx context.Context, keys []byte) error {
	m := wire.Input{Data: keys}
	s.buf = m.Append(s.buf[:0])
	return s.send(ctx, s.buf)
}

func (s *session) close() { _ = s.conn.CloseNow() }
