package vnc

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"

	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/rfb/anontls"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
)

// login is the handshake on one connection.
type login struct {
	c        *connector
	ctx      context.Context
	w        *watched
	h        *rfb.Handshake
	rw       io.ReadWriter
	in       []byte // read and not taken
	verified bool   // the server showed that it is the one
	answered bool   // credentials were sent
	waited   bool   // the person was asked, so the server may have lost patience
}

// login speaks from the version to ServerInit.
func (c *connector) login(ctx context.Context, conn net.Conn) (*line, error) {
	c.progress(target.StepHandshake, c.address())
	w := watch(conn, max(c.cfg.Settings.Timeout, handshakeTime))
	defer w.pause()
	l := &login{c: c, ctx: ctx, w: w, rw: w}
	cfg, err := c.config()
	if err != nil {
		return nil, err
	}
	l.h = rfb.NewHandshake(cfg)
	ready, err := l.run()
	if err == nil {
		return &line{conn: conn, rw: l.rw, rest: bytes.Clone(l.in), ready: ready}, nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	c.log.Debug("vnc: handshake failed", "security", fmt.Sprint(l.h.Security()), "error", err)
	return nil, l.judge(err)
}

// config is what the handshake has to know.
func (c *connector) config() (rfb.Config, error) {
	s := &c.cfg.Settings
	cfg := rfb.Config{
		Rand: rand.Reader, Have: c.have, Allow: s.Allow, Forbid: slices.Concat(s.Forbid, c.refused),
		Repeater: s.Repeater(), Exclusive: s.Exclusive,
	}
	if c.cfg.RSAKey != nil {
		key, err := c.cfg.RSAKey()
		if err != nil {
			return cfg, wrap(target.StepHandshake, "The relay cannot make a key.", "Ask the administrator to look into the relay's log.", wire.EndInternal, err)
		}
		cfg.Key = key
	}
	return cfg, nil
}

func (l *login) run() (*rfb.Ready, error) {
	buf := make([]byte, 4096)
	for {
		ev, n, err := l.h.Next(l.in)
		l.in = l.in[n:]
		if out := l.h.Output(); len(out) > 0 {
			if _, err := l.rw.Write(out); err != nil {
				return nil, l.closed(err)
			}
		}
		if err != nil {
			return nil, err
		}
		switch ev := ev.(type) {
		case nil:
			if l.h.Waiting() || len(l.in) > 0 {
				return nil, errors.New("the handshake stands still")
			}
			n, err := l.rw.Read(buf)
			l.in = buf[:n]
			if n == 0 && err != nil {
				return nil, l.closed(err)
			}
			l.w.resume()
		case *rfb.NeedCredentials:
			err = l.answer(ev)
		case *rfb.ServerKey:
			l.w.pause()
			if err = l.c.checkKey(l.ctx, ev); err == nil {
				l.verified = true
				err = l.h.TrustServer()
			}
			l.w.resume()
		case *rfb.StartTLS:
			err = l.startTLS(ev.Anonymous)
		case *rfb.StartRecords:
			l.rw = newRSARecords(l.w, ev, l.in)
			l.in = nil
			err = l.h.Secured()
		case *rfb.Ready:
			if err = l.notWeaker(); err == nil { // no credentials may have been asked for
				if l.c.cfg.Settings.IgnoreCert {
					ev.Protection = min(ev.Protection, rfb.ProtectUnverified)
				}
				return ev, nil
			}
		}
		if err != nil {
			return nil, err
		}
	}
}

// closed is the error of a connection that ended.
func (l *login) closed(err error) error {
	if errors.Is(err, io.EOF) || isReset(err) {
		return l.h.Closed()
	}
	return err
}

func (l *login) startTLS(anonymous bool) error {
	if l.rw != io.ReadWriter(l.w) {
		return errors.New("tls within another layer")
	}
	rest := bytes.Clone(l.in)
	l.in = nil
	if anonymous {
		secured, err := startAnonymous(l.w, rest)
		if err != nil {
			return l.closed(err)
		}
		l.rw = secured
	} else {
		secured, err := l.c.startX509(l.ctx, l.w, &behind{Conn: l.w, rest: rest})
		if err != nil {
			return err
		}
		l.verified, l.rw = true, secured
	}
	l.w.resume()
	return l.h.Secured()
}

// answer gives the credentials that the server wants, from the settings or from the
// person.
func (l *login) answer(need *rfb.NeedCredentials) error {
	c := l.c
	if err := l.notWeaker(); err != nil {
		return err
	}
	if missing := need.Kinds &^ c.have; missing != 0 || c.again {
		if c.page == nil {
			return errNobody
		}
		l.w.pause()
		if err := c.ask(l.ctx, need.Kinds); err != nil {
			return err
		}
		l.waited = true
		l.w.resume()
	}
	c.progress(target.StepAuthenticate, c.cred.Username)
	l.answered = true
	return l.h.Answer(c.cred)
}

// errNobody means that a question has nobody to answer it: a second login that is
// not the person's business.
var errNobody = errors.New("the server asks for more than before")

// ask has the person give credentials. What is known is not asked again, unless it
// was wrong.
func (c *connector) ask(ctx context.Context, kinds rfb.Kinds) error {
	form := target.Form{Title: "Log in to " + c.cfg.Endpoint}
	var into []*string
	field := func(kind rfb.Kinds, f target.Field, to *string) {
		if kinds&kind != 0 && (c.have&kind == 0 || c.again && kind != rfb.Target) {
			form.Fields = append(form.Fields, f)
			into = append(into, to)
		}
	}
	field(rfb.Username, target.Field{Label: "User name", Echo: true, Name: "username"}, &c.cred.Username)
	field(rfb.Password, target.Field{Label: "Password", Name: "password"}, &c.cred.Password)
	field(rfb.Target, target.Field{Label: "Machine", Echo: true}, &c.cred.Target)
	if kinds == rfb.Password {
		form.Title = "Password of " + c.cfg.Endpoint
	}
	switch {
	case c.again && c.asked == 0:
		form.Instruction = "The server refused what is stored for this endpoint."
	case c.again:
		form.Instruction = "The server refused the login. Try again."
	}
	if len(form.Fields) == 0 {
		return nil
	}
	answers, err := c.page.Ask(ctx, form)
	if err != nil {
		return err
	}
	if len(answers) != len(into) {
		return target.ErrCancelled
	}
	for i, a := range answers {
		*into[i] = a
	}
	c.asked++
	c.have |= kinds
	c.again = false
	return nil
}

// judge decides what an error of the handshake means: another attempt, or the end.
func (l *login) judge(err error) error {
	c := l.c
	var refused *rfb.AuthError
	chosen := l.h.Security()
	closed := errors.Is(err, io.ErrUnexpectedEOF) || isReset(err)
	wrong := errors.As(err, &refused) && len(refused.Security) > 0
	var alert *anontls.Refused
	switch {
	case l.w.expired.Load():
	case closed && len(chosen) > 0 && !l.answered && len(c.refused) < maxRefused:
		// Debian's TigerVNC lists RSA-AES, which it does not have, and closes the
		// connection when it is taken.
		c.refused = append(c.refused, chosen[len(chosen)-1])
		return &tryAgain{c.handshakeError(l.w, err)}
	case errors.As(err, &alert) && !l.answered && len(chosen) > 0 && !slices.Contains(c.refused, rfb.SecurityTLS):
		// Debian's OpenSSL forbids x11vnc the suites without certificates that it offers.
		c.refused = append(c.refused, rfb.SecurityTLS, rfb.SecurityTLSNone, rfb.SecurityTLSVnc, rfb.SecurityTLSPlain, rfb.SecurityTLSIdent)
		c.log.Info("vnc: the server offers TLS without certificates and does not take it", "security", fmt.Sprint(chosen), "alert", alert.Alert.String())
		return &tryAgain{c.handshakeError(l.w, err)}
	case closed && l.waited && (!wrong || refused.Reason == ""):
		// It may have lost patience while the person thought; now there is an answer,
		// which the next attempt gives at once.
		return &tryAgain{c.handshakeError(l.w, err)}
	case wrong && !refused.TooMany && c.page != nil && c.asked < maxTries && l.answered:
		c.again = true
		return &tryAgain{c.handshakeError(l.w, err)}
	}
	var none *rfb.SecurityError
	if errors.As(err, &none) && len(c.refused) > 0 {
		return wrap(target.StepHandshake, fmt.Sprintf("%s closed the connection for each kind of login that it offers.", c.address()),
			"Look into the log of the VNC server; switch on another kind of login there.", wire.EndAlgorithms, err)
	}
	return c.handshakeError(l.w, err)
}

// tell shows what a person should know of the connection.
func (c *connector) tell(l *line) {
	n := target.Notice{}
	switch l.ready.Protection {
	case rfb.ProtectNothing:
		n = target.Notice{Code: "vnc-unencrypted", Text: "Nothing encrypts the connection from the relay to this machine: who is in between can watch, and find the password."}
	case rfb.ProtectLogin:
		n = target.Notice{Code: "vnc-login-only", Text: "Only the login is encrypted from the relay to this machine: who is in between can watch."}
	case rfb.ProtectUnverified:
		n = target.Notice{Code: "vnc-unverified", Text: "The connection is encrypted, but the server cannot show who it is."}
	}
	if n.Code != "" {
		c.page.Notice(n)
	}
	if l.ready.Truncated {
		c.page.Notice(target.Notice{
			Code: "vnc-password-cut", Text: "This kind of login uses the first 8 characters of the password only; the rest protects nothing.",
		})
	}
}
