package anontls

import (
	"crypto/ecdh"
	"fmt"
	"io"
	"math/big"
)

// Group is where the key exchange happens (RFC 8422, section 5.1.1; RFC 7919).
type Group uint16

// Groups that are offered. Servers may choose other finite fields by themselves,
// which are UnnamedField then.
const (
	UnnamedField Group = 0
	P256         Group = 23
	P384         Group = 24
	X25519       Group = 29
	FFDHE2048    Group = 0x0100
	FFDHE3072    Group = 0x0101
)

var groups = []struct {
	id    Group
	name  string
	curve ecdh.Curve // nil: a finite field
	size  int        // of a private key, bytes
}{
	{X25519, "X25519", ecdh.X25519(), 32},
	{P256, "P-256", ecdh.P256(), 32},
	{P384, "P-384", ecdh.P384(), 48},
	{FFDHE2048, "ffdhe2048", nil, 0},
	{FFDHE3072, "ffdhe3072", nil, 0},
}

func (g Group) String() string {
	for _, known := range groups {
		if known.id == g {
			return known.name
		}
	}
	if g == UnnamedField {
		return "finite field"
	}
	return fmt.Sprintf("group %d", uint16(g))
}

// Bounds of finite fields, bits.
const (
	minField = 1024
	maxField = 8192
	// exponent is how long a private exponent is, where the field allows it: twice
	// the strongest key that is agreed on.
	exponent = 512
)

// exchange answers the server's half of the key exchange: our public value as
// ClientKeyExchange has it, and the premaster secret.
type exchange struct {
	public, secret []byte
	group          Group
	bits           int
}

// exchangeCurve is RFC 8422, sections 5.4, 5.7 and 5.10. Anonymous, so nothing is
// signed.
func exchangeCurve(b []byte, rand io.Reader) (*exchange, error) {
	const namedCurve = 3
	c := &cursor{b: b}
	kind, id := c.byte(), Group(c.uint16())
	point := c.take(int(c.byte()))
	if !c.ended() {
		return nil, fail(DecodeError, "malformed key exchange")
	}
	for _, g := range groups {
		if kind != namedCurve || g.id != id || g.curve == nil {
			continue
		}
		theirs, err := g.curve.NewPublicKey(point)
		if err != nil {
			return nil, fail(IllegalParameter, "the server's key is not on %v", id)
		}
		ours, err := privateKey(g.curve, g.size, rand)
		if err != nil {
			return nil, err
		}
		secret, err := ours.ECDH(theirs)
		if err != nil {
			return nil, fail(IllegalParameter, "the server's key makes no secret on %v", id)
		}
		public := ours.PublicKey().Bytes()
		return &exchange{append([]byte{byte(len(public))}, public...), secret, id, 8 * g.size}, nil
	}
	return nil, fail(IllegalParameter, "the server takes %v, which was not offered", id)
}

// privateKey makes a key from the randomness that was passed in. Few numbers are
// beyond the order of a curve.
func privateKey(curve ecdh.Curve, size int, rand io.Reader) (*ecdh.PrivateKey, error) {
	b := make([]byte, size)
	var err error
	for range 64 {
		if _, err = io.ReadFull(rand, b); err != nil {
			break
		}
		var key *ecdh.PrivateKey
		if key, err = curve.NewPrivateKey(b); err == nil {
			return key, nil
		}
	}
	return nil, fmt.Errorf("anonymous tls: randomness: %w", err)
}

// exchangeField is RFC 5246, sections 7.4.3, 7.4.7.2 and 8.1.2.
func exchangeField(b []byte, rand io.Reader) (*exchange, error) {
	c := &cursor{b: b}
	number := func() *big.Int { return new(big.Int).SetBytes(c.take(int(c.uint16()))) }
	p, g, theirs := number(), number(), number()
	if !c.ended() {
		return nil, fail(DecodeError, "malformed key exchange")
	}
	n := p.BitLen()
	if n < minField {
		return nil, fail(InsufficientSecurity, "the server's group has %d bits, which is less than %d", n, minField)
	}
	if n > maxField || p.Bit(0) == 0 {
		return nil, fail(IllegalParameter, "the server's group has %d bits, or is none", n)
	}
	// Neither may lie in a subgroup that everybody knows: 0, 1 and p-1 do.
	least, most := big.NewInt(2), new(big.Int).Sub(p, big.NewInt(2))
	for name, v := range map[string]*big.Int{"generator": g, "public value": theirs} {
		if v.Cmp(least) < 0 || v.Cmp(most) > 0 {
			return nil, fail(IllegalParameter, "the server's %s makes no secret", name)
		}
	}
	size := min(n-1, exponent)
	raw := make([]byte, (size+7)/8)
	if _, err := io.ReadFull(rand, raw); err != nil {
		return nil, fmt.Errorf("anonymous tls: randomness: %w", err)
	}
	x := new(big.Int).SetBytes(raw)
	x.SetBit(x, size-1, 1)
	public := new(big.Int).Exp(g, x, p)
	// Zeros at the beginning are left away (section 8.1.2).
	secret := new(big.Int).Exp(theirs, x, p)
	if secret.Cmp(big.NewInt(1)) <= 0 {
		return nil, fail(IllegalParameter, "the server's public value makes no secret")
	}
	return &exchange{
		counted(nil, func(b []byte) []byte { return append(b, public.Bytes()...) }), secret.Bytes(), UnnamedField, n,
	}, nil
}
