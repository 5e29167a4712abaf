package vnc

import (
	"context"
	"crypto/rsa"
	"log/slog"
	"net"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/settings"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
)

// Config says where to connect and how.
type Config struct {
	Settings   settings.VNC
	EndpointID string // names the endpoint in Trust
	Endpoint   string // its name, for titles of questions
	Trust      authority.Trust
	Page       target.Page
	Window     target.Window
	Browser    target.Browser
	Logger     *slog.Logger
	// RSAKey gives the client's key for the RSA-AES types, which connections may
	// share; nil: each makes its own (0.2 s).
	RSAKey func() (*rsa.PrivateKey, error)
	// Dial opens the TCP connection; nil: a net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Listen is for reverse connections; nil: net.Listen.
	Listen func(network, address string) (net.Listener, error)
}

// pixels are those that a server is asked for, and how the browser is told of them.
type pixels struct {
	format rfb.PixelFormat
	codec  codec.Format
	bits   wire.Codec // in the codec of a rectangle
}

func (c *Config) pixels() pixels {
	switch c.Settings.ColorDepth {
	case 8:
		return pixels{rfb.BGR233, codec.BGR233, wire.Pixels8}
	case 16:
		return pixels{rfb.RGB565, codec.RGB565, wire.Pixels16}
	}
	return pixels{rfb.RGBX, codec.RGBX, 0}
}

// limits are what a server may send.
func (c *Config) limits() rfb.Limits {
	return rfb.Limits{Clipboard: c.Settings.ClipboardBufferSize}
}
