package ssh

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"

	"golang.org/x/crypto/ssh"
)

// maxKey bounds a private key's text, bytes: enough for RSA of 16,384 bits. What
// reading one costs is bounded by it, and by the bounds of each form's key
// derivation.
const maxKey = 16 << 10

// reading lets two keys be read at a time: deriving a key from a passphrase takes
// memory and time by design.
var reading = make(chan struct{}, 2)

// passphraseError means that a key is encrypted and the passphrase is missing or
// wrong.
type passphraseError struct{ wrong bool }

func (e *passphraseError) Error() string {
	if e.wrong {
		return "the passphrase is wrong"
	}
	return "the key is protected by a passphrase"
}

// parsePrivateKey reads a key in OpenSSH, PEM (PKCS#1, SEC 1, PKCS#8) or PuTTY
// form. The errors never hold parts of the key.
func parsePrivateKey(text, passphrase []byte) (crypto.PrivateKey, error) {
	reading <- struct{}{}
	defer func() { <-reading }()
	text = bytes.TrimSpace(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")))
	if len(text) > maxKey {
		return nil, fmt.Errorf("it is longer than %d bytes", maxKey)
	}
	if isPuTTY(text) {
		return parsePuTTY(text, passphrase)
	}
	if bytes.Contains(text, []byte("BEGIN ENCRYPTED PRIVATE KEY")) {
		return parseEncryptedPKCS8(text, passphrase)
	}
	// Forms and fields that keep everything in one line lose the line breaks.
	text = restoreLines(text)
	key, err := ssh.ParseRawPrivateKey(text)
	var missing *ssh.PassphraseMissingError
	if errors.As(err, &missing) {
		if len(passphrase) == 0 {
			return nil, &passphraseError{}
		}
		key, err = ssh.ParseRawPrivateKeyWithPassphrase(text, passphrase)
		if err != nil {
			return nil, &passphraseError{wrong: true}
		}
	}
	if err != nil {
		return nil, errors.New("it is not in a form that is known")
	}
	switch k := key.(type) {
	case *ed25519.PrivateKey:
		return *k, nil
	case *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey:
		return k, nil
	}
	return nil, fmt.Errorf("keys of kind %T are not supported", key)
}

// restoreLines puts the line breaks of a PEM block back when spaces stand for
// them.
func restoreLines(text []byte) []byte {
	if bytes.ContainsRune(text, '\n') {
		return text
	}
	const dashes = "-----"
	parts := bytes.SplitN(text, []byte(dashes), 5)
	if len(parts) != 5 {
		return text
	}
	body := bytes.ReplaceAll(bytes.TrimSpace(parts[2]), []byte(" "), []byte("\n"))
	return bytes.Join([][]byte{[]byte(dashes), parts[1], []byte(dashes + "\n"), body, []byte("\n" + dashes), parts[3], []byte(dashes + "\n")}, nil)
}
