package targets

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Tone is the pitch that QEMU's machine plays, Hz.
const Tone = 1000

// boot is the first sector of the machine's disk: it turns the PC speaker on, when
// asked for, and then shows on its text screen what is typed.
func boot(sound bool) []byte {
	sector := make([]byte, 512)
	var code []byte
	if sound {
		const divisor = 1193182 / Tone // of the timer's clock
		code = append(code,
			0xb0, 0xb6, 0xe6, 0x43, // mov al, 0b6h; out 43h, al: channel 2, square wave
			0xb0, divisor&0xff, 0xe6, 0x42, // mov al, low; out 42h, al
			0xb0, divisor>>8, 0xe6, 0x42, // mov al, high; out 42h, al
			0xe4, 0x61, 0x0c, 0x03, 0xe6, 0x61, // in al, 61h; or al, 3; out 61h, al: speaker on
		)
	}
	code = append(code,
		0x30, 0xe4, 0xcd, 0x16, // again: xor ah, ah; int 16h: wait for a key
		0xb4, 0x0e, 0xcd, 0x10, // mov ah, 0eh; int 10h: show it
		0xeb, 0xf6, // jmp again
	)
	copy(sector, code)
	sector[510], sector[511] = 0x55, 0xaa
	return sector
}

// QEMU starts a machine without an operating system: its text screen shows what
// is typed. It sends sound, takes scan codes and xvp power actions, and has None,
// VncAuth, TLSNone, TLSVnc, X509None and X509Vnc, one at a time.
func QEMU(dir string, o VNCOptions) (*VNC, error) {
	s := newVNC("QEMU", dir, o)
	return startVNC(s, func() error {
		path, err := need("qemu-system-x86_64", "qemu-system-x86")
		if err != nil {
			return err
		}
		types, err := o.offered("None", "VncAuth", "TLSNone", "TLSVnc", "X509None", "X509Vnc")
		if err != nil {
			return err
		}
		disk, control := filepath.Join(dir, "disk"), filepath.Join(dir, "qmp")
		if err := os.WriteFile(disk, boot(o.Sound), 0o600); err != nil {
			return fmt.Errorf("write disk: %w", err)
		}
		args := []string{
			"-M", "pc,pcspk-audiodev=a0", "-m", "32", "-nodefaults", "-vga", "std", "-audiodev", "none,id=a0",
			"-drive", "if=ide,format=raw,file=" + disk, "-qmp", "unix:" + control + ",server=on,wait=off",
		}
		vnc := ",audiodev=a0,lossy=on,power-control=on"
		switch kind := types[0]; {
		case strings.HasPrefix(kind, "TLS"):
			args = append(args, "-object", "tls-creds-anon,id=t0,endpoint=server")
			vnc += ",tls-creds=t0"
		case strings.HasPrefix(kind, "X509"):
			if err := s.qemuCertificate(); err != nil {
				return err
			}
			args = append(args, "-object", "tls-creds-x509,id=t0,endpoint=server,verify-peer=off,dir="+dir)
			vnc += ",tls-creds=t0"
		}
		if strings.HasSuffix(strings.ToLower(types[0]), "vnc") || types[0] == "VncAuth" {
			secret := filepath.Join(dir, "secret")
			if err := os.WriteFile(secret, []byte(o.Password), 0o600); err != nil {
				return fmt.Errorf("write password: %w", err)
			}
			args = append(args, "-object", "secret,id=s0,file="+secret)
			vnc += ",password-secret=s0"
		}
		args = append(args, o.Args...)
		s.screenshot = func() (*image.RGBA, error) { return screendump(control, filepath.Join(dir, "screen.ppm")) }
		return s.listens(func(port int) (program, error) {
			const first = 5900
			if port < first {
				return program{}, fmt.Errorf("port %d is below %d", port, first)
			}
			return program{path: path, args: append(args, "-vnc", s.Host+":"+strconv.Itoa(port-first)+vnc)}, nil
		})
	})
}

// qemuCertificate puts the certificate under the names that QEMU reads.
func (s *VNC) qemuCertificate() error {
	cert, key, err := s.certificate(s.Dir, ecdsaKey)
	if err != nil {
		return err
	}
	for name, of := range map[string]string{"ca-cert.pem": filepath.Join(s.Dir, "ca.pem"), "server-cert.pem": cert, "server-key.pem": key} {
		if err := os.Link(of, filepath.Join(s.Dir, name)); err != nil {
			return fmt.Errorf("link certificate: %w", err)
		}
	}
	return nil
}

// screendump asks QEMU's control socket for a picture.
func screendump(control, file string) (*image.RGBA, error) {
	c, err := net.Dial("unix", control)
	if err != nil {
		return nil, fmt.Errorf("qmp: %w", err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(startTime))
	if _, err := fmt.Fprintf(c, `{"execute":"qmp_capabilities"}{"execute":"screendump","arguments":{"filename":%q}}`, file); err != nil {
		return nil, fmt.Errorf("qmp: %w", err)
	}
	d := json.NewDecoder(c)
	for answers := 0; answers < 2; {
		var m struct {
			Return *json.RawMessage
			Error  *struct{ Desc string }
		}
		if err := d.Decode(&m); err != nil {
			return nil, fmt.Errorf("qmp: %w", err)
		}
		if m.Error != nil {
			return nil, fmt.Errorf("qmp: %s", m.Error.Desc)
		}
		if m.Return != nil { // others are the greeting and events
			answers++
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("screendump: %w", err)
	}
	return readPPM(b)
}

// readPPM reads a picture with three bytes a pixel and no comments.
func readPPM(b []byte) (*image.RGBA, error) {
	var w, h, most int
	n, err := fmt.Sscanf(string(b[:min(len(b), 64)]), "P6\n%d %d\n%d\n", &w, &h, &most)
	if err != nil || n != 3 || most != 255 || w <= 0 || h <= 0 || w*h*3 > len(b) {
		return nil, errors.New("not a picture in PPM")
	}
	pix := b[len(b)-3*w*h:]
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		copy(img.Pix[4*i:], pix[3*i:3*i+3])
		img.Pix[4*i+3] = 0xff
	}
	return img, nil
}
