// Package demo is an SSH server on loopback with a shell on a pty, so that
// Porthole shows something at once. It lives only with serve --demo: its host
// key and password are fresh, and the password goes nowhere but into the demo
// endpoint's settings.
package demo

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/user"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

const (
	userName       = "demo"
	maxConnections = 32
	maxSessions    = 16 // of a connection
	loginTime      = 30 * time.Second
)

// Server is a running demo server.
type Server struct {
	listener net.Listener
	config   *ssh.ServerConfig
	hostKey  ssh.PublicKey
	password string
	log      *slog.Logger
	ctx      context.Context
	stop     context.CancelFunc
	running  sync.WaitGroup
	slots    chan struct{}
}

// Start starts a server on a free port of 127.0.0.1.
func Start(log *slog.Logger) (*Server, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make host key: %w", err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		return nil, fmt.Errorf("make host key: %w", err)
	}
	s := &Server{password: rand.Text(), hostKey: signer.PublicKey(), log: log, slots: make(chan struct{}, maxConnections)}
	s.config = &ssh.ServerConfig{
		MaxAuthTries: 3,
		PasswordCallback: func(c ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			name := subtle.ConstantTimeCompare([]byte(c.User()), []byte(userName))
			if name&subtle.ConstantTimeCompare(password, []byte(s.password)) == 1 {
				return nil, nil
			}
			return nil, errors.New("access denied")
		},
	}
	s.config.AddHostKey(signer)
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.running.Go(s.accept)
	return s, nil
}

// Address is where the server listens.
func (s *Server) Address() string { return s.listener.Addr().String() }

// Settings are those by which an endpoint reaches the server.
func (s *Server) Settings() map[string]string {
	return map[string]string{
		"username": userName, "password": s.password,
		"host-key": string(ssh.MarshalAuthorizedKey(s.hostKey)),
	}
}

// Close ends the server and every shell.
func (s *Server) Close() error {
	s.stop()
	err := s.listener.Close()
	s.running.Wait()
	return err
}

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return // closed
		}
		select {
		case s.slots <- struct{}{}:
			s.running.Go(func() {
				defer func() { <-s.slots }()
				s.serve(conn)
			})
		default:
			_ = conn.Close()
		}
	}
}

func (s *Server) serve(conn net.Conn) {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	_ = conn.SetDeadline(time.Now().Add(loginTime))
	sc, channels, requests, err := ssh.NewServerConn(conn, s.config)
	if err != nil {
		s.log.Info("demo login failed", "error", err)
		return
	}
	_ = conn.SetDeadline(time.Time{})
	var shells sync.WaitGroup
	slots := make(chan struct{}, maxSessions)
	shells.Go(func() { ssh.DiscardRequests(requests) })
	for c := range channels {
		if c.ChannelType() != "session" {
			_ = c.Reject(ssh.UnknownChannelType, "only sessions")
			continue
		}
		select {
		case slots <- struct{}{}:
		default:
			_ = c.Reject(ssh.ResourceShortage, "too many sessions")
			continue
		}
		channel, in, err := c.Accept()
		if err != nil {
			<-slots
			continue
		}
		shells.Go(func() {
			defer func() { <-slots }()
			(&shell{log: s.log, channel: channel}).serve(ctx, in)
		})
	}
	cancel()
	_ = sc.Wait()
	shells.Wait()
}

// environment is a small one: nothing of the server's own settings goes to a
// shell.
func environment(extra []string) []string {
	env := []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"}
	if u, err := user.Current(); err == nil {
		env = append(env, "USER="+u.Username, "LOGNAME="+u.Username)
	}
	if home, err := os.UserHomeDir(); err == nil {
		env = append(env, "HOME="+home)
	}
	return append(env, extra...)
}

// shellPath is the person's shell, or one that is there.
func shellPath() string {
	for _, p := range []string{os.Getenv("SHELL"), "/bin/bash", "/bin/sh"} {
		if p != "" {
			if path, err := exec.LookPath(p); err == nil {
				return path
			}
		}
	}
	return "/bin/sh"
}

func exitStatus(err error) uint32 {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return uint32(exit.ExitCode())
	}
	return 1
}
