package targets

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Kinds of keys for certificates.
func ecdsaKey() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }
func rsaKey() (crypto.Signer, error)   { return rsa.GenerateKey(rand.Reader, 2048) }

// certificate makes a certificate for a VNC server, and keeps it.
func (s *VNC) certificate(dir string, kind func() (crypto.Signer, error)) (cert, key string, err error) {
	made, err := makeCertificate(dir, kind)
	s.Certificate, s.CA = made.text, made.ca
	return made.cert, made.key, err
}

// made is a certificate with its files.
type made struct {
	cert, key string // files
	text, ca  string // PEM
}

// makeCertificate makes an authority and a certificate of it for 127.0.0.1 and
// localhost, and writes the certificate and its key into a folder, with ca.pem.
func makeCertificate(dir string, kind func() (crypto.Signer, error)) (m made, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("make certificate: %w", err)
		}
	}()
	authority, err := kind()
	if err != nil {
		return made{}, err
	}
	private, err := kind()
	if err != nil {
		return made{}, err
	}
	now := time.Now()
	root := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "porthole test authority"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano() + 1), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: root.NotBefore, NotAfter: root.NotAfter,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, authority.Public(), authority)
	if err != nil {
		return made{}, err
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, root, private.Public(), authority)
	if err != nil {
		return made{}, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return made{}, err
	}
	text := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	m = made{
		cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"),
		text: text("CERTIFICATE", leafDER), ca: text("CERTIFICATE", rootDER),
	}
	for file, content := range map[string]string{m.cert: m.text, m.key: text("PRIVATE KEY", secret), filepath.Join(dir, "ca.pem"): m.ca} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			return made{}, err
		}
	}
	return m, nil
}
