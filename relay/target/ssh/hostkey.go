package ssh

import (
	"bytes"
	"encoding/base64"
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
	fingerprints []string
}

const maxPins = 64

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
		if len(p.keys)+len(p.authorities)+len(p.fingerprints) > maxPins {
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
	authority := fields[0] == "@cert-authority"
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
		if authority {
			p.authorities = append(p.authorities, key)
		} else {
			p.keys = append(p.keys, key)
		}
		return nil
	}
	return fmt.Errorf("%q is neither a public key nor a fingerprint", excerpt(line))
}

func (p *pins) empty() bool {
	return len(p.keys)+len(p.authorities)+len(p.fingerprints) == 0
}

func (p *pins) allow(key ssh.PublicKey) bool {
	if slices.Contains(p.fingerprints, ssh.FingerprintSHA256(key)) {
		return true
	}
	return slices.ContainsFunc(p.keys, func(k ssh.PublicKey) bool { return bytes.Equal(k.Marshal(), key.Marshal()) })
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
		return slices.ContainsFunc(kinds, func(kind string) bool {
			return algorithm == kind || kind == ssh.KeyAlgoRSA && (algorithm == ssh.KeyAlgoRSASHA256 || algorithm == ssh.KeyAlgoRSASHA512)
		})
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

// checkHostKey decides about the server's identity (ssh.HostKeyCallback). The
// address is as dialled; through a jump host there is no other.
func (l *login) checkHostKey(_ string, remote net.Addr, key ssh.PublicKey) error {
	l.watch.resume() // the server answers
	if cert, ok := key.(*ssh.Certificate); ok {
		return l.checkCertificate(remote, cert)
	}
	fingerprint := ssh.FingerprintSHA256(key)
	if !l.pins.empty() {
		if l.pins.allow(key) {
			return nil
		}
		return l.changed(fingerprint, l.pins.String(), "pinned by the setting host-key",
			"If the server was really given a new key, change the setting host-key.")
	}
	if slices.ContainsFunc(l.known, func(id authority.Identity) bool { return bytes.Equal(id.Key, key.Marshal()) }) {
		return nil
	}
	if len(l.known) > 0 {
		return l.changed(fingerprint, l.known[0].Fingerprint, "known since "+l.known[0].FirstSeen.Format("2006-01-02"),
			fmt.Sprintf("If the server was really given a new key, an administrator runs: porthole endpoint forget %q", l.c.cfg.Endpoint))
	}
	id := authority.Identity{Address: l.hop.address(), Kind: key.Type(), Key: key.Marshal(), Fingerprint: fingerprint}
	if err := l.c.cfg.Trust.Remember(l.ctx, l.c.cfg.EndpointID, id); err != nil {
		l.failure = wrap(target.StepHandshake, "The relay cannot keep the server's identity.",
			"Ask the administrator to look into the relay's log.", wire.EndInternal, err)
		return l.failure
	}
	l.c.page.Notice(target.Notice{
		Code: "host-key-first-seen", Text: fmt.Sprintf("First connection to %s. Its key is trusted from now on.", l.hop.address()),
		Detail: key.Type() + " " + fingerprint,
	})
	return nil
}

// checkCertificate takes a host certificate of a pinned authority; without one
// the key in it counts as any other.
func (l *login) checkCertificate(remote net.Addr, cert *ssh.Certificate) error {
	if len(l.pins.authorities) == 0 {
		return l.checkHostKey("", remote, cert.Key)
	}
	checker := ssh.CertChecker{IsHostAuthority: func(auth ssh.PublicKey, _ string) bool {
		return slices.ContainsFunc(l.pins.authorities, func(k ssh.PublicKey) bool { return bytes.Equal(k.Marshal(), auth.Marshal()) })
	}}
	if err := checker.CheckHostKey(l.hop.address(), remote, cert); err != nil {
		l.failure = wrap(target.StepHandshake, "The server's certificate is not good for this host: "+excerpt(err.Error())+".",
			"Check the certificate's names and dates, and the authority in the setting host-key.", wire.EndHostKeyChanged, err)
		return l.failure
	}
	return nil
}

func (l *login) changed(now, before, since, remedy string) error {
	l.failure = &target.Error{
		Code: wire.EndHostKeyChanged, Step: target.StepHandshake,
		Message: fmt.Sprintf("The identity of %s has changed. Now: %s. Before: %s (%s). Somebody may be reading along, or the machine was set up anew.",
			l.hop.address(), now, before, since),
		Remedy: remedy,
	}
	return l.failure
}
