package targets

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// desktopServer is what running VNC and RDP servers have in common.
type desktopServer struct {
	Name           string // "TigerVNC", "xrdp"
	Host           string
	Port           int
	User, Password string
	Certificate    string   // PEM, for 127.0.0.1 and localhost, when there is TLS
	Display        *Display // what it shows; nil for those without an X display
	Dir            string

	log     string // file
	process *process
	undo    []func() error
}

func newDesktopServer(name, dir, user, password string) desktopServer {
	return desktopServer{Name: name, Host: "127.0.0.1", User: user, Password: password, Dir: dir, log: filepath.Join(dir, "log")}
}

// Address is host:port.
func (s *desktopServer) Address() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

func (s *desktopServer) String() string { return s.Name + " on " + s.Address() }

// settings are those of an endpoint for it.
func (s *desktopServer) settings() map[string]string {
	all := map[string]string{"hostname": s.Host, "port": strconv.Itoa(s.Port), "username": s.User, "password": s.Password}
	maps.DeleteFunc(all, func(_, v string) bool { return v == "" })
	return all
}

// Log is what the server wrote.
func (s *desktopServer) Log() string {
	b, _ := os.ReadFile(s.log)
	return string(b)
}

// PID is the process that serves, for measuring it.
func (s *desktopServer) PID() int { return s.process.cmd.Process.Pid }

// Close ends the server and all that was started for it.
func (s *desktopServer) Close() error {
	var errs []error
	if s.process != nil {
		errs = append(errs, s.process.stop())
	}
	for _, f := range slices.Backward(s.undo) {
		errs = append(errs, f())
	}
	s.undo = nil
	return errors.Join(errs...)
}

// listens starts the program on free ports until it listens on one.
func (s *desktopServer) listens(what func(port int) (program, error)) error {
	var err error
	for range tries {
		if s.Port, err = freePort(s.Host); err != nil {
			return err
		}
		var p program
		if p, err = what(s.Port); err != nil {
			return err
		}
		if s.process, err = run(s.log, p); err != nil {
			return err
		}
		if err = s.process.bound(s.Port); err == nil {
			return nil
		}
		_ = s.process.stop()
		s.process = nil
	}
	return fmt.Errorf("start %s: %w; its log:\n%s", s.Name, err, s.Log())
}
