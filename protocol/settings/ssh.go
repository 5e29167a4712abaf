package settings

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds of values.
const (
	MaxScrollback      = 100_000
	MinClipboardBuffer = 256 << 10
	MaxClipboardBuffer = 50 << 20
	MaxJumps           = 16
)

// SSH are the settings of an SSH endpoint.
type SSH struct {
	Hostname string        // name or address, without brackets
	Port     int           // default 22
	Timeout  time.Duration // for connecting and for the handshake; default 10 s
	HostKey  string        // pins the server's key; empty: trust on first use

	Username    string
	Password    Secret
	PrivateKey  Secret
	Passphrase  Secret
	Certificate string // public-key: an OpenSSH certificate
	EnableAgent bool   // forward an agent with the private key

	ProxyJump        []Jump // the way to the target, nearest first; at most MaxJumps that can be read
	LegacyAlgorithms bool
	KeepAlive        time.Duration // server-alive-interval; default 30 s, 0: off

	Command      string // empty: a shell
	TerminalType string // default xterm-256color, which is what the terminal is; guacd's is linux
	Locale       string // LANG
	Timezone     string // TZ
	Backspace    byte   // code of the backspace key, default 127

	Scrollback   int    // lines, default 1000
	FontName     string // empty: the browser's choice
	FontSize     int    // points, 0: the browser's choice
	ColorScheme  string // as given; the browser draws with it
	CopyOnSelect bool
	Ligatures    bool
	Checksum     bool // terminal-checksum: programs may read the screen (DECRQCRA)

	ReadOnly            bool
	DisableCopy         bool
	DisablePaste        bool
	ClipboardBufferSize int // bytes
}

// Jump is one host on the way to the target.
type Jump struct {
	User string // empty: that of the target
	Host string // empty: cannot be read; then nothing may be connected to
	Port int
}

// Problem is a setting that was not used as given.
type Problem struct {
	Name string
	Text string // why; never holds the value of a secret
}

// later are guacd's names whose features come with other parts of the product.
var later = map[string]bool{
	"func-keys-and-keypad": true,
	"enable-sftp":          true, "sftp-root-directory": true, "sftp-disable-download": true, "sftp-disable-upload": true,
	"typescript-path": true, "typescript-name": true, "create-typescript-path": true, "typescript-write-existing": true,
	"recording-path": true, "recording-name": true, "create-recording-path": true, "recording-write-existing": true,
	"recording-exclude-output": true, "recording-exclude-mouse": true, "recording-include-keys": true, "recording-include-clipboard": true,
	"wol-send-packet": true, "wol-mac-addr": true, "wol-broadcast-addr": true, "wol-udp-port": true, "wol-wait-time": true,
	"drive-path": true, "create-drive-path": true, "resize-method": true, "client-name": true,
}

// parser takes values out of the map, so that what is left is not known.
type parser struct {
	left     map[string]string
	problems []Problem
}

// ParseSSH reads the settings of an SSH endpoint. What it could not use it
// reports, in the order of the names.
func ParseSSH(all map[string]string) (SSH, []Problem) {
	p := &parser{left: maps.Clone(all)}
	s := SSH{
		Timeout:     p.seconds("timeout", 10, 1, 600),
		HostKey:     p.text("host-key"),
		Username:    p.text("username"),
		Password:    p.secret("password"),
		PrivateKey:  p.secret("private-key"),
		Passphrase:  p.secret("passphrase"),
		Certificate: p.text("public-key"),
		EnableAgent: p.bool("enable-agent"),

		LegacyAlgorithms: p.bool("legacy-algorithms"),
		KeepAlive:        p.seconds("server-alive-interval", 30, 0, 3600),

		Command:      p.text("command"),
		TerminalType: p.textOr("terminal-type", "xterm-256color"),
		Locale:       p.text("locale"),
		Timezone:     p.text("timezone"),
		Backspace:    byte(p.number("backspace", 127, 0, 255)),

		Scrollback:   p.number("scrollback", 1000, 0, MaxScrollback),
		FontName:     p.text("font-name"),
		FontSize:     p.number("font-size", 0, 4, 96),
		ColorScheme:  p.text("color-scheme"),
		CopyOnSelect: p.bool("copy-on-select"),
		Ligatures:    p.bool("ligatures"),
		Checksum:     p.bool("terminal-checksum"),

		ReadOnly:            p.bool("read-only"),
		DisableCopy:         p.bool("disable-copy"),
		DisablePaste:        p.bool("disable-paste"),
		ClipboardBufferSize: p.number("clipboard-buffer-size", MinClipboardBuffer, MinClipboardBuffer, MaxClipboardBuffer),
	}
	s.Hostname, s.Port = p.address()
	s.ProxyJump = p.jumps()
	for _, name := range slices.Sorted(maps.Keys(p.left)) {
		switch {
		case p.left[name] == "":
		case later[name]:
			p.report(name, "is not supported yet")
		default:
			p.report(name, "is not a setting of SSH endpoints")
		}
	}
	return s, p.problems
}

func (p *parser) report(name, text string) {
	p.problems = append(p.problems, Problem{name, text})
}

func (p *parser) text(name string) string {
	v := p.left[name]
	delete(p.left, name)
	return v
}

func (p *parser) textOr(name, def string) string {
	if v := p.text(name); v != "" {
		return v
	}
	return def
}

func (p *parser) secret(name string) Secret { return NewSecret(p.text(name)) }

func (p *parser) bool(name string) bool {
	switch v := p.text(name); v {
	case "true":
		return true
	case "", "false":
	default:
		p.report(name, "must be true or false; taken as false")
	}
	return false
}

func (p *parser) number(name string, def, least, most int) int {
	v := p.text(name)
	if v == "" {
		return def
	}
	n, err := strconv.Atoi(v)
	switch {
	case err != nil:
		p.report(name, fmt.Sprintf("must be a number; taken as %d", def))
		return def
	case n < least || n > most:
		clamped := min(max(n, least), most)
		p.report(name, fmt.Sprintf("must be %d to %d; taken as %d", least, most, clamped))
		return clamped
	}
	return n
}

func (p *parser) seconds(name string, def, least, most int) time.Duration {
	return time.Duration(p.number(name, def, least, most)) * time.Second
}

// address reads hostname and port. A port in hostname counts when port is unset;
// and authentik, which splits at the first colon, gets its IPv6 addresses back.
func (p *parser) address() (host string, port int) {
	host, portText := p.text("hostname"), p.text("port")
	if strings.HasPrefix(host, "[") && !strings.Contains(host, "]") {
		host, portText = host+":"+portText, "" // "[2001" and "db8::1]:22"
	}
	host, inHost, err := SplitAddress(host)
	if err != nil {
		p.report("hostname", err.Error())
	}
	if portText != "" {
		n, err := strconv.Atoi(portText)
		if err == nil && n > 0 && n < 1<<16 {
			return host, n
		}
		p.report("port", "must be 1 to 65535")
	}
	if inHost > 0 {
		return host, inHost
	}
	return host, 22
}

func (p *parser) jumps() []Jump {
	v := p.text("proxy-jump")
	if v == "" || v == "none" {
		return nil
	}
	var jumps []Jump
	for part := range strings.SplitSeq(v, ",") {
		if len(jumps) == MaxJumps {
			p.report("proxy-jump", fmt.Sprintf("has more than %d hosts", MaxJumps))
			return append(jumps, Jump{})
		}
		part = strings.TrimSpace(part)
		at := strings.LastIndexByte(part, '@') // a user may be ann@example.org
		user, address := part[:max(at, 0)], part[at+1:]
		host, port, err := SplitAddress(address)
		if err != nil || host == "" || strings.Contains(user, ":") {
			// It is not repeated: there may be a password in it.
			p.report("proxy-jump", fmt.Sprintf("entry %d is not [user@]host[:port]", len(jumps)+1))
			return append(jumps, Jump{})
		}
		if port == 0 {
			port = 22
		}
		jumps = append(jumps, Jump{user, host, port})
	}
	return jumps
}
