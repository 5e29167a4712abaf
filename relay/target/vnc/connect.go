package vnc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
	"github.com/porthole-rac/porthole/relay/target/wake"
)

const (
	// retryPause is between two attempts of autoretry.
	retryPause = time.Second
	// renewTime is the most that a second login may take, while a browser waits
	// for its picture.
	renewTime = 8 * time.Second
	// maxRefused is how many security types are given up that a server lists and
	// does not have.
	maxRefused = 8
	// maxTries is how often a person may give a password.
	maxTries = 3
	// maxLogins bounds the connections of one login altogether.
	maxLogins = 16
)

// handshakeTime is the least that a server has for each step of the handshake: x11vnc
// makes a key before TLS. Tests have less.
var handshakeTime = 20 * time.Second

// connector is a login, and what it has learnt.
type connector struct {
	cfg  *Config
	page target.Page // nil: nobody is asked or told
	log  *slog.Logger

	cred    rfb.Credentials
	have    rfb.Kinds // those that are known
	asked   int       // how often the person gave credentials
	again   bool      // the last ones were wrong
	refused []rfb.Security
	retries int // of autoretry, that are left
}

// Open connects and logs in. ctx is the life of the whole connection: its end closes
// everything. Errors are *target.Error, or ctx's cause.
func Open(ctx context.Context, cfg Config) (target.Desktop, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &cfg.Settings
	if s.Timeout <= 0 {
		s.Timeout = 10 * time.Second
	}
	if cfg.Dial == nil {
		cfg.Dial = (&net.Dialer{KeepAlive: 30 * time.Second}).DialContext
	}
	if cfg.Listen == nil {
		cfg.Listen = net.Listen
	}
	if s.Hostname == "" && !s.ReverseConnect {
		return nil, &target.Error{
			Code: wire.EndSettings, Step: target.StepResolve, Message: "The endpoint has no host name.",
			Remedy: "Ask the administrator to set its host.",
		}
	}
	c := &connector{cfg: &cfg, page: cfg.Page, log: cfg.Logger, retries: s.Autoretry}
	c.cred = rfb.Credentials{Username: s.Username, Password: s.Password.Reveal(), Target: s.DestHost}
	if c.cred.Username != "" {
		c.have |= rfb.Username
	}
	if s.Password.IsSet() {
		c.have |= rfb.Password
	}
	if s.DestHost != "" {
		c.have |= rfb.Target
	}
	l, err := c.connect(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, err
	}
	c.tell(l)
	return newDesktop(ctx, &cfg, c, l), nil
}

// address is the server's, for people and for the memory of identities.
func (c *connector) address() string {
	return net.JoinHostPort(c.cfg.Settings.Hostname, strconv.Itoa(c.cfg.Settings.Port))
}

// known is the name under which the server's identity is remembered: that of the
// repeater would be the same for all servers behind it.
func (c *connector) known() string {
	s := &c.cfg.Settings
	switch {
	case s.Repeater() != "":
		return s.Repeater()
	case s.ReverseConnect:
		return "reverse"
	}
	return c.address()
}

// connect opens a connection and logs in, again where that helps.
func (c *connector) connect(ctx context.Context) (*line, error) {
	for range maxLogins {
		l, err := c.attempt(ctx)
		if err == nil {
			return l, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		var again *tryAgain
		if errors.As(err, &again) {
			continue
		}
		if c.retries == 0 || !retriable(err) {
			return nil, err
		}
		c.retries--
		c.log.Info("vnc: connecting again", "left", c.retries, "error", err)
		select {
		case <-time.After(retryPause):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return nil, wrap(target.StepAuthenticate, fmt.Sprintf("The login at %s goes round in circles.", c.address()),
		"Look into the server's log.", wire.EndTargetProtocol, errors.New("too many logins"))
}

// retriable tells whether the next attempt may go better without anybody doing
// anything.
func retriable(err error) bool {
	var e *target.Error
	return errors.As(err, &e) && (e.Code == wire.EndUnreachable || e.Code == wire.EndTimeout || e.Code == wire.EndTargetLost)
}

// attempt is one connection.
func (c *connector) attempt(ctx context.Context) (*line, error) {
	conn, rtt, err := c.dial(ctx)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	l, err := c.login(ctx, conn)
	if err != nil || !stop() {
		stop()
		_ = conn.Close()
		if err == nil {
			err = context.Cause(ctx)
		}
		return nil, err
	}
	l.rtt = rtt
	return l, nil
}

func (c *connector) progress(s target.Step, detail string) {
	if c.page != nil {
		c.page.Progress(s, detail)
	}
}

// dial opens the socket.
func (c *connector) dial(ctx context.Context) (net.Conn, time.Duration, error) {
	s := &c.cfg.Settings
	if s.ReverseConnect {
		conn, err := c.listen(ctx)
		return conn, 0, err
	}
	machine := s.Wake
	if c.page == nil { // it was awake a moment ago
		machine = nil
	}
	var rtt time.Duration
	conn, err := wake.Dial(ctx, machine, func() { c.progress(target.StepConnect, "waking the machine") }, func(ctx context.Context) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, s.Timeout)
		defer cancel()
		c.progress(target.StepResolve, s.Hostname)
		c.progress(target.StepConnect, c.address())
		began := time.Now()
		conn, err := c.cfg.Dial(ctx, "tcp", c.address())
		if err != nil {
			return nil, c.dialError(err)
		}
		rtt = time.Since(began)
		return conn, nil
	})
	return conn, rtt, err
}

// listen waits for a server that dials out.
func (c *connector) listen(ctx context.Context) (net.Conn, error) {
	s := &c.cfg.Settings
	port := strconv.Itoa(s.Port)
	wait := s.ListenTimeout
	if wait <= 0 {
		wait = 5 * time.Second
	}
	c.progress(target.StepConnect, fmt.Sprintf("waiting on port %s for the server to call", port))
	l, err := c.cfg.Listen("tcp", net.JoinHostPort("", port))
	if err != nil {
		return nil, wrap(target.StepConnect, fmt.Sprintf("The relay cannot listen on port %s.", port),
			"Choose another port; each connection that waits for its server needs one of its own.", wire.EndSettings, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	timer := time.AfterFunc(wait, func() { _ = l.Close() })
	conn, err := l.Accept()
	timer.Stop()
	stop()
	_ = l.Close()
	if err != nil {
		return nil, wrap(target.StepConnect, fmt.Sprintf("No server called on port %s in time.", port),
			"Have the server connect to the relay (vncconfig -connect, x11vnc -connect); the setting listen-timeout gives it longer.", wire.EndTimeout, err)
	}
	return conn, nil
}
