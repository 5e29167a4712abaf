// Stock is a relay for pages that speak Guacamole, without an authority: each
// WebSocket gets a connection of its own to one server, by relay/guacamole.
//
//	stock vnc|ssh HOST:PORT [NAME=VALUE…|NAME=@FILE…]
//
// It prints its own address and runs until its standard input ends.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/settings"
	"github.com/porthole-rac/porthole/relay/guacamole"
	"github.com/porthole-rac/porthole/relay/guacamole/shell"
	"github.com/porthole-rac/porthole/relay/session"
	"github.com/porthole-rac/porthole/relay/target"
	"github.com/porthole-rac/porthole/relay/target/ssh"
	"github.com/porthole-rac/porthole/relay/target/vnc"
)

// Of the page, pixels.
const width, height = 1920, 1080

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "stock: give a protocol and the address of a server")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintf(os.Stderr, "stock: %v\n", err)
		os.Exit(1)
	}
}

// trusting gives a new grant to everybody, and remembers nothing.
type trusting struct {
	protocol string
	settings map[string]string
	n        atomic.Int64
}

func (a *trusting) Redeem(ctx context.Context, _ authority.Presented) (*authority.Grant, error) {
	return authority.NewGrant(context.Background(), authority.Grant{
		ID: strconv.FormatInt(a.n.Add(1), 10), Settings: a.settings,
		Endpoint: authority.Endpoint{ID: "e", Name: "desk", Protocol: a.protocol},
	}), nil
}
func (*trusting) Reattach(context.Context, string, authority.Presented) error { return nil }
func (*trusting) Ended(context.Context, string, authority.Report)             {}
func (*trusting) Known(context.Context, string, string) ([]authority.Identity, error) {
	return nil, nil
}
func (*trusting) Remember(context.Context, string, authority.Identity) error { return nil }

func run(protocol, to string, more []string) error {
	host, port, err := net.SplitHostPort(to)
	if err != nil {
		return fmt.Errorf("address: %w", err)
	}
	a := &trusting{protocol: protocol, settings: map[string]string{"hostname": host, "port": port}}
	for _, s := range more {
		name, value, _ := strings.Cut(s, "=")
		if file, ok := strings.CutPrefix(value, "@"); ok {
			b, err := os.ReadFile(file)
			if err != nil {
				return fmt.Errorf("read %s: %w", name, err)
			}
			value = string(b)
		}
		a.settings[name] = value
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	registry := session.NewRegistry(session.Config{
		Authority: a, Logger: log,
		OpenTerminal: func(ctx context.Context, _ *authority.Grant, prefs settings.SSH, size target.Size, page target.Page) (target.Terminal, error) {
			return ssh.Connect(ctx, ssh.Config{Settings: prefs, EndpointID: "e", Trust: a, Size: size, Logger: log}, page)
		},
		OpenDesktop: func(ctx context.Context, g *authority.Grant, w target.Window, b target.Browser, page target.Page) (target.Desktop, error) {
			prefs, _ := settings.ParseVNC(g.Settings)
			return vnc.Open(ctx, vnc.Config{Settings: prefs, EndpointID: "e", Trust: a, Page: page, Window: w, Browser: b, Logger: log})
		},
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	fmt.Println(l.Addr())
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
			CompressionMode: websocket.CompressionDisabled, InsecureSkipVerify: true, Subprotocols: []string{"guacamole"},
		})
		if err != nil {
			return
		}
		cfg := guacamole.Config{Width: width, Height: height, Logger: log}
		if protocol == "ssh" {
			cfg.Content, cfg.Lossless, cfg.Silent = shell.NewContent(width, height, 96), true, true
		}
		registry.Serve(context.Background(), guacamole.New(&tunnel{conn: conn}, cfg), authority.Presented{Token: "any"})
	})}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	return server.Serve(l)
}

// tunnel is a WebSocket of text messages.
type tunnel struct {
	conn *websocket.Conn
	buf  []byte
}

func (t *tunnel) Read(ctx context.Context) ([]byte, error) {
	_, r, err := t.conn.Reader(ctx)
	if err != nil {
		return nil, err
	}
	if t.buf == nil {
		t.buf = make([]byte, 1<<10)
	}
	for n := 0; ; {
		if n == len(t.buf) {
			t.buf = append(t.buf, make([]byte, n)...)
		}
		m, err := r.Read(t.buf[n:])
		n += m
		if err == io.EOF { //nolint:errorlint // io.Reader's contract
			return t.buf[:n], nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (t *tunnel) Write(ctx context.Context, p []byte) error {
	return t.conn.Write(ctx, websocket.MessageText, p)
}
func (t *tunnel) Close() { _ = t.conn.Close(websocket.StatusNormalClosure, "") }
func (t *tunnel) Abort() { _ = t.conn.CloseNow() }
