package outpost_test

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/porthole-rac/porthole/authority/authentik/authentiktest"
	"github.com/porthole-rac/porthole/protocol/guac"
	"github.com/porthole-rac/porthole/protocol/tunnel"
	"github.com/porthole-rac/porthole/protocol/wire"
)

// client speaks as the page does, without a browser.
type client struct {
	t      *testing.T
	tunnel *websocket.Conn
	parts  []byte
}

// instruction is the next one of ours.
func (c *client) instruction(opcode string) guac.Instruction {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	for {
		_, p, err := c.tunnel.Read(ctx)
		if err != nil {
			c.t.Fatalf("before %s: %v", opcode, err)
		}
		var parser guac.Parser
		in, _, err := parser.Next(p)
		must(c.t, err)
		if in.Is(opcode) {
			return in
		}
	}
}

// message is the next message of wire through the tunnel.
func (c *client) message() []byte {
	c.t.Helper()
	for c.parts = c.parts[:0]; ; {
		in := c.instruction(tunnel.OpData)
		d, err := tunnel.ParseData(&in)
		must(c.t, err)
		c.parts, err = d.Decode(c.parts)
		must(c.t, err)
		if d.Last {
			return c.parts
		}
	}
}

var hello = (&wire.Hello{Version: 1, Grid: wire.Grid{Cols: 80, Rows: 24}}).Append(nil)

// first is the type of a message's first record.
func first(t *testing.T, p []byte) wire.Type {
	t.Helper()
	kind, _, _, err := wire.Next(p)
	must(t, err)
	return kind
}

// Both ways work with every authentik, and begin without delay.
func TestEveryAuthentik(t *testing.T) {
	for _, v := range authentiktest.Versions() {
		if v.NoSubprotocol {
			continue // no browser can connect there
		}
		t.Run(v.Name, func(t *testing.T) {
			s := start(t, options{config: authentiktest.Config{Version: v}})
			open := func() *client {
				conn, err := s.shell().Open(t.Context(), url.Values{"screen_width": {"1280"}, "screen_height": {"800"}, "screen_dpi": {"96"}, "audio": {tunnel.Mark}})
				must(t, err)
				t.Cleanup(func() { _ = conn.CloseNow() })
				return &client{t: t, tunnel: conn}
			}
			began := time.Now()
			c := open()
			in := c.instruction(tunnel.OpOffer)
			if string(in.Arg(2)) != "direct/" || string(in.Arg(3)) != "ssh" {
				t.Fatalf("offer %q", in.Args)
			}
			conn, _, err := websocket.Dial(t.Context(), "http://"+s.relay+"/if/rac/direct/", &websocket.DialOptions{
				HTTPHeader: http.Header{"Origin": {strings.TrimSuffix(s.url, "/")}}, Subprotocols: []string{wire.Subprotocol, "porthole.secret." + string(in.Arg(1))},
			})
			must(t, err)
			defer conn.CloseNow()
			must(t, conn.Write(t.Context(), websocket.MessageBinary, hello))
			_, p, err := conn.Read(t.Context())
			must(t, err)
			if kind := first(t, p); kind != wire.TypeWelcome {
				t.Errorf("first comes %v", kind)
			}
			direct := time.Since(began)

			began = time.Now()
			c = open()
			c.instruction(tunnel.OpOffer)
			must(t, c.tunnel.Write(t.Context(), websocket.MessageText, tunnel.AppendData(nil, 1, true, hello)))
			if kind := first(t, bytes.Clone(c.message())); kind != wire.TypeWelcome {
				t.Errorf("first comes %v through the tunnel", kind)
			}
			t.Logf("from opening to Welcome: %v directly, %v through the tunnel", direct, time.Since(began))
		})
	}
}
