// Package rfbtest is a small RFB server for tests, scripted by its fields. It stands
// for servers that cannot be installed everywhere: macOS (ARD), UltraVNC (MSLogonII,
// type 17), RealVNC (RSA-AES with 256 bits), XVP. It is written from "The RFB
// Protocol" apart from the client's code, and checks logins by decrypting them.
//
// It blocks on what it is given to read from; a test runs it in a goroutine over a
// connection. It is not a server to run.
package rfbtest

import (
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/porthole-rac/porthole/protocol/rfb"
)

// ErrLogin means that the client gave wrong credentials, and was told so.
var ErrLogin = errors.New("rfbtest: wrong login")

// Server is how a server behaves.
type Server struct {
	Version string         // announced; "": "RFB 003.008\n"
	Types   []rfb.Security // offered; none: the connection is refused with Reason
	Sub     []rfb.Security // in VeNCrypt
	Logins  []rfb.Security // in Tight
	Second  []rfb.Security // after Ultra or TLS
	Reason  string         // of every refusal

	Username, Password, Target string
	TooMany                    bool // a wrong login is "too many attempts"

	Key     *rsa.PrivateKey // for RSA-AES
	Kind    byte            // of credentials in RSA-AES: 1 name and password, 2 password
	DHBytes int             // of ARD: 128, 256 or 512; 0: 128
	Rand    io.Reader

	// Secure puts TLS around the connection.
	Secure func(rw io.ReadWriter, anonymous bool) (io.ReadWriter, error)

	Width, Height uint16 // 0: 640 × 480
	Name          string
	Format        rfb.PixelFormat // zero: rfb.RGBX
}

// Session is a client that was let in.
type Session struct {
	io.ReadWriter // through TLS or records, where they were chosen
	Version       string
	Security      []rfb.Security
	Shared        bool
}

// conn is a handshake in progress. Errors of reading and writing panic with ioError,
// which Serve takes back: so steps read like the specification.
type conn struct {
	*Server
	rw     io.ReadWriter
	v33    bool
	v38    bool
	out    Session
	rounds int
}

type ioError struct{ error }

func (c *conn) read(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(c.rw, b); err != nil {
		panic(ioError{err})
	}
	return b
}

func (c *conn) write(b ...byte) {
	if _, err := c.rw.Write(b); err != nil {
		panic(ioError{err})
	}
}

func (c *conn) u32(v uint32)    { c.write(binary.BigEndian.AppendUint32(nil, v)...) }
func (c *conn) text(s string)   { c.u32(uint32(len(s))); c.write([]byte(s)...) }
func (c *conn) readU32() uint32 { return binary.BigEndian.Uint32(c.read(4)) }
func (c *conn) random(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(c.Rand, b); err != nil {
		panic(ioError{err})
	}
	return b
}

// Serve speaks with one client up to ServerInit.
func (s *Server) Serve(rw io.ReadWriter) (out *Session, err error) {
	defer func() {
		if e, ok := recover().(ioError); ok {
			out, err = nil, e.error
		}
	}()
	c := &conn{Server: s, rw: rw}
	version := s.Version
	if version == "" {
		version = "RFB 003.008\n"
	}
	c.write([]byte(version)...)
	c.out.Version = string(c.read(12))
	c.v33 = c.out.Version == "RFB 003.003\n"
	c.v38 = c.out.Version == "RFB 003.008\n"
	if err := c.security(s.Types); err != nil {
		return nil, err
	}
	c.init()
	c.out.ReadWriter = c.rw
	return &c.out, nil
}

// security offers types and goes through the one that is taken, up to and with
// SecurityResult.
func (c *conn) security(types []rfb.Security) error {
	if len(types) == 0 {
		if c.v33 {
			c.u32(0)
		} else {
			c.write(0)
		}
		c.text(c.Reason)
		return errors.New("rfbtest: refused")
	}
	if c.v33 {
		c.u32(uint32(types[0]))
		return c.login(types[0])
	}
	list := []byte{byte(len(types))}
	for _, t := range types {
		list = append(list, byte(t))
	}
	c.write(list...)
	return c.login(rfb.Security(c.read(1)[0]))
}

// login goes through one type.
func (c *conn) login(t rfb.Security) error {
	if c.rounds++; c.rounds > 8 {
		return errors.New("rfbtest: too many types")
	}
	c.out.Security = append(c.out.Security, t)
	ok := false
	switch t {
	case rfb.SecurityNone:
		if !c.v38 {
			return nil // RFB, "None": no result before 3.8
		}
		ok = true
	case rfb.SecurityTLSNone, rfb.SecurityX509None:
		ok = true
	case rfb.SecurityVncAuth, rfb.SecurityTLSVnc, rfb.SecurityX509Vnc:
		ok = c.vncAuth()
	case rfb.SecurityXVP:
		n := c.read(2)
		user, target := string(c.read(int(n[0]))), string(c.read(int(n[1])))
		ok = c.vncAuth() && user == c.Username && target == c.Target
	case rfb.SecurityPlain, rfb.SecurityTLSPlain, rfb.SecurityX509Plain, rfb.SecurityTightUnix:
		u, p := int(c.readU32()), int(c.readU32())
		ok = string(c.read(u)) == c.Username
		ok = string(c.read(p)) == c.Password && ok
	case rfb.SecurityIdent, rfb.SecurityTLSIdent, rfb.SecurityX509Ident:
		ok = string(c.read(int(c.readU32()))) == c.Username
	case rfb.SecurityARD:
		ok = c.ard()
	case rfb.SecurityMSLogonII:
		ok = c.msLogon()
	case rfb.SecurityRA2, rfb.SecurityRA2ne, rfb.SecurityRA2r, rfb.SecurityRA256, rfb.SecurityRA256ne, rfb.SecurityRA256r:
		var err error
		if ok, err = c.ra2(t); err != nil {
			return err
		}
	case rfb.SecurityTight:
		return c.tight()
	case rfb.SecurityVeNCrypt:
		return c.vencrypt()
	case rfb.SecurityTLS:
		if err := c.secure(true); err != nil {
			return err
		}
		return c.security(c.Second)
	case rfb.SecurityUltra:
		c.u32(0xffffffff)
		return c.security(c.Second)
	default:
		return fmt.Errorf("rfbtest: the client took %v", t)
	}
	return c.result(ok)
}

func (c *conn) secure(anonymous bool) error {
	rw, err := c.Secure(c.rw, anonymous)
	if err == nil {
		c.rw = rw
	}
	return err
}

func (c *conn) result(ok bool) error {
	if ok {
		c.u32(0)
		return nil
	}
	if c.TooMany {
		c.u32(2)
	} else {
		c.u32(1)
	}
	if c.v38 {
		c.text(c.Reason)
	}
	return ErrLogin
}

// codes are Tight's capabilities of logins.
var codes = map[rfb.Security]string{
	rfb.SecurityNone: "\x00\x00\x00\x01STDVNOAUTH__", rfb.SecurityVncAuth: "\x00\x00\x00\x02STDVVNCAUTH_",
	rfb.SecurityVeNCrypt: "\x00\x00\x00\x13VENCVENCRYPT", rfb.SecurityTightUnix: "\x00\x00\x00\x81TGHTULGNAUTH",
	rfb.SecuritySASL: "\x00\x00\x00\x14GTKVSASL____",
}

func (c *conn) tight() error {
	c.u32(1)
	c.write([]byte("\x00\x00\x00\x00TGHTNOTUNNEL")...)
	if tunnel := c.readU32(); tunnel != 0 {
		return fmt.Errorf("rfbtest: tunnel %d", tunnel)
	}
	c.u32(uint32(len(c.Logins)))
	if len(c.Logins) == 0 {
		return c.login(rfb.SecurityNone)
	}
	for _, t := range c.Logins {
		c.write([]byte(codes[t])...)
	}
	code := c.readU32()
	for _, t := range c.Logins {
		if binary.BigEndian.Uint32([]byte(codes[t])) == code {
			return c.login(t)
		}
	}
	return fmt.Errorf("rfbtest: login %d", code)
}

func (c *conn) vencrypt() error {
	c.write(0, 2)
	if v := c.read(2); v[0] != 0 || v[1] != 2 {
		c.write(1)
		return fmt.Errorf("rfbtest: vencrypt %x", v)
	}
	c.write(0, byte(len(c.Sub)))
	for _, t := range c.Sub {
		c.u32(uint32(t))
	}
	t := rfb.Security(c.readU32())
	if t >= rfb.SecurityTLSNone && t != rfb.SecurityIdent {
		c.write(1)
		anonymous := t <= rfb.SecurityTLSPlain || t == rfb.SecurityTLSIdent
		if err := c.secure(anonymous); err != nil {
			return err
		}
	}
	return c.login(t)
}

// init reads ClientInit and writes ServerInit.
func (c *conn) init() {
	c.out.Shared = c.read(1)[0] != 0
	w, h, format := c.Width, c.Height, c.Format
	if w == 0 {
		w, h = 640, 480
	}
	if format == (rfb.PixelFormat{}) {
		format = rfb.RGBX
	}
	b := binary.BigEndian.AppendUint16(nil, w)
	b = binary.BigEndian.AppendUint16(b, h)
	b = format.Append(b)
	b = binary.BigEndian.AppendUint32(b, uint32(len(c.Name)))
	b = append(b, c.Name...)
	for _, t := range c.out.Security {
		if t == rfb.SecurityTight { // one capability of each kind
			b = append(b, 0, 1, 0, 1, 0, 1, 0, 0)
			b = append(b, "\x00\x00\x00\x96TGHTCUS_EOCU"+"\x00\x00\x00\x96TGHTCUC_ENCU"+"\x00\x00\x00\x07TGHTTIGHT___"...)
		}
	}
	c.write(b...)
}
