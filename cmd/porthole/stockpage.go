package main

import (
	"context"
	"strconv"
	"strings"

	"github.com/porthole-rac/porthole/authority/authentik"
	"github.com/porthole-rac/porthole/relay/guacamole"
	"github.com/porthole-rac/porthole/relay/session"
)

// serveTunnel serves authentik's own page, which speaks Guacamole: the relay emulates
// a browser for it.
func (p *program) serveTunnel(ctx context.Context, sessions *session.Registry, c authentik.Connection) {
	if c.Protocol == "ssh" {
		// Terminals are drawn by relay/guacamole/shell, which is not joined to the sink
		// yet.
		refuseTunnel(ctx, c, "This outpost cannot show terminals on authentik's own page yet. Ask the administrator for the route to Porthole's page.")
		return
	}
	sink := guacamole.New(c.Tunnel, guacamole.Config{Width: c.Width, Height: c.Height, DPI: c.DPI, Logger: p.log})
	sessions.Serve(ctx, sink, c.Presented)
}

// refuseTunnel tells the page why it gets nothing.
func refuseTunnel(ctx context.Context, c authentik.Connection, text string) {
	_ = c.Tunnel.Write(ctx, []byte("5.error,"+strconv.Itoa(len(text))+"."+text+",3.256;10.disconnect;"))
	for {
		p, err := c.Tunnel.Read(ctx)
		if err != nil || strings.HasPrefix(string(p), "10.disconnect") {
			return
		}
	}
}
