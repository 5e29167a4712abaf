// Package guacamole_test shows connections in the page of others: guacamole-common-js
// as npm has it, in a real Chromium, does what authentik's own page does, and a real
// VNC server is looked at through relay/guacamole.
//
// Without Chromium, the server or the package, which is fetched, tests are skipped.
package guacamole_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/settings"
	"github.com/porthole-rac/porthole/relay/guacamole"
	"github.com/porthole-rac/porthole/relay/session"
	"github.com/porthole-rac/porthole/relay/target"
	"github.com/porthole-rac/porthole/relay/target/vnc"
	drive "github.com/porthole-rac/porthole/scripts/browser"
	"github.com/porthole-rac/porthole/scripts/npm"
)

var quiet = slog.New(slog.DiscardHandler)

const patience = 30 * time.Second

var (
	chromium *drive.Browser
	script   string // guacamole-common.js
	absent   string
	site     *httptest.Server
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	dir, err := npm.Guacamole.Fetch(ctx, filepath.Join("..", ".."))
	cancel()
	if err != nil {
		absent = err.Error()
	} else if chromium, err = drive.Start(1024, 768); err != nil {
		absent = err.Error()
	} else {
		defer chromium.Close()
	}
	script = filepath.Join(dir, "dist", "esm", "guacamole-common.js")
	if absent != "" && os.Getenv("CI") == "true" {
		fmt.Fprintln(os.Stderr, "tests with guacamole-common-js cannot run:", absent)
		return 1
	}
	mux := http.NewServeMux()
	for _, name := range []string{"page.html", "page.js"} {
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, name) })
	}
	mux.HandleFunc("GET /guacamole-common.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, script) })
	mux.HandleFunc("GET /tunnel/{name}", serveTunnel)
	site = httptest.NewServer(mux)
	defer site.Close()
	return m.Run()
}

// tunnel is a WebSocket of the page itself: what authentik does between is left out.
type tunnel struct{ conn *websocket.Conn }

func (t tunnel) Read(ctx context.Context) ([]byte, error) {
	_, p, err := t.conn.Read(ctx)
	return p, err
}

func (t tunnel) Write(ctx context.Context, p []byte) error {
	return t.conn.Write(ctx, websocket.MessageText, p)
}

func (t tunnel) Close() { _ = t.conn.Close(websocket.StatusNormalClosure, "") }
func (t tunnel) Abort() { _ = t.conn.CloseNow() }

// connection is what a page of a name is connected with.
type connection struct {
	registry *session.Registry
	cfg      guacamole.Config
	content  func() guacamole.Content
}

var connections sync.Map // by name

func serveTunnel(w http.ResponseWriter, r *http.Request) {
	v, ok := connections.Load(r.PathValue("name"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"guacamole"}})
	if err != nil {
		return
	}
	c := v.(*connection)
	cfg := c.cfg
	if c.content != nil {
		cfg.Content = c.content()
	}
	c.registry.Serve(context.Background(), guacamole.New(tunnel{conn}, cfg), authority.Presented{Token: "once"})
}

// ledger is an authority that gives one grant to everybody.
type ledger struct{ grant *authority.Grant }

func (l *ledger) Redeem(context.Context, authority.Presented) (*authority.Grant, error) {
	return l.grant, nil
}
func (l *ledger) Reattach(context.Context, string, authority.Presented) error { return nil }
func (l *ledger) Ended(context.Context, string, authority.Report)             {}

// memory remembers no server.
type memory struct{}

func (memory) Known(context.Context, string, string) ([]authority.Identity, error) { return nil, nil }
func (memory) Remember(context.Context, string, authority.Identity) error          { return nil }

// open shows a connection to a VNC server with these settings.
func open(t *testing.T, all map[string]string, cfg guacamole.Config) *drive.Page {
	t.Helper()
	if absent != "" {
		t.Skip(absent)
	}
	ctx, cancel := context.WithCancel(context.Background())
	grant := authority.NewGrant(ctx, authority.Grant{
		ID: t.Name(), User: authority.User{ID: "u", Name: "ann"}, Settings: all,
		Endpoint: authority.Endpoint{ID: "e", Name: "Ann's desk", Protocol: "vnc"},
	})
	registry := session.NewRegistry(session.Config{
		Authority: &ledger{grant}, Logger: quiet,
		OpenDesktop: func(ctx context.Context, g *authority.Grant, w target.Window, b target.Browser, page target.Page) (target.Desktop, error) {
			prefs, _ := settings.ParseVNC(g.Settings)
			return vnc.Open(ctx, vnc.Config{Settings: prefs, EndpointID: "e", Trust: memory{}, Endpoint: g.Endpoint.Name, Page: page, Window: w, Browser: b, Logger: quiet})
		},
	})
	name := strings.ReplaceAll(t.Name(), "/", "-")
	connections.Store(name, &connection{registry: registry, cfg: cfg})
	page, err := chromium.Page()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			_ = page.Screenshot(filepath.Join(os.TempDir(), name+".png"))
		}
		page.Close()
		cancel()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := registry.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		connections.Delete(name)
	})
	if err := page.Go(site.URL + "/page.html?name=" + name); err != nil {
		t.Fatal(err)
	}
	return page
}
