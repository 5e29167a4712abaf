package rfbtest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/md5"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
	"math/bits"

	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/rfb/ra2"
)

func vncDES(key []byte) cipher.Block {
	var k [8]byte
	copy(k[:], key)
	for i := range k {
		k[i] = bits.Reverse8(k[i])
	}
	block, err := des.NewCipher(k[:])
	if err != nil {
		panic(err)
	}
	return block
}

// vncAuth decrypts the answer to its challenge.
func (c *conn) vncAuth() bool {
	challenge := c.random(16)
	c.write(challenge...)
	got := c.read(16)
	block := vncDES([]byte(c.Password))
	block.Decrypt(got[:8], got[:8])
	block.Decrypt(got[8:], got[8:])
	return bytes.Equal(got, challenge)
}

// holds tells whether a field holds s, a NUL, and randomness: zeros would tell its
// length to whoever sees two logins in ECB.
func holds(b []byte, s string) bool {
	got, rest, ok := bytes.Cut(b, []byte{0})
	return ok && string(got) == s && (len(rest) < 8 || !bytes.Equal(rest, make([]byte, len(rest))))
}

// primes are 2ⁿ − k with the smallest k, by n. That of 4096 bits is only odd, which the
// arithmetic does not mind.
var primes = map[int]int64{64: 59, 1024: 105, 2048: 1557, 4096: 1}

func (c *conn) dh(size int) (generator, modulus, secret, public *big.Int) {
	modulus = new(big.Int).Lsh(big.NewInt(1), uint(8*size))
	modulus.Sub(modulus, big.NewInt(primes[8*size]))
	generator = big.NewInt(5)
	secret = new(big.Int).SetBytes(c.random(size))
	return generator, modulus, secret, new(big.Int).Exp(generator, secret, modulus)
}

func (c *conn) ard() bool {
	size := c.DHBytes
	if size == 0 {
		size = 128
	}
	generator, modulus, secret, public := c.dh(size)
	c.write(0, byte(generator.Int64()), byte(size>>8), byte(size))
	c.write(modulus.FillBytes(make([]byte, size))...)
	c.write(public.FillBytes(make([]byte, size))...)
	sealed := c.read(128)
	theirs := new(big.Int).SetBytes(c.read(size))
	key := md5.Sum(theirs.Exp(theirs, secret, modulus).FillBytes(make([]byte, size)))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err)
	}
	for i := 0; i < len(sealed); i += 16 {
		block.Decrypt(sealed[i:], sealed[i:])
	}
	return holds(sealed[:64], c.Username) && holds(sealed[64:], c.Password)
}

func (c *conn) msLogon() bool {
	generator, modulus, secret, public := c.dh(8)
	for _, n := range []*big.Int{generator, modulus, public} {
		c.write(n.FillBytes(make([]byte, 8))...)
	}
	theirs := new(big.Int).SetBytes(c.read(8))
	user, password := c.read(256), c.read(64)
	key := theirs.Exp(theirs, secret, modulus).FillBytes(make([]byte, 8))
	cipher.NewCBCDecrypter(vncDES(key), key).CryptBlocks(user, user)
	cipher.NewCBCDecrypter(vncDES(key), key).CryptBlocks(password, password)
	return holds(user, c.Username) && holds(password, c.Password)
}

// records is a connection through RSA-AES records.
type records struct {
	rw     io.ReadWriter
	opener *ra2.Opener
	sealer *ra2.Sealer
	plain  []byte
}

func (r *records) Read(p []byte) (int, error) {
	for len(r.plain) == 0 {
		b := make([]byte, 2)
		if _, err := io.ReadFull(r.rw, b); err != nil {
			return 0, err
		}
		b = append(b, make([]byte, ra2.Size(b)-2)...)
		if _, err := io.ReadFull(r.rw, b[2:]); err != nil {
			return 0, err
		}
		var err error
		if r.plain, _, err = r.opener.Next(b); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.plain)
	r.plain = r.plain[n:]
	return n, nil
}

func (r *records) Write(p []byte) (int, error) {
	_, err := r.rw.Write(r.sealer.Append(nil, p))
	return len(p), err
}

// Records puts the record layer around a connection, for the client's side of a test.
func Records(rw io.ReadWriter, start *rfb.StartRecords) io.ReadWriter {
	return &records{rw: rw, opener: start.Opener, sealer: start.Sealer}
}

func (c *conn) ra2(t rfb.Security) (bool, error) {
	wide := t == rfb.SecurityRA256 || t == rfb.SecurityRA256ne || t == rfb.SecurityRA256r
	hash := func(a, b []byte) []byte {
		both := append(append([]byte{}, a...), b...)
		if wide {
			sum := sha256.Sum256(both)
			return sum[:]
		}
		sum := sha1.Sum(both)
		return sum[:]
	}
	size := 16
	if wide {
		size = 32
	}
	own := rfb.AppendRSAKey(nil, &c.Key.PublicKey)
	c.write(own...)
	theirKey := c.read(4)
	n := (int(binary.BigEndian.Uint32(theirKey)) + 7) / 8
	theirKey = append(theirKey, c.read(2*n)...)
	public := &rsa.PublicKey{
		N: new(big.Int).SetBytes(theirKey[4 : 4+n]),
		E: int(new(big.Int).SetBytes(theirKey[4+n:]).Int64()),
	}
	ours := c.random(16)
	//lint:ignore SA1019 RFB's RSA-AES types prescribe it
	sealed, err := rsa.EncryptPKCS1v15(c.Rand, public, ours)
	if err != nil {
		return false, err
	}
	c.write(append(binary.BigEndian.AppendUint16(nil, uint16(len(sealed))), sealed...)...)
	if n := int(binary.BigEndian.Uint16(c.read(2))); n != c.Key.Size() {
		return false, fmt.Errorf("rfbtest: random number of %d bytes", n)
	}
	//lint:ignore SA1019 RFB's RSA-AES types prescribe it
	theirs, err := rsa.DecryptPKCS1v15(c.Rand, c.Key, c.read(c.Key.Size()))
	if err != nil {
		return false, err
	}
	keys := func() *records {
		opener, _ := ra2.NewOpener(hash(ours, theirs)[:size])
		sealer, _ := ra2.NewSealer(hash(theirs, ours)[:size])
		return &records{rw: c.rw, opener: opener, sealer: sealer}
	}
	bare := c.rw
	r := keys()
	c.rw = r
	c.write(hash(own, theirKey)...)
	if want := hash(theirKey, own); !bytes.Equal(c.read(len(want)), want) {
		return false, errors.New("rfbtest: the client's hash differs")
	}
	c.write(c.Kind)
	user := string(c.read(int(c.read(1)[0])))
	password := string(c.read(int(c.read(1)[0])))
	if t == rfb.SecurityRA2r || t == rfb.SecurityRA256r {
		ours = c.random(16)
		c.write(ours...)
		theirs = c.read(16)
		c.rw = bare
		c.rw = keys()
	}
	if t == rfb.SecurityRA2ne || t == rfb.SecurityRA256ne {
		c.rw = bare
	}
	return password == c.Password && (c.Kind == 2 || user == c.Username), nil
}
