package license_test

import (
	"bytes"
	"embed"
	"errors"
	"math/big"
	"slices"
	"testing"

	"github.com/porthole-rac/porthole/protocol/rdp/license"
	"github.com/porthole-rac/porthole/protocol/rdp/octets"
	"github.com/porthole-rac/porthole/protocol/rdp/rdptest"
)

//go:embed testdata
var files embed.FS

// fromHex reads an example of a specification.
func fromHex(t testing.TB, name string) []byte {
	t.Helper()
	return rdptest.FromHex(t, files, name)
}

// The example of MS-RDPELE 4.1, with its chain of certificates.
func TestRequestExample(t *testing.T) {
	b := fromHex(t, "request")
	q, err := license.ParseRequest(octets.New(b[4:]))
	if err != nil {
		t.Fatal(err)
	}
	want := license.Product{Version: 0x60000, Company: "Microsoft Corporation", ID: "A02", Scope: "microsoft.com"}
	if q.Product != want || len(q.Scopes) != 1 || !bytes.HasPrefix(q.Random, []byte{0x84, 0xef, 0xae, 0x20}) {
		t.Errorf("%+v", q)
	}
	key, err := license.ParseCertificate(q.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	// A key of 2048 bits, and 8 zeros.
	if got := key.Encrypt([]byte("secret")); len(got) != 256+8 {
		t.Errorf("%d bytes", len(got))
	}
	c := license.NewClient(license.Config{User: "alice", Machine: "porthole", Rand: bytes.NewReader(make([]byte, 80))})
	reply, err := c.Next(b)
	if err != nil || len(reply) < 300 || reply[0] != license.TypeNewRequest || int(reply[2])|int(reply[3])<<8 != len(reply) {
		t.Errorf("%x, %v", reply, err)
	}
	if !bytes.Contains(reply, []byte("alice\x00")) || !bytes.Contains(reply, []byte("porthole\x00")) {
		t.Error("the names are missing")
	}
	// The challenge of the example was sealed with keys that are not told.
	if _, err := c.Next(fromHex(t, "challenge")); !errors.Is(err, license.ErrMAC) {
		t.Errorf("challenge: %v", err)
	}
}

// TestRawRSA: what the specification's private key decrypts is what was encrypted, in
// the order of bytes of MS-RDPBCGR 4.8 and 5.3.4.1.
func TestRawRSA(t *testing.T) {
	pair := rdptest.LicenseKey
	key, err := license.ParseCertificate(pair.Certificate())
	if err != nil {
		t.Fatal(err)
	}
	secret := make([]byte, 32)
	secret[0], secret[1], secret[31] = 0xff, 0xee, 0xff
	b := key.Encrypt(secret)
	if len(b) != 64+8 || !bytes.Equal(b[64:], make([]byte, 8)) {
		t.Fatalf("%x", b)
	}
	slices.Reverse(b[:64])
	m := new(big.Int).Exp(new(big.Int).SetBytes(b[:64]), pair.D, pair.N).FillBytes(make([]byte, 32))
	slices.Reverse(m)
	if !bytes.Equal(m, secret) {
		t.Errorf("%x", m)
	}
}

func TestOutOfTurn(t *testing.T) {
	for _, name := range []string{"challenge", "new"} {
		c := license.NewClient(license.Config{})
		if _, err := c.Next(fromHex(t, name)); !errors.Is(err, license.ErrMessage) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := license.NewClient(license.Config{})
	for range 20 {
		if _, err := c.Next(license.AppendError(nil, 1, 3)); err != nil {
			return
		}
	}
	t.Error("it goes on for ever")
}

func TestAlerts(t *testing.T) {
	c := license.NewClient(license.Config{})
	if _, err := c.Next(license.AppendError(nil, license.ValidClient, 2)); err != nil || !c.Done() || c.Issued() != nil {
		t.Errorf("valid client: %v", err)
	}
	for code := range uint32(15) {
		var e *license.Error
		c := license.NewClient(license.Config{})
		if _, err := c.Next(license.AppendError(nil, code, 1)); code != license.ValidClient && (!errors.As(err, &e) || e.Code != code || c.Done()) {
			t.Errorf("%d: %v", code, err)
		}
	}
}

func FuzzClient(f *testing.F) {
	for _, name := range []string{"request", "challenge", "new"} {
		f.Add(fromHex(f, name), fromHex(f, "challenge"))
	}
	f.Add(license.AppendError(nil, license.ValidClient, 2), []byte{})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		c := license.NewClient(license.Config{User: "alice", Machine: "m", Rand: bytes.NewReader(make([]byte, 200))})
		for _, m := range [][]byte{a, b} {
			if out, err := c.Next(m); err == nil && len(out) > 70_000 {
				t.Errorf("an answer of %d bytes", len(out))
			}
		}
	})
}
