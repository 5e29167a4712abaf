package ssh

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
)

// pins are the identities that the setting host-key allows.
type pins struct {
	keys         []ssh.PublicKey
	authorities  []ssh.PublicKey
	revoked      []ssh.PublicKey
	fingerprints []string
}

const (
	maxPins  = 64
	maxKinds = 16 // algorithms that are given up in search of a pinned key
)

// usual are the algorithms of host keys in the order in which OpenSSH's client
// asks for them, so that a person who compares fingerprints sees the same key.
var usual = []string{
	ssh.CertAlgoED25519v01, ssh.CertAlgoECDSA256v01, ssh.CertAlgoECDSA384v01, ssh.CertAlgoECDSA521v01,
	ssh.CertAlgoRSASHA512v01, ssh.CertAlgoRSASHA256v01,
	ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
	ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256,
}

// sameKind gives the algorithms by which a key of a kind is shown, bare or in
// a certificate.
func sameKind(kind string) []string {
	const cert = "-cert-v01@openssh.com"
	kind = strings.TrimSuffix(kind, cert)
	if kind == ssh.KeyAlgoRSA {
		return []string{
			ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSA,
			ssh.CertAlgoRSASHA512v01, ssh.CertAlgoRSASHA256v01, ssh.CertAlgoRSAv01,
		}
	}
	return []string{kind, kind + cert}
}

// parsePins reads the setting host-key: lines of known_hosts or of a .pub file,
// bare base64, or fingerprints as ssh-keygen -l prints them; one in a line, or
// separated by commas.
func parsePins(text string) (pins, error) {
	var p pins
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if err := p.add(line); err != nil {
			return pins{}, err
		}
		if len(p.keys)+len(p.authorities)+len(p.revoked)+len(p.fingerprints) > maxPins {
			return pins{}, fmt.Errorf("more than %d keys", maxPins)
		}
	}
	return p, nil
}

func (p *pins) add(line string) error {
	if strings.HasPrefix(line, "SHA256:") {
		for f := range strings.SplitSeq(line, ",") {
			p.fingerprints = append(p.fingerprints, strings.TrimRight(strings.TrimSpace(f), "="))
		}
		return nil
	}
	fields := strings.Fields(line)
	list := &p.keys
	switch mark := fields[0]; {
	case mark == "@cert-authority":
		list = &p.authorities
	case mark == "@revoked":
		list = &p.revoked
	case mark[0] == '@':
		return fmt.Errorf("the mark %q is not known", excerpt(mark))
	}
	// The key is the first field that is base64 of one; before it may stand host
	// names and the kind.
	for _, f := range fields {
		b, err := base64.StdEncoding.DecodeString(f)
		if err != nil || len(b) < 16 {
			continue
		}
		key, err := ssh.ParsePublicKey(b)
		if err != nil {
			continue
		}
		*list = append(*list, key)
		return nil
	}
	return fmt.Errorf("%q is neither a public key nor a fingerprint", excerpt(line))
}

func (p *pins) empty() bool {
	return len(p.keys)+len(p.authorities)+len(p.fingerprints) == 0
}

func has(keys []ssh.PublicKey, key ssh.PublicKey) bool {
	return slices.ContainsFunc(keys, func(k ssh.PublicKey) bool { return bytes.Equal(k.Marshal(), key.Marshal()) })
}

func (p *pins) allow(key ssh.PublicKey) bool {
	if slices.Contains(p.fingerprints, ssh.FingerprintSHA256(key)) {
		return true
	}
	return has(p.keys, key)
}

// otherKind tells whether a key of another kind than this one may be pinned.
func (p *pins) otherKind(key ssh.PublicKey) bool {
	return len(p.fingerprints) > 0 || slices.ContainsFunc(p.keys, func(k ssh.PublicKey) bool { return k.Type() != key.Type() })
}

// String lists the fingerprints, for people.
func (p *pins) String() string {
	all := slices.Clone(p.fingerprints)
	for _, k := range append(slices.Clone(p.keys), p.authorities...) {
		all = append(all, ssh.FingerprintSHA256(k))
	}
	return strings.Join(all, ", ")
}

// knownKinds gives the key kinds by which the server is known, and reads the
// pins.
func (l *login) knownKinds() ([]string, error) {
	ctx, cfg := l.ctx, &l.c.cfg
	if l.hop.last && cfg.Settings.HostKey != "" {
		p, err := parsePins(cfg.Settings.HostKey)
		if err != nil {
			return nil, wrap(target.StepHandshake, "The setting host-key cannot be read.",
				"Give it a line of known_hosts, a public key, or a fingerprint that begins with SHA256:.", wire.EndSettings, err)
		}
		l.pins = p
	}
	if !l.pins.empty() {
		var kinds []string
		for _, k := range l.pins.keys {
			kinds = append(kinds, k.Type())
		}
		return kinds, nil
	}
	known, err := cfg.Trust.Known(ctx, cfg.EndpointID, l.hop.address())
	if err != nil {
		return nil, wrap(target.StepHandshake, "The relay cannot read which servers it knows.",
			"Ask the administrator to look into the relay's log.", wire.EndInternal, err)
	}
	l.known = known
	var kinds []string
	for _, id := range known {
		kinds = append(kinds, id.Kind)
	}
	return kinds, nil
}

// preferKinds puts the algorithms for known kinds of keys first.
func preferKinds(all, kinds []string) []string {
	matches := func(algorithm string) bool {
		return slices.ContainsFunc(kinds, func(kind string) bool { return slices.Contains(sameKind(kind), algorithm) })
	}
	var first, rest []string
	for _, a := range all {
		if matches(a) {
			first = append(first, a)
		} else {
			rest = append(rest, a)
		}
	}
	return append(first, rest...)
}

// checkHostKey decides about the server's identity (ssh.HostKeyCallback). It is
// called again for each later key exchange: then the key must be the same.
func (l *login) checkHostKey(_ string, remote net.Addr, key ssh.PublicKey) error {
	if l.accepted != nil {
		if bytes.Equal(l.accepted, key.Marshal()) {
			return nil
		}
		return errors.New("the server showed another key while the connection lasts")
	}
	l.watch.resume() // the server answers
	var err error
	if cert, ok := key.(*ssh.Certificate); ok && len(l.pins.authorities) > 0 {
		err = l.checkCertificate(remote, cert)
	} else if ok {
		err = l.checkKey(cert.Key) // no authority is known: the key in it counts as any other
	} else {
		err = l.checkKey(key)
	}
	if err != nil {
		l.failure = err
		return err
	}
	l.accepted = key.Marshal()
	return nil
}

func (l *login) checkKey(key ssh.PublicKey) error {
	fingerprint := ssh.FingerprintSHA256(key)
	if has(l.pins.revoked, key) {
		return &target.Error{
			Code: wire.EndHostKeyChanged, Step: target.StepHandshake,
			Message: fmt.Sprintf("The key of %s, %s, is revoked by the setting host-key.", l.hop.address(), fingerprint),
			Remedy:  "Do not connect until the server has another key; ask its administrator.",
		}
	}
	if !l.pins.empty() {
		if l.pins.allow(key) {
			return nil
		}
		if l.pins.otherKind(key) {
			l.otherKind = key.Type()
		}
		if len(l.pins.keys)+len(l.pins.fingerprints) == 0 {
			return &target.Error{
				Code: wire.EndHostKeyChanged, Step: target.StepHandshake,
				Message: fmt.Sprintf("%s showed the key %s without a certificate; the setting host-key wants one of %s.", l.hop.address(), fingerprint, &l.pins),
				Remedy:  "Give the server a host certificate of that authority (HostCertificate), or put its key into the setting host-key.",
			}
		}
		return l.changed(fingerprint, l.pins.String(), "pinned by the setting host-key",
			"If the server was really given a new key, change the setting host-key.")
	}
	if slices.ContainsFunc(l.known, func(id authority.Identity) bool { return bytes.Equal(id.Key, key.Marshal()) }) {
		return nil
	}
	if len(l.known) > 0 {
		before := l.known[0]
		for _, id := range l.known {
			if id.Kind == key.Type() {
				before = id
			}
		}
		return l.changed(fingerprint, before.Fingerprint, "known since "+before.FirstSeen.Format("2006-01-02"),
			fmt.Sprintf("If the server was really given a new key, an administrator runs: porthole endpoint forget %q", l.c.cfg.Endpoint))
	}
	id := authority.Identity{Address: l.hop.address(), Kind: key.Type(), Key: key.Marshal(), Fingerprint: fingerprint}
	if err := l.c.cfg.Trust.Remember(l.ctx, l.c.cfg.EndpointID, id); err != nil {
		return wrap(target.StepHandshake, "The relay cannot keep the server's identity.",
			"Ask the administrator to look into the relay's log.", wire.EndInternal, err)
	}
	l.c.page.Notice(target.Notice{
		Code: "host-key-first-seen", Text: fmt.Sprintf("First connection to %s. Its key is trusted from now on.", l.hop.address()),
		Detail: key.Type() + " " + fingerprint,
	})
	return nil
}

// checkCertificate takes a host certificate of a pinned authority.
func (l *login) checkCertificate(remote net.Addr, cert *ssh.Certificate) error {
	checker := ssh.CertChecker{
		IsHostAuthority: func(auth ssh.PublicKey, _ string) bool { return has(l.pins.authorities, auth) },
		IsRevoked: func(c *ssh.Certificate) bool {
			return has(l.pins.revoked, c.Key) || has(l.pins.revoked, c.SignatureKey)
		},
	}
	if err := checker.CheckHostKey(l.hop.address(), remote, cert); err != nil {
		return wrap(target.StepHandshake, "The server's certificate is not good for this host: "+excerpt(err.Error())+".",
			"Check the certificate's names and dates, and the authority in the setting host-key.", wire.EndHostKeyChanged, err)
	}
	return nil
}

func (l *login) changed(now, before, since, remedy string) error {
	return &target.Error{
		Code: wire.EndHostKeyChanged, Step: target.StepHandshake,
		Message: fmt.Sprintf("The identity of %s has changed. Now: %s. Before: %s (%s). Somebody may be reading along, or the machine was set up anew.",
			l.hop.address(), now, before, since),
		Remedy: remedy,
	}
}
