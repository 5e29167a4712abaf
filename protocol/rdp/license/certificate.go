package license

import (
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// Bounds of certificates.
const (
	maxCertificates = 200
	minModulus      = 512 / 8
	maxModulus      = 8192 / 8
	maxExponent     = 1 << 32 // larger ones are of no use but to take time
)

// ParseCertificate gives the key of a server's certificate (MS-RDPBCGR 2.2.1.4.3.1):
// proprietary, or the last of a chain of X.509. It is not judged: TLS has said who the
// server is, and only a licence is at stake.
func ParseCertificate(b []byte) (*RSA, error) {
	r := octets.New(b)
	switch version := r.U32() & 0x7fffffff; {
	case r.Err() != nil:
		return nil, fmt.Errorf("%w: no certificate", ErrMessage)
	case version == 1:
		return proprietary(r)
	case version == 2:
		n := r.U32()
		if n == 0 || n > maxCertificates {
			return nil, fmt.Errorf("%w: %d certificates", ErrMessage, n)
		}
		var last []byte
		for range n {
			last = r.Bytes(r.Size())
		}
		if r.Err() != nil {
			return nil, fmt.Errorf("%w: %w", ErrMessage, r.Err())
		}
		return fromX509(last)
	default:
		return nil, fmt.Errorf("%w: certificate of version %d", ErrMessage, version)
	}
}

// proprietary reads what comes after the version (MS-RDPBCGR 2.2.1.4.3.1.1).
func proprietary(r *octets.Reader) (*RSA, error) {
	r.Skip(4 /* signature algorithm */ + 4 /* key algorithm */ + 2 /* type of blob */)
	key := octets.New(r.Bytes(int(r.U16())))
	magic := key.U32()
	size := int(key.U32()) - 8
	key.Skip(4 + 4)
	exponent := key.U32()
	modulus := key.Bytes(size)
	if r.Err() != nil || key.Err() != nil || magic != 0x31415352 {
		return nil, fmt.Errorf("%w: certificate", ErrMessage)
	}
	return newRSA(new(big.Int).SetBytes(reversed(modulus)), new(big.Int).SetUint64(uint64(exponent)))
}

func fromX509(der []byte) (*RSA, error) {
	s := cryptobyte.String(der)
	var outer, tbs, info, key cryptobyte.String
	var bits []byte
	n, e := new(big.Int), new(big.Int)
	ok := s.ReadASN1(&outer, asn1.SEQUENCE) && outer.ReadASN1(&tbs, asn1.SEQUENCE) &&
		tbs.SkipOptionalASN1(asn1.Tag(0).Constructed().ContextSpecific()) &&
		tbs.SkipASN1(asn1.INTEGER) && tbs.SkipASN1(asn1.SEQUENCE) && tbs.SkipASN1(asn1.SEQUENCE) &&
		tbs.SkipASN1(asn1.SEQUENCE) && tbs.SkipASN1(asn1.SEQUENCE) &&
		tbs.ReadASN1(&info, asn1.SEQUENCE) && info.SkipASN1(asn1.SEQUENCE) && info.ReadASN1BitStringAsBytes(&bits)
	if !ok {
		return nil, fmt.Errorf("%w: X.509 certificate", ErrMessage)
	}
	s = bits
	if !s.ReadASN1(&key, asn1.SEQUENCE) || !key.ReadASN1Integer(n) || !key.ReadASN1Integer(e) {
		return nil, fmt.Errorf("%w: the certificate's key is not RSA", ErrMessage)
	}
	return newRSA(n, e)
}

func newRSA(n, e *big.Int) (*RSA, error) {
	size := (n.BitLen() + 7) / 8
	if n.Sign() <= 0 || size < minModulus || size > maxModulus || e.Sign() <= 0 || e.Cmp(big.NewInt(maxExponent)) >= 0 {
		return nil, fmt.Errorf("%w: a key of %d bits", ErrMessage, n.BitLen())
	}
	return &RSA{n: n, e: e, size: size}, nil
}
