package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"unicode"

	"golang.org/x/crypto/ssh"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
)

// dialError says why a host cannot be reached.
func dialError(h hop, err error) *target.Error {
	var dns *net.DNSError
	address := h.address()
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return wrap(target.StepResolve, fmt.Sprintf("The name %q is not known.", h.host),
			"Check the spelling of the host, and the name server of the machine on which the relay runs.", wire.EndUnreachable, err)
	case errors.As(err, &dns):
		return wrap(target.StepResolve, fmt.Sprintf("The name %q cannot be looked up at the moment.", h.host),
			"Try again; check the name server of the machine on which the relay runs.", wire.EndUnreachable, err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return wrap(target.StepConnect, fmt.Sprintf("The host answers, but nothing listens on %s.", address),
			"Check the port, and whether the SSH server runs.", wire.EndUnreachable, err)
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return wrap(target.StepConnect, fmt.Sprintf("There is no way to %s from the relay.", address),
			"Check that the machine is on, and the network between it and the relay.", wire.EndUnreachable, err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		return wrap(target.StepConnect, fmt.Sprintf("No answer from %s in time.", address),
			"Check that the machine is on and that no firewall is in between; the setting timeout gives it longer.", wire.EndTimeout, err)
	}
	return wrap(target.StepConnect, fmt.Sprintf("Connecting to %s failed.", address),
		"Check the host and the network between it and the relay.", wire.EndUnreachable, err)
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

// jumpError says why a jump host did not let us through.
func jumpError(h hop, err error) *target.Error {
	var open *ssh.OpenChannelError
	if errors.As(err, &open) {
		if open.Reason == ssh.Prohibited {
			return wrap(target.StepConnect, "The jump host does not allow connections through it.",
				"Allow TCP forwarding on the jump host (AllowTcpForwarding).", wire.EndRefused, err)
		}
		return wrap(target.StepConnect, fmt.Sprintf("The jump host cannot reach %s.", h.address()),
			"Check the host and port as seen from the jump host.", wire.EndUnreachable, err)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return wrap(target.StepConnect, fmt.Sprintf("No answer from %s through the jump host in time.", h.address()),
			"Check that the machine is on; the setting timeout gives it longer.", wire.EndTimeout, err)
	}
	return wrap(target.StepConnect, fmt.Sprintf("Connecting to %s through the jump host failed.", h.address()),
		"Check the jump host.", wire.EndUnreachable, err)
}

// explain says why a handshake or login failed.
func (l *login) explain(err error) error {
	if l.ctx.Err() != nil {
		return context.Cause(l.ctx)
	}
	if l.failure != nil {
		return l.failure // a callback has said it already
	}
	if e, ok := asError(err); ok {
		return e
	}
	var none *ssh.AlgorithmNegotiationError
	address := l.hop.address()
	begin := l.watch.beginning()
	switch {
	case errors.As(err, &none):
		return l.noAlgorithm(none, err)
	case l.watch.expired.Load() && l.authenticating:
		return wrap(target.StepAuthenticate, fmt.Sprintf("%s stopped answering during the login.", address),
			"Try again; the setting timeout gives it longer.", wire.EndTimeout, err)
	case l.watch.expired.Load() && begin == "":
		return wrap(target.StepHandshake, fmt.Sprintf("%s took the connection and then said nothing.", address),
			"Check that this port is the SSH server's; the setting timeout gives it longer.", wire.EndTimeout, err)
	case l.watch.expired.Load():
		return wrap(target.StepHandshake, fmt.Sprintf("%s stopped answering during the handshake.", address),
			"Try again; the setting timeout gives it longer.", wire.EndTimeout, err)
	case begin != "" && !strings.Contains(begin, "SSH-"):
		return wrap(target.StepHandshake, fmt.Sprintf("%s does not speak SSH; it says %q.", address, excerpt(begin)),
			"Check the port.", wire.EndTargetProtocol, err)
	case l.authenticating && strings.Contains(err.Error(), "unable to authenticate"):
		return l.authFailed(err)
	case l.authenticating:
		return wrap(target.StepAuthenticate, fmt.Sprintf("%s broke the connection during the login.", address),
			"The server may have had too many failed logins; try again later.", wire.EndAuthFailed, err)
	case begin == "":
		return wrap(target.StepHandshake, fmt.Sprintf("%s closed the connection at once.", address),
			"Check that the server allows connections from the relay; it may have too many at the moment.", wire.EndTargetLost, err)
	}
	return wrap(target.StepHandshake, fmt.Sprintf("The handshake with %s failed.", address),
		"Look into the log of the SSH server and of the relay.", wire.EndTargetProtocol, err)
}

func (l *login) noAlgorithm(none *ssh.AlgorithmNegotiationError, err error) *target.Error {
	offers := none.RequestedAlgorithms
	if len(offers) > 8 {
		offers = offers[:8]
	}
	remedy := "Set legacy-algorithms to true for this endpoint if it is old gear in a network that you trust."
	if l.c.cfg.Settings.LegacyAlgorithms {
		remedy = "Update the software of the server: even the old algorithms do not suffice."
	}
	return wrap(target.StepHandshake, fmt.Sprintf("No %s in common; the server offers %s.", none.What, excerpt(strings.Join(offers, ", "))),
		remedy, wire.EndAlgorithms, err)
}

func (l *login) authFailed(err error) *target.Error {
	methods := "no method that is known here"
	if len(l.allowed) > 0 {
		methods = strings.Join(l.allowed, ", ")
	}
	remedy := "Check user name and password, or key."
	if len(l.tried) == 0 {
		remedy = "Set credentials of a kind that the server takes."
	}
	return wrap(target.StepAuthenticate, fmt.Sprintf("%s refused the login of %q; it takes %s.", l.hop.address(), l.hop.user, excerpt(methods)),
		remedy, wire.EndAuthFailed, err)
}

// excerpt makes what a server said fit for people: one line, no controls, short.
func excerpt(s string) string {
	s, _, _ = strings.Cut(strings.ToValidUTF8(s, "?"), "\n")
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
	if r := []rune(s); len(r) > 120 {
		s = string(r[:120]) + "…"
	}
	return s
}
