package ssh_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
	"github.com/porthole-rac/porthole/scripts/targets"
)

// fingerprint of a line of a .pub file.
func fingerprint(t *testing.T, line string) string {
	t.Helper()
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	return ssh.FingerprintSHA256(key)
}

func publicKey(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "some")
	do(t, "ssh-keygen", "openssh-client", "-q", "-t", "ed25519", "-N", "", "-f", file)
	return strings.TrimSpace(read(t, file+".pub"))
}

func TestPinnedHostKeys(t *testing.T) {
	t.Parallel()
	each(t, targets.Options{}, func(t *testing.T, s *targets.Server) {
		ed, ecdsa, rsa := s.HostKeys[0], s.HostKeys[1], s.HostKeys[2]
		base64 := strings.Fields(rsa)[1]
		other := publicKey(t)
		for name, tt := range map[string]struct {
			pin string
			bad bool
		}{
			"line of known_hosts":           {pin: "host,[10.0.0.1]:22 " + ed},
			"hashed line":                   {pin: "|1|b1Rz3z5T4EUCBtDvWyBf4hVRBqk=|DoGr8kFSTtbCuyVUrCLlvQdcYMs= " + ecdsa},
			"bare base64":                   {pin: base64},
			"ecdsa":                         {pin: ecdsa},
			"several, one of them":          {pin: "# comment\n" + other + "\r\n\n" + rsa},
			"fingerprint of ed25519":        {pin: fingerprint(t, ed)},
			"fingerprint of ecdsa":          {pin: fingerprint(t, ecdsa)},
			"fingerprint of rsa":            {pin: fingerprint(t, rsa) + "="},
			"fingerprints":                  {pin: fingerprint(t, other) + ", " + fingerprint(t, rsa)},
			"another key":                   {pin: other, bad: true},
			"another fingerprint":           {pin: fingerprint(t, other), bad: true},
			"revoked":                       {pin: "@revoked * " + ed + "\n" + ed, bad: true},
			"another revoked":               {pin: "@revoked * " + other + "\n" + ed},
			"authority, but no certificate": {pin: "@cert-authority * " + other, bad: true},
		} {
			t.Run(name, func(t *testing.T) {
				p, tr := new(person), new(trust)
				err := runs(t, s.With(map[string]string{"host-key": tt.pin}), p, tr)
				if p.Times("host-key-first-seen") > 0 || len(tr.IDs) > 0 {
					t.Error("a pinned server was trusted on first use")
				}
				if !tt.bad {
					if err != nil {
						t.Error(err)
					}
					return
				}
				e := wantError(t, err, wire.EndHostKeyChanged, target.StepHandshake)
				if !strings.Contains(e.Message, "SHA256:") {
					t.Errorf("message %q", e.Message)
				}
				if strings.HasPrefix(name, "another ") && strings.Count(e.Message, "SHA256:") != 2 {
					t.Errorf("message without both fingerprints: %q", e.Message)
				}
			})
		}
	})
}

// A line that marks a key as revoked must not pin it.
func TestRevokedKeyAloneIsRefused(t *testing.T) {
	s := targets.For(t, targets.OpenSSH, targets.Options{HostKeys: []string{"ed25519"}})
	err := runs(t, s.With(map[string]string{"host-key": "@revoked * " + s.HostKeys[0]}), new(person), nil)
	e := wantError(t, err, wire.EndHostKeyChanged, target.StepHandshake)
	if !strings.Contains(e.Message, "revoked") {
		t.Errorf("message %q", e.Message)
	}
}

func TestPinsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	s := targets.For(t, targets.OpenSSH, targets.Options{})
	for _, pin := range []string{"no key", "ssh-ed25519 AAAA", "@other * " + s.HostKeys[0], strings.Repeat(s.HostKeys[0]+"\n", 100)} {
		err := runs(t, s.With(map[string]string{"host-key": pin}), new(person), nil)
		wantError(t, err, wire.EndSettings, target.StepHandshake)
	}
}

// What is trusted on first use is the key that OpenSSH's client would show.
func TestFirstUseOfARealServer(t *testing.T) {
	t.Parallel()
	each(t, targets.Options{}, func(t *testing.T, s *targets.Server) {
		all := s.With(map[string]string{"host-key": ""})
		p, tr := new(person), new(trust)
		if err := runs(t, all, p, tr); err != nil {
			t.Fatal(err)
		}
		if p.Times("host-key-first-seen") != 1 || !strings.Contains(p.Notices[0].Detail, fingerprint(t, s.HostKeys[0])) {
			t.Errorf("notices %+v", p.Notices)
		}
		p = new(person)
		if err := runs(t, all, p, tr); err != nil || len(p.Notices) > 0 {
			t.Errorf("second time: %v, %+v", err, p.Notices)
		}
		// A server that was seen with one key is still known when it has more.
		id := tr.IDs["e1 "+s.Address()]
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(s.HostKeys[2]))
		if err != nil {
			t.Fatal(err)
		}
		id[0].Kind, id[0].Key, id[0].Fingerprint = key.Type(), key.Marshal(), ssh.FingerprintSHA256(key)
		if err := runs(t, all, new(person), tr); err != nil {
			t.Errorf("known by its RSA key: %v", err)
		}
		id[0].Key, id[0].Fingerprint = []byte("other"), "SHA256:before"
		e := wantError(t, runs(t, all, new(person), tr), wire.EndHostKeyChanged, target.StepHandshake)
		if !strings.Contains(e.Message, "SHA256:before") || !strings.Contains(e.Message, fingerprint(t, s.HostKeys[2])) || !strings.Contains(e.Remedy, "forget") {
			t.Errorf("%q, %q", e.Message, e.Remedy)
		}
	})
}

// certifiedHost is a server with a host certificate.
func certifiedHost(t *testing.T, kind, names string) (s *targets.Server, authority string) {
	t.Helper()
	ca := authorityKey(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "host")
	do(t, "ssh-keygen", "openssh-client", "-q", "-t", kind, "-N", "", "-f", file)
	do(t, "ssh-keygen", "openssh-client", "-q", "-s", ca, "-I", "host", "-h", "-n", names, "-V", "-1h:+1h", file+".pub")
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	s = targets.For(t, targets.OpenSSH, targets.Options{Config: []string{"HostKey " + file, "HostCertificate " + file + "-cert.pub"}})
	return s, strings.TrimSpace(read(t, ca+".pub"))
}

func TestHostCertificates(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"ed25519", "ecdsa", "rsa"} {
		t.Run(kind, func(t *testing.T) {
			s, authority := certifiedHost(t, kind, "127.0.0.1,some-name")
			p, tr := new(person), new(trust)
			if err := runs(t, s.With(map[string]string{"host-key": "@cert-authority * " + authority}), p, tr); err != nil {
				t.Error(err)
			}
			if len(p.Notices) > 0 || len(tr.IDs) > 0 {
				t.Errorf("trusted on first use: %+v", p.Notices)
			}
			err := runs(t, s.With(map[string]string{"host-key": "@cert-authority * " + publicKey(t)}), new(person), nil)
			wantError(t, err, wire.EndHostKeyChanged, target.StepHandshake)
			err = runs(t, s.With(map[string]string{"host-key": "@cert-authority * " + authority + "\n@revoked * " + authority}), new(person), nil)
			wantError(t, err, wire.EndHostKeyChanged, target.StepHandshake)
			// Without an authority the key in the certificate counts.
			all := s.With(map[string]string{"host-key": ""})
			if err := runs(t, all, new(person), tr); err != nil {
				t.Error(err)
			}
			if err := runs(t, all, new(person), tr); err != nil {
				t.Errorf("second time: %v", err)
			}
		})
	}
	t.Run("of another host", func(t *testing.T) {
		s, authority := certifiedHost(t, "ed25519", "other-name")
		err := runs(t, s.With(map[string]string{"host-key": "@cert-authority * " + authority}), new(person), nil)
		wantError(t, err, wire.EndHostKeyChanged, target.StepHandshake)
	})
}
