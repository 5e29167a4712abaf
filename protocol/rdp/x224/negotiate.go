package x224

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// Protocols are ways to protect a connection (MS-RDPBCGR 2.2.1.1.1). Without a bit it
// is RDP's own security.
type Protocols uint32

// Protocols.
const (
	RDP      Protocols = 0
	TLS      Protocols = 1
	Hybrid   Protocols = 2 // CredSSP (NLA) within TLS
	RDSTLS   Protocols = 4
	HybridEx Protocols = 8 // CredSSP, and the server tells early whether the user may
	AAD      Protocols = 16
)

var protocolNames = []struct {
	bit  Protocols
	name string
}{
	{TLS, "TLS"},
	{Hybrid, "NLA"},
	{RDSTLS, "RDSTLS"},
	{HybridEx, "NLA with early authorization"},
	{AAD, "Entra ID"},
}

func (p Protocols) String() string {
	if p == RDP {
		return "RDP security"
	}
	var names []string
	for _, n := range protocolNames {
		if p&n.bit != 0 {
			names = append(names, n.name)
			p &^= n.bit
		}
	}
	if p != 0 {
		names = append(names, fmt.Sprintf("%#x", uint32(p)))
	}
	return strings.Join(names, ", ")
}

// Flags of a request.
const (
	RestrictedAdmin = 0x01
	flagCorrelation = 0x08
)

// Flags of a confirm: what the server can do (MS-RDPBCGR 2.2.1.2.1).
const (
	ExtendedClientData = 0x01
	GraphicsPipeline   = 0x02
)

const (
	negRequest     = 1
	negResponse    = 2
	negFailure     = 3
	negCorrelation = 6

	maxToken = 180 // the length of X.224 is one byte; the rest of it must fit too
)

// Request is an X.224 connection request.
type Request struct {
	// Token is what a load balancer gave (load-balance-info), without its line end.
	Token string
	// Cookie is the user's name for a load balancer; mstsc sends 9 characters of it.
	// It is left out when there is a token.
	Cookie      string
	Protocols   Protocols
	Flags       byte
	Correlation *[16]byte // names the connection in the server's logs
}

// Append appends the request's frame. Names that would break the line are cut.
func (q Request) Append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, tpktVersion, 0, 0, 0, 0, typeRequest, 0, 0, 0, 0, 0)
	switch line := clean(q.Token, maxToken); {
	case line != "":
		dst = append(append(dst, line...), '\r', '\n')
	case clean(q.Cookie, 9) != "":
		dst = append(append(dst, "Cookie: mstshash="+clean(q.Cookie, 9)...), '\r', '\n')
	}
	flags := q.Flags
	if q.Correlation != nil {
		flags |= flagCorrelation
	}
	dst = append(dst, negRequest, flags, 8, 0)
	dst = octets.U32(dst, uint32(q.Protocols))
	if q.Correlation != nil {
		dst = append(dst, negCorrelation, 0, 36, 0)
		dst = octets.Zeros(append(dst, q.Correlation[:]...), 16)
	}
	return finish(dst, start)
}

// clean cuts s at the first byte that a line cannot have and at most long.
func clean(s string, most int) string {
	for i := range len(s) {
		if s[i] < ' ' || i == most {
			return s[:i]
		}
	}
	return s
}

// ParseRequest reads a connection request's frame, as a server does.
func ParseRequest(frame []byte) (Request, error) {
	var q Request
	rest, err := header(frame, typeRequest)
	if err != nil {
		return q, err
	}
	if line, after, ok := bytes.Cut(rest, []byte("\r\n")); ok {
		rest = after
		if name, ok := bytes.CutPrefix(line, []byte("Cookie: mstshash=")); ok {
			q.Cookie = string(name)
		} else {
			q.Token = string(line)
		}
	}
	if len(rest) == 0 {
		return q, nil
	}
	r := octets.New(rest)
	kind := r.U8()
	q.Flags = r.U8()
	r.Skip(2)
	q.Protocols = Protocols(r.U32())
	if q.Flags&flagCorrelation != 0 {
		r.Skip(4)
		q.Correlation = new([16]byte)
		copy(q.Correlation[:], r.Bytes(16))
		r.Skip(16)
	}
	if r.Err() != nil || kind != negRequest {
		return q, ErrNotRDP
	}
	q.Flags &^= flagCorrelation
	return q, nil
}

// Confirm is a server's answer.
type Confirm struct {
	Protocol Protocols // the one chosen
	Flags    byte
	Plain    bool // a server that does not negotiate: RDP security
}

// Append appends the confirm's frame, as a server does.
func (c Confirm) Append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, tpktVersion, 0, 0, 0, 0, typeConfirm, 0, 0, 0x12, 0x34, 0)
	if !c.Plain {
		dst = append(dst, negResponse, c.Flags, 8, 0)
		dst = octets.U32(dst, uint32(c.Protocol))
	}
	return finish(dst, start)
}

// ParseConfirm reads a connection confirm's frame. What the server refuses is a
// Failure; a choice that was not asked for is an error.
func ParseConfirm(frame []byte, asked Protocols) (Confirm, error) {
	rest, err := header(frame, typeConfirm)
	if err != nil {
		return Confirm{}, err
	}
	c := Confirm{Plain: len(rest) == 0}
	if !c.Plain {
		r := octets.New(rest)
		kind, flags := r.U8(), r.U8()
		r.Skip(2)
		value := r.U32()
		switch {
		case r.Err() != nil:
			return c, ErrNotRDP
		case kind == negFailure:
			return c, Failure(value)
		case kind != negResponse:
			return c, ErrNotRDP
		}
		c.Flags, c.Protocol = flags, Protocols(value)
	}
	if c.Plain && asked != RDP {
		return c, TLSNotAllowed
	}
	if c.Protocol == RDP && asked != RDP {
		// A server that chooses the weakest although others were asked for would be
		// how an attacker asks for it too.
		return c, fmt.Errorf("%w: it chose RDP security", ErrUnasked)
	}
	if c.Protocol&(c.Protocol-1) != 0 || c.Protocol&^asked != 0 {
		return c, fmt.Errorf("%w: it chose %v of %v", ErrUnasked, c.Protocol, asked)
	}
	return c, nil
}

// ErrUnasked is a server's choice that was not offered to it.
var ErrUnasked = errors.New("the server chose a security that was not asked for")

// Failure is why a server refuses what it was asked for (MS-RDPBCGR 2.2.1.2.2).
type Failure uint32

// Failures.
const (
	TLSRequired         Failure = 1
	TLSNotAllowed       Failure = 2
	NoCertificate       Failure = 3
	Inconsistent        Failure = 4
	HybridRequired      Failure = 5
	CertificateRequired Failure = 6
)

var failureTexts = map[Failure]string{
	TLSRequired:         "the server wants TLS",
	TLSNotAllowed:       "the server has only RDP security, neither TLS nor NLA",
	NoCertificate:       "the server has no certificate for TLS",
	Inconsistent:        "the server finds the request inconsistent",
	HybridRequired:      "the server wants network level authentication (NLA)",
	CertificateRequired: "the server wants a certificate of the user (smart card)",
}

func (f Failure) Error() string {
	if t := failureTexts[f]; t != "" {
		return t
	}
	return fmt.Sprintf("the server refuses the connection with code %d", uint32(f))
}

// AppendFailure appends a frame that refuses, as a server does.
func AppendFailure(dst []byte, f Failure) []byte {
	start := len(dst)
	dst = append(dst, tpktVersion, 0, 0, 0, 0, typeConfirm, 0, 0, 0x12, 0x34, 0, negFailure, 0, 8, 0)
	return finish(octets.U32(dst, uint32(f)), start)
}

// Retry tells what to ask for in another connection after err ended one. Tried are
// what was asked so far, the last being the one that ended; nothing of it is given
// again, and nothing that is not allowed. False: there is nothing left to try.
func Retry(tried []Protocols, allowed Protocols, err error) (Protocols, bool) {
	if len(tried) == 0 {
		return allowed, allowed != RDP
	}
	asked := tried[len(tried)-1]
	var f Failure
	var next Protocols
	switch errors.As(err, &f); f {
	case HybridRequired:
		next = TLS | Hybrid
	case TLSRequired:
		next = TLS
	case 0:
		// Closed without a word: servers of long ago do so when they meet bits that
		// they do not know. Ask for less each time.
		switch {
		case asked&HybridEx != 0:
			next = asked &^ HybridEx
		case asked&Hybrid != 0:
			next = TLS
		}
	}
	next &= allowed
	return next, next != RDP && !slices.Contains(tried, next)
}
