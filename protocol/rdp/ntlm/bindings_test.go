package ntlm_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"math/big"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/rdp/ntlm"
)

// TestBindings: the hash is the one of the certificate's signature, and the key is what
// crypto/x509 finds.
func TestBindings(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	sum256 := func(b []byte) []byte { h := sha256.Sum256(b); return h[:] }
	sum384 := func(b []byte) []byte { h := sha512.Sum384(b); return h[:] }
	sum512 := func(b []byte) []byte { h := sha512.Sum512(b); return h[:] }
	for algorithm, sum := range map[x509.SignatureAlgorithm]func([]byte) []byte{
		x509.SHA256WithRSA: sum256, x509.SHA384WithRSA: sum384, x509.SHA512WithRSA: sum512,
		x509.SHA256WithRSAPSS: sum256, x509.SHA384WithRSAPSS: sum384, x509.SHA512WithRSAPSS: sum512,
		x509.ECDSAWithSHA256: sum256, x509.ECDSAWithSHA384: sum384, x509.ECDSAWithSHA512: sum512,
	} {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "server"}, SignatureAlgorithm: algorithm,
			NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0),
		}
		var der []byte
		if algorithm >= x509.ECDSAWithSHA1 && algorithm <= x509.ECDSAWithSHA512 {
			der, err = x509.CreateCertificate(rand.Reader, template, template, &ec.PublicKey, ec)
		} else {
			der, err = x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		}
		if err != nil {
			t.Fatal(err)
		}
		data := append([]byte("tls-server-end-point:"), sum(der)...)
		b := binary.LittleEndian.AppendUint32(make([]byte, 16), uint32(len(data)))
		want := md5.Sum(append(b, data...))
		if got := ntlm.Bindings(der); !bytes.Equal(got, want[:]) {
			t.Errorf("%v: %x", algorithm, got)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		public, err := ntlm.PublicKey(der)
		if err != nil || !bytes.HasSuffix(cert.RawSubjectPublicKeyInfo, public) || len(public) < 64 {
			t.Errorf("%v: %x, %v", algorithm, public, err)
		}
	}
	if got := ntlm.Bindings([]byte("no certificate")); got != nil {
		t.Errorf("%x", got)
	}
}
