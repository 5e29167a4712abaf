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
	"syscall"
)

// WayVNC starts a wayvnc on a sway that has no screen. sway refuses root, so they
// run as nobody then. With a User and a Password it offers X509Plain alone.
func WayVNC(dir string, o VNCOptions) (*VNC, error) {
	s := newVNC("wayvnc", dir, o)
	return startVNC(s, func() error {
		sway, err := need("sway", "sway")
		if err != nil {
			return err
		}
		wayvnc, err := need("wayvnc", "wayvnc")
		if err != nil {
			return err
		}
		types, err := o.offered("None", "X509Plain")
		if err != nil {
			return err
		}
		// Not in the folder, which others may not enter.
		home, err := os.MkdirTemp("", uniqueName()+"-")
		if err != nil {
			return fmt.Errorf("make home: %w", err)
		}
		s.undo = append(s.undo, func() error { return os.RemoveAll(home) })
		config, swayConfig := filepath.Join(home, "wayvnc"), filepath.Join(home, "sway")
		var lines []string
		if types[0] == "X509Plain" {
			cert, key, err := s.certificate(home, ecdsaKey)
			if err != nil {
				return err
			}
			lines = []string{"enable_auth=true", "username=" + o.User, "password=" + o.Password, "private_key_file=" + key, "certificate_file=" + cert}
		}
		if err := os.WriteFile(config, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			return fmt.Errorf("write config: %w", err)
		}
		// The socket's name is only known inside of sway.
		text := fmt.Sprintf("output * mode --custom %dx%d\nexec sh -c 'echo \"$WAYLAND_DISPLAY\" > %[3]s/new && mv %[3]s/new %[3]s/display'\n",
			orDefault(o.Width, 1024), orDefault(o.Height, 768), home)
		if err := os.WriteFile(swayConfig, []byte(text), 0o600); err != nil {
			return fmt.Errorf("write config: %w", err)
		}
		var account *syscall.Credential
		if os.Geteuid() == 0 {
			const nobody = 65534
			account = &syscall.Credential{Uid: nobody, Gid: nobody}
			if err := own(home, nobody); err != nil {
				return err
			}
		}
		env := []string{
			"HOME=" + home, "XDG_RUNTIME_DIR=" + home, "XDG_CONFIG_HOME=" + home, "WLR_BACKENDS=headless", "WLR_LIBINPUT_NO_DEVICES=1",
			"WLR_RENDERER=pixman", "DISPLAY=", "WAYLAND_DISPLAY=",
		}
		compositor, err := run(s.log, program{path: sway, args: []string{"-c", swayConfig}, env: env, account: account})
		if err != nil {
			return err
		}
		s.undo = append(s.undo, compositor.stop)
		socket := ""
		err = waitFor("sway starts", func() bool {
			b, err := os.ReadFile(filepath.Join(home, "display"))
			socket = strings.TrimSpace(string(b))
			return err == nil
		})
		if err != nil {
			return fmt.Errorf("%w; its log:\n%s", err, s.Log())
		}
		env = append(env, "WAYLAND_DISPLAY="+socket)
		s.screenshot = func() (*image.RGBA, error) { return grim(env, account) }
		return s.listens(func(port int) (program, error) {
			args := append([]string{"-C", config}, o.Args...)
			return program{path: wayvnc, args: append(args, s.Host, strconv.Itoa(port)), env: env, account: account}, nil
		})
	})
}

// obscured is how krfb keeps a password (KStringHandler::obscure of KDE's documentation).
func obscured(password string) string {
	return strings.Map(func(r rune) rune { return 0x1001f - r }, password)
}

// grim takes a picture of a Wayland compositor.
func grim(env []string, account *syscall.Credential) (*image.RGBA, error) {
	path, err := need("grim", "grim")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, "-t", "ppm", "-")
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: account}
	b, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("grim: %w", err)
	}
	return readPPM(b)
}

// own makes a user the owner of a folder and all in it.
func own(folder string, id int) error {
	err := filepath.Walk(folder, func(path string, _ os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, id, id)
	})
	if err != nil {
		return fmt.Errorf("give home: %w", err)
	}
	return nil
}

// Krfb starts a krfb, KDE's server on libvncserver, on an Xvfb. It always asks for
// a password.
func Krfb(dir string, o VNCOptions) (*VNC, error) {
	if o.Password == "" {
		return nil, errors.New("krfb needs a password")
	}
	s := newVNC("krfb", dir, o)
	return startVNC(s, func() error {
		path, err := need("krfb", "krfb")
		if err != nil {
			return err
		}
		bus, err := need("dbus-run-session", "dbus-daemon")
		if err != nil {
			return err
		}
		if _, err := o.offered("VncAuth"); err != nil {
			return err
		}
		if err := s.onXvfb(o); err != nil {
			return err
		}
		env := []string{"DISPLAY=" + s.Display.Name, "HOME=" + dir, "XDG_CONFIG_HOME=" + dir, "XDG_RUNTIME_DIR=" + dir, "QT_QPA_PLATFORM=xcb", "KDE_DEBUG=1"}
		return s.listens(func(port int) (program, error) {
			text := fmt.Sprintf("[TCP]\nport=%d\nuseDefaultPort=false\npublishService=false\n[Security]\nallowDesktopControl=true\nallowUnattendedAccess=true\nunattendedPassword=%s\nnoWallet=true\n"+
				"[FrameBuffer]\npreferredFrameBufferPlugin=qt\n[MainWindow]\nstartMinimized=true\n", port, obscured(o.Password))
			if err := os.WriteFile(filepath.Join(dir, "krfbrc"), []byte(text), 0o600); err != nil {
				return program{}, fmt.Errorf("write krfbrc: %w", err)
			}
			return program{path: bus, args: append([]string{"--", path, "--nodialog"}, o.Args...), env: env}, nil
		})
	})
}
