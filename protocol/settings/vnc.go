package settings

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/porthole-rac/porthole/protocol/rfb"
)

// Bounds of VNC's settings.
const (
	MaxRetries      = 10
	MaxFingerprints = maxWords + 1 // of those that cannot be read one
	// MaxRepeater is how many bytes a repeater can be told.
	MaxRepeater = 249
	// CookieSize is how many bytes PulseAudio's cookie has.
	CookieSize = 256
	// VNCPort is the port of display 0.
	VNCPort = 5900
)

// VNC are the settings of a VNC endpoint. All of guacd's names are here or are
// reported; those that guacd does not have are marked.
type VNC struct {
	Common // the port's default is 5900; with ReverseConnect the port that is listened on

	Username string // asked where the server wants one and it is empty
	Password Secret // the VNC password, or that of Username

	// Allow are the only security types that may be used, Forbid those that may not;
	// both empty: the strongest offered. They come from the list security (ours). A
	// list that cannot be read allows only SecurityInvalid, so nothing.
	Allow, Forbid []rfb.Security
	// CACert are certificates in PEM that alone may have signed the server's (ours). PEM
	// that cannot be read is for the driver to refuse.
	CACert string
	// Fingerprints are SHA-256 sums of what is trusted without more: of a certificate
	// (DER), or of an RA2 key as it came (ours; cert-fingerprints, RDP's name). An entry
	// that cannot be read is all zero, so that a list of such trusts nothing. Not empty:
	// nothing else is trusted.
	Fingerprints [][32]byte
	// TrustFirst: what neither CACert, the system's authorities nor Fingerprints know is
	// trusted when it is the first of this endpoint, and remembered; unless there is a
	// CACert or a fingerprint (ours, cert-tofu; default true, for RDP it is false).
	TrustFirst bool
	IgnoreCert bool // no check at all (ours; RDP's name)
	Exclusive  bool // the server's other viewers are sent away (ours)

	Encodings            []rfb.Encoding // in the order wanted, and no others; nil: the driver's choice
	ColorDepth           int            // bits, 8, 16, 24 or 32; 0: all the server has
	SwapRedBlue          bool           // the server has them the wrong way round
	RemoteCursor         bool           // cursor=remote: the server draws it into the picture
	CompressLevel        int            // 0 to 9; -1: follows the line
	QualityLevel         int            // of JPEG, 0 to 9; -1: follows the line
	DisableDisplayResize bool           // disable-display-resize, or resize-method=none: the server's size stays

	ClipboardEncoding  Charset // where the server has no extended clipboard
	DisableServerInput bool    // disable-server-input: the server's own keyboard and mouse are blocked

	Autoretry      int           // autoretry: how often to try again to connect; default 0
	DestHost       string        // what an UltraVNC repeater shall connect to; "ID" with a number as DestPort
	DestPort       int           // default 5900
	ReverseConnect bool          // wait for the server to connect to Port
	ListenTimeout  time.Duration // for that; default 5 s

	EnableAudio     bool   // sound by PulseAudio
	AudioServername string // audio-servername; empty: Hostname
	AudioCookie     Secret // PulseAudio's, CookieSize bytes (ours)
}

// Charset is a character set of the plain clipboard, which RFB says is Latin-1.
type Charset string

// Character sets by guacd's names.
const (
	Latin1      Charset = "ISO8859-1"
	UTF8        Charset = "UTF-8"
	UTF16       Charset = "UTF-16" // guacd means that of little-endian machines
	Windows1252 Charset = "CP1252"
	MacRoman    Charset = "MacRoman"
)

// Repeater is what an UltraVNC repeater is told to connect to: "host:port" or
// "ID:number". Empty: there is no repeater.
func (s *VNC) Repeater() string {
	switch {
	case s.DestHost == "":
		return ""
	case strings.EqualFold(s.DestHost, "id"):
		return "ID:" + strconv.Itoa(s.DestPort)
	}
	return joined(s.DestHost, s.DestPort)
}

// ParseVNC reads the settings of a VNC endpoint. What it could not use it reports,
// in the order of the names. Ports below 100 are displays: 1 is port 5901.
func ParseVNC(all map[string]string) (VNC, []Problem) {
	p := &parser{left: maps.Clone(all)}
	s := VNC{
		Username: p.text("username"),
		Password: p.secret("password"),

		CACert:       p.text("ca-cert"),
		Fingerprints: p.fingerprints("cert-fingerprints"),
		TrustFirst:   p.boolOr("cert-tofu", true),
		IgnoreCert:   p.bool("ignore-cert"),
		Exclusive:    p.bool("exclusive"),

		Encodings:            p.encodings(),
		ColorDepth:           p.depth(),
		SwapRedBlue:          p.bool("swap-red-blue"),
		RemoteCursor:         p.choice("cursor", "local", "remote") == "remote",
		CompressLevel:        p.number("compress-level", -1, -1, 9),
		QualityLevel:         p.number("quality-level", -1, -1, 9),
		DisableDisplayResize: p.bool("disable-display-resize"),

		DisableServerInput: p.bool("disable-server-input"),
		ClipboardEncoding: Charset(p.choice("clipboard-encoding",
			string(Latin1), string(UTF8), string(UTF16), string(Windows1252), string(MacRoman))),

		Autoretry:      p.number("autoretry", 0, 0, MaxRetries),
		ReverseConnect: p.bool("reverse-connect"),
		ListenTimeout:  time.Duration(p.number("listen-timeout", 5000, 1, 600_000)) * time.Millisecond,

		EnableAudio:     p.bool("enable-audio"),
		AudioServername: p.text("audio-servername"),
		AudioCookie:     p.cookie(),
	}
	p.common(&s.Common, VNCPort, VNCPort)
	s.Allow, s.Forbid = p.security()
	s.DestHost, s.DestPort = p.repeater()
	if p.choice("resize-method", "display-update", "none", "reconnect") == "none" {
		s.DisableDisplayResize = true
	}
	return s, p.rest("VNC")
}

// families are names of security that stand for several types; and other names
// of single ones, as they are used elsewhere.
var families = map[string][]rfb.Security{
	"x509":    x509,
	"anontls": anonymous,
	"tls":     slices.Concat(x509, anonymous),
	"encrypted": slices.Concat(x509, anonymous, []rfb.Security{
		rfb.SecurityRA2, rfb.SecurityRA256, rfb.SecurityRA2r, rfb.SecurityRA256r,
	}),
	"vnc":       {rfb.SecurityVncAuth},
	"ra256":     {rfb.SecurityRA256},
	"ra256ne":   {rfb.SecurityRA256ne},
	"rane256":   {rfb.SecurityRA256ne},
	"mslogon2":  {rfb.SecurityMSLogonII},
	"unixlogin": {rfb.SecurityTightUnix},
	"apple":     {rfb.SecurityARD},
}

var (
	x509 = []rfb.Security{
		rfb.SecurityX509None, rfb.SecurityX509Vnc, rfb.SecurityX509Plain, rfb.SecurityX509Ident,
	}
	anonymous = []rfb.Security{
		rfb.SecurityTLS, rfb.SecurityTLSNone, rfb.SecurityTLSVnc, rfb.SecurityTLSPlain, rfb.SecurityTLSIdent,
	}
)

// security reads a list of names: those that are allowed, and with "-" before
// them those that are forbidden. What cannot be read must not leave a connection
// less protected than was asked for.
func (p *parser) security() (allow, forbid []rfb.Security) {
	const name = "security"
	unknown, unsafe := false, false
	for _, word := range p.words("security") {
		word = strings.ToLower(word)
		list, given := &allow, word
		if rest, ok := strings.CutPrefix(word, "-"); ok {
			list, word = &forbid, rest
		}
		switch word {
		case "any":
			continue
		case "rdp", "nla", "nla-ext", "vmconnect":
			p.report(name, "has "+word+", which is for RDP; it is ignored")
			continue
		}
		types, ok := families[word]
		if !ok {
			t, err := rfb.ParseSecurity(word)
			if err != nil {
				p.report(name, fmt.Sprintf("has %.40q, which is not a security type; it allows nothing", given))
				unknown, unsafe = true, unsafe || given != word || word == ""
				continue
			}
			types = []rfb.Security{t}
		}
		for _, t := range types {
			if !slices.Contains(*list, t) {
				*list = append(*list, t)
			}
		}
	}
	if unsafe || unknown && len(allow) == 0 {
		allow = []rfb.Security{rfb.SecurityInvalid}
	}
	return allow, forbid
}

// encodings by the names of guacd and libvncclient.
var encodings = map[string]rfb.Encoding{
	"raw": rfb.EncodingRaw, "copyrect": rfb.EncodingCopyRect, "rre": rfb.EncodingRRE, "corre": rfb.EncodingCoRRE,
	"hextile": rfb.EncodingHextile, "zlib": rfb.EncodingZlib, "tight": rfb.EncodingTight, "trle": rfb.EncodingTRLE,
	"zrle": rfb.EncodingZRLE, "jpeg": rfb.EncodingJPEG, "h264": rfb.EncodingH264, "h.264": rfb.EncodingH264,
	"tightpng": rfb.EncodingTightPNG, "zlibhex": rfb.EncodingZlibHex,
}

func (p *parser) encodings() (list []rfb.Encoding) {
	const name = "encodings"
	for _, word := range p.words("encodings") {
		e, ok := encodings[strings.ToLower(word)]
		switch {
		case !ok:
			p.report(name, fmt.Sprintf("has %.40q, which is not supported; it is left away", word))
		case !slices.Contains(list, e):
			list = append(list, e)
		}
	}
	return list
}

func (p *parser) depth() int {
	switch n := p.number("color-depth", 0, 8, 32); n {
	case 0, 8, 16, 24, 32:
		return n
	}
	p.report("color-depth", "must be 8, 16, 24 or 32; taken as 32")
	return 32
}

func (p *parser) fingerprints(name string) (list [][32]byte) {
	for _, word := range p.words(name) {
		sum, ok := fingerprint(word)
		if !ok {
			p.report(name, fmt.Sprintf("has an entry, number %d, that is not a SHA-256 sum; it matches nothing", len(list)+1))
		}
		list = append(list, sum)
	}
	return list
}

// cookie reads what lets a client into a PulseAudio server.
func (p *parser) cookie() Secret {
	text := strings.Join(strings.Fields(p.text("audio-cookie")), "")
	if text == "" {
		return Secret{}
	}
	b, err := hex.DecodeString(text)
	if err != nil {
		b, err = base64.StdEncoding.DecodeString(text)
	}
	if err != nil || len(b) != CookieSize {
		p.report("audio-cookie", fmt.Sprintf("must be %d bytes in base64 or hexadecimal digits; none is sent", CookieSize))
		return Secret{}
	}
	return NewSecret(string(b))
}

// repeater reads dest-host and dest-port. The address that a repeater is told has
// a bound.
func (p *parser) repeater() (host string, port int) {
	host = p.text("dest-host")
	portText := p.text("dest-port")
	if strings.EqualFold(host, "id") {
		n, err := strconv.Atoi(portText)
		if err != nil || n < 0 {
			p.report("dest-port", "must be the number that the server is known by, as dest-host is ID")
			return host, 0
		}
		return host, n
	}
	port = VNCPort
	if portText != "" {
		n, err := portNumber(portText, VNCPort)
		if err != nil {
			p.report("dest-port", "must be 1 to 65535; taken as 5900")
		} else {
			port = n
		}
	}
	if len(host) > MaxRepeater-len("[]:65535") {
		p.report("dest-host", "is too long for a repeater; it is left away")
		host = ""
	}
	return host, port
}
