package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"sync"
	"time"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/settings"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/session"
	"github.com/porthole-rac/porthole/relay/target"
	"github.com/porthole-rac/porthole/relay/target/ssh"
	"github.com/porthole-rac/porthole/relay/target/vnc"
)

// clientKeyBits is the size of the key for VNC's RSA-AES logins. Nobody knows the
// client by it, so all connections share one until the program ends.
const clientKeyBits = 2048

// sessions makes the registry with the drivers.
func (p *program) sessions(a authority.Authority, trust authority.Trust, resumeFor time.Duration, most int) *session.Registry {
	clientKey := sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, clientKeyBits) })
	return session.NewRegistry(session.Config{
		Authority: a, ResumeFor: resumeFor, MaxSessions: most, Version: buildVersion(), Logger: p.log,
		OpenTerminal: func(ctx context.Context, g *authority.Grant, prefs settings.SSH, size target.Size, page target.Page) (target.Terminal, error) {
			return ssh.Connect(ctx, ssh.Config{
				Settings: prefs, EndpointID: g.Endpoint.ID, Endpoint: g.Endpoint.Name, Trust: trust, Size: size,
				Logger: p.log.With("connection", g.ID),
			}, page)
		},
		OpenDesktop: func(ctx context.Context, g *authority.Grant, w target.Window, b target.Browser, page target.Page) (target.Desktop, error) {
			log := p.log.With("connection", g.ID)
			if g.Endpoint.Protocol != "vnc" {
				return nil, &target.Error{
					Code: wire.EndSettings, Step: target.StepOpen,
					Message: fmt.Sprintf("This relay does not speak %s.", g.Endpoint.Protocol),
					Remedy:  "Ask the administrator to change the endpoint's protocol, or to use a newer relay.",
				}
			}
			prefs, problems := settings.ParseVNC(g.Settings)
			for _, problem := range problems {
				log.Warn("setting", "name", problem.Name, "problem", problem.Text)
			}
			return vnc.Open(ctx, vnc.Config{
				Settings: prefs, EndpointID: g.Endpoint.ID, Endpoint: g.Endpoint.Name, Trust: trust,
				Page: page, Window: w, Browser: b, Logger: log, RSAKey: clientKey,
			})
		},
	})
}
