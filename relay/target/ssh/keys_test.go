package ssh_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
	"github.com/porthole-rac/porthole/scripts/targets"
)

const keyPassphrase = "open sesame"

// do runs a program that makes a key.
func do(t *testing.T, name, debianPackage string, args ...string) {
	t.Helper()
	if out, err := exec.Command(targets.Tool(t, name, debianPackage), args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v: %s", name, args, err, out)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// form makes, of a key in OpenSSH form without a passphrase, one in another form
// at the same place.
type form struct {
	name string
	not  string // kind of key that this form does not have
	make func(t *testing.T, file, pass string)
}

func keygenForm(format string) func(*testing.T, string, string) {
	return func(t *testing.T, file, pass string) {
		args := []string{"-p", "-P", "", "-N", pass, "-f", file}
		if format != "" {
			args = append(args, "-m", format)
		}
		do(t, "ssh-keygen", "openssh-client", args...)
	}
}

func puttyForm(parameters string) func(*testing.T, string, string) {
	return func(t *testing.T, file, pass string) {
		empty, given := file+".empty", file+".pass"
		for f, text := range map[string]string{empty: "", given: pass} {
			if err := os.WriteFile(f, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		do(t, "puttygen", "putty-tools", file, "-O", "private", "-o", file+".ppk",
			"--old-passphrase", empty, "--new-passphrase", given, "--ppk-param", parameters)
		if err := os.Rename(file+".ppk", file); err != nil {
			t.Fatal(err)
		}
	}
}

func opensslForm(args ...string) func(*testing.T, string, string) {
	return func(t *testing.T, file, pass string) {
		keygenForm("PEM")(t, file, "")
		all := append([]string{"pkcs8", "-topk8", "-in", file, "-out", file + ".8", "-passout", "pass:" + pass}, args...)
		if pass == "" {
			all = append(all, "-nocrypt")
		}
		do(t, "openssl", "openssl", all...)
		if err := os.Rename(file+".8", file); err != nil {
			t.Fatal(err)
		}
	}
}

var forms = []form{
	{"OpenSSH", "", keygenForm("")},
	{"PEM", "ed25519", keygenForm("PEM")},
	{"PKCS8", "ed25519", keygenForm("PKCS8")},
	{"PKCS8 of openssl", "ed25519", opensslForm("-v2", "aes-256-cbc")},
	{"PKCS8 3DES SHA-1", "ed25519", opensslForm("-v2", "des3", "-v2prf", "hmacWithSHA1")},
	{"PKCS8 many rounds", "ed25519", opensslForm("-v2", "aes-128-cbc", "-iter", "600000", "-v2prf", "hmacWithSHA512")},
	{"PuTTY 2", "", puttyForm("version=2")},
	{"PuTTY 3", "", puttyForm("version=3,memory=1024,passes=2")},
	{"PuTTY 3 Argon2i", "", puttyForm("version=3,kdf=argon2i,memory=1024,passes=2,parallelism=2")},
}

func TestKeysOfAllForms(t *testing.T) {
	dir := t.TempDir()
	base := map[string]string{}
	var lines []string
	for name, args := range map[string][]string{
		"ed25519": {"-t", "ed25519"}, "rsa": {"-t", "rsa", "-b", "2048"},
		"ecdsa-256": {"-t", "ecdsa", "-b", "256"}, "ecdsa-384": {"-t", "ecdsa", "-b", "384"}, "ecdsa-521": {"-t", "ecdsa", "-b", "521"},
	} {
		file := filepath.Join(dir, name)
		do(t, "ssh-keygen", "openssh-client", append(args, "-q", "-N", "", "-f", file)...)
		base[name] = read(t, file)
		lines = append(lines, strings.TrimSpace(read(t, file+".pub")))
	}
	s := targets.For(t, targets.OpenSSH, targets.Options{AuthorizedKeys: lines})
	for kind, text := range base {
		for _, f := range forms {
			big := kind == "ecdsa-384" || kind == "ecdsa-521"
			if f.not == kind || big && f.name != "OpenSSH" && f.name != "PKCS8" && f.name != "PuTTY 3" {
				continue
			}
			for _, pass := range []string{"", keyPassphrase} {
				t.Run(fmt.Sprintf("%s/%s/%t", kind, f.name, pass != ""), func(t *testing.T) {
					t.Parallel()
					file := filepath.Join(t.TempDir(), "key")
					if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
					f.make(t, file, pass)
					key := read(t, file)
					all := s.With(map[string]string{"private-key": key, "passphrase": pass})
					if pass == "" || kind == "ed25519" {
						if err := runs(t, all, new(person), nil); err != nil {
							t.Fatal(err)
						}
					}
					if pass == "" {
						return
					}
					// Not stored: asked, with another try after a wrong one; and with
					// the line ends of Windows.
					p := &person{Answers: [][]string{{"wrong one"}, {pass}}}
					all = s.With(map[string]string{"private-key": strings.ReplaceAll(key, "\n", "\r\n")})
					if err := runs(t, all, p, nil); err != nil {
						t.Fatal(err)
					}
					if len(p.Forms) != 2 || p.Forms[0].Fields[0].Name != "passphrase" || p.Forms[0].Instruction != "" || p.Forms[1].Instruction == "" {
						t.Errorf("forms %+v", p.Forms)
					}
				})
			}
		}
	}
}

// Form fields of one line lose the line breaks.
func TestKeyInOneLine(t *testing.T) {
	s := targets.For(t, targets.OpenSSH, targets.Options{})
	all := s.With(map[string]string{"private-key": strings.ReplaceAll(strings.TrimSpace(s.Key), "\n", " ")})
	if err := runs(t, all, new(person), nil); err != nil {
		t.Fatal(err)
	}
}

func TestKeysThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	s := targets.For(t, targets.OpenSSH, targets.Options{})
	for name, tt := range map[string]struct{ key, says string }{
		"not a key":  {"this is not a private key at all", "not in a form"},
		"public key": {s.HostKeys[0], "not in a form"},
		"cut":        {s.Key[:len(s.Key)/2], "not in a form"},
		"long":       {"-----BEGIN RSA PRIVATE KEY-----\n" + strings.Repeat("AAAA", 1<<20), "longer"},
		"PuTTY 4":    {"PuTTY-User-Key-File-4: ssh-ed25519\nEncryption: none\nComment: x\nPublic-Lines: 1\nAAAA\nPrivate-Lines: 1\nAAAA\nPrivate-MAC: 00\n", "version"},
		"PuTTY bomb": {
			"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: aes256-cbc\nComment: x\nPublic-Lines: 1\nAAAA\nKey-Derivation: Argon2id\n" +
				"Argon2-Memory: 131072\nArgon2-Passes: 2000000\nArgon2-Parallelism: 1\nArgon2-Salt: 00112233445566778899aabbccddeeff\nPrivate-Lines: 1\nAAAA\nPrivate-MAC: 00\n",
			"too much work",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := connect(t, s.With(map[string]string{"private-key": tt.key, "passphrase": keyPassphrase}), new(person), nil)
			e := wantError(t, err, wire.EndSettings, target.StepAuthenticate)
			if !strings.Contains(e.Message, tt.says) {
				t.Errorf("message %q does not say %q", e.Message, tt.says)
			}
		})
	}
	t.Run("refused by the server", func(t *testing.T) {
		other := filepath.Join(t.TempDir(), "other")
		do(t, "ssh-keygen", "openssh-client", "-q", "-t", "ed25519", "-N", "", "-f", other)
		_, err := connect(t, s.With(map[string]string{"private-key": read(t, other)}), new(person), nil)
		wantError(t, err, wire.EndAuthFailed, target.StepAuthenticate)
	})
	t.Run("wrong passphrase", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(file, []byte(s.Key), 0o600); err != nil {
			t.Fatal(err)
		}
		keygenForm("")(t, file, keyPassphrase)
		p := &person{Answers: [][]string{{"wrong 1"}, {"wrong 2"}, {"wrong 3"}, {"wrong 4"}}}
		_, err := connect(t, s.With(map[string]string{"private-key": read(t, file)}), p, nil)
		wantError(t, err, wire.EndAuthFailed, target.StepAuthenticate)
		if len(p.Forms) != 3 {
			t.Errorf("asked %d times", len(p.Forms))
		}
	})
}

// authorityKey makes a CA and signs a public key with it.
func authorityKey(t *testing.T) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "ca")
	do(t, "ssh-keygen", "openssh-client", "-q", "-t", "ed25519", "-N", "", "-f", file)
	return file
}

// userCertificate gives a server that trusts a CA, and a key with a certificate
// of it.
func userCertificate(t *testing.T, kind string) (s *targets.Server, key, certificate string) {
	t.Helper()
	ca := authorityKey(t)
	s = targets.For(t, targets.OpenSSH, targets.Options{Config: []string{"TrustedUserCAKeys " + ca + ".pub"}})
	file := filepath.Join(t.TempDir(), "user")
	do(t, "ssh-keygen", "openssh-client", "-q", "-t", kind, "-N", "", "-f", file)
	do(t, "ssh-keygen", "openssh-client", "-q", "-s", ca, "-I", "test", "-n", s.User, "-V", "-1h:+1h", file+".pub")
	return s, read(t, file), read(t, file+"-cert.pub")
}

func TestUserCertificates(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"ed25519", "ecdsa", "rsa"} {
		t.Run(kind, func(t *testing.T) {
			s, key, cert := userCertificate(t, kind)
			all := s.With(map[string]string{"private-key": key, "public-key": cert})
			if err := runs(t, all, new(person), nil); err != nil {
				t.Fatal(err)
			}
			delete(all, "public-key")
			_, err := connect(t, all, new(person), nil)
			wantError(t, err, wire.EndAuthFailed, target.StepAuthenticate)
			all = s.With(map[string]string{"public-key": cert}) // of another key
			_, err = connect(t, all, new(person), nil)
			wantError(t, err, wire.EndSettings, target.StepAuthenticate)
		})
	}
}

// agentCommand logs in to a second server with the forwarded agent alone.
func agentCommand(to *targets.Server, then string) string {
	return fmt.Sprintf("ssh -F none -o IdentityFile=/dev/null -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "+
		"-o LogLevel=ERROR -p %d %s@%s 'echo by the ag''ent'; %s", to.Port, to.User, to.Host, then)
}

func TestAgentForwarding(t *testing.T) {
	t.Parallel()
	from := targets.For(t, targets.OpenSSH, targets.Options{})
	to := targets.For(t, targets.OpenSSH, targets.Options{AuthorizedKeys: []string{strings.TrimSpace(read(t, from.KeyFile+".pub"))}})
	// The other side may use the key, neither take it away nor add its own.
	all := from.With(map[string]string{
		"enable-agent": "true",
		"command":      agentCommand(to, "ssh-add -D; ssh-add -q "+to.KeyFile+"; ssh-add -L | wc -l; "+agentCommand(to, "true")),
	})
	out := rest(t, mustConnect(t, all, new(person), nil))
	if strings.Count(out, "by the agent") != 2 || !strings.Contains(out, "\n1\r\n") {
		t.Errorf("output %q", out)
	}
	delete(all, "enable-agent")
	if out := rest(t, mustConnect(t, all, new(person), nil)); strings.Contains(out, "by the agent") {
		t.Errorf("without the setting: %q", out)
	}
}

func TestAgentForwardsTheCertificate(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"ed25519", "ecdsa", "rsa"} {
		t.Run(kind, func(t *testing.T) { agentWithCertificate(t, kind) })
	}
}

func agentWithCertificate(t *testing.T, kind string) {
	t.Helper()
	s, key, cert := userCertificate(t, kind)
	all := s.With(map[string]string{"private-key": key, "public-key": cert, "enable-agent": "true", "command": agentCommand(s, "true")})
	if out := rest(t, mustConnect(t, all, new(person), nil)); !strings.Contains(out, "by the agent") {
		t.Errorf("output %q", out)
	}
}

func TestAgentRefused(t *testing.T) {
	s := targets.For(t, targets.OpenSSH, targets.Options{Config: []string{"AllowAgentForwarding no"}})
	p := new(person)
	if err := runs(t, s.With(map[string]string{"enable-agent": "true"}), p, nil); err != nil {
		t.Fatal(err)
	}
	if p.Times("agent-refused") != 1 {
		t.Errorf("notices %+v", p.Notices)
	}
}
