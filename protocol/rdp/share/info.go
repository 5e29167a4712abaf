package share

import (
	"crypto/hmac"
	"crypto/md5"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// Flags of the client's information (2.2.1.11.1.1).
const (
	InfoMouse        = 0x00000001
	InfoNoCtrlAltDel = 0x00000002
	InfoAutoLogon    = 0x00000008
	InfoUnicode      = 0x00000010
	InfoMaximize     = 0x00000020
	InfoLogonNotify  = 0x00000040
	InfoCompression  = 0x00000080
	InfoWindowsKey   = 0x00000100
	InfoRemoteAudio  = 0x00002000
	InfoLogonErrors  = 0x00010000
	InfoWheel        = 0x00020000
	InfoNoAudio      = 0x00080000
	InfoAudioCapture = 0x00200000
	InfoVideoDisable = 0x00400000
	compressionShift = 9
	addressIPv4      = 2
	addressIPv6      = 23
	zoneSize         = 172
	maxInfoText      = 510 // bytes, without the NUL
	maxDynamicZone   = 254
	cookieSize       = 28
	maxClientAddress = 78
	maxClientDir     = 510
)

// Performance says what the desktop should look like (2.2.1.11.1.1.1).
type Performance uint32

// Performance flags.
const (
	NoWallpaper    Performance = 0x001
	NoWindowDrag   Performance = 0x002
	NoAnimations   Performance = 0x004
	NoTheming      Performance = 0x008
	NoCursorShadow Performance = 0x020
	NoCursorBlink  Performance = 0x040
	FontSmoothing  Performance = 0x080
	Composition    Performance = 0x100
)

// Change is when a time zone changes between standard and daylight saving time: the
// n-th weekday of a month (5: the last), at an hour of local time.
type Change struct{ Month, Weekday, N, Hour, Minute int }

// Zone is a time zone as Windows has it (2.2.1.11.1.1.1.1).
type Zone struct {
	Bias               int // minutes to be added to local time for UTC
	Standard, Daylight string
	StandardAt         Change // zero: no daylight saving time
	DaylightAt         Change
	DaylightBias       int    // usually -60
	Key                string // name in Windows' registry: "W. Europe Standard Time"
	DynamicDSTDisabled bool
}

// Info is what the client tells once the channels are joined.
type Info struct {
	Flags                  uint32
	Compression            int // highest type of bulk compression; below 0: none
	Domain, User, Password string
	Shell, Dir             string // a program instead of the desktop
	Address                string // the client's own, as text
	IPv6                   bool
	Zone                   Zone
	Performance            Performance
	Cookie                 *Cookie
}

// String hides the password, and with it all.
func (Info) String() string { return "[client info]" }

// GoString hides it.
func (Info) GoString() string { return "[client info]" }

// Append appends the information. Texts that are too long are an error: a cut password
// would be a wrong one.
func (i Info) Append(dst []byte) ([]byte, error) {
	flags := i.Flags | InfoUnicode
	if i.Compression >= 0 {
		flags |= InfoCompression | uint32(i.Compression)<<compressionShift
	}
	dst = octets.U32(octets.U32(dst, 0), flags)
	var texts [5][]byte
	for n, t := range [...]string{i.Domain, i.User, i.Password, i.Shell, i.Dir} {
		texts[n] = octets.AppendText(nil, t)
		if len(texts[n]) > maxInfoText {
			name := [...]string{"the domain", "the user name", "the password", "the program", "the program's folder"}[n]
			return dst, fmt.Errorf("%s has more than %d characters", name, maxInfoText/2)
		}
		dst = octets.U16(dst, uint16(len(texts[n])))
	}
	for _, t := range texts {
		dst = octets.U16(append(dst, t...), 0)
	}
	family := uint16(addressIPv4)
	if i.IPv6 {
		family = addressIPv6
	}
	address := octets.AppendText(nil, i.Address)
	address = address[:min(len(address), maxClientAddress)]
	dst = octets.U16(octets.U16(dst, family), uint16(len(address)+2))
	dst = octets.U16(append(dst, address...), 0)
	dst = octets.U16(octets.U16(dst, 2), 0) // folder: none
	dst = i.Zone.append(dst)
	dst = octets.U32(octets.U32(dst, 0), uint32(i.Performance))
	if i.Cookie != nil {
		dst = i.Cookie.append(octets.U16(dst, cookieSize))
	} else {
		dst = octets.U16(dst, 0)
	}
	dst = octets.Zeros(dst, 2+2)
	key := octets.AppendText(nil, i.Zone.Key)
	key = key[:min(len(key), maxDynamicZone)]
	dst = append(octets.U16(dst, uint16(len(key))), key...)
	if i.Zone.DynamicDSTDisabled {
		return octets.U16(dst, 1), nil
	}
	return octets.U16(dst, 0), nil
}

func (z Zone) append(dst []byte) []byte {
	dst = octets.U32(dst, uint32(int32(z.Bias)))
	dst = z.StandardAt.append(octets.AppendField(dst, z.Standard, 64))
	dst = octets.U32(dst, 0)
	dst = z.DaylightAt.append(octets.AppendField(dst, z.Daylight, 64))
	return octets.U32(dst, uint32(int32(z.DaylightBias)))
}

func (c Change) append(dst []byte) []byte {
	for _, v := range [...]int{0, c.Month, c.Weekday, c.N, c.Hour, c.Minute, 0, 0} {
		dst = octets.U16(dst, uint16(v))
	}
	return dst
}

// append is the client's side of a cookie (2.2.4.3). With TLS there is no client random:
// 32 zeros stand for it (5.5).
func (c *Cookie) append(dst []byte) []byte {
	h := hmac.New(md5.New, c.Random[:])
	h.Write(make([]byte, 32))
	dst = octets.U32(octets.U32(octets.U32(dst, cookieSize), 1), c.Session)
	return h.Sum(dst)
}

// ParsedInfo is what a server reads of it.
type ParsedInfo struct {
	Flags                  uint32
	Domain, User, Password string
	Shell                  string
	Performance            Performance
	Cookie                 []byte
	ZoneKey                string
}

// ParseInfo reads it, as a server does.
func ParseInfo(b []byte) (ParsedInfo, error) {
	r := octets.New(b)
	r.Skip(4)
	p := ParsedInfo{Flags: r.U32()}
	var sizes [5]int
	for n := range sizes {
		sizes[n] = int(r.U16())
	}
	var texts [5]string
	for n := range texts {
		texts[n] = octets.Text(r.Bytes(sizes[n]))
		r.Skip(2)
	}
	p.Domain, p.User, p.Password, p.Shell = texts[0], texts[1], texts[2], texts[3]
	r.Skip(2)
	r.Skip(int(r.U16()))
	r.Skip(int(r.U16()))
	r.Skip(zoneSize + 4)
	p.Performance = Performance(r.U32())
	p.Cookie = r.Bytes(int(r.U16()))
	r.Skip(4)
	p.ZoneKey = octets.Text(r.Bytes(int(r.U16())))
	r.Skip(2)
	return p, r.Err()
}
