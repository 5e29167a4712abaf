package rfb_test

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/rfb"
)

// tigervnc starts an Xtigervnc that listens on a socket in a folder of its own.
func tigervnc(t *testing.T, args ...string) (socket string) {
	t.Helper()
	server, err := exec.LookPath("Xtigervnc")
	if err != nil {
		t.Skip("Xtigervnc is missing (Debian: tigervnc-standalone-server)")
	}
	dir := t.TempDir()
	socket = filepath.Join(dir, "rfb")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.Command(server, append([]string{
		"-displayfd", "3", "-rfbport", "-1", "-rfbunixpath", socket, "-geometry", "320x200", "-depth", "24", "-nolisten", "tcp",
	}, args...)...)
	cmd.ExtraFiles = []*os.File{w}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("Xtigervnc: %s", &out)
		}
	})
	_ = r.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := bufio.NewReader(r).ReadString('\n'); err != nil { // the display's number: it is up
		_ = cmd.Wait()
		t.Fatalf("Xtigervnc: %v: %s", err, &out)
	}
	return socket
}

// pemFiles writes the test's certificate where a server finds it.
func pemFiles(t *testing.T) (cert, key string) {
	t.Helper()
	dir := t.TempDir()
	c := tlsConfig().Certificates[0]
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, b []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	return write("cert.pem", "CERTIFICATE", c.Certificate[0]), write("key.pem", "PRIVATE KEY", der)
}

func TestTigerVNC(t *testing.T) {
	const password = "sesame12"
	hash := exec.Command("tigervncpasswd", "-f")
	hash.Stdin = bytes.NewBufferString(password + "\n")
	obscured, err := hash.Output()
	if err != nil {
		t.Skip("tigervncpasswd is missing (Debian: tigervnc-tools):", err)
	}
	passwd := filepath.Join(t.TempDir(), "passwd")
	if err := os.WriteFile(passwd, obscured, 0o600); err != nil {
		t.Fatal(err)
	}
	cert, key := pemFiles(t)
	socket := tigervnc(t, "-SecurityTypes", "None,VncAuth,X509None,X509Vnc", "-PasswordFile", passwd,
		"-X509Cert", cert, "-X509Key", key, "-BlacklistThreshold", "1000")

	for _, c := range []struct {
		cfg  rfb.Config
		path types
	}{
		{rfb.Config{Allow: types{rfb.SecurityNone}}, types{1}},
		{rfb.Config{Allow: types{rfb.SecurityVncAuth}}, types{2}},
		{rfb.Config{}, types{19, 260}},
		{rfb.Config{Have: rfb.Password}, types{19, 261}},
	} {
		t.Run(c.path[len(c.path)-1].String(), func(t *testing.T) {
			ready, rw, err := dialTiger(t, socket, c.cfg, password)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(ready.Security, c.path) || ready.Width != 320 || ready.Height != 200 || ready.Name == "" {
				t.Errorf("%+v", ready)
			}
			firstPicture(t, ready, rw)
			if c.path[len(c.path)-1] == rfb.SecurityVncAuth {
				_, _, err := dialTiger(t, socket, c.cfg, "wrong")
				if err == nil || ready.Truncated {
					t.Errorf("a wrong password: %v", err)
				}
			}
		})
	}
}

// Debian 12's TigerVNC lists RA2 and closes the connection when it is taken.
func TestTigerVNCWithoutRA2(t *testing.T) {
	socket := tigervnc(t, "-SecurityTypes", "None,RA2")
	_, _, err := dialTiger(t, socket, rfb.Config{}, "")
	if err == nil {
		t.Skip("this TigerVNC has RA2")
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "RA2") {
		t.Error(err)
	}
	if _, _, err := dialTiger(t, socket, rfb.Config{Forbid: types{rfb.SecurityRA2}}, ""); err != nil {
		t.Error("with RA2 forbidden:", err)
	}
}

func dialTiger(t *testing.T, socket string, cfg rfb.Config, password string) (*rfb.Ready, io.ReadWriter, error) {
	t.Helper()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	cfg.Rand, cfg.Key = ones{}, rsaKey()
	v := &viewer{cfg: cfg, creds: rfb.Credentials{Password: password}, chunk: 1}
	return v.run(conn)
}

// firstPicture asks for the whole screen in each encoding of the server's and follows
// what comes; every pixel must be covered.
func firstPicture(t *testing.T, ready *rfb.Ready, rw io.ReadWriter) {
	t.Helper()
	area := rfb.Area{Width: uint16(ready.Width), Height: uint16(ready.Height)}
	pseudo := []rfb.Encoding{
		rfb.EncodingLastRect, rfb.EncodingExtendedDesktopSize, rfb.EncodingDesktopSize, rfb.EncodingCursorWithAlpha, rfb.EncodingVMwareCursor,
		rfb.EncodingCursor, rfb.EncodingDesktopName, rfb.EncodingFence, rfb.EncodingContinuousUpdates, rfb.EncodingQEMUExtendedKey,
		rfb.EncodingQEMULED, rfb.EncodingVMwareLED, rfb.EncodingExtendedClipboard, rfb.EncodingExtendedMouse, rfb.Quality(8), rfb.Compression(2),
	}
	d := rfb.NewDecoder(ready.Width, ready.Height, rfb.RGBX, rfb.Limits{})
	seen := map[string]bool{}
	buf := make([]byte, 1000)
	var in []byte
	for i, e := range []rfb.Encoding{rfb.EncodingTight, rfb.EncodingZRLE, rfb.EncodingHextile, rfb.EncodingRRE, rfb.EncodingRaw} {
		var out []byte
		if i == 0 {
			out = rfb.AppendSetPixelFormat(out, rfb.RGBX)
		}
		out = rfb.AppendSetEncodings(out, append([]rfb.Encoding{e}, pseudo...))
		out = rfb.AppendUpdateRequest(out, false, area)
		if _, err := rw.Write(out); err != nil {
			t.Fatal(err)
		}
		for covered, done := 0, false; !done; {
			ev, n, err := d.Next(in)
			if err != nil {
				t.Fatalf("%v: %v", e, err)
			}
			in = in[n:]
			switch ev := ev.(type) {
			case nil:
				n, err := rw.Read(buf)
				if err != nil {
					t.Fatalf("%v: %d of %d pixels: %v", e, covered, ready.Width*ready.Height, err)
				}
				in = buf[:n]
			case *rfb.Rect:
				covered += int(ev.Area.Width) * int(ev.Area.Height)
				seen[ev.Encoding.String()] = true
			case *rfb.UpdateEnd:
				// The first update has the size alone: pixels come with the next request.
				if done = covered >= ready.Width*ready.Height; !done {
					if _, err := rw.Write(rfb.AppendUpdateRequest(nil, true, area)); err != nil {
						t.Fatal(err)
					}
				}
			case *rfb.Fence:
				seen["fence"] = true
				if _, err := rw.Write(rfb.AppendFenceReply(nil, ev)); err != nil {
					t.Fatal(err)
				}
			case *rfb.Resize:
				seen["resize"] = seen["resize"] || ev.Extended && len(ev.Screens) == 1
			case *rfb.Clipboard:
				seen["clipboard"] = seen["clipboard"] || ev.Flags&rfb.ClipCaps != 0
			case *rfb.EndOfContinuousUpdates:
				seen["continuous"] = true
			case *rfb.Confirmed:
				seen["keys"] = seen["keys"] || ev.Encoding == rfb.EncodingQEMUExtendedKey
			case *rfb.Cursor:
				seen["a cursor"] = true
			}
		}
	}
	for _, what := range []string{"tight", "zrle", "hextile", "fence", "resize", "clipboard", "continuous", "keys", "a cursor"} {
		if !seen[what] {
			t.Errorf("no %s; seen: %v", what, seen)
		}
	}
}
