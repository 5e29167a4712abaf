package anontls_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/rfb/anontls"
	"github.com/porthole-rac/porthole/scripts/targets"
)

const patience = 60 * time.Second

// conn is a connection through the records, for a test.
type conn struct {
	net.Conn
	o      *anontls.Opener
	s      *anontls.Sealer
	in     []byte // read and not opened
	plain  []byte
	agreed anontls.Agreed
}

// secure runs a handshake over a connection.
func secure(raw net.Conn, in []byte) (*conn, error) {
	_ = raw.SetDeadline(time.Now().Add(patience))
	c, err := anontls.NewClient(anontls.Config{Rand: rand.Reader})
	if err != nil {
		return nil, err
	}
	buf := make([]byte, 4096)
	for {
		n, err := c.Next(in)
		in = in[n:]
		if _, werr := raw.Write(c.Output()); werr != nil {
			return nil, errors.Join(err, werr)
		}
		if err != nil {
			return nil, err
		}
		if c.Done() {
			break
		}
		k, err := raw.Read(buf)
		if err != nil {
			return nil, err
		}
		in = append(in, buf[:k]...)
	}
	o, s := c.Records()
	return &conn{Conn: raw, o: o, s: s, in: in, agreed: c.Agreed()}, nil
}

func (c *conn) Read(p []byte) (int, error) {
	buf := make([]byte, 4096)
	for len(c.plain) == 0 {
		plain, n, err := c.o.Next(c.in)
		if err != nil {
			return 0, err
		}
		c.in, c.plain = c.in[n:], plain
		if c.o.Alert() {
			if _, err := c.Conn.Write(c.s.AppendAlert(nil, anontls.NoRenegotiation)); err != nil {
				return 0, err
			}
		}
		if n > 0 {
			continue
		}
		k, err := c.Conn.Read(buf)
		if err != nil {
			return 0, err
		}
		c.in = append(slices.Clone(c.in), buf[:k]...)
	}
	n := copy(p, c.plain)
	c.plain = c.plain[n:]
	return n, nil
}

func (c *conn) Write(p []byte) (int, error) {
	_, err := c.Conn.Write(c.s.Append(nil, p))
	return len(p), err
}

// serve runs a program that listens on a port, and ends it with the test.
func serve(t *testing.T, name, debianPackage string, args func(port string) []string) (address string) {
	t.Helper()
	path := targets.Tool(t, name, debianPackage)
	for range 3 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address = l.Addr().String()
		port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
		_ = l.Close()
		cmd := exec.Command(path, args(port)...)
		// It reads its input until the end; without one it would stop at once.
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		cmd.Stdout, cmd.Stderr = &log, &log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { _ = cmd.Wait(); close(ended) }()
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			<-ended
			_ = stdin.Close()
			if t.Failed() {
				t.Logf("%s: %s", name, &log)
			}
		})
		for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			if c, err := net.Dial("tcp", address); err == nil {
				_ = c.Close()
				return address
			}
			select {
			case <-ended:
				deadline = time.Time{}
			default:
			}
		}
	}
	t.Fatalf("%s does not listen", name)
	return ""
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// opensslName is what OpenSSL calls a suite.
func opensslName(s anontls.Suite) string {
	n := strings.TrimPrefix(s.String(), "TLS_")
	n = strings.ReplaceAll(n, "DH_anon_WITH_AES_", "DH-AES")
	n = strings.Replace(n, "_CBC", "", 1)
	return "A" + strings.ReplaceAll(strings.ReplaceAll(n, "_GCM", "-GCM"), "_SHA", "-SHA")
}

// echoes sends more than a record's worth and wants it back.
func echoes(t *testing.T, c *conn, size int, reversed bool) {
	t.Helper()
	line := strings.Repeat("0123456789abcdef", size/16) + "x\n"
	errs := make(chan error, 1)
	go func() {
		_, err := io.WriteString(c, line)
		errs <- err
	}()
	got := make([]byte, len(line))
	if _, err := io.ReadFull(c, got); err != nil {
		t.Fatal(err)
	}
	if err := <-errs; err != nil {
		t.Fatal(err)
	}
	want := []byte(line)
	if reversed {
		slices.Reverse(want[:len(want)-1])
	}
	if !bytes.Equal(got, want) {
		t.Errorf("another echo: %.60q", got)
	}
}

// OpenSSL with each suite, with either order of encryption and MAC.
func TestOpenSSL(t *testing.T) {
	params := filepath.Join(t.TempDir(), "dh.pem")
	tool := targets.Tool(t, "openssl", "openssl")
	if out, err := exec.Command(tool, "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048", "-out", params).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, s := range all {
		for _, extra := range [][]string{nil, {"-no_etm"}} {
			t.Run(s.id.String()+strings.Join(extra, ""), func(t *testing.T) {
				address := serve(t, "openssl", "openssl", func(port string) []string {
					return append([]string{
						"s_server", "-accept", "127.0.0.1:" + port, "-nocert", "-cipher", opensslName(s.id) + ":@SECLEVEL=0", "-dhparam", params,
						"-tls1_2", "-rev", "-quiet",
					}, extra...)
				})
				c, err := secure(dial(t, address), nil)
				if err != nil {
					t.Fatal(err)
				}
				want := anontls.Agreed{Suite: s.id, Bits: 2048, EncryptFirst: !s.gcm, MasterSecret: true}
				if s.ecdh {
					want.Group, want.Bits = anontls.X25519, 256
				}
				if slices.Contains(extra, "-no_etm") {
					want.EncryptFirst = false
				}
				if c.agreed != want {
					t.Errorf("agreed on %+v, want %+v", c.agreed, want)
				}
				echoes(t, c, 4000, true)
			})
		}
	}
}

// GnuTLS, which TigerVNC and QEMU use.
func TestGnuTLS(t *testing.T) {
	const only = "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:"
	for _, tt := range []struct {
		name, priority string
		want           anontls.Agreed
	}{
		{"its choice", "NORMAL:+ANON-ECDH:+ANON-DH", anontls.Agreed{}},
		{"GCM", only + "+ANON-DH:-CIPHER-ALL:+AES-128-GCM", anontls.Agreed{Suite: anontls.DHAES128GCMSHA256}},
		{"GCM of 256 bits", only + "+ANON-DH:-CIPHER-ALL:+AES-256-GCM", anontls.Agreed{Suite: anontls.DHAES256GCMSHA384}},
		{"CBC", only + "+ANON-DH:-CIPHER-ALL:+AES-128-CBC:-MAC-ALL:+SHA256", anontls.Agreed{Suite: anontls.DHAES128CBCSHA256, EncryptFirst: true}},
		{"CBC, late", only + "+ANON-DH:-CIPHER-ALL:+AES-256-CBC:-MAC-ALL:+SHA1:%NO_ETM", anontls.Agreed{Suite: anontls.DHAES256CBCSHA}},
		{"P-256", only + "+ANON-ECDH:-CIPHER-ALL:+AES-128-CBC:-MAC-ALL:+SHA1:-GROUP-ALL:+GROUP-SECP256R1", anontls.Agreed{Suite: anontls.ECDHAES128CBCSHA, Group: anontls.P256, EncryptFirst: true}},
		{"P-384", only + "+ANON-ECDH:-CIPHER-ALL:+AES-256-CBC:-MAC-ALL:+SHA1:-GROUP-ALL:+GROUP-SECP384R1", anontls.Agreed{Suite: anontls.ECDHAES256CBCSHA, Group: anontls.P384, EncryptFirst: true}},
		{"X25519, late", only + "+ANON-ECDH:-CIPHER-ALL:+AES-256-CBC:-MAC-ALL:+SHA1:-GROUP-ALL:+GROUP-X25519:%NO_ETM", anontls.Agreed{Suite: anontls.ECDHAES256CBCSHA, Group: anontls.X25519}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			address := serve(t, "gnutls-serv", "gnutls-bin", func(port string) []string {
				return []string{"--echo", "-p", port, "--priority", tt.priority, "-q"}
			})
			c, err := secure(dial(t, address), nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%+v", c.agreed)
			if tt.want != (anontls.Agreed{}) {
				tt.want.Bits, tt.want.MasterSecret = c.agreed.Bits, true
				if c.agreed != tt.want {
					t.Errorf("agreed on %+v, want %+v", c.agreed, tt.want)
				}
			}
			echoes(t, c, 30000, false)
			if _, err := c.Conn.Write(c.s.AppendAlert(nil, anontls.CloseNotify)); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("the end: %v", err)
			}
		})
	}
}

// view speaks RFB through anonymous TLS until the session begins.
func view(t *testing.T, s *targets.VNC, security rfb.Security) (*rfb.Ready, *conn) {
	t.Helper()
	raw := dial(t, s.Address())
	_ = raw.SetDeadline(time.Now().Add(patience))
	h := rfb.NewHandshake(rfb.Config{Rand: rand.Reader, Have: rfb.Password, Allow: []rfb.Security{security}})
	var rw io.ReadWriter = raw
	var c *conn
	var in []byte
	buf := make([]byte, 1024)
	for {
		ev, n, err := h.Next(in)
		if err != nil {
			t.Fatal(err)
		}
		in = in[n:]
		if _, err := rw.Write(h.Output()); err != nil {
			t.Fatal(err)
		}
		switch ev := ev.(type) {
		case nil:
			n, err := rw.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			in = append(in, buf[:n]...)
		case *rfb.NeedCredentials:
			if err := h.Answer(rfb.Credentials{Password: s.Password}); err != nil {
				t.Fatal(err)
			}
		case *rfb.StartTLS:
			if !ev.Anonymous {
				t.Fatal("not anonymous")
			}
			if c, err = secure(raw, in); err != nil {
				t.Fatal(err)
			}
			rw, in = c, nil
			if err := h.Secured(); err != nil {
				t.Fatal(err)
			}
		case *rfb.Ready:
			return ev, c
		}
	}
}

// The VNC servers that have anonymous TLS, up to a picture.
func TestVNCServers(t *testing.T) {
	for _, tt := range []struct {
		name     string
		start    func(string, targets.VNCOptions) (*targets.VNC, error)
		o        targets.VNCOptions
		security rfb.Security
	}{
		{"TigerVNC without a password", targets.TigerVNC, targets.VNCOptions{Security: []string{"TLSNone"}}, rfb.SecurityTLSNone},
		{"TigerVNC", targets.TigerVNC, targets.VNCOptions{Security: []string{"TLSVnc"}, Password: "secret12"}, rfb.SecurityTLSVnc},
		{"QEMU without a password", targets.QEMU, targets.VNCOptions{Security: []string{"TLSNone"}}, rfb.SecurityTLSNone},
		{"QEMU", targets.QEMU, targets.VNCOptions{Security: []string{"TLSVnc"}, Password: "secret12"}, rfb.SecurityTLSVnc},
		{"x11vnc by VeNCrypt", targets.X11VNC, targets.VNCOptions{Security: []string{"TLSVnc"}, Password: "secret12"}, rfb.SecurityTLSVnc},
		{"x11vnc by type 18", targets.X11VNC, targets.VNCOptions{Security: []string{"TLSVnc"}, Password: "secret12"}, rfb.SecurityTLS},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := targets.For(t, tt.start, tt.o)
			ready, c := view(t, s, tt.security)
			t.Logf("%+v, %v", c.agreed, ready.Security)
			if ready.Protection != rfb.ProtectUnverified || ready.Width == 0 {
				t.Errorf("%+v", ready)
			}
			area := rfb.Area{Width: uint16(ready.Width), Height: uint16(ready.Height)}
			out := rfb.AppendSetPixelFormat(nil, rfb.RGBX)
			out = rfb.AppendSetEncodings(out, []rfb.Encoding{rfb.EncodingRaw})
			if _, err := c.Write(rfb.AppendUpdateRequest(out, false, area)); err != nil {
				t.Fatal(err)
			}
			// A picture is many records: 3 MB from TigerVNC.
			d := rfb.NewDecoder(ready.Width, ready.Height, rfb.RGBX, rfb.Limits{})
			buf, in := make([]byte, 10000), []byte(nil)
			for covered := 0; covered < ready.Width*ready.Height; {
				ev, n, err := d.Next(in)
				if err != nil {
					t.Fatal(err)
				}
				in = in[n:]
				switch ev := ev.(type) {
				case nil:
					n, err := c.Read(buf)
					if err != nil {
						t.Fatal(err)
					}
					in = append(slices.Clone(in), buf[:n]...)
				case *rfb.Data:
					covered += len(ev.Bytes) / 4
				case *rfb.UpdateEnd:
					if _, err := c.Write(rfb.AppendUpdateRequest(nil, false, area)); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}
