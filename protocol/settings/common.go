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
	"unicode"
)

// Bounds of the clipboard, in bytes.
const (
	MinClipboardBuffer = 256 << 10
	MaxClipboardBuffer = 50 << 20
)

// Common are the settings that endpoints of every protocol have.
type Common struct {
	Hostname string        // name or address, without brackets
	Port     int           // each protocol has its default
	Timeout  time.Duration // for connecting and for the handshake; default 10 s

	ReadOnly            bool
	ForceLossless       bool // nothing of a picture may be lost: no JPEG and no video
	DisableCopy         bool
	DisablePaste        bool
	ClipboardBufferSize int // bytes, MinClipboardBuffer to MaxClipboardBuffer

	Wake *Wake // the machine is woken before; nil: it is not
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
	"drive-path": true, "create-drive-path": true, "resize-method": true, "client-name": true,
	// Of desktops: files by SSH beside them.
	"sftp-hostname": true, "sftp-host-key": true, "sftp-port": true, "sftp-timeout": true, "sftp-username": true, "sftp-password": true,
	"sftp-private-key": true, "sftp-passphrase": true, "sftp-public-key": true, "sftp-directory": true, "sftp-server-alive-interval": true,
}

// ParseCommon reads only what endpoints of every protocol have. It reports nothing:
// who reads the protocol's own settings does.
func ParseCommon(all map[string]string) (c Common) {
	p := &parser{left: maps.Clone(all)}
	p.common(&c, 0, 0)
	return c
}

// parser takes values out of the map, so that what is left is not known.
type parser struct {
	left     map[string]string
	problems []Problem
}

// common reads what endpoints of every protocol have; port and display as for
// address.
func (p *parser) common(c *Common, port, display int) {
	c.Timeout = p.seconds("timeout", 10, 1, 600)
	c.ReadOnly = p.bool("read-only")
	c.ForceLossless = p.bool("force-lossless")
	c.DisableCopy = p.bool("disable-copy")
	c.DisablePaste = p.bool("disable-paste")
	c.ClipboardBufferSize = p.number("clipboard-buffer-size", MinClipboardBuffer, MinClipboardBuffer, MaxClipboardBuffer)
	c.Wake = p.wake()
	c.Hostname, c.Port = p.address(port, display)
}

// rest reports what was not taken out of the map, in the order of the names, and
// gives all problems. What is an abbreviation such as SSH.
func (p *parser) rest(what string) []Problem {
	for _, name := range slices.Sorted(maps.Keys(p.left)) {
		switch {
		case p.left[name] == "":
		case later[name]:
			p.report(name, "is not supported yet")
		default:
			p.report(name, "is not a setting of "+what+" endpoints")
		}
	}
	return p.problems
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

func (p *parser) bool(name string) bool { return p.boolOr(name, false) }

func (p *parser) boolOr(name string, def bool) bool {
	switch v := p.text(name); v {
	case "true":
		return true
	case "false":
		return false
	case "":
	default:
		p.report(name, fmt.Sprintf("must be true or false; taken as %t", def))
	}
	return def
}

// choice reads one of some words, in any case; the first is the default.
func (p *parser) choice(name string, all ...string) string {
	v := p.text(name)
	if v == "" {
		return all[0]
	}
	for _, one := range all {
		if strings.EqualFold(v, one) {
			return one
		}
	}
	p.report(name, "must be one of "+strings.Join(all, ", ")+"; taken as "+all[0])
	return all[0]
}

// maxWords is how many words of a list are read.
const maxWords = 64

// words reads a list with spaces or commas between its words. One that is too long
// ends with an empty word, which is none of anything.
func (p *parser) words(name string) []string {
	all := strings.FieldsFunc(p.text(name), func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	if len(all) > maxWords {
		p.report(name, fmt.Sprintf("has more than %d words", maxWords))
		all = append(all[:maxWords], "")
	}
	return all
}

// fingerprint reads a SHA-256 sum: 64 hexadecimal digits, with colons or without,
// or as OpenSSH writes it in base64, with or without "SHA256:" before it.
func fingerprint(v string) (sum [32]byte, ok bool) {
	if kind, rest, found := strings.Cut(v, ":"); found && (strings.EqualFold(kind, "sha256") || strings.EqualFold(kind, "sha-256")) {
		v = rest
	}
	b, err := hex.DecodeString(strings.ReplaceAll(v, ":", ""))
	if err != nil || len(b) != len(sum) {
		b, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(v, "="))
	}
	if err != nil || len(b) != len(sum) {
		return sum, false
	}
	return [32]byte(b), true
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

// address reads hostname and port; def is the protocol's usual port. A port in
// hostname counts when port is unset; and authentik, which splits at the first
// colon, gets its IPv6 addresses back. Where numbers below 100 are VNC displays,
// display is the port of display 0; else it is 0.
func (p *parser) address(def, display int) (host string, port int) {
	host, portText := p.text("hostname"), p.text("port")
	if strings.HasPrefix(host, "[") && !strings.Contains(host, "]") {
		host, portText = host+":"+portText, "" // "[2001" and "db8::1]:22"
	}
	host, inHost, err := splitAddress(host, display)
	if err != nil {
		p.report("hostname", err.Error())
	}
	if portText != "" {
		n, err := portNumber(portText, display)
		if err == nil {
			return host, n
		}
		p.report("port", "must be 1 to 65535")
	}
	if err == nil && inHost > 0 {
		return host, inHost
	}
	return host, def
}
