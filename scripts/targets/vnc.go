package targets

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// VNCOptions say what a VNC server has beyond its defaults. The zero value gives
// a screen of 1024×768 that anybody on this machine may see.
type VNCOptions struct {
	Width, Height int // pixels; not QEMU
	// Security are the types offered, by TigerVNC's names: None, VncAuth, Plain,
	// TLSNone, TLSVnc, TLSPlain, X509None, X509Vnc, X509Plain, RA2, RA2ne. The
	// default is VncAuth with a password, None without. Each server takes those that
	// it has and refuses others.
	Security []string
	Password string // at most eight bytes count for VncAuth
	User     string // with Plain: wayvnc's
	Sound    bool   // QEMU only: the machine plays a tone of Tone Hz
	// SystemTLS leaves OpenSSL as the system has it: Debian's forbids x11vnc the TLS
	// without certificates that it offers.
	SystemTLS bool
	// Args are appended to the command line: of Xtigervnc, Xtightvnc, x11vnc,
	// qemu-system-x86_64, wayvnc.
	Args []string
}

// VNC is a running VNC server. Of those with X509 types, Certificate and CA are set.
type VNC struct {
	desktopServer
	CA         string // PEM, who signed the certificate
	screenshot func() (*image.RGBA, error)
}

// Settings are those of an endpoint for it.
func (s *VNC) Settings() map[string]string { return s.settings() }

// Screenshot is what the server's own screen shows, without the pointer.
func (s *VNC) Screenshot() (*image.RGBA, error) {
	if s.Display != nil {
		return s.Display.Screenshot()
	}
	return s.screenshot()
}

// Close ends the server and all that was started for it.
func (s *VNC) Close() error {
	var err error
	if s.Display != nil && s.Display.process == nil {
		err = s.Display.Close()
	}
	return errors.Join(err, s.desktopServer.Close())
}

// offered is the security types of the options, all of them known to the server.
func (o *VNCOptions) offered(known ...string) ([]string, error) {
	types := o.Security
	if len(types) == 0 {
		types = []string{"None"}
		if o.Password != "" {
			types = []string{"VncAuth"}
		}
	}
	for _, t := range types {
		if !slices.Contains(known, t) {
			return nil, fmt.Errorf("security type %s is not one of %s", t, strings.Join(known, ", "))
		}
	}
	return types, nil
}

// newVNC begins a server; close it when it does not start.
func newVNC(name, dir string, o VNCOptions) *VNC {
	return &VNC{desktopServer: newDesktopServer(name, dir, o.User, o.Password)}
}

// startVNC runs the rest of a start, and cleans up when that fails.
func startVNC(s *VNC, rest func() error) (*VNC, error) {
	if err := rest(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// passwordFile writes a password as VNC servers read it.
func (s *VNC) passwordFile(password string) (string, error) {
	tool, err := need("tigervncpasswd", "tigervnc-tools")
	if err != nil {
		return "", err
	}
	cmd := exec.Command(tool, "-f")
	cmd.Stdin = strings.NewReader(password + "\n")
	b, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("tigervncpasswd: %w", err)
	}
	file := filepath.Join(s.Dir, "passwd")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		return "", fmt.Errorf("write password: %w", err)
	}
	return file, nil
}

// TigerVNC starts an Xtigervnc: a display of its own.
func TigerVNC(dir string, o VNCOptions) (*VNC, error) {
	s := newVNC("TigerVNC", dir, o)
	return startVNC(s, func() error {
		path, err := need("Xtigervnc", "tigervnc-standalone-server")
		if err != nil {
			return err
		}
		types, err := o.offered("None", "VncAuth", "Plain", "TLSNone", "TLSVnc", "TLSPlain", "X509None", "X509Vnc", "X509Plain", "RA2", "RA2ne")
		if err != nil {
			return err
		}
		args := []string{
			"-geometry", fmt.Sprintf("%dx%d", orDefault(o.Width, 1024), orDefault(o.Height, 768)), "-depth", "24", "-nolisten", "tcp", "-noreset",
			"-interface", s.Host, "-AlwaysShared", "-BlacklistThreshold", "10000", "-SecurityTypes", strings.Join(types, ","),
		}
		if o.Password != "" {
			file, err := s.passwordFile(o.Password)
			if err != nil {
				return err
			}
			args = append(args, "-PasswordFile", file)
		}
		if slices.ContainsFunc(types, func(t string) bool { return strings.HasPrefix(t, "X509") }) {
			cert, key, err := s.certificate(dir, ecdsaKey)
			if err != nil {
				return err
			}
			args = append(args, "-X509Cert", cert, "-X509Key", key)
		}
		args = append(args, o.Args...)
		for range tries {
			if s.Port, err = freePort(s.Host); err != nil {
				return err
			}
			var display string
			s.process, display, err = startDisplay(s.log, path, append([]string{"-rfbport", strconv.Itoa(s.Port)}, args...)...)
			if err == nil {
				s.Display = &Display{Name: display, dir: dir, log: s.log}
				return s.process.bound(s.Port)
			}
		}
		return err
	})
}

// TightVNC starts an Xtightvnc, version 1.3.10: a display of its own, with None
// and VncAuth through security type 16.
func TightVNC(dir string, o VNCOptions) (*VNC, error) {
	s := newVNC("TightVNC", dir, o)
	return startVNC(s, func() error {
		path, err := need("Xtightvnc", "tightvncserver")
		if err != nil {
			return err
		}
		// It has no font of its own.
		err = needFile("/usr/share/fonts/X11/misc", "xfonts-base")
		if err != nil {
			return err
		}
		types, err := o.offered("None", "VncAuth")
		if err != nil {
			return err
		}
		args := []string{
			"-geometry", fmt.Sprintf("%dx%d", orDefault(o.Width, 1024), orDefault(o.Height, 768)),
			"-depth", "24", "-nolisten", "tcp", "-localhost", "-alwaysshared", "-desktop", "TightVNC",
		}
		if types[0] == "VncAuth" {
			file, err := s.passwordFile(o.Password)
			if err != nil {
				return err
			}
			args = append(args, "-rfbauth", file)
		}
		args = append(args, o.Args...)
		return s.listens(func(port int) (program, error) {
			n, err := freeDisplay()
			if err != nil {
				return program{}, err
			}
			s.Display = &Display{Name: ":" + strconv.Itoa(n), dir: dir, log: s.log}
			return program{path: path, args: append([]string{s.Display.Name, "-rfbport", strconv.Itoa(port)}, args...)}, nil
		})
	})
}

// X11VNC starts an x11vnc on an Xvfb. With TLS it offers VeNCrypt and type 18.
func X11VNC(dir string, o VNCOptions) (*VNC, error) {
	s := newVNC("x11vnc", dir, o)
	return startVNC(s, func() error {
		path, err := need("x11vnc", "x11vnc")
		if err != nil {
			return err
		}
		types, err := o.offered("None", "VncAuth", "TLSNone", "TLSVnc", "X509None", "X509Vnc")
		if err != nil {
			return err
		}
		if err := s.onXvfb(o); err != nil {
			return err
		}
		args := []string{"-display", s.Display.Name, "-listen", s.Host, "-forever", "-shared", "-noxrecord", "-norc", "-noshm", "-rfbportv6", "-1"}
		if o.Password == "" {
			args = append(args, "-nopw")
		} else {
			file, err := s.passwordFile(o.Password)
			if err != nil {
				return err
			}
			args = append(args, "-rfbauth", file)
		}
		if strings.Contains(types[0], "TLS") || strings.Contains(types[0], "X509") {
			cert, key, err := s.certificate(dir, rsaKey) // it takes no other
			if err != nil {
				return err
			}
			both := filepath.Join(dir, "server.pem")
			if err := concatenate(both, key, cert); err != nil {
				return err
			}
			args = append(args, "-ssl", both, "-vencrypt", "support", "-anontls", "support")
		}
		args = append(args, o.Args...)
		var env []string
		if !o.SystemTLS {
			if env, err = anonymousOpenSSL(dir); err != nil {
				return err
			}
		}
		return s.listens(func(port int) (program, error) {
			return program{path: path, args: append(args, "-rfbport", strconv.Itoa(port)), env: env}, nil
		})
	})
}

// anonymousOpenSSL makes OpenSSL take suites without certificates, which Debian's
// settings forbid to x11vnc: there it offers types that it then fails.
func anonymousOpenSSL(dir string) (env []string, err error) {
	file := filepath.Join(dir, "openssl.cnf")
	const text = "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nCipherString = DEFAULT:@SECLEVEL=0\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("write openssl.cnf: %w", err)
	}
	return []string{"OPENSSL_CONF=" + file}, nil
}

// onXvfb gives the server an Xvfb to show.
func (s *VNC) onXvfb(o VNCOptions) error {
	d, err := Xvfb(s.Dir, Screen{o.Width, o.Height})
	if err != nil {
		return err
	}
	s.Display = d
	s.undo = append(s.undo, d.Close)
	return nil
}

func concatenate(to string, from ...string) error {
	var all bytes.Buffer
	for _, f := range from {
		b, err := os.ReadFile(f)
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		all.Write(b)
	}
	if err := os.WriteFile(to, all.Bytes(), 0o600); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}
