package authentik

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"unicode"
)

// Problem is what keeps an outpost from its work, in sentences for its
// administrator.
type Problem struct {
	Text   string // what is wrong
	Remedy string // what to do about it
	err    error
	denied bool // authentik refused the token or does not know the outpost
}

func (p *Problem) Error() string { return p.Text + " " + p.Remedy }
func (p *Problem) Unwrap() error { return p.err }

// statusError is an answer other than the expected one.
type statusError struct {
	code     int
	location string // of a redirect, host only
	html     bool
	text     string // the beginning of the answer's text, when it is JSON
}

func (e *statusError) Error() string {
	s := fmt.Sprintf("status %d", e.code)
	if e.text != "" {
		s += ": " + e.text
	}
	return s
}

const maxShown = 200 // bytes of an answer that are shown

// newStatusError reads what an answer says.
func newStatusError(resp *http.Response) *statusError {
	e := &statusError{code: resp.StatusCode}
	if u, err := resp.Location(); err == nil {
		e.location = u.Scheme + "://" + u.Host
	}
	if resp.Body == nil {
		return e
	}
	b, _ := io.ReadAll(io.LimitReader(resp.Body, maxShown))
	b = bytes.TrimSpace(b)
	switch {
	case bytes.HasPrefix(b, []byte("{")):
		e.text = printable(string(b))
	case bytes.HasPrefix(b, []byte("<")):
		e.html = true
	}
	return e
}

// printable bounds and cleans what another program said, for a log.
func printable(s string) string {
	if len(s) > maxShown {
		s = s[:maxShown]
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, s)
}

// errNotJSON means that something else than authentik's API answered.
var errNotJSON = errors.New("the answer is not JSON")

// explain says what an error of a request to authentik means.
func explain(base *url.URL, err error) *Problem {
	var already *Problem
	if errors.As(err, &already) {
		return already
	}
	var fromURL *url.Error
	if errors.As(err, &fromURL) {
		err = fromURL.Err // without the address, whose query may hold a secret
	}
	at := shown(base)
	p := &Problem{err: err}
	var status *statusError
	var dns *net.DNSError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &status):
		p.denied = status.code == http.StatusUnauthorized || status.code == http.StatusForbidden || status.code == http.StatusNotFound
		p.Text, p.Remedy = explainStatus(at, status)
	case errors.Is(err, errNotJSON):
		p.Text = at + " answers, but not as authentik's API does."
		p.Remedy = "Check AUTHENTIK_HOST: it must be authentik's own address, with its path if it is under one, and without a login page of a proxy before it."
	case errors.As(err, &certificate):
		p.Text = fmt.Sprintf("The certificate of %s is not trusted: %s.", at, certificateFault(certificate.Err))
		p.Remedy = "Use the name that the certificate is for, give its authority with PORTHOLE_CA_BUNDLE, or, for trying out only, set AUTHENTIK_INSECURE=true."
	case errors.As(err, &record), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		p.Text = at + " does not speak TLS."
		p.Remedy = "Check the port in AUTHENTIK_HOST: authentik has HTTP at 9000 and HTTPS at 9443; or write http:// if that is meant."
	case errors.As(err, &alert):
		p.Text = fmt.Sprintf("%s refused the TLS handshake: %v.", at, err)
		p.Remedy = "Check the name and the port in AUTHENTIK_HOST."
	case errors.As(err, &dns):
		p.Text = fmt.Sprintf("The name %s cannot be resolved: %s.", base.Hostname(), dns.Err)
		p.Remedy = "Check AUTHENTIK_HOST, and the name servers of this container."
	case errors.Is(err, syscall.ECONNREFUSED):
		p.Text = fmt.Sprintf("Nothing listens at %s.", at)
		p.Remedy = "Check host and port in AUTHENTIK_HOST, and whether authentik's server runs. From within a container, localhost is the container itself."
	case isTimeout(err):
		p.Text = at + " does not answer."
		p.Remedy = "Check AUTHENTIK_HOST, firewalls and proxies (HTTPS_PROXY, NO_PROXY), and whether authentik's server is well."
	default:
		p.Text = fmt.Sprintf("%s cannot be reached: %v.", at, err)
		p.Remedy = "Check AUTHENTIK_HOST and the network between this outpost and authentik."
	}
	return p
}

func explainStatus(at string, s *statusError) (text, remedy string) {
	switch {
	case s.code == http.StatusUnauthorized || s.code == http.StatusForbidden:
		if s.html {
			return fmt.Sprintf("%s refused the request (%d), and not as authentik does.", at, s.code),
				"Something before authentik answers: let /api/ and /ws/ through to authentik without a login of their own."
		}
		return fmt.Sprintf("authentik at %s refused the token (%d).", at, s.code),
			"Copy the token again: Applications, Outposts, View Deployment Info. Check that AUTHENTIK_TOKEN has no quotes or blanks in it, and that the outpost was not deleted."
	case s.code == http.StatusNotFound:
		return fmt.Sprintf("%s answers, but has no such page (404).", at),
			"Check AUTHENTIK_HOST: if authentik is under a path, the path belongs to it. If the outpost was deleted, use another one's token."
	case s.code/100 == 3:
		return fmt.Sprintf("%s sends elsewhere, to %s (%d).", at, s.location, s.code),
			"Set AUTHENTIK_HOST to the address that authentik itself has, and let /api/ and /ws/ through without a login of a proxy."
	case s.code == http.StatusBadGateway || s.code == http.StatusServiceUnavailable || s.code == http.StatusGatewayTimeout:
		return fmt.Sprintf("authentik at %s is not ready (%d).", at, s.code),
			"It may be starting; if this lasts, look at the log of authentik's server."
	case s.code == http.StatusOK:
		return at + " does not take WebSockets.", "Have the proxy before authentik pass on the Upgrade and Connection headers for /ws/."
	}
	return fmt.Sprintf("authentik at %s failed (%v).", at, s), "Look at the log of authentik's server."
}

// certificateFault is a certificate's fault in words.
func certificateFault(err error) string {
	var host x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &host):
		return "it is for another name"
	case errors.As(err, &unknown):
		return "its authority is not known here"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "it has expired, or is not valid yet"
	}
	return err.Error()
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &n) && n.Timeout()
}
