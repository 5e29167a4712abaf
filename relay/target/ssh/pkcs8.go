package ssh

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/pbkdf2"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
)

// Encrypted PKCS#8 (RFC 5958 §3) with PBES2, PBKDF2 and AES or 3DES in CBC mode
// (RFC 8018), which is what openssl and ssh-keygen -m PKCS8 write.

// maxIterations keeps the work for one passphrase to about a second; openssl
// writes 2,048 by itself, 600,000 is what is advised.
const maxIterations = 2_000_000

var (
	oidPBES2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
)

// cbc is a cipher in CBC mode.
type cbc struct {
	key  int // bytes
	make func(key []byte) (cipher.Block, error)
}

var ciphers = map[string]cbc{
	"2.16.840.1.101.3.4.1.2": {16, aes.NewCipher}, "2.16.840.1.101.3.4.1.22": {24, aes.NewCipher},
	"2.16.840.1.101.3.4.1.42": {32, aes.NewCipher},
	"1.2.840.113549.3.7":      {24, des.NewTripleDESCipher}, // openssl's default before 1.1
}

var prfs = map[string]func() hash.Hash{
	"": sha1.New, "1.2.840.113549.2.7": sha1.New, "1.2.840.113549.2.9": sha256.New,
	"1.2.840.113549.2.10": sha512.New384, "1.2.840.113549.2.11": sha512.New,
}

type encryptedKey struct {
	Algorithm pkix.AlgorithmIdentifier
	Data      []byte
}

type pbes2 struct {
	Derivation, Encryption pkix.AlgorithmIdentifier
}

type pbkdf2Parameters struct {
	Salt       []byte
	Iterations int
	Length     int                      `asn1:"optional"`
	PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
}

func parseEncryptedPKCS8(text, passphrase []byte) (crypto.PrivateKey, error) {
	block, _ := pem.Decode(restoreLines(text))
	if block == nil {
		return nil, errors.New("its PEM is not whole")
	}
	var e encryptedKey
	var scheme pbes2
	var kdf pbkdf2Parameters
	var iv []byte
	if _, err := asn1.Unmarshal(block.Bytes, &e); err != nil {
		return nil, errors.New("its PKCS#8 is not whole")
	}
	unknown := errors.New("its encryption is not known; convert it with ssh-keygen -p")
	if !e.Algorithm.Algorithm.Equal(oidPBES2) {
		return nil, unknown
	}
	if _, err := asn1.Unmarshal(e.Algorithm.Parameters.FullBytes, &scheme); err != nil || !scheme.Derivation.Algorithm.Equal(oidPBKDF2) {
		return nil, unknown
	}
	_, err1 := asn1.Unmarshal(scheme.Derivation.Parameters.FullBytes, &kdf)
	_, err2 := asn1.Unmarshal(scheme.Encryption.Parameters.FullBytes, &iv)
	way, known := ciphers[scheme.Encryption.Algorithm.String()]
	prf := prfs[kdf.PRF.Algorithm.String()]
	switch {
	case err1 != nil || err2 != nil || !known || prf == nil || kdf.Iterations < 1:
		return nil, unknown
	case kdf.Iterations > maxIterations:
		return nil, fmt.Errorf("its passphrase takes more than %d rounds; convert it with ssh-keygen -p", maxIterations)
	}
	if len(passphrase) == 0 {
		return nil, &passphraseError{}
	}
	key, err := pbkdf2.Key(prf, string(passphrase), kdf.Salt, kdf.Iterations, way.key)
	if err != nil {
		return nil, fmt.Errorf("derive key: %w", err)
	}
	c, err := way.make(key)
	if err != nil {
		return nil, fmt.Errorf("decrypt: %w", err)
	}
	if len(iv) != c.BlockSize() || len(e.Data) == 0 || len(e.Data)%c.BlockSize() != 0 {
		return nil, unknown
	}
	plain := make([]byte, len(e.Data))
	cipher.NewCBCDecrypter(c, iv).CryptBlocks(plain, e.Data)
	pad := int(plain[len(plain)-1])
	if pad == 0 || pad > c.BlockSize() {
		return nil, &passphraseError{wrong: true}
	}
	parsed, err := x509.ParsePKCS8PrivateKey(plain[:len(plain)-pad])
	if err != nil {
		return nil, &passphraseError{wrong: true}
	}
	switch k := parsed.(type) {
	case *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey:
		return k, nil
	}
	return nil, fmt.Errorf("keys of kind %T are not supported", parsed)
}
