// Package ntlm is the client's side of NTLMv2 (MS-NLMP), as CredSSP needs it: the three
// messages, and the session that signs and seals afterwards. NTLMv1, LM and anything
// that is not sealed with 128 bits is refused.
//
// Nothing here reads a clock or makes randomness. MD4, MD5 and RC4 are what NTLM is
// made of; they are of no use for anything else, and a process that runs with
// GODEBUG=fips140=only cannot use this package.
package ntlm

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	//lint:ignore SA1019 NTLM hashes the password with MD4 (MS-NLMP 3.3.1)
	"golang.org/x/crypto/md4"

	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// Signature begins every message.
const Signature = "NTLMSSP\x00"

// Types of messages.
const (
	typeNegotiate    = 1
	typeChallenge    = 2
	typeAuthenticate = 3
)

// Flags (MS-NLMP 2.2.2.5).
const (
	FlagUnicode      = 0x00000001
	FlagOEM          = 0x00000002
	FlagTarget       = 0x00000004
	FlagSign         = 0x00000010
	FlagSeal         = 0x00000020
	FlagNTLM         = 0x00000200
	FlagAlwaysSign   = 0x00008000
	FlagTargetServer = 0x00020000
	FlagExtended     = 0x00080000
	FlagTargetInfo   = 0x00800000
	FlagVersion      = 0x02000000
	Flag128          = 0x20000000
	FlagKeyExchange  = 0x40000000
	Flag56           = 0x80000000
)

// wanted is what is asked for, needed what must come of it.
const (
	wanted = FlagUnicode | FlagOEM | FlagTarget | FlagSign | FlagSeal | FlagNTLM | FlagAlwaysSign | FlagExtended |
		FlagTargetInfo | FlagVersion | Flag128 | FlagKeyExchange | Flag56
	needed = FlagUnicode | FlagSeal | FlagSign | FlagExtended | Flag128 | FlagTargetInfo
)

// version is of Windows 10 and revision 15 of NTLM (MS-NLMP 2.2.2.10).
var version = [8]byte{10, 0, 0x63, 0x45, 0, 0, 0, 15}

// Errors.
var (
	ErrMessage = errors.New("not a message of NTLM")
	ErrWeak    = errors.New("the server does not seal NTLM with 128 bits")
	ErrNames   = errors.New("the server's NTLM challenge does not name the server")
	ErrSeal    = errors.New("a sealed message is not from the server")
)

// Key is the response key of an account: NTOWFv2 (MS-NLMP 3.3.2).
func Key(user, domain, password string) []byte {
	h := md4.New()
	h.Write(octets.AppendText(nil, password))
	return mac(h.Sum(nil), octets.AppendText(nil, strings.ToUpper(user)), octets.AppendText(nil, domain))
}

func mac(key []byte, parts ...[]byte) []byte {
	h := hmac.New(md5.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// MIC is the integrity of the three messages, of the last with sixteen zeros in the
// MIC's place (MS-NLMP 3.1.5.1.2).
func MIC(key, negotiate, challenge, authenticate []byte) []byte {
	return mac(key, negotiate, challenge, authenticate)
}

// Response is the answer to a challenge: the proof, which the response begins with,
// and the session base key (MS-NLMP 3.3.2). Temp is what the client adds.
func Response(key, serverChallenge, temp []byte) (proof, base []byte) {
	proof = mac(key, serverChallenge, temp)
	return proof, mac(key, proof)
}

// appendTemp appends what the client adds (NTLMv2_CLIENT_CHALLENGE, MS-NLMP 2.2.2.7).
func appendTemp(dst []byte, time uint64, clientChallenge, pairs []byte) []byte {
	dst = append(dst, 1, 1, 0, 0, 0, 0, 0, 0)
	dst = append(octets.U64(dst, time), clientChallenge...)
	dst = append(octets.Zeros(dst, 4), pairs...)
	return octets.Zeros(dst, 4)
}

// Bindings is the hash that ties a login to a TLS connection: of the channel binding
// tls-server-end-point (RFC 5929 section 4) in the form of RFC 4121 section 4.1.1.2.
// The certificate is the server's, in DER; one that cannot be read gives nil, and the
// login is not tied.
func Bindings(certificate []byte) []byte {
	sum, ok := endPoint(certificate)
	if !ok {
		return nil
	}
	data := append([]byte("tls-server-end-point:"), sum...)
	b := octets.Zeros(nil, 16) // no addresses
	b = append(octets.U32(b, uint32(len(data))), data...)
	h := md5.Sum(b)
	return h[:]
}

// endPoint hashes a certificate with the hash of its signature, or SHA-256 where
// that is MD5, SHA-1, or none.
func endPoint(certificate []byte) ([]byte, bool) {
	s := cryptobyte.String(certificate)
	var outer, tbs, algorithm cryptobyte.String
	if !s.ReadASN1(&outer, asn1.SEQUENCE) || !outer.ReadASN1(&tbs, asn1.SEQUENCE) || !outer.ReadASN1(&algorithm, asn1.SEQUENCE) {
		return nil, false
	}
	var oid cryptobyte.String
	if !algorithm.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
		return nil, false
	}
	switch name := string(oid); {
	case name == sha384RSA || name == sha384ECDSA || name == pssRSA && hasHash(algorithm, sha384):
		h := sha512.Sum384(certificate)
		return h[:], true
	case name == sha512RSA || name == sha512ECDSA || name == pssRSA && hasHash(algorithm, sha512OID):
		h := sha512.Sum512(certificate)
		return h[:], true
	}
	h := sha256.Sum256(certificate)
	return h[:], true
}

// Identifiers of signatures and hashes, as DER has them.
const (
	sha384RSA   = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"
	sha512RSA   = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"
	pssRSA      = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"
	sha384ECDSA = "\x2a\x86\x48\xce\x3d\x04\x03\x03"
	sha512ECDSA = "\x2a\x86\x48\xce\x3d\x04\x03\x04"
	sha384      = "\x60\x86\x48\x01\x65\x03\x04\x02\x02"
	sha512OID   = "\x60\x86\x48\x01\x65\x03\x04\x02\x03"
)

// hasHash tells whether the parameters of RSA-PSS begin with a hash.
func hasHash(parameters cryptobyte.String, want string) bool {
	var all, first, algorithm, oid cryptobyte.String
	return parameters.ReadASN1(&all, asn1.SEQUENCE) && all.ReadASN1(&first, asn1.Tag(0).Constructed().ContextSpecific()) &&
		first.ReadASN1(&algorithm, asn1.SEQUENCE) && algorithm.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) && string(oid) == want
}

// PublicKey is the SubjectPublicKey of a certificate in DER: what CredSSP proves
// that the server has (MS-CSSP 3.1.5). It is read without judging the certificate:
// servers have ones that are long expired, or numbered below zero.
func PublicKey(certificate []byte) ([]byte, error) {
	s := cryptobyte.String(certificate)
	var outer, tbs, info, algorithm cryptobyte.String
	var key []byte
	ok := s.ReadASN1(&outer, asn1.SEQUENCE) && outer.ReadASN1(&tbs, asn1.SEQUENCE) &&
		tbs.SkipOptionalASN1(asn1.Tag(0).Constructed().ContextSpecific()) && // version
		tbs.SkipASN1(asn1.INTEGER) && // serial number
		tbs.SkipASN1(asn1.SEQUENCE) && // signature
		tbs.SkipASN1(asn1.SEQUENCE) && // issuer
		tbs.SkipASN1(asn1.SEQUENCE) && // validity
		tbs.SkipASN1(asn1.SEQUENCE) && // subject
		tbs.ReadASN1(&info, asn1.SEQUENCE) &&
		info.ReadASN1(&algorithm, asn1.SEQUENCE) && info.ReadASN1BitStringAsBytes(&key)
	if !ok {
		return nil, errors.New("the server's certificate cannot be read")
	}
	return key, nil
}

// readHeader checks the beginning of a message and gives the rest.
func readHeader(b []byte, kind uint32) (*octets.Reader, error) {
	r := octets.New(b)
	if string(r.Bytes(len(Signature))) != Signature || r.U32() != kind {
		return nil, ErrMessage
	}
	return r, nil
}

// field takes a field of a message: length, room and offset of its bytes.
func field(r *octets.Reader, message []byte) ([]byte, error) {
	n := int(r.U16())
	r.Skip(2)
	at := r.U32()
	if r.Err() != nil || uint64(at)+uint64(n) > uint64(len(message)) {
		return nil, ErrMessage
	}
	return message[at : int(at)+n], nil
}

// fixed gives the bytes of a number, for hashing.
func fixed(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }
