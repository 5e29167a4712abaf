package vnc

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
)

// Kinds of identities in the memory.
const (
	kindX509 = "vnc-x509" // the public key of a certificate (SubjectPublicKeyInfo)
	kindRSA  = "vnc-rsa"  // the key of the RSA-AES types
)

// anonymous puts TLS without certificates around a connection; nil: there is none.
var anonymous func(ctx context.Context, conn net.Conn) (net.Conn, error)

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed)
}

func fingerprint(key []byte) string {
	sum := sha256.Sum256(key)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// startX509 puts TLS around the connection and checks who the server is.
func (c *connector) startX509(ctx context.Context, w *watched, conn net.Conn) (net.Conn, error) {
	var judged error
	secured := tls.Client(conn, &tls.Config{
		ServerName: c.serverName(),
		MinVersion: tls.VersionTLS12,
		// The checks are those of VerifyConnection: servers of VNC make their own
		// certificates.
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			w.pause()
			defer w.resume()
			judged = c.checkCertificate(ctx, state.PeerCertificates)
			return judged
		},
	})
	if err := secured.HandshakeContext(ctx); err != nil {
		if judged != nil {
			return nil, judged
		}
		return nil, wrap(target.StepHandshake, fmt.Sprintf("TLS with %s failed.", c.address()),
			"Look into the log of the VNC server: its certificate or its TLS may be too old.", wire.EndTargetProtocol, err)
	}
	return secured, nil
}

// serverName is what the certificate should be for.
func (c *connector) serverName() string {
	if s := &c.cfg.Settings; s.DestHost != "" && !isID(s.DestHost) {
		return s.DestHost
	}
	return c.cfg.Settings.Hostname
}

// checkCertificate compares the server's certificate with the pinned one, or with
// authorities, or with the memory.
func (c *connector) checkCertificate(ctx context.Context, chain []*x509.Certificate) error {
	if len(chain) == 0 {
		return wrap(target.StepHandshake, fmt.Sprintf("%s showed no certificate.", c.address()),
			"Give the VNC server a certificate (X509Cert and X509Key).", wire.EndTargetProtocol, errors.New("no certificate"))
	}
	leaf, s := chain[0], &c.cfg.Settings
	if s.Certificate != "" {
		ok, err := pinned(s.Certificate, leaf)
		switch {
		case err != nil:
			return wrap(target.StepHandshake, "The setting for the server's certificate cannot be read.",
				"Give it the certificate as PEM, or its fingerprint (SHA256:… of the key, or 64 hexadecimal digits of the certificate).", wire.EndSettings, err)
		case ok:
			return nil
		}
		return c.changed(fingerprint(leaf.RawSubjectPublicKeyInfo), "the pinned one", "by the setting",
			"If the server was really given a new certificate, change the setting.")
	}
	if s.Authority != "" {
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM([]byte(s.Authority)) {
			return wrap(target.StepHandshake, "The setting for certificate authorities cannot be read.",
				"Give it their certificates as PEM.", wire.EndSettings, errors.New("no certificate in it"))
		}
		between := x509.NewCertPool()
		for _, cert := range chain[1:] {
			between.AddCert(cert)
		}
		if _, err := leaf.Verify(x509.VerifyOptions{DNSName: c.serverName(), Roots: roots, Intermediates: between}); err != nil {
			return wrap(target.StepHandshake, fmt.Sprintf("The certificate of %s is not good for it: %v.", c.address(), err),
				"Check the certificate's names and dates, and the authorities of the endpoint.", wire.EndHostKeyChanged, err)
		}
		return nil
	}
	return c.remember(ctx, authority.Identity{
		Address: c.known(), Kind: kindX509, Key: leaf.RawSubjectPublicKeyInfo, Fingerprint: fingerprint(leaf.RawSubjectPublicKeyInfo),
	})
}

// pinned tells whether a certificate is the one of a setting: PEM, or fingerprints
// of the key ("SHA256:…") or of the certificate (hexadecimal, as openssl prints it).
func pinned(setting string, leaf *x509.Certificate) (bool, error) {
	if strings.Contains(setting, "-----BEGIN") {
		rest, any := []byte(setting), false
		for {
			var block *pem.Block
			if block, rest = pem.Decode(rest); block == nil {
				break
			}
			any = true
			if bytes.Equal(block.Bytes, leaf.Raw) || bytes.Equal(block.Bytes, leaf.RawSubjectPublicKeyInfo) {
				return true, nil
			}
		}
		if !any {
			return false, errors.New("no PEM")
		}
		return false, nil
	}
	sum := sha256.Sum256(leaf.Raw)
	for f := range strings.FieldsFuncSeq(setting, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' || r == ' ' }) {
		if strings.HasPrefix(f, "SHA256:") {
			if strings.TrimRight(f, "=") == fingerprint(leaf.RawSubjectPublicKeyInfo) {
				return true, nil
			}
			continue
		}
		b, err := hex.DecodeString(strings.ReplaceAll(f, ":", ""))
		if err != nil || len(b) != len(sum) {
			return false, errors.New("an entry is no fingerprint")
		}
		if bytes.Equal(b, sum[:]) {
			return true, nil
		}
	}
	return false, nil
}

// checkKey compares the key of an RSA-AES type with the pinned one or the memory.
func (c *connector) checkKey(ctx context.Context, key *rfb.ServerKey) error {
	print := fingerprint(key.Wire)
	if pin := c.cfg.Settings.Certificate; pin != "" {
		for f := range strings.FieldsFuncSeq(pin, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' || r == ' ' }) {
			if strings.TrimRight(f, "=") == print {
				return nil
			}
		}
		return c.changed(print, "the pinned one", "by the setting", "If the server was really given a new key, change the setting.")
	}
	return c.remember(ctx, authority.Identity{Address: c.known(), Kind: kindRSA, Key: clone(key.Wire), Fingerprint: print})
}

// remember trusts an identity that is the first of its kind, and those known.
func (c *connector) remember(ctx context.Context, id authority.Identity) error {
	known, err := c.cfg.Trust.Known(ctx, c.cfg.EndpointID, id.Address)
	if err != nil {
		return wrap(target.StepHandshake, "The relay cannot read which servers it knows.",
			"Ask the administrator to look into the relay's log.", wire.EndInternal, err)
	}
	before := authority.Identity{}
	for _, k := range known {
		if k.Kind != id.Kind {
			continue
		}
		if bytes.Equal(k.Key, id.Key) {
			return nil
		}
		before = k
	}
	if before.Kind != "" {
		return c.changed(id.Fingerprint, before.Fingerprint, "known since "+before.FirstSeen.Format("2006-01-02"),
			fmt.Sprintf("If the server was really given a new key, an administrator runs: porthole endpoint forget %q", c.cfg.Endpoint))
	}
	if err := c.cfg.Trust.Remember(ctx, c.cfg.EndpointID, id); err != nil {
		return wrap(target.StepHandshake, "The relay cannot keep the server's identity.",
			"Ask the administrator to look into the relay's log.", wire.EndInternal, err)
	}
	if c.page != nil {
		c.page.Notice(target.Notice{
			Code: "host-key-first-seen", Text: fmt.Sprintf("First connection to %s. Its key is trusted from now on.", id.Address),
			Detail: id.Kind + " " + id.Fingerprint,
		})
	}
	return nil
}

func (c *connector) changed(now, before, since, remedy string) error {
	return &target.Error{
		Code: wire.EndHostKeyChanged, Step: target.StepHandshake,
		Message: fmt.Sprintf("The identity of %s has changed. Now: %s. Before: %s (%s). Somebody may be reading along, or the machine was set up anew.",
			c.known(), now, before, since),
		Remedy: remedy,
	}
}

// notWeaker stops, before credentials go out, when a server that showed who it is
// does not any more. Else whoever stands in between would only have to leave away
// the better types. Settings that name the types are stronger.
func (l *login) notWeaker() error {
	c := l.c
	s := &c.cfg.Settings
	if l.verified || len(s.Security) > 0 {
		return nil
	}
	pinned := s.Certificate != "" || s.Authority != ""
	if !pinned {
		known, err := c.cfg.Trust.Known(l.ctx, c.cfg.EndpointID, c.known())
		if err != nil {
			return wrap(target.StepHandshake, "The relay cannot read which servers it knows.",
				"Ask the administrator to look into the relay's log.", wire.EndInternal, err)
		}
		if len(known) == 0 {
			return nil
		}
	}
	return &target.Error{
		Code: wire.EndHostKeyChanged, Step: target.StepHandshake,
		Message: fmt.Sprintf("%s does not show who it is, and it should: its key or certificate is known. Somebody may be in between, or the server was set up anew.", c.known()),
		Remedy:  fmt.Sprintf("Switch the encryption of the VNC server on again. If it is meant to be off, an administrator runs: porthole endpoint forget %q", c.cfg.Endpoint),
	}
}
