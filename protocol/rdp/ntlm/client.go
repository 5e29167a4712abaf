package ntlm

import (
	"crypto/rc4"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// Config is what a login needs.
type Config struct {
	User, Domain, Password string
	Workstation            string // the client's name; may be empty
	Target                 string // the service: "TERMSRV/host"
	Bindings               []byte // of the TLS connection; nil: none
	Now                    time.Time
	Rand                   io.Reader
}

// Client makes the client's messages. It is used once.
type Client struct {
	cfg       Config
	negotiate []byte
}

// NewClient begins a login.
func NewClient(cfg Config) *Client { return &Client{cfg: cfg} }

// Negotiate is the first message (MS-NLMP 2.2.1.1).
func (c *Client) Negotiate() []byte {
	b := octets.U32(append([]byte(nil), Signature...), typeNegotiate)
	b = octets.U32(b, wanted)
	b = octets.Zeros(b, 8+8) // neither domain nor workstation
	c.negotiate = append(b, version[:]...)
	return c.negotiate
}

// Challenge is a server's challenge (MS-NLMP 2.2.1.2).
type Challenge struct {
	Flags  uint32
	Server []byte // 8 bytes
	Pairs  []Pair
}

// ParseChallenge reads one.
func ParseChallenge(b []byte) (Challenge, error) {
	var ch Challenge
	r, err := readHeader(b, typeChallenge)
	if err != nil {
		return ch, err
	}
	r.Skip(8) // target name
	ch.Flags = r.U32()
	ch.Server = r.Bytes(8)
	r.Skip(8)
	if r.Err() != nil {
		return ch, ErrMessage
	}
	if ch.Flags&FlagTargetInfo != 0 {
		info, err := field(r, b)
		if err != nil {
			return ch, err
		}
		ch.Pairs, err = ParsePairs(info)
		if err != nil {
			return ch, err
		}
	}
	return ch, nil
}

// Authenticate answers a challenge with the last message (MS-NLMP 2.2.1.3), and
// gives the session that it begins.
func (c *Client) Authenticate(challenge []byte) ([]byte, *Session, error) {
	if c.negotiate == nil {
		return nil, nil, errors.New("ntlm: a challenge that was not asked for")
	}
	ch, err := ParseChallenge(challenge)
	if err != nil {
		return nil, nil, err
	}
	if ch.Flags&needed != needed {
		return nil, nil, fmt.Errorf("%w (flags %#x)", ErrWeak, ch.Flags)
	}
	_, computer := Find(ch.Pairs, PairComputer)
	if _, domain := Find(ch.Pairs, PairDomain); !computer || !domain {
		return nil, nil, ErrNames
	}

	var random [8 + 16]byte
	if c.cfg.Rand == nil {
		return nil, nil, errors.New("ntlm: no source of randomness")
	}
	if _, err := io.ReadFull(c.cfg.Rand, random[:]); err != nil {
		return nil, nil, fmt.Errorf("ntlm: randomness: %w", err)
	}
	clientChallenge, exported := random[:8], random[8:]

	now := fileTime(c.cfg.Now)
	pairs, withMIC := c.pairs(ch.Pairs)
	if stamp, ok := Find(ch.Pairs, PairTimestamp); ok {
		if len(stamp) != 8 {
			return nil, nil, ErrMessage
		}
		now = binary.LittleEndian.Uint64(stamp)
	}
	key := Key(c.cfg.User, c.cfg.Domain, c.cfg.Password)
	temp := appendTemp(nil, now, clientChallenge, AppendPairs(nil, pairs))
	proof, base := Response(key, ch.Server, temp)

	flags := ch.Flags & wanted
	lm := make([]byte, 24) // with a time stamp LM's answer stays away
	if !withMIC {
		lm = append(mac(key, ch.Server, clientChallenge), clientChallenge...)
	}
	var encrypted []byte
	if flags&FlagKeyExchange != 0 {
		encrypted = rc4Once(base, exported)
	} else {
		exported = base
	}
	message, micAt := authenticate{
		flags: flags, lm: lm, nt: append(proof, temp...), domain: c.cfg.Domain, user: c.cfg.User,
		workstation: c.cfg.Workstation, key: encrypted, mic: withMIC,
	}.append(nil)
	if withMIC {
		copy(message[micAt:], MIC(exported, c.negotiate, challenge, message))
	}
	session, err := NewSession(exported, flags, true)
	return message, session, err
}

// pairs are the target's with what a client adds: that there is a MIC (when the
// target has the time, MS-NLMP 3.1.5.1.2), the binding to TLS, and which service is
// meant. Windows Server 2025 insists on all three.
func (c *Client) pairs(target []Pair) (pairs []Pair, withMIC bool) {
	pairs = append([]Pair(nil), target...)
	if _, withMIC = Find(target, PairTimestamp); withMIC {
		flags := uint32(flagMIC)
		if v, ok := Find(target, PairFlags); ok && len(v) == 4 {
			flags |= binary.LittleEndian.Uint32(v)
		}
		pairs = set(pairs, PairFlags, fixed(flags))
	}
	bindings := c.cfg.Bindings
	if bindings == nil {
		bindings = make([]byte, 16)
	}
	pairs = set(pairs, PairBindings, bindings)
	pairs = set(pairs, PairTarget, octets.AppendText(nil, c.cfg.Target))
	return pairs, withMIC
}

// authenticate are the parts of the last message.
type authenticate struct {
	flags                     uint32
	lm, nt                    []byte
	domain, user, workstation string
	key                       []byte
	mic                       bool
}

func (a authenticate) append(dst []byte) (message []byte, micAt int) {
	head := len(Signature) + 4 + 6*8 + 4 + len(version)
	micAt = head
	if a.mic {
		head += 16
	}
	domain, user, workstation := octets.AppendText(nil, a.domain), octets.AppendText(nil, a.user), octets.AppendText(nil, a.workstation)
	dst = octets.U32(append(dst, Signature...), typeAuthenticate)
	// The order of the payload is that of the specification's example: names first.
	at := head
	names := at
	at += len(domain) + len(user) + len(workstation)
	field := func(b []byte, from int) {
		dst = octets.U32(octets.U16(octets.U16(dst, uint16(len(b))), uint16(len(b))), uint32(from))
	}
	field(a.lm, at)
	field(a.nt, at+len(a.lm))
	field(domain, names)
	field(user, names+len(domain))
	field(workstation, names+len(domain)+len(user))
	field(a.key, at+len(a.lm)+len(a.nt))
	dst = append(octets.U32(dst, a.flags), version[:]...)
	if a.mic {
		dst = octets.Zeros(dst, 16)
	}
	for _, b := range [][]byte{domain, user, workstation, a.lm, a.nt, a.key} {
		dst = append(dst, b...)
	}
	return dst, micAt
}

// Authentication is a client's last message, as a server reads it.
type Authentication struct {
	Flags                     uint32
	LM, NT                    []byte
	Domain, User, Workstation string
	EncryptedKey              []byte
	MIC                       []byte // in the message: to be zeroed for checking
}

// ParseAuthenticate reads one.
func ParseAuthenticate(b []byte) (Authentication, error) {
	var a Authentication
	r, err := readHeader(b, typeAuthenticate)
	if err != nil {
		return a, err
	}
	var fields [6][]byte
	for i := range fields {
		if fields[i], err = field(r, b); err != nil {
			return a, err
		}
	}
	a.LM, a.NT, a.EncryptedKey = fields[0], fields[1], fields[5]
	a.Domain, a.User, a.Workstation = octets.Text(fields[2]), octets.Text(fields[3]), octets.Text(fields[4])
	a.Flags = r.U32()
	r.Skip(8)
	a.MIC = r.Bytes(16)
	if r.Err() != nil {
		return a, ErrMessage
	}
	return a, nil
}

// fileTime is t in tenths of microseconds since 1601 (MS-DTYP 2.3.3).
func fileTime(t time.Time) uint64 {
	const from1601 = 11644473600
	return uint64(t.Unix()+from1601)*1e7 + uint64(t.Nanosecond()/100)
}

func rc4Once(key, data []byte) []byte {
	c, err := rc4.NewCipher(key)
	if err != nil {
		return nil // not with keys of 16 bytes
	}
	out := make([]byte, len(data))
	c.XORKeyStream(out, data)
	return out
}
