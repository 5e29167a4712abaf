package vnc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
)

// tryAgain is an attempt after which another one may go well at once.
type tryAgain struct{ why error }

func (t *tryAgain) Error() string { return "another attempt: " + t.why.Error() }
func (t *tryAgain) Unwrap() error { return t.why }

// wrap adds the step to an error that is not for people.
func wrap(step target.Step, message, remedy, code string, err error) *target.Error {
	return &target.Error{Code: code, Step: step, Message: message, Remedy: remedy, Err: fmt.Errorf("%s: %w", step, err)}
}

// dialError says why a host cannot be reached.
func (c *connector) dialError(err error) *target.Error {
	var dns *net.DNSError
	host, address := c.cfg.Settings.Hostname, c.address()
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return wrap(target.StepResolve, fmt.Sprintf("The name %q is not known.", host),
			"Check the spelling of the host, and the name server of the machine on which the relay runs.", wire.EndUnreachable, err)
	case errors.As(err, &dns):
		return wrap(target.StepResolve, fmt.Sprintf("The name %q cannot be looked up at the moment.", host),
			"Try again; check the name server of the machine on which the relay runs.", wire.EndUnreachable, err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return wrap(target.StepConnect, fmt.Sprintf("The host answers, but nothing listens on %s.", address),
			"Check the port (5900 plus the number of the display), and whether the VNC server runs.", wire.EndUnreachable, err)
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return wrap(target.StepConnect, fmt.Sprintf("There is no way to %s from the relay.", address),
			"Check that the machine is on, and the network between it and the relay.", wire.EndUnreachable, err)
	case isTimeout(err):
		return wrap(target.StepConnect, fmt.Sprintf("No answer from %s in time.", address),
			"Check that the machine is on and that no firewall is in between; the setting timeout gives it longer.", wire.EndTimeout, err)
	}
	return wrap(target.StepConnect, fmt.Sprintf("Connecting to %s failed.", address),
		"Check the host and the network between it and the relay.", wire.EndUnreachable, err)
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &t) && t.Timeout()
}

// handshakeError says why a handshake failed, up to the login's result.
func (c *connector) handshakeError(w *watched, err error) error {
	var known *target.Error
	var refused *rfb.AuthError
	var none *rfb.SecurityError
	var broken *rfb.ProtocolError
	address := c.address()
	switch {
	case errors.As(err, &known):
		return known
	case w.expired.Load() && w.read.Load() == 0:
		return wrap(target.StepHandshake, fmt.Sprintf("%s took the connection and says nothing.", address),
			"Check that a VNC server listens there, and not another service; it may be busy with another viewer.", wire.EndTimeout, err)
	case w.expired.Load():
		return wrap(target.StepHandshake, fmt.Sprintf("%s stopped answering during the handshake.", address),
			"Look into the log of the VNC server; it may be overloaded.", wire.EndTimeout, err)
	case errors.Is(err, rfb.ErrNoVersion):
		return wrap(target.StepHandshake, fmt.Sprintf("%s does not speak VNC.", address),
			"Check the port: 5900 plus the number of the display.", wire.EndTargetProtocol, err)
	case errors.As(err, &refused):
		return c.refusal(refused, err)
	case errors.As(err, &none):
		message := fmt.Sprintf("%s offers no login that can be used: %s.", address, strings.TrimPrefix(none.Error(), "rfb: no usable security type: "))
		remedy := "Switch on VncAuth, VeNCrypt or RSA-AES in the VNC server."
		if none.Forbidden {
			remedy = "Allow another kind of login by the setting security, or switch on an allowed one in the VNC server."
		}
		return wrap(target.StepHandshake, message, remedy, wire.EndAlgorithms, err)
	case errors.As(err, &broken):
		return wrap(target.StepHandshake, fmt.Sprintf("%s breaks the rules of VNC in the handshake: %s: %s.", address, broken.Step, broken.Text),
			"Update the VNC server; its log may say more.", wire.EndTargetProtocol, err)
	case w.read.Load() == 0:
		return wrap(target.StepHandshake, fmt.Sprintf("%s closed the connection at once.", address),
			"Check that the server allows connections from the relay; it may take one viewer only.", wire.EndTargetLost, err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return wrap(target.StepHandshake, fmt.Sprintf("%s closed the connection during the handshake.", address),
			"Look into the log of the VNC server.", wire.EndTargetLost, err)
	}
	return wrap(target.StepHandshake, fmt.Sprintf("The handshake with %s failed.", address),
		"Look into the log of the VNC server and of the relay.", wire.EndTargetProtocol, err)
}

// refusal says why a server does not want us.
func (c *connector) refusal(refused *rfb.AuthError, err error) error {
	said := ""
	if refused.Reason != "" {
		said = fmt.Sprintf(" It says: %q.", refused.Reason)
	}
	tooMany := refused.TooMany || strings.Contains(strings.ToLower(refused.Reason), "too many")
	switch {
	case tooMany:
		return wrap(target.StepAuthenticate, fmt.Sprintf("%s takes no login at the moment, as too many failed.%s", c.address(), said),
			"Wait some minutes before the next attempt; each one makes it longer.", wire.EndAuthFailed, err)
	case len(refused.Security) == 0:
		return wrap(target.StepHandshake, fmt.Sprintf("%s refuses the connection.%s", c.address(), said),
			"Check what the VNC server allows; its log may say more.", wire.EndRefused, err)
	}
	remedy := "Check the password."
	switch refused.Security[len(refused.Security)-1] {
	case rfb.SecurityARD:
		remedy = "Check user name and password, and that this account may use Screen Sharing (System Settings, Sharing)."
	case rfb.SecurityPlain, rfb.SecurityTLSPlain, rfb.SecurityX509Plain, rfb.SecurityMSLogonII, rfb.SecurityTightUnix:
		remedy = "Check user name and password."
	}
	if refused.Truncated {
		remedy += " This kind of login uses the first 8 characters only."
	}
	return wrap(target.StepAuthenticate, fmt.Sprintf("%s refused the login.%s", c.address(), said), remedy, wire.EndAuthFailed, err)
}

// sessionError says why a session broke.
func (c *connector) sessionError(err error) error {
	var known *target.Error
	var broken *rfb.ProtocolError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &broken):
		return wrap(target.StepSession, fmt.Sprintf("The VNC server sent something that cannot be: %s: %s.", broken.Step, broken.Text),
			"Connect again. If it happens again, update the VNC server or leave away encodings by the setting encodings.", wire.EndTargetProtocol, err)
	}
	return wrap(target.StepSession, fmt.Sprintf("The connection to %s broke.", c.address()),
		"Check the machine and the network, then connect again.", wire.EndTargetLost, err)
}
