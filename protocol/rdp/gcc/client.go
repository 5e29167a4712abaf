package gcc

import (
	"fmt"

	"github.com/porthole-rac/porthole/protocol/rdp/octets"
	"github.com/porthole-rac/porthole/protocol/rdp/x224"
)

// Bounds.
const (
	MaxChannels = 31
	MaxMonitors = 16
	MaxSide     = 32766 // of the whole desktop, in pixels
)

// Version of a client or a server.
type Version uint32

// Versions that matter.
const (
	Version5     Version = 0x00080004 // RDP 5.0 to 8.1
	Version10    Version = 0x00080005
	Version10_12 Version = 0x00080011 // relative mouse
)

// Early are capabilities that must be known before the others (2.2.1.3.2,
// earlyCapabilityFlags).
type Early uint16

// Early capabilities of a client.
const (
	ErrorInfo       Early = 0x0001
	Want32Bits      Early = 0x0002
	StatusInfo      Early = 0x0004
	StrongKeys      Early = 0x0008
	RelativeMouse   Early = 0x0010
	ConnectionType  Early = 0x0020
	MonitorLayout   Early = 0x0040
	AutoDetect      Early = 0x0080
	GraphicsChannel Early = 0x0100
	DynamicTimeZone Early = 0x0200
	Heartbeat       Early = 0x0400
	SkipJoin        Early = 0x0800
)

// Connection is a client's word about its network.
type Connection byte

// Connections that are told. xrdp sends RemoteFX to LAN only.
const (
	LAN          Connection = 6
	AutoDetected Connection = 7
)

// Channel is a static virtual channel that is asked for.
type Channel struct {
	Name    string // at most 7 characters of ASCII
	Options uint32
}

// Options of channels (2.2.1.3.4.1).
const (
	OptionInitialized  = 0x80000000
	OptionEncrypt      = 0x40000000
	OptionHigh         = 0x08000000
	OptionMedium       = 0x04000000
	OptionCompress     = 0x00800000
	OptionShowProtocol = 0x00200000
)

// Monitor is one of the client's screens. The primary one is at 0,0.
type Monitor struct {
	X, Y, Width, Height           int
	Primary                       bool
	PhysicalWidth, PhysicalHeight int // mm; 0: not known
	Orientation                   int // degrees
	DesktopScale, DeviceScale     int // percent
}

// Keyboard is the client's keyboard.
type Keyboard struct {
	Layout  uint32 // input locale; 0: the account's own
	Type    uint32 // 4: with 101 or 102 keys
	SubType uint32
	Keys    uint32 // function keys
}

// Client is all that a client says of itself.
type Client struct {
	Version       Version
	Width, Height int // of the desktop, pixels
	Depth         int // bits of a pixel: 8, 15, 16, 24 or 32
	Keyboard      Keyboard
	Build         uint32
	Name          string // of the computer; cut to 15 characters
	ProductID     string // identifies the client; cut to 31 characters
	Early         Early
	Connection    Connection
	Selected      x224.Protocols
	Monitor       Monitor // for the scale of the desktop; its size is not used

	Channels []Channel
	Console  bool // the administrator's session
	// Redirection is asked for at all times: a broker sends it anyhow.
	SessionID *uint32 // a session to be connected to

	// Extended blocks are left out for servers that do not know them.
	Extended       bool
	Monitors       []Monitor // two or more are told; one says nothing new
	MessageChannel bool
}

// Append appends the conference create request.
func (c Client) Append(dst []byte) ([]byte, error) {
	if len(c.Channels) > MaxChannels {
		return dst, fmt.Errorf("%d channels are more than %d", len(c.Channels), MaxChannels)
	}
	if len(c.Monitors) > MaxMonitors {
		return dst, fmt.Errorf("%d monitors are more than %d", len(c.Monitors), MaxMonitors)
	}
	blocks := block(nil, csCore, c.appendCore)
	blocks = block(blocks, csCluster, func(b []byte) []byte {
		const supported, sessionValid, version5 = 1, 2, 4 << 2
		flags, id := uint32(supported|version5), uint32(0)
		if c.SessionID != nil {
			flags, id = flags|sessionValid, *c.SessionID
		}
		if c.Console {
			flags |= sessionValid // session 0 is the console
		}
		return octets.U32(octets.U32(b, flags), id)
	})
	blocks = block(blocks, csSecurity, func(b []byte) []byte {
		return octets.Zeros(b, 8) // no RDP security
	})
	if len(c.Channels) > 0 {
		blocks = block(blocks, csNet, func(b []byte) []byte {
			b = octets.U32(b, uint32(len(c.Channels)))
			for _, ch := range c.Channels {
				var name [8]byte
				copy(name[:7], ch.Name)
				b = octets.U32(append(b, name[:]...), ch.Options)
			}
			return b
		})
	}
	if c.Extended {
		blocks = c.appendExtended(blocks)
	}
	return appendRequest(dst, blocks), nil
}

func (c Client) appendExtended(blocks []byte) []byte {
	if len(c.Monitors) > 1 {
		blocks = block(blocks, csMonitor, func(b []byte) []byte {
			b = octets.U32(octets.U32(b, 0), uint32(len(c.Monitors)))
			for _, m := range c.Monitors {
				b = octets.U32(octets.U32(b, uint32(int32(m.X))), uint32(int32(m.Y)))
				b = octets.U32(octets.U32(b, uint32(int32(m.X+m.Width-1))), uint32(int32(m.Y+m.Height-1)))
				b = octets.U32(b, flag(m.Primary))
			}
			return b
		})
	}
	if c.MessageChannel {
		blocks = block(blocks, csMessageChannel, func(b []byte) []byte { return octets.U32(b, 0) })
	}
	if len(c.Monitors) > 1 {
		blocks = block(blocks, csMonitorEx, func(b []byte) []byte {
			b = octets.U32(octets.U32(octets.U32(b, 0), 20), uint32(len(c.Monitors)))
			for _, m := range c.Monitors {
				for _, v := range [...]int{m.PhysicalWidth, m.PhysicalHeight, m.Orientation, m.DesktopScale, m.DeviceScale} {
					b = octets.U32(b, uint32(v))
				}
			}
			return b
		})
	}
	return blocks
}

func flag(on bool) uint32 {
	if on {
		return 1
	}
	return 0
}

// depths: post beta 2 color depth, high color depth, and what is supported.
func (c Client) depths() (old, high, supported uint16) {
	const all = 1 | 2 | 4 | 8
	switch c.Depth {
	case 8:
		return 0xca01, 8, all
	case 15:
		return 0xca02, 15, all
	case 16:
		return 0xca03, 16, all
	}
	return 0xca01, 24, all // 32 bits are asked for by Want32Bits
}

func (c Client) appendCore(b []byte) []byte {
	old, high, supported := c.depths()
	b = octets.U32(b, uint32(c.Version))
	b = octets.U16(octets.U16(b, uint16(c.Width)), uint16(c.Height))
	b = octets.U16(octets.U16(b, 0xca01), 0xaa03) // 8 bits; Ctrl+Alt+Del
	b = octets.U32(octets.U32(b, c.Keyboard.Layout), c.Build)
	b = octets.AppendField(b, c.Name, 32)
	b = octets.U32(octets.U32(octets.U32(b, c.Keyboard.Type), c.Keyboard.SubType), c.Keyboard.Keys)
	b = octets.Zeros(b, 64) // IME
	b = octets.U16(octets.U16(b, old), 1)
	b = octets.U32(b, 0) // serial number
	b = octets.U16(octets.U16(b, high), supported)
	early := c.Early
	if c.Depth == 32 {
		early |= Want32Bits
	}
	b = octets.U16(b, uint16(early))
	b = octets.AppendField(b, c.ProductID, 64)
	b = append(b, byte(c.Connection), 0)
	b = octets.U32(b, uint32(c.Selected))
	b = octets.U32(octets.U32(b, uint32(c.Monitor.PhysicalWidth)), uint32(c.Monitor.PhysicalHeight))
	b = octets.U16(b, uint16(c.Monitor.Orientation))
	return octets.U32(octets.U32(b, uint32(c.Monitor.DesktopScale)), uint32(c.Monitor.DeviceScale))
}

// ParseClient reads a conference create request, as a server does. Of the blocks it
// takes what decides what a server does.
func ParseClient(b []byte) (Client, error) {
	var c Client
	blocks, err := blocksOf(b, "Duca")
	if err != nil {
		return c, err
	}
	err = each(blocks, func(kind uint16, r *octets.Reader) error {
		switch kind {
		case csCore:
			c.parseCore(r)
		case csNet:
			n := r.U32()
			if n > MaxChannels {
				return fmt.Errorf("%w: %d channels", ErrMessage, n)
			}
			for range n {
				name := r.Bytes(8)
				for i, x := range name {
					if x == 0 {
						name = name[:i]
						break
					}
				}
				c.Channels = append(c.Channels, Channel{Name: string(name), Options: r.U32()})
			}
		case csMessageChannel:
			c.Extended, c.MessageChannel = true, true
		}
		return nil
	})
	return c, err
}

func (c *Client) parseCore(r *octets.Reader) {
	c.Version = Version(r.U32())
	c.Width, c.Height = int(r.U16()), int(r.U16())
	r.Skip(4)
	c.Keyboard.Layout, c.Build = r.U32(), r.U32()
	c.Name = octets.Text(r.Bytes(32))
	c.Keyboard.Type, c.Keyboard.SubType, c.Keyboard.Keys = r.U32(), r.U32(), r.U32()
	r.Skip(64 + 2 + 2 + 4)
	c.Depth = int(r.U16())
	r.Skip(2)
	c.Early = Early(r.U16())
	if c.Early&Want32Bits != 0 {
		c.Depth = 32
	}
	c.ProductID = octets.Text(r.Bytes(64))
	c.Connection = Connection(r.U8())
	r.Skip(1)
	c.Selected = x224.Protocols(r.U32())
}
