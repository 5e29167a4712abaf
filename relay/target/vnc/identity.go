package vnc

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"slices"
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

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed)
}

// fingerprint is a sum as settings take it.
func fingerprint(sum [32]byte) string {
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
	if s := &c.cfg.Settings; s.DestHost != "" && !strings.EqualFold(s.DestHost, "id") {
		return s.DestHost
	}
	return c.cfg.Settings.Hostname
}

// checkCertificate compares the server's certificate with the pinned ones, or with
// authorities, or with the memory.
func (c *connector) checkCertificate(ctx context.Context, chain []*x509.Certificate) error {
	if len(chain) == 0 {
		return wrap(target.StepHandshake, fmt.Sprintf("%s showed no certificate.", c.address()),
			"Give the VNC server a certificate (X509Cert and X509Key).", wire.EndTargetProtocol, errors.New("no certificate"))
	}
	leaf, s := chain[0], &c.cfg.Settings
	sum := sha256.Sum256(leaf.Raw)
	if s.IgnoreCert {
		return nil
	}
	if len(s.Fingerprints) > 0 {
		return c.checkPins(sum)
	}
	options := x509.VerifyOptions{DNSName: c.serverName(), Intermediates: x509.NewCertPool()}
	for _, cert := range chain[1:] {
		options.Intermediates.AddCert(cert)
	}
	if s.CACert != "" {
		options.Roots = x509.NewCertPool()
		if !options.Roots.AppendCertsFromPEM([]byte(s.CACert)) {
			return wrap(target.StepHandshake, "The setting ca-cert cannot be read.",
				"Give it the certificates of authorities as PEM.", wire.EndSettings, errors.New("no certificate in it"))
		}
	}
	_, err := leaf.Verify(options)
	switch {
	case err == nil:
		return nil
	case s.CACert != "" || !s.TrustFirst:
		return wrap(target.StepHandshake, fmt.Sprintf("The certificate of %s is not good for it: %v.", c.address(), err),
			"Check the certificate's names and dates, and the settings ca-cert and cert-fingerprints.", wire.EndHostKeyChanged, err)
	}
	return c.remember(ctx, authority.Identity{
		Address: c.known(), Kind: kindX509, Key: leaf.RawSubjectPublicKeyInfo, Fingerprint: fingerprint(sum),
	})
}

// checkPins looks for a sum among the pinned ones.
func (c *connector) checkPins(sum [32]byte) error {
	pins := c.cfg.Settings.Fingerprints
	if slices.Contains(pins, sum) && sum != [32]byte{} {
		return nil
	}
	return c.changed(fingerprint(sum), fingerprint(pins[0]), "pinned by the setting cert-fingerprints",
		"If the server was really given a new certificate or key, change the setting cert-fingerprints.")
}

// checkKey compares the key of an RSA-AES type with the pinned ones or the memory.
func (c *connector) checkKey(ctx context.Context, key *rfb.ServerKey) error {
	s := &c.cfg.Settings
	if s.IgnoreCert {
		return nil
	}
	if len(s.Fingerprints) > 0 {
		return c.checkPins(key.SHA256)
	}
	return c.remember(ctx, authority.Identity{Address: c.known(), Kind: kindRSA, Key: bytes.Clone(key.Wire), Fingerprint: fingerprint(key.SHA256)})
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
	if !c.cfg.Settings.TrustFirst {
		return wrap(target.StepHandshake, fmt.Sprintf("The key of %s, %s, is not known.", id.Address, id.Fingerprint),
			"Put it into the setting cert-fingerprints, if it is the server's.", wire.EndHostKeyChanged, errors.New("first use is not trusted"))
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
	if l.verified || len(s.Allow) > 0 || s.IgnoreCert {
		return nil
	}
	pinned := len(s.Fingerprints) > 0 || s.CACert != ""
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
