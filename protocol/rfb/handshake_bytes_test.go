package rfb_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/rfb"
)

// ones is a source of randomness that can be predicted.
type ones struct{}

func (ones) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 1
	}
	return len(p), nil
}

// play feeds a handshake with a server's bytes and answers everything it asks.
func play(cfg rfb.Config, wire []byte, chunk int) (out []byte, ready *rfb.Ready, err error) {
	cfg.Rand = ones{}
	if cfg.Key == nil {
		cfg.Key = rsaKey()
	}
	h := rfb.NewHandshake(cfg)
	for {
		in := wire[:min(chunk, len(wire))]
		wire = wire[len(in):]
		for {
			ev, n, err := h.Next(in)
			in = in[n:]
			out = append(out, h.Output()...)
			if err != nil {
				return out, nil, err
			}
			if ev == nil {
				break
			}
			switch ev := ev.(type) {
			case *rfb.NeedCredentials:
				err = h.Answer(rfb.Credentials{Username: "ada", Password: "password", Target: "t"})
			case *rfb.ServerKey:
				err = h.TrustServer()
			case *rfb.StartTLS, *rfb.StartRecords:
				err = h.Secured()
			case *rfb.Ready:
				return out, ev, nil
			}
			if err != nil {
				return out, nil, err
			}
		}
		if len(wire) == 0 {
			return out, nil, h.Closed()
		}
	}
}

var serverInit = joined(u16(640), u16(480), rfb.RGBX.Append(nil), u32(4), "desk")

func TestHandshakeBytes(t *testing.T) {
	challenge := "0123456789abcdef"
	for name, c := range map[string]struct {
		cfg       rfb.Config
		wire, out []byte
	}{
		// A bare list, a SecurityResult, and ff ff ff ff with a list, as UltraVNC sends it.
		"ultravnc":       {rfb.Config{}, joined("RFB 003.008\n", 1, 17, "\xff\xff\xff\xff", 1, 1, u32(0), serverInit), joined("RFB 003.008\n", 17, 1, 1)},
		"ultravnc, list": {rfb.Config{}, joined("RFB 003.008\n", 1, 17, 1, 1, u32(0), serverInit), joined("RFB 003.008\n", 17, 1, 1)},
		"ultravnc, done": {rfb.Config{}, joined("RFB 003.008\n", 1, 17, u32(0), serverInit), joined("RFB 003.008\n", 17, 1)},
		"exclusive":      {rfb.Config{Exclusive: true}, joined("RFB 003.003\n", u32(1), serverInit), joined("RFB 003.003\n", 0)},
		"repeater":       {rfb.Config{Repeater: "ID:5"}, joined("RFB 000.000\n", "RFB 003.003\n", u32(1), serverInit), joined("ID:5", make([]byte, 246), "RFB 003.003\n", 1)},
		"tight, no tunnels": {
			rfb.Config{},
			joined("RFB 003.008\n", 1, 16, u32(0), u32(0), u32(0), serverInit, make([]byte, 8)),
			joined("RFB 003.008\n", 16, 1),
		},
		"vncauth": {
			rfb.Config{},
			joined("RFB 003.008\n", 1, 2, challenge, u32(0), serverInit),
			joined("RFB 003.008\n", 2, unhex(vncAuthOfPassword), 1),
		},
	} {
		for _, chunk := range []int{1, 1 << 16} {
			out, ready, err := play(c.cfg, c.wire, chunk)
			if err != nil || ready.Name != "desk" {
				t.Errorf("%s: %+v, %v", name, ready, err)
			}
			if !bytes.Equal(out, c.out) {
				t.Errorf("%s: said %q, want %q", name, out, c.out)
			}
		}
	}
}

// vncAuthOfPassword is what a viewer answers to "0123456789abcdef" with the password
// "password": openssl enc -des-ecb -nopad -K 0e86ceceeef64e26.
const vncAuthOfPassword = "5645abeb5f1e6475e8feb11beb66ea19"

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func TestVersions(t *testing.T) {
	for announced, spoken := range map[string]string{
		"003.003": "003.003", "003.005": "003.003", "003.006": "003.003", "003.007": "003.007", "003.008": "003.008",
		"003.889": "003.008", "004.000": "003.008", "004.001": "003.008", "005.000": "003.008", "002.000": "003.003",
	} {
		out, _, _ := play(rfb.Config{}, []byte("RFB "+announced+"\n"), 1)
		if string(out) != "RFB "+spoken+"\n" {
			t.Errorf("%s is answered with %q", announced, out)
		}
	}
}

func TestNoServer(t *testing.T) {
	for wire, says := range map[string]string{
		"SSH-2.0-OpenSSH_9.2\r\n":  "SSH-",
		"HTTP/1.1 400 Bad Request": "HTTP",
		"RFB 003,008\n":            "RFB 003,008",
		"RF":                       "RF",
	} {
		_, _, err := play(rfb.Config{}, []byte(wire), 4)
		if !errors.Is(err, rfb.ErrNoVersion) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", wire, err)
		}
	}
	if _, _, err := play(rfb.Config{}, nil, 4); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("closed at once: %v", err)
	}
}

func TestHostileHandshakes(t *testing.T) {
	const v38 = "RFB 003.008\n"
	big := bytes.Repeat([]byte{0xff}, 64)
	rsa1024 := joined(u32(1024), "\x80", make([]byte, 126), 1)
	for name, c := range map[string]struct {
		wire []byte
		says string
	}{
		"repeater":            {joined("RFB 000.000\n"), "repeater"},
		"tunnels":             {joined(v38, 1, 16, u32(-1)), "capabilities"},
		"a tunnel":            {joined(v38, 1, 16, u32(1), "\x00\x00\x00\x01ACMETUNNEL__"), "insists on a tunnel"},
		"logins":              {joined(v38, 1, 16, u32(0), u32(1<<20)), "capabilities"},
		"vencrypt 0.1":        {joined(v38, 1, 19, 0, 1), "version 0.1"},
		"vencrypt refuses":    {joined(v38, 1, 19, 0, 2, 1, 0), "refuses version"},
		"vencrypt, none":      {joined(v38, 1, 19, 0, 2, 0, 0), "the server offers none within VeNCrypt"},
		"tls refused":         {joined(v38, 1, 19, 0, 2, 0, 1, u32(262), 0), "refuses X509Plain"},
		"vencrypt in itself":  {joined(v38, 1, 19, 0, 2, 0, 1, u32(19)), "offers VeNCrypt"},
		"ultra in itself":     {joined(v38, 1, 17, 1, 17), "offers Ultra"},
		"lists without end":   {joined(v38, 1, 1, bytes.Repeat([]byte("\xff\xff\xff\xff\x01\x01"), 9)), ""},
		"ultra":               {joined(v38, 1, 17, "\xff\xff\x00\xff"), "instead of a list"},
		"ard, long":           {joined(v38, 1, 30, u16(5), u16(513)), "513 bytes"},
		"ard, short":          {joined(v38, 1, 30, u16(5), u16(15)), "15 bytes"},
		"ard, even":           {joined(v38, 1, 30, u16(5), u16(16), big[:15], 0, big[:16]), "odd prime"},
		"ard, generator":      {joined(v38, 1, 30, u16(1), u16(16), big[:16], big[:15], 1), "generator"},
		"ard, value":          {joined(v38, 1, 30, u16(5), u16(16), big[:16], make([]byte, 15), 1), "public value"},
		"ard, value at top":   {joined(v38, 1, 30, u16(5), u16(16), big[:16], big[:15], 0xfe), "public value"},
		"mslogon, nothing":    {joined(v38, 1, 113, make([]byte, 24)), "odd prime"},
		"ra2, long":           {joined(v38, 1, 5, u32(-1)), "RSA key of"},
		"ra2, short":          {joined(v38, 1, 5, u32(512)), "RSA key of 512"},
		"ra2, even":           {joined(v38, 1, 5, u32(1024), "\x80", make([]byte, 127), make([]byte, 127), 3), "or is even"},
		"ra2, smaller":        {joined(v38, 1, 5, u32(1024), make([]byte, 127), 1, make([]byte, 127), 3), "1 bits"},
		"ra2, exponent":       {joined(v38, 1, 5, rsa1024, big, big), "exponent"},
		"ra2, random":         {joined(v38, 1, 5, rsa1024, make([]byte, 127), 3, u16(9)), "9 bytes for a key of 256"},
		"ra2, not for us":     {joined(v38, 1, 5, rsa1024, make([]byte, 127), 3, u16(256), bytes.Repeat(big, 4)), "not encrypted for this key"},
		"ra2, record":         {joined(v38, 1, 5, rsa1024, make([]byte, 127), 3, u16(256), make([]byte, 256), u16(900)), "record of 918"},
		"ra2, hash":           {joined(v38, 1, 5, rsa1024, make([]byte, 127), 3, u16(256), make([]byte, 256), u16(20), big[:36]), "does not verify"},
		"enormous screen":     {joined(v38, 1, 1, u32(0), u16(65535), u16(65535), make([]byte, 20)), "65535×65535"},
		"enormous name":       {joined(v38, 1, 1, u32(0), u16(1), u16(1), make([]byte, 16), "\xff\xff\xff\xff"), "a name of"},
		"tight capabilities":  {joined(v38, 1, 16, u32(0), u32(0), u32(0), serverInit, big[:8]), "65535 capabilities"},
		"closed in the login": {joined(v38, 1, 2, "0123"), "closed the connection in the handshake (VncAuth, challenge)"},
		"closed for a result": {joined(v38, 1, 2, "0123456789abcdef"), "login failed (VncAuth)"},
		"reason cut off":      {joined(v38, 0, u32(100), "busy"), `refuses the connection: "busy"`},
		"reason without end":  {joined(v38, 0, u32(-1), strings.Repeat("no ", 3000)), `"no no`},
		"odd result":          {joined(v38, 1, 1, u32(77), u32(2), "hm"), `login failed (None): "hm"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, at1 := play(rfb.Config{}, c.wire, 1)
			_, _, err := play(rfb.Config{}, c.wire, 1<<16)
			if err == nil || fmt.Sprint(at1) != fmt.Sprint(err) {
				t.Fatalf("at once: %v; byte by byte: %v", err, at1)
			}
			if !strings.Contains(err.Error(), c.says) || len(err.Error()) > 600 {
				t.Errorf("%v does not say %q", err, c.says)
			}
			if strings.Contains(err.Error(), "password") {
				t.Errorf("the password is in it: %v", err)
			}
		})
	}
}

// Names and passwords that a login cannot carry are refused before anything is sent,
// and another answer may follow.
func TestCredentialsThatDoNotFit(t *testing.T) {
	h := rfb.NewHandshake(rfb.Config{Rand: ones{}})
	wire := joined("RFB 003.008\n", 1, 22)
	for _, n, _ := h.Next(wire); n > 0; _, n, _ = h.Next(wire) {
		wire = wire[n:]
	}
	h.Output()
	if !h.Waiting() {
		t.Fatal("nothing is asked for")
	}
	err := h.Answer(rfb.Credentials{Username: strings.Repeat("secret", 50)})
	if err == nil || strings.Contains(err.Error(), "secret") || len(h.Output()) != 0 || errors.Is(err, rfb.ErrWaiting) {
		t.Errorf("%v", err)
	}
	if err := h.Answer(rfb.Credentials{Username: "a", Target: "b"}); err != nil || string(h.Output()) != "\x01\x01ab" {
		t.Errorf("second answer: %v", err)
	}
	if err := h.Answer(rfb.Credentials{}); !errors.Is(err, rfb.ErrWaiting) {
		t.Errorf("an answer to nothing: %v", err)
	}
	if s := fmt.Sprintf("%v %+v %#v", rfb.Credentials{Password: "secret"}, rfb.Credentials{Password: "secret"}, rfb.Credentials{Password: "secret"}); strings.Contains(s, "secret") {
		t.Errorf("credentials are printed: %s", s)
	}
}

func TestSecurityNames(t *testing.T) {
	for _, name := range []string{"VncAuth", "x509plain", "RA2_256", "ARD", "30"} {
		if s, err := rfb.ParseSecurity(name); err != nil || s == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"", "nonsense", "invalid", "0", "99999999"} {
		if s, err := rfb.ParseSecurity(name); err == nil {
			t.Errorf("%q is %v", name, s)
		}
	}
}
