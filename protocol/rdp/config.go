package rdp

import (
	"io"
	"strings"
	"time"

	"github.com/porthole-rac/porthole/protocol/rdp/dvc"
	"github.com/porthole-rac/porthole/protocol/rdp/gcc"
	"github.com/porthole-rac/porthole/protocol/rdp/license"
	"github.com/porthole-rac/porthole/protocol/rdp/share"
	"github.com/porthole-rac/porthole/protocol/rdp/x224"
)

// Config is what a connection needs to know.
type Config struct {
	// Rand gives randomness, Now is the time for the login. Both must be set.
	Rand io.Reader
	Now  time.Time

	// Host is the server's name as the user knows it; it is part of the login.
	Host string
	// Protocols are what is asked for: TLS, Hybrid, HybridEx. RDP's own security is
	// not implemented.
	Protocols x224.Protocols
	// Token and Correlation go into the first message: what a load balancer wants
	// (load-balance-info), and an identifier for the server's logs.
	Token       string
	Correlation *[16]byte

	// Credentials at hand; nil: they are asked for when the server's security is
	// known. With NoLogin none are sent, and the server shows its login screen; then
	// Protocols must not have Hybrid.
	Credentials *Credentials
	NoLogin     bool
	// Cookie is from an earlier connection of this session whose network failed.
	Cookie *share.Cookie

	// ClientName is what the server sees and binds licences to: it should stay the
	// same. It is cut to 15 characters.
	ClientName string
	ProductID  string
	// ClientAddress is told to the server as this client's own.
	ClientAddress string
	// Hardware identifies the client for licences.
	Hardware [16]byte
	// FindLicense gives a licence that was kept from a LicenseIssued of an earlier
	// connection; it may be nil.
	FindLicense func(p license.Product, scopes []string) []byte

	Width, Height int // pixels; the width is made even
	Depth         int // 32 (or 0), 24, 16, 15 or 8
	Scale         gcc.Monitor
	Monitors      []gcc.Monitor // for two or more
	Keyboard      gcc.Keyboard
	Performance   share.Performance
	Zone          share.Zone
	Shell, Dir    string // a program instead of the desktop
	Console       bool
	NoAudio       bool // sound is not wanted at all
	RemoteAudio   bool // sound is to stay at the server
	AudioCapture  bool

	// Channels are static channels besides drdynvc, which is asked for when Dynamic
	// is set.
	Channels []gcc.Channel
	// Dynamic tells whether there is a listener for a dynamic channel. When it is set,
	// display control is listened to in any case.
	Dynamic func(name string) bool
	// NewLite makes decompressors for dynamic channels (RDP 8.0 Lite); nil: they are
	// not compressed.
	NewLite func() dvc.Decompressor
	// NewBulk makes the decompressor of the main channel, and one for each static
	// channel; nil: the server does not compress. BulkType is the highest type that it
	// knows: 0 is RDP 4.0 (8 KB), 1 RDP 5.0 (64 KB). It should be 1: xrdp takes that
	// whatever it is told.
	NewBulk  func() Bulk
	BulkType int

	// Graphics tells the server that the graphics pipeline's channel is listened to.
	Graphics bool
	// RemoteFX and NSCodec are offered for surface commands.
	RemoteFX, NSCodec bool
	// Frames is how many frames may be on their way without AckFrame; 0: 2.
	Frames uint32
	// MaxUpdate bounds one picture, in bytes; 0: DefaultMaxUpdate. Pointers need
	// 608,299.
	MaxUpdate int
}

// DefaultMaxUpdate is 8 MiB: more than a frame of RemoteFX at 4K.
const DefaultMaxUpdate = 8 << 20

// Bulk undoes bulk compression (MS-RDPBCGR 3.1.8). Flags are those of the message: the
// type in the lower four bits, then compressed 0x20, at front 0x40, flushed 0x80. What
// it gives holds until its next call.
type Bulk interface {
	Decode(flags uint8, p []byte) ([]byte, error)
}

// Credentials are a user's.
type Credentials struct{ User, Domain, Password string }

// String hides them.
func (Credentials) String() string { return "[credentials]" }

// GoString hides them.
func (Credentials) GoString() string { return "[credentials]" }

// account are the names as a server wants them, of the forms in which people write
// them: DOMAIN\user, .\user for the machine's own, user@domain (which stays whole: the
// domain is then empty).
func (c Credentials) account() (domain, user string) {
	if c.Domain != "" {
		return c.Domain, c.User
	}
	if d, u, ok := strings.Cut(c.User, `\`); ok {
		if d == "." {
			d = ""
		}
		return d, u
	}
	return "", c.User
}
