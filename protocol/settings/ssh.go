package settings

import (
	"fmt"
	"maps"
	"strings"
	"time"
)

// Bounds of values.
const (
	MaxScrollback = 100_000
	MaxJumps      = 16
)

// SSH are the settings of an SSH endpoint.
type SSH struct {
	Common // the port's default is 22

	HostKey string // pins the server's key; empty: trust on first use

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
}

// Jump is one host on the way to the target.
type Jump struct {
	User string // empty: that of the target
	Host string // empty: cannot be read; then nothing may be connected to
	Port int
}

// ParseSSH reads the settings of an SSH endpoint. What it could not use it
// reports, in the order of the names.
func ParseSSH(all map[string]string) (SSH, []Problem) {
	p := &parser{left: maps.Clone(all)}
	s := SSH{
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
	}
	p.common(&s.Common, 22, 0)
	s.ProxyJump = p.jumps()
	return s, p.rest("SSH")
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
