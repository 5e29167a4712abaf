package targets

import (
	"errors"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// RDPOptions say what an RDP server has beyond its defaults. The zero value gives a
// screen of 1024×768 that anybody on this machine may see, over TLS.
type RDPOptions struct {
	Width, Height int // pixels
	// User and Password: network level authentication (NLA), by FreeRDP's shadow server
	// and gnome-remote-desktop, which has nothing else.
	User, Password string
}

// RDP is a running RDP server. weston and gnome-remote-desktop have no Display.
type RDP struct{ desktopServer }

// Settings are those of an endpoint for it.
func (s *RDP) Settings() map[string]string {
	all := s.settings()
	all["ignore-cert"] = "true"
	return all
}

// Screenshot is what the server's own screen shows, without the pointer.
func (s *RDP) Screenshot() (*image.RGBA, error) {
	if s.Display == nil {
		return nil, fmt.Errorf("%s has no display of its own", s.Name)
	}
	return s.Display.Screenshot()
}

// startRDP begins a server and runs the rest of the start, and cleans up when that
// fails.
func startRDP(name, dir string, o RDPOptions, rest func(s *RDP) error) (*RDP, error) {
	s := &RDP{newDesktopServer(name, dir, o.User, o.Password)}
	if err := rest(s); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// certificate makes a certificate with an RSA key: what RDP servers have.
func (s *RDP) certificate() (cert, key string, err error) {
	made, err := makeCertificate(s.Dir, rsaKey)
	s.Certificate = made.text
	return made.cert, made.key, err
}

// XRDP starts an xrdp 0.9 that shows a TigerVNC display: bitmaps (RLE, planar), a full
// licence request, no NLA. It takes any user, but without one it shows its own login
// window.
func XRDP(dir string, o RDPOptions) (*RDP, error) {
	o.User, o.Password = orDefault(o.User, "anybody"), orDefault(o.Password, "any")
	return startRDP("xrdp", dir, o, func(s *RDP) error {
		path, err := need("xrdp", "xrdp")
		if err != nil {
			return err
		}
		below := filepath.Join(dir, "vnc")
		if err := os.Mkdir(below, 0o700); err != nil {
			return fmt.Errorf("folder of the display: %w", err)
		}
		vnc, err := TigerVNC(below, VNCOptions{Width: o.Width, Height: o.Height})
		if err != nil {
			return err
		}
		s.Display = vnc.Display
		s.undo = append(s.undo, vnc.Close)
		cert, key, err := s.certificate()
		if err != nil {
			return err
		}
		ini := filepath.Join(dir, "xrdp.ini")
		return s.listens(func(port int) (program, error) {
			text := fmt.Sprintf(xrdpINI, port, cert, key, s.log, vnc.Port)
			if err := os.WriteFile(ini, []byte(text), 0o600); err != nil {
				return program{}, fmt.Errorf("configuration of xrdp: %w", err)
			}
			return program{path: path, args: []string{"--nodaemon", "--config", ini}}, nil
		})
	})
}

// xrdpINI has places for the port, certificate, key, log and the display's port.
const xrdpINI = `[Globals]
ini_version=1
fork=true
port=tcp://127.0.0.1:%d
security_layer=tls
certificate=%s
key_file=%s
ssl_protocols=TLSv1.2, TLSv1.3
autorun=Display
allow_channels=true
bitmap_compression=true
bulk_compression=true
max_bpp=32
new_cursors=true

[Logging]
LogFile=%s
LogLevel=INFO
EnableSyslog=false
EnableConsole=false

[Channels]
rdpdr=true
rdpsnd=true
drdynvc=true
cliprdr=true

[Display]
name=Display
lib=libvnc.so
username=na
password=na
ip=127.0.0.1
port=%d
`

// Shadow starts FreeRDP's shadow server 2.11 on an Xvfb: NLA when there is a user,
// otherwise TLS; H.264 by the graphics channel, RemoteFX or NSCodec without.
func Shadow(dir string, o RDPOptions) (*RDP, error) {
	return startRDP("FreeRDP shadow", dir, o, func(s *RDP) error {
		path, err := need("freerdp-shadow-cli", "freerdp2-shadow-x11")
		if err != nil {
			return err
		}
		s.Display, err = Xvfb(dir, Screen{o.Width, o.Height})
		if err != nil {
			return err
		}
		s.undo = append(s.undo, s.Display.Close)
		args := []string{"/sec:tls", "-auth"}
		if o.User != "" {
			hash, err := need("winpr-hash", "winpr-utils")
			if err != nil {
				return err
			}
			out, err := exec.Command(hash, "-u", o.User, "-p", o.Password, "-f", "sam").Output()
			if err != nil {
				return fmt.Errorf("winpr-hash: %w", err)
			}
			sam := filepath.Join(dir, "sam")
			if err := os.WriteFile(sam, out, 0o600); err != nil {
				return fmt.Errorf("accounts of the server: %w", err)
			}
			args = []string{"/sec:nla", "+auth", "/sam-file:" + sam}
		}
		return s.listens(func(port int) (program, error) {
			return program{
				path: path, args: append([]string{"/port:" + strconv.Itoa(port), "/bind-address:" + s.Host}, args...),
				env: []string{"HOME=" + dir, "DISPLAY=" + s.Display.Name},
			}, nil
		})
	})
}

// Weston starts weston 10 with its RDP backend: RemoteFX, NSCodec or plain pictures by
// surface commands, of the size that the client asks for.
func Weston(dir string, o RDPOptions) (*RDP, error) {
	return startRDP("weston", dir, o, func(s *RDP) error {
		path, err := need("weston", "weston")
		if err != nil {
			return err
		}
		cert, key, err := s.certificate()
		if err != nil {
			return err
		}
		if err := os.Chmod(dir, 0o700); err != nil { // XDG_RUNTIME_DIR must be private
			return fmt.Errorf("folder of weston: %w", err)
		}
		return s.listens(func(port int) (program, error) {
			return program{path: path, env: []string{"XDG_RUNTIME_DIR=" + dir}, args: []string{
				"--backend=rdp-backend.so", "--address=" + s.Host, "--port=" + strconv.Itoa(port), "--no-config",
				"--width=" + strconv.Itoa(orDefault(o.Width, 1024)), "--height=" + strconv.Itoa(orDefault(o.Height, 768)),
				"--rdp-tls-key=" + key, "--rdp-tls-cert=" + cert,
			}}, nil
		})
	})
}

// GNOME starts gnome-remote-desktop 43 on a headless mutter: NLA only (a user is
// needed), the graphics channel with progressive RemoteFX, sound by a dynamic channel.
func GNOME(dir string, o RDPOptions) (*RDP, error) {
	return startRDP("gnome-remote-desktop", dir, o, func(s *RDP) error {
		const daemon = "/usr/libexec/gnome-remote-desktop-daemon"
		if err := needFile(daemon, "gnome-remote-desktop"); err != nil {
			return err
		}
		for _, p := range [][2]string{
			{"dbus-run-session", "dbus-daemon"}, {"mutter", "mutter"}, {"pipewire", "pipewire"}, {"wireplumber", "wireplumber"}, {"grdctl", "gnome-remote-desktop"},
		} {
			if _, err := need(p[0], p[1]); err != nil {
				return err
			}
		}
		session, err := need("dbus-run-session", "dbus-daemon")
		if err != nil {
			return err
		}
		cert, key, err := s.certificate()
		if err != nil {
			return err
		}
		home := filepath.Join(dir, "home")
		for _, d := range []string{dir, home} {
			if err := errors.Join(os.MkdirAll(d, 0o700), os.Chmod(d, 0o700)); err != nil {
				return fmt.Errorf("folders of GNOME: %w", err)
			}
		}
		s.undo = append(s.undo, func() error { // its clipboard's file system outlives it, and nobody could remove the folder
			mounts, _ := filepath.Glob(filepath.Join(dir, "gnome-remote-desktop", "cliprdr-*"))
			for _, m := range mounts {
				if exec.Command("fusermount3", "-uz", m).Run() != nil {
					_ = exec.Command("umount", "-l", m).Run() // not mounted any more, or not ours to end
				}
			}
			return nil
		})
		return s.listens(func(port int) (program, error) {
			script := strings.NewReplacer("CERT", cert, "KEY", key, "PORT", strconv.Itoa(port),
				"SIZE", fmt.Sprintf("%dx%d", orDefault(o.Width, 1024), orDefault(o.Height, 768))).Replace(gnomeScript)
			return program{path: session, args: []string{"--", "sh", "-c", script}, env: []string{
				"GSETTINGS_BACKEND=keyfile", "LIBGL_ALWAYS_SOFTWARE=1", "XDG_RUNTIME_DIR=" + dir, "HOME=" + home, "RDP_USER=" + o.User, "RDP_PASSWORD=" + o.Password,
			}}, nil
		})
	})
}

// gnomeScript waits for mutter by its name on the bus, which the daemon asks for its
// screen.
const gnomeScript = `pipewire & wireplumber & mutter --headless --wayland --no-x11 --virtual-monitor SIZE &
i=0
until gdbus call --session --dest org.gnome.Mutter.RemoteDesktop --object-path /org/gnome/Mutter/RemoteDesktop --method org.freedesktop.DBus.Peer.Ping >/dev/null 2>&1; do
	i=$((i+1)); [ $i -lt 200 ] || exit 1; sleep 0.1
done
grdctl --headless rdp set-tls-cert CERT
grdctl --headless rdp set-tls-key KEY
grdctl --headless rdp set-credentials "$RDP_USER" "$RDP_PASSWORD"
grdctl --headless rdp enable
grdctl --headless rdp disable-view-only
exec /usr/libexec/gnome-remote-desktop-daemon --headless --rdp-port PORT`
