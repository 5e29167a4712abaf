package vnc_test

import (
	"testing"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
	"github.com/porthole-rac/porthole/scripts/targets"
)

func TestLogin(t *testing.T) {
	const password = "sesame12"
	v := tiger(t, targets.VNCOptions{
		Security: []string{"None", "VncAuth", "X509None", "X509Vnc", "TLSNone", "TLSVnc", "RA2"}, Password: password,
		Args: []string{"-BlacklistThreshold", "1000"},
	})
	cases := []struct {
		name     string
		settings []string
		answers  [][]string
		security string
		protect  wire.Protection
		notice   string
		forms    int
	}{
		{name: "none", settings: []string{"security", "none"}, security: "None", protect: wire.ProtectNothing, notice: "vnc-unencrypted"},
		{name: "vncauth", settings: []string{"security", "vncauth", "password", password}, security: "VncAuth", notice: "vnc-unencrypted"},
		{name: "asked", settings: []string{"security", "vncauth"}, answers: [][]string{{password}}, security: "VncAuth", forms: 1, notice: "vnc-unencrypted"},
		{
			name: "asked again", settings: []string{"security", "vncauth"}, answers: [][]string{{"wrong1"}, {"wrong2"}, {password}},
			security: "VncAuth", forms: 3, notice: "vnc-unencrypted",
		},
		{
			name: "stored wrong, asked", settings: []string{"security", "vncauth", "password", "wrong"}, answers: [][]string{{password}},
			security: "VncAuth", forms: 1, notice: "vnc-unencrypted",
		},
		{name: "long", settings: []string{"security", "vncauth", "password", password + "345"}, security: "VncAuth", notice: "vnc-password-cut"},
		{name: "best", settings: []string{"password", password}, security: "VeNCrypt, X509Vnc", protect: wire.ProtectAll, notice: "host-key-first-seen"},
		{name: "without", security: "VeNCrypt, X509None", protect: wire.ProtectAll, notice: "host-key-first-seen"},
		{name: "authority", settings: []string{"ca-cert", v.CA}, security: "VeNCrypt, X509None", protect: wire.ProtectAll},
		{name: "ignored", settings: []string{"ignore-cert", "true"}, security: "VeNCrypt, X509None", protect: wire.ProtectUnverified, notice: "vnc-unverified"},
		{name: "anonymous", settings: []string{"security", "tlsnone"}, security: "VeNCrypt, TLSNone", protect: wire.ProtectUnverified, notice: "vnc-unverified"},
		{name: "anonymous with password", settings: []string{"security", "tlsvnc", "password", password}, security: "VeNCrypt, TLSVnc", protect: wire.ProtectUnverified},
		// Debian's TigerVNC lists RA2 and has none.
		{name: "listed only", settings: []string{"security", "ra2,none"}, security: "None", notice: "vnc-unencrypted"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := &person{Answers: c.answers}
			s := start(t, options{settings: at(v.Address(), c.settings...), person: p})
			s.await("a picture", func() bool { return s.marks > 0 })
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.info.Security != c.security || s.info.Protection != c.protect || s.info.Server != "RFB 3.8" && s.info.Server != "RFB 003.008" {
				t.Errorf("%+v", s.info)
			}
			if c.notice != "" && !p.Noticed(c.notice) {
				t.Errorf("no notice %s in %+v", c.notice, p.Notices)
			}
			if len(p.Forms) != c.forms {
				t.Errorf("asked %+v", p.Forms)
			}
			for _, f := range p.Forms {
				if f.Title != "Password of Build 7" || len(f.Fields) != 1 || f.Fields[0].Echo || f.Fields[0].Name != "password" {
					t.Errorf("asked %+v", f)
				}
			}
		})
	}
	t.Run("wrong", func(t *testing.T) {
		_, err := open(t, options{settings: at(v.Address(), "security", "vncauth", "password", "wrong")})
		wantError(t, err, wire.EndCancelled, target.StepAuthenticate) // nobody has a better one
	})
	t.Run("wrong three times", func(t *testing.T) {
		p := &person{Answers: [][]string{{"wrong1"}, {"wrong2"}, {"wrong3"}, {password}}}
		_, err := open(t, options{settings: at(v.Address(), "security", "vncauth"), person: p})
		wantError(t, err, wire.EndAuthFailed, target.StepAuthenticate)
		if len(p.Forms) != 3 {
			t.Errorf("asked %d times", len(p.Forms))
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		_, err := open(t, options{settings: at(v.Address(), "security", "vncauth")})
		wantError(t, err, wire.EndCancelled, target.StepAuthenticate)
	})
	t.Run("other authority", func(t *testing.T) {
		other := tiger(t, targets.VNCOptions{Security: []string{"X509None"}})
		_, err := open(t, options{settings: at(v.Address(), "ca-cert", other.CA)})
		wantError(t, err, wire.EndHostKeyChanged, target.StepHandshake)
	})
	t.Run("pinned to another", func(t *testing.T) {
		pin := "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
		_, err := open(t, options{settings: at(v.Address(), "cert-fingerprints", pin)})
		wantError(t, err, wire.EndHostKeyChanged, target.StepHandshake)
	})
	t.Run("nothing allowed", func(t *testing.T) {
		_, err := open(t, options{settings: at(v.Address(), "security", "ard")})
		wantError(t, err, wire.EndAlgorithms, target.StepHandshake)
	})
	t.Run("weaker than before", func(t *testing.T) {
		tr := new(trust)
		s := start(t, options{settings: at(v.Address()), trust: tr})
		s.await("a picture", func() bool { return s.marks > 0 })
		// The same address by somebody who leaves the better types away.
		weak := tiger(t, targets.VNCOptions{Security: []string{"None"}})
		tr.Mu.Lock()
		tr.IDs["e1 "+weak.Address()] = tr.IDs["e1 "+v.Address()]
		tr.Mu.Unlock()
		_, err := open(t, options{settings: at(weak.Address()), trust: tr})
		wantError(t, err, wire.EndHostKeyChanged, target.StepHandshake)
	})
	t.Run("another certificate", func(t *testing.T) {
		tr := new(trust)
		_, err := open(t, options{settings: at(v.Address()), trust: tr})
		if err != nil {
			t.Fatal(err)
		}
		other := tiger(t, targets.VNCOptions{Security: []string{"X509None"}})
		tr.Mu.Lock()
		tr.IDs["e1 "+other.Address()] = tr.IDs["e1 "+v.Address()]
		tr.Mu.Unlock()
		_, err = open(t, options{settings: at(other.Address()), trust: tr})
		wantError(t, err, wire.EndHostKeyChanged, target.StepHandshake)
	})
}
