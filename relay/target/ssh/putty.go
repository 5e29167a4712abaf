package ssh

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/ssh"
)

// PuTTY's key files, versions 2 and 3 (PuTTY User Manual, appendix C).

const (
	puttyMark       = "PuTTY-User-Key-File-"
	maxPuttyLines   = 1024
	maxPuttyMemory  = 128 << 10 // KiB of argon2; PuTTY's default is 8 MiB
	maxPuttyWork    = 2 << 20   // KiB times passes, a few seconds
	maxPuttyThreads = 8
)

var errPuTTY = errors.New("it is not a whole PuTTY key")

func isPuTTY(text []byte) bool { return bytes.HasPrefix(text, []byte(puttyMark)) }

// puttyFile is a file's fields.
type puttyFile struct {
	version    int
	algorithm  string
	encryption string
	comment    string
	public     []byte
	private    []byte
	mac        []byte
	headers    map[string]string
}

func readPuTTY(text []byte) (*puttyFile, error) {
	lines := strings.Split(string(text), "\n")
	if len(lines) > maxPuttyLines {
		return nil, errPuTTY
	}
	f := &puttyFile{headers: make(map[string]string)}
	for len(lines) > 0 {
		name, value, ok := strings.Cut(lines[0], ": ")
		lines = lines[1:]
		if !ok {
			continue
		}
		value = strings.TrimRight(value, "\r")
		f.headers[name] = value
		if name != "Public-Lines" && name != "Private-Lines" {
			continue
		}
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 || n > len(lines) {
			return nil, errPuTTY
		}
		blob, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(strings.Join(lines[:n], ""), "\r", ""))
		if err != nil {
			return nil, errPuTTY
		}
		lines = lines[n:]
		if name == "Public-Lines" {
			f.public = blob
		} else {
			f.private = blob
		}
	}
	for _, v := range []int{2, 3} {
		if a, ok := f.headers[puttyMark+strconv.Itoa(v)]; ok {
			f.version, f.algorithm = v, a
		}
	}
	f.encryption, f.comment = f.headers["Encryption"], f.headers["Comment"]
	mac, err := hex.DecodeString(f.headers["Private-MAC"])
	if err != nil || len(mac) == 0 || len(f.public) == 0 || len(f.private) == 0 {
		return nil, errPuTTY
	}
	f.mac = mac
	switch {
	case f.version == 0:
		return nil, errors.New("it is a PuTTY key of a version that is not known")
	case f.encryption != "none" && f.encryption != "aes256-cbc":
		return nil, fmt.Errorf("its encryption %q is not known", excerpt(f.encryption))
	}
	return f, nil
}

// keys derives what protects the file.
func (f *puttyFile) keys(passphrase []byte) (key, iv, mac []byte, err error) {
	encrypted := f.encryption != "none"
	if f.version == 2 {
		half := func(n byte) []byte {
			h := sha1.Sum(append([]byte{0, 0, 0, n}, passphrase...))
			return h[:]
		}
		macInput := []byte("putty-private-key-file-mac-key")
		if encrypted {
			macInput = append(macInput, passphrase...)
		}
		m := sha1.Sum(macInput)
		return append(half(0), half(1)...)[:32], make([]byte, aes.BlockSize), m[:], nil
	}
	if !encrypted {
		return nil, nil, nil, nil
	}
	number := func(name string, most int) int {
		n, e := strconv.Atoi(f.headers[name])
		if e != nil || n < 1 || n > most {
			err = fmt.Errorf("its %s is not from 1 to %d", name, most)
		}
		return n
	}
	memory, passes, threads := number("Argon2-Memory", maxPuttyMemory), number("Argon2-Passes", maxPuttyWork), number("Argon2-Parallelism", maxPuttyThreads)
	if err == nil && memory > maxPuttyWork/passes {
		err = errors.New("its passphrase takes too much work; save it again with PuTTY's usual values")
	}
	salt, e := hex.DecodeString(f.headers["Argon2-Salt"])
	if e != nil || len(salt) > 64 {
		err = errPuTTY
	}
	if err != nil {
		return nil, nil, nil, err
	}
	const size = 32 + aes.BlockSize + 32
	var out []byte
	switch kind := f.headers["Key-Derivation"]; kind {
	case "Argon2id":
		out = argon2.IDKey(passphrase, salt, uint32(passes), uint32(memory), uint8(threads), size)
	case "Argon2i":
		out = argon2.Key(passphrase, salt, uint32(passes), uint32(memory), uint8(threads), size)
	default:
		return nil, nil, nil, fmt.Errorf("its key derivation %q is not supported; save it again with Argon2id", excerpt(kind))
	}
	return out[:32], out[32 : 32+aes.BlockSize], out[32+aes.BlockSize:], nil
}

func parsePuTTY(text, passphrase []byte) (crypto.PrivateKey, error) {
	f, err := readPuTTY(text)
	if err != nil {
		return nil, err
	}
	encrypted := f.encryption != "none"
	if encrypted && len(passphrase) == 0 {
		return nil, &passphraseError{}
	}
	key, iv, macKey, err := f.keys(passphrase)
	if err != nil {
		return nil, err
	}
	if encrypted {
		if len(f.private)%aes.BlockSize != 0 {
			return nil, errPuTTY
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("decrypt: %w", err)
		}
		cipher.NewCBCDecrypter(block, iv).CryptBlocks(f.private, f.private)
	}
	hash := sha1.New
	if f.version == 3 {
		hash = sha256.New
	}
	m := hmac.New(hash, macKey)
	m.Write(ssh.Marshal(struct{ Algorithm, Encryption, Comment, Public, Private string }{
		f.algorithm, f.encryption, f.comment, string(f.public), string(f.private),
	}))
	if !hmac.Equal(m.Sum(nil), f.mac) {
		if encrypted {
			return nil, &passphraseError{wrong: true}
		}
		return nil, errors.New("it is a PuTTY key that was damaged")
	}
	return f.build()
}

// build makes the key of the two blobs.
func (f *puttyFile) build() (crypto.PrivateKey, error) {
	public, err := ssh.ParsePublicKey(f.public)
	if err != nil {
		return nil, errPuTTY
	}
	cp, ok := public.(ssh.CryptoPublicKey)
	if !ok {
		return nil, errPuTTY
	}
	switch pub := cp.CryptoPublicKey().(type) {
	case *rsa.PublicKey:
		var m struct {
			D, P, Q, Inverse *big.Int
			Rest             []byte `ssh:"rest"`
		}
		if err := ssh.Unmarshal(f.private, &m); err != nil {
			return nil, errPuTTY
		}
		k := &rsa.PrivateKey{PublicKey: *pub, D: m.D, Primes: []*big.Int{m.P, m.Q}}
		if err := k.Validate(); err != nil {
			return nil, errPuTTY
		}
		k.Precompute()
		return k, nil
	case ed25519.PublicKey:
		var m struct {
			Seed []byte
			Rest []byte `ssh:"rest"`
		}
		if err := ssh.Unmarshal(f.private, &m); err != nil || len(m.Seed) > ed25519.SeedSize {
			return nil, errPuTTY
		}
		seed := make([]byte, ed25519.SeedSize)
		copy(seed, m.Seed) // little-endian: trailing zeros may be missing
		k := ed25519.NewKeyFromSeed(seed)
		if !bytes.Equal(k.Public().(ed25519.PublicKey), pub) {
			return nil, errPuTTY
		}
		return k, nil
	case *ecdsa.PublicKey:
		var m struct {
			D    *big.Int
			Rest []byte `ssh:"rest"`
		}
		if err := ssh.Unmarshal(f.private, &m); err != nil {
			return nil, errPuTTY
		}
		return ecdsaKey(pub, m.D)
	}
	return nil, fmt.Errorf("keys of kind %q are not supported", excerpt(f.algorithm))
}

func ecdsaKey(pub *ecdsa.PublicKey, d *big.Int) (crypto.PrivateKey, error) {
	size := (pub.Curve.Params().BitSize + 7) / 8
	if d.Sign() <= 0 || d.BitLen() > 8*size {
		return nil, errPuTTY
	}
	k, err := ecdsa.ParseRawPrivateKey(elliptic.Curve(pub.Curve), d.FillBytes(make([]byte, size)))
	if err != nil || !k.PublicKey.Equal(pub) {
		return nil, errPuTTY
	}
	return k, nil
}
