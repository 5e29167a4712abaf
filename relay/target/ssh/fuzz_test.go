package ssh_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"github.com/porthole-rac/porthole/relay/target/ssh"
)

const lockedWith = "fuzz"

// keyFiles are the keys of testdata by name.
func keyFiles(t testing.TB) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	paths, err := filepath.Glob("testdata/keys/*.*")
	if err != nil || len(paths) < 20 {
		t.Fatal(len(paths), err)
	}
	for _, p := range paths {
		if filepath.Ext(p) == ".md" {
			continue
		}
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(p)] = b
	}
	return files
}

// All forms of a key hold the same key, and only those that are locked need the
// passphrase.
func TestFormsOfAKeyAreTheSameKey(t *testing.T) {
	public := map[string]string{}
	for name, text := range keyFiles(t) {
		locked := strings.Contains(name, "locked") || strings.Contains(name, "des3")
		pass := ""
		if locked {
			pass = lockedWith
			for _, wrong := range []string{"", "wrong"} {
				if _, err := ssh.ParsePrivateKey(text, []byte(wrong)); err == nil || !strings.Contains(err.Error(), "passphrase") {
					t.Errorf("%s with passphrase %q: %v", name, wrong, err)
				}
			}
		}
		key, err := ssh.ParsePrivateKey(text, []byte(pass))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		signer, err := xssh.NewSignerFromKey(key)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		kind, _, _ := strings.Cut(name, ".")
		fingerprint := xssh.FingerprintSHA256(signer.PublicKey())
		if before := public[kind]; before != "" && before != fingerprint {
			t.Errorf("%s is another key", name)
		}
		public[kind] = fingerprint
	}
}

// quick stops the fuzzer at an input that takes too long.
func quick(t *testing.T, parse func() (crypto.PrivateKey, error)) {
	t.Helper()
	timer := time.AfterFunc(20*time.Second, func() { panic("reading the key takes too long") })
	defer timer.Stop()
	key, err := parse()
	if (key == nil) == (err == nil) {
		t.Errorf("key %v, error %v", key, err)
	}
	if err == nil {
		if _, err := xssh.NewSignerFromKey(key); err != nil {
			t.Errorf("a key that cannot sign: %v", err)
		}
	}
}

func FuzzPrivateKey(f *testing.F) {
	for _, text := range keyFiles(f) {
		f.Add(text, lockedWith)
		f.Add(text, "")
	}
	f.Fuzz(func(t *testing.T, text []byte, pass string) {
		quick(t, func() (crypto.PrivateKey, error) { return ssh.ParsePrivateKey(text, []byte(pass)) })
	})
}

// FuzzPuTTYKey gives the parser files whose checksum is right.
func FuzzPuTTYKey(f *testing.F) {
	for name, text := range keyFiles(f) {
		if !strings.HasSuffix(name, "v2.ppk") {
			continue
		}
		var blobs [2]string
		lines := strings.Split(strings.ReplaceAll(string(text), "\r", ""), "\n")
		for i, l := range lines {
			var n int
			if _, err := fmt.Sscanf(l, "Public-Lines: %d", &n); err == nil {
				blobs[0] = strings.Join(lines[i+1:i+1+n], "")
			}
			if _, err := fmt.Sscanf(l, "Private-Lines: %d", &n); err == nil {
				blobs[1] = strings.Join(lines[i+1:i+1+n], "")
			}
		}
		public, _ := base64.StdEncoding.DecodeString(blobs[0])
		private, _ := base64.StdEncoding.DecodeString(blobs[1])
		if len(public) == 0 || len(private) == 0 {
			f.Fatal(name)
		}
		f.Add(strings.Split(name, ".")[0], public, private)
	}
	f.Fuzz(func(t *testing.T, kind string, public, private []byte) {
		if strings.ContainsAny(kind, "\r\n") {
			return
		}
		macKey := sha1.Sum([]byte("putty-private-key-file-mac-key"))
		mac := hmac.New(sha1.New, macKey[:])
		mac.Write(xssh.Marshal(struct{ Kind, Encryption, Comment, Public, Private string }{kind, "none", "c", string(public), string(private)}))
		text := fmt.Sprintf("PuTTY-User-Key-File-2: %s\nEncryption: none\nComment: c\nPublic-Lines: 1\n%s\nPrivate-Lines: 1\n%s\nPrivate-MAC: %s\n",
			kind, base64.StdEncoding.EncodeToString(public), base64.StdEncoding.EncodeToString(private), hex.EncodeToString(mac.Sum(nil)))
		quick(t, func() (crypto.PrivateKey, error) { return ssh.ParsePrivateKey([]byte(text), nil) })
	})
}

func FuzzPKCS8(f *testing.F) {
	for name, text := range keyFiles(f) {
		if block, _ := pem.Decode(text); block != nil && strings.HasSuffix(name, ".pk8") {
			f.Add(block.Type == "ENCRYPTED PRIVATE KEY", block.Bytes, lockedWith)
		}
	}
	f.Fuzz(func(t *testing.T, locked bool, der []byte, pass string) {
		kind := "PRIVATE KEY"
		if locked {
			kind = "ENCRYPTED PRIVATE KEY"
		}
		text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
		quick(t, func() (crypto.PrivateKey, error) { return ssh.ParsePrivateKey(text, []byte(pass)) })
	})
}

func FuzzHostKeySetting(f *testing.F) {
	line := string(xssh.MarshalAuthorizedKey(fakeHostKey().PublicKey()))
	for _, s := range []string{line, "@cert-authority *.x " + line, "@revoked * " + line, "|1|a=|b= " + line, xssh.FingerprintSHA256(fakeHostKey().PublicKey()) + ",SHA256:x", "# c\r\n", "@x y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if n, err := ssh.CheckPins(text); err == nil && n > ssh.MaxPins {
			t.Errorf("%d entries", n)
		}
	})
}

func FuzzAgent(f *testing.F) {
	f.Add([]byte{11})
	f.Add([]byte("\x0d\x00\x00\x00\x01a\x00\x00\x00\x01b\x00\x00\x00\x04"))
	f.Fuzz(func(t *testing.T, request []byte) {
		if len(request) > 0 && len(ssh.AgentAnswer(request)) == 0 {
			t.Error("no answer")
		}
	})
}
