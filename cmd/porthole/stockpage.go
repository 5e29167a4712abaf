package main

import (
	"context"

	"github.com/porthole-rac/porthole/authority/authentik"
	"github.com/porthole-rac/porthole/relay/guacamole"
	"github.com/porthole-rac/porthole/relay/guacamole/shell"
	"github.com/porthole-rac/porthole/relay/session"
)

// serveTunnel serves authentik's own page, which speaks Guacamole: the relay emulates
// a browser for it.
func (p *program) serveTunnel(ctx context.Context, sessions *session.Registry, c authentik.Connection) {
	cfg := guacamole.Config{Width: c.Width, Height: c.Height, DPI: c.DPI, Logger: p.log}
	if c.Protocol == "ssh" {
		cfg.Content, cfg.Lossless, cfg.Silent = shell.NewContent(c.Width, c.Height, c.DPI), true, true
	}
	sessions.Serve(ctx, guacamole.New(c.Tunnel, cfg), c.Presented)
}
