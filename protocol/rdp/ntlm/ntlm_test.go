package ntlm_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/rdp/ntlm"
	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		panic(err)
	}
	return b
}

// The values of MS-NLMP 4.2.1 and 4.2.4.
var (
	serverChallenge = unhex("01 23 45 67 89 ab cd ef")
	temp            = unhex(`01 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 aa aa aa aa aa aa aa aa 00 00 00 00
		02 00 0c 00 44 00 6f 00 6d 00 61 00 69 00 6e 00 01 00 0c 00 53 00 65 00 72 00 76 00 65 00 72 00 00 00 00 00 00 00 00 00`)
	challenge = unhex(`4e 54 4c 4d 53 53 50 00 02 00 00 00 0c 00 0c 00 38 00 00 00 33 82 8a e2 01 23 45 67 89 ab cd ef
		00 00 00 00 00 00 00 00 24 00 24 00 44 00 00 00 06 00 70 17 00 00 00 0f 53 00 65 00 72 00 76 00
		65 00 72 00 02 00 0c 00 44 00 6f 00 6d 00 61 00 69 00 6e 00 01 00 0c 00 53 00 65 00 72 00 76 00 65 00 72 00 00 00 00 00`)
	authenticate = unhex(`4e 54 4c 4d 53 53 50 00 03 00 00 00 18 00 18 00 6c 00 00 00 54 00 54 00 84 00 00 00 0c 00 0c 00
		48 00 00 00 08 00 08 00 54 00 00 00 10 00 10 00 5c 00 00 00 10 00 10 00 d8 00 00 00 35 82 88 e2
		05 01 28 0a 00 00 00 0f 44 00 6f 00 6d 00 61 00 69 00 6e 00 55 00 73 00 65 00 72 00 43 00 4f 00
		4d 00 50 00 55 00 54 00 45 00 52 00 86 c3 50 97 ac 9c ec 10 25 54 76 4a 57 cc cc 19 aa aa aa aa
		aa aa aa aa 68 cd 0a b8 51 e5 1c 96 aa bc 92 7b eb ef 6a 1c 01 01 00 00 00 00 00 00 00 00 00 00
		00 00 00 00 aa aa aa aa aa aa aa aa 00 00 00 00 02 00 0c 00 44 00 6f 00 6d 00 61 00 69 00 6e 00
		01 00 0c 00 53 00 65 00 72 00 76 00 65 00 72 00 00 00 00 00 00 00 00 00 c5 da d2 54 4f c9 79 90
		94 ce 1c e9 0b c9 d0 3e`)
	sessionKey = bytes.Repeat([]byte{0x55}, 16)
)

func TestExampleOfNTLMv2(t *testing.T) {
	key := ntlm.Key("User", "Domain", "Password")
	if want := unhex("0c 86 8a 40 3b fd 7a 93 a3 00 1e f2 2e f0 2e 3f"); !bytes.Equal(key, want) {
		t.Errorf("NTOWFv2: %x", key)
	}
	proof, base := ntlm.Response(key, serverChallenge, temp)
	if want := unhex("68 cd 0a b8 51 e5 1c 96 aa bc 92 7b eb ef 6a 1c"); !bytes.Equal(proof, want) {
		t.Errorf("proof: %x", proof)
	}
	if want := unhex("8d e4 0c ca db c1 4a 82 f1 5c b0 ad 0d e9 5c a3"); !bytes.Equal(base, want) {
		t.Errorf("session base key: %x", base)
	}
	ch, err := ntlm.ParseChallenge(challenge)
	if err != nil || ch.Flags != 0xe28a8233 || !bytes.Equal(ch.Server, serverChallenge) || len(ch.Pairs) != 2 {
		t.Errorf("%+v, %v", ch, err)
	}
	a, err := ntlm.ParseAuthenticate(authenticate)
	if err != nil || a.User != "User" || a.Domain != "Domain" || a.Workstation != "COMPUTER" || !bytes.Equal(a.NT, append(proof, temp...)) {
		t.Errorf("%+v, %v", a, err)
	}
	if want := unhex("c5 da d2 54 4f c9 79 90 94 ce 1c e9 0b c9 d0 3e"); !bytes.Equal(a.EncryptedKey, want) {
		t.Errorf("key: %x", a.EncryptedKey)
	}
}

// TestExampleMessage: without what is added today (the service's name, the binding), the
// client's message is the specification's, byte by byte but for the version.
func TestExampleMessage(t *testing.T) {
	got := ntlm.AppendAuthenticate(0xe2888235, unhex("86 c3 50 97 ac 9c ec 10 25 54 76 4a 57 cc cc 19 aa aa aa aa aa aa aa aa"),
		append(unhex("68 cd 0a b8 51 e5 1c 96 aa bc 92 7b eb ef 6a 1c"), temp...), "Domain", "User", "COMPUTER", unhex("c5 da d2 54 4f c9 79 90 94 ce 1c e9 0b c9 d0 3e"))
	want := append([]byte(nil), authenticate...)
	copy(want[64:72], got[64:72])
	if !bytes.Equal(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
}

// The example of MS-NLMP 4.2.4.4.
func TestExampleOfSealing(t *testing.T) {
	s, err := ntlm.NewSession(sessionKey, 0xe28a8233, true)
	if err != nil {
		t.Fatal(err)
	}
	sealed := s.Wrap(octets.AppendText(nil, "Plaintext"))
	want := unhex("01 00 00 00 7f b3 8e c5 c5 5d 49 76 00 00 00 00 54 e5 01 65 bf 19 36 dc 99 60 20 c1 81 1b 0f 06 fb 5f")
	if !bytes.Equal(sealed, want) {
		t.Errorf("got  %x\nwant %x", sealed, want)
	}
	server, err := ntlm.NewSession(sessionKey, 0xe28a8233, false)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := server.Unwrap(sealed); err != nil || octets.Text(plain) != "Plaintext" {
		t.Errorf("%q, %v", plain, err)
	}
	for i := range 3 {
		b := server.Wrap([]byte("answer"))
		if plain, err := s.Unwrap(b); err != nil || string(plain) != "answer" {
			t.Errorf("message %d: %q, %v", i, plain, err)
		}
	}
}

func TestSealsThatAreBroken(t *testing.T) {
	for i := range ntlm.SignatureSize + 6 {
		c, _ := ntlm.NewSession(sessionKey, 0xe28a8233, true)
		s, _ := ntlm.NewSession(sessionKey, 0xe28a8233, false)
		b := c.Wrap([]byte("secret"))
		b[i] ^= 1
		if plain, err := s.Unwrap(b); !errors.Is(err, ntlm.ErrSeal) {
			t.Errorf("byte %d: %q, %v", i, plain, err)
		}
	}
	c, _ := ntlm.NewSession(sessionKey, 0xe28a8233, true)
	s, _ := ntlm.NewSession(sessionKey, 0xe28a8233, false)
	b := c.Wrap([]byte("secret"))
	_, _ = s.Unwrap(b)
	if _, err := s.Unwrap(b); !errors.Is(err, ntlm.ErrSeal) {
		t.Errorf("replayed: %v", err)
	}
}

func TestClientAnswersTheExample(t *testing.T) {
	c := ntlm.NewClient(ntlm.Config{
		User: "User", Domain: "Domain", Password: "Password", Workstation: "COMPUTER", Target: "TERMSRV/Server",
		Now: time.Unix(0, 0), Rand: bytes.NewReader(append(bytes.Repeat([]byte{0xaa}, 8), sessionKey...)),
	})
	if _, _, err := c.Authenticate(challenge); err == nil {
		t.Error("answered what was not asked")
	}
	c.Negotiate()
	message, session, err := c.Authenticate(challenge)
	if err != nil {
		t.Fatal(err)
	}
	a, err := ntlm.ParseAuthenticate(message)
	if err != nil {
		t.Fatal(err)
	}
	proof, _ := ntlm.Response(ntlm.Key("User", "Domain", "Password"), serverChallenge, a.NT[16:])
	if !bytes.Equal(proof, a.NT[:16]) {
		t.Error("the proof is wrong")
	}
	pairs, err := ntlm.ParsePairs(a.NT[16+28:])
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := ntlm.Find(pairs, ntlm.PairTarget); octets.Text(v) != "TERMSRV/Server" {
		t.Errorf("service %q", octets.Text(v))
	}
	if v, ok := ntlm.Find(pairs, ntlm.PairBindings); !ok || !bytes.Equal(v, make([]byte, 16)) {
		t.Errorf("binding %x", v)
	}
	// Without a time stamp the answer of LM comes along, and no MIC.
	if want := unhex("86 c3 50 97 ac 9c ec 10 25 54 76 4a 57 cc cc 19 aa aa aa aa aa aa aa aa"); !bytes.Equal(a.LM, want) {
		t.Errorf("LMv2: %x", a.LM)
	}
	if _, ok := ntlm.Find(pairs, ntlm.PairFlags); ok {
		t.Error("says that there is a MIC")
	}
	if session == nil {
		t.Error("no session")
	}
}

func FuzzChallenge(f *testing.F) {
	f.Add(challenge)
	f.Add(authenticate)
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = ntlm.ParseAuthenticate(b)
		c := ntlm.NewClient(ntlm.Config{User: "u", Rand: bytes.NewReader(make([]byte, 100))})
		c.Negotiate()
		if m, _, err := c.Authenticate(b); err == nil && len(m) > 4*len(b)+1024 {
			t.Errorf("an answer of %d bytes to %d", len(m), len(b))
		}
	})
}

func FuzzCertificate(f *testing.F) {
	f.Add([]byte{0x30, 0x03, 0x30, 0x01, 0x00})
	f.Fuzz(func(t *testing.T, b []byte) {
		if key, err := ntlm.PublicKey(b); err == nil && len(key) > len(b) {
			t.Error("a key from nowhere")
		}
		if h := ntlm.Bindings(b); h != nil && len(h) != 16 {
			t.Errorf("%x", h)
		}
	})
}
