package vnc

import (
	"time"

	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/settings"
)

// Settings are those of a VNC endpoint.
type Settings struct {
	Hostname string
	Port     int
	Timeout  time.Duration // of each step of connecting; 0: 10 s
	Retries  int           // autoretry

	DestHost      string // behind a repeater
	DestPort      int
	Reverse       bool // listen on Port for a server that dials out
	ListenTimeout time.Duration

	Username    string
	Password    settings.Secret
	Security    []rfb.Security // the only types that are allowed; none: all
	Certificate string         // pins the server's certificate or key
	Authority   string         // PEM of certificate authorities

	Encodings           []rfb.Encoding // the only ones, in order; none: all
	ColorDepth          int
	SwapRedBlue         bool
	ForceLossless       bool
	CompressLevel       int // 0 to 9, -1: unset
	QualityLevel        int // 0 to 9, -1: unset
	RemoteCursor        bool
	DisableResize       bool
	DisableCopy         bool
	DisablePaste        bool
	ClipboardEncoding   string // clipboard-encoding: ISO8859-1 (also empty), UTF-8, UTF-16, CP1252
	ClipboardBufferSize int
}
