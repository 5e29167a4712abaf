// Package tunnel is what Porthole's own page and the relay say to each other through an
// authority's tunnel, such as authentik's: Guacamole instructions with opcodes of our own,
// which everybody in between passes on and nobody else acts on. docs/tunnel.md is the
// protocol.
//
// The tunnel is the leash of the connection. Through it the relay offers the page a direct
// way; where that is closed, the messages of protocol/wire go through the tunnel itself, cut
// into parts, in base64, with a bounded number of parts on their way.
//
// The package is pure; it knows no sockets. relay/tunnel uses it, and web/js/tunnel.js is
// its counterpart in the page.
package tunnel

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/porthole-rac/porthole/protocol/guac"
)

// Mark is what our page puts into the query value audio, by which the relay knows it from
// authentik's own page. More may follow it, after a space.
const Mark = "porthole.1"

// Version is the one of this protocol.
const Version = 1

// Opcodes. All begin with the same word, so that a reader of a log knows whose they are.
const (
	OpOffer = "porthole"       // relay → page: version, secret, address, protocol
	OpAsk   = "porthole-ask"   // page → relay: another offer, please
	OpData  = "porthole-data"  // both: socket, last (0 or 1), part in base64
	OpAck   = "porthole-ack"   // both: socket, parts taken so far
	OpClose = "porthole-close" // both: socket
)

const (
	// MaxPart is how many bytes of a message one instruction carries. In base64 and
	// compressed by authentik they are just within what its database passes on without a
	// detour (authentik, 8000 bytes of a notification), and well within the 8192 UTF-16
	// units that it allows an instruction of a browser.
	MaxPart = 4096
	// Window is how many parts may be on their way unacknowledged, in each direction.
	// authentik has no back-pressure and drops what is older than a minute.
	Window = 64
	// AckEvery is how many parts are taken before they are acknowledged.
	AckEvery = 16
)

// IsMarked tells whether a page's audio value is that of our own page, of any version.
func IsMarked(audio string) bool {
	name, _, _ := strings.Cut(audio, " ")
	version, ok := strings.CutPrefix(name, "porthole.")
	n, err := strconv.ParseUint(version, 10, 16)
	return ok && err == nil && n > 0
}

// Errors of what a page sends, to be tested with errors.Is.
var (
	ErrInstruction = errors.New("instruction not understood")
	ErrMessage     = errors.New("message too long")
)

// Offer is what the relay tells a page first, and whenever it is asked.
type Offer struct {
	Secret   string // for one direct connection, soon
	Address  string // of the relay for the page; relative to if/rac/ of the page's host; "": there is no direct way
	Protocol string // of the endpoint, by which the page chooses its program
}

// Append appends the instruction.
func (o *Offer) Append(dst []byte) []byte {
	dst = element(dst, OpOffer)
	dst = number(append(dst, ','), Version)
	dst = element(append(dst, ','), o.Secret)
	dst = element(append(dst, ','), o.Address)
	dst = element(append(dst, ','), o.Protocol)
	return append(dst, ';')
}

// AppendData appends one part of a message, at most MaxPart bytes.
func AppendData(dst []byte, socket uint64, last bool, part []byte) []byte {
	dst = element(dst, OpData)
	dst = number(append(dst, ','), socket)
	if last {
		dst = append(dst, ",1.1,"...)
	} else {
		dst = append(dst, ",1.0,"...)
	}
	dst = strconv.AppendInt(dst, int64(base64.StdEncoding.EncodedLen(len(part))), 10)
	dst = append(dst, '.')
	dst = base64.StdEncoding.AppendEncode(dst, part)
	return append(dst, ';')
}

// AppendAck acknowledges all parts of a socket up to a count.
func AppendAck(dst []byte, socket, parts uint64) []byte {
	dst = element(dst, OpAck)
	dst = number(append(dst, ','), socket)
	dst = number(append(dst, ','), parts)
	return append(dst, ';')
}

// AppendClose says that a socket is closed.
func AppendClose(dst []byte, socket uint64) []byte {
	dst = element(dst, OpClose)
	dst = number(append(dst, ','), socket)
	return append(dst, ';')
}

// element appends an element. Its text is ASCII, so that all ways to count agree.
func element(dst []byte, text string) []byte {
	dst = strconv.AppendInt(dst, int64(len(text)), 10)
	return append(append(dst, '.'), text...)
}

func number(dst []byte, n uint64) []byte {
	var b [20]byte
	return element(dst, string(strconv.AppendUint(b[:0], n, 10)))
}

// Data is one part of a message.
type Data struct {
	Socket uint64
	Last   bool
	part   []byte // base64, part of the instruction
}

// ParseData reads an instruction with the opcode OpData.
func ParseData(in *guac.Instruction) (d Data, err error) {
	if len(in.Args) < 3 {
		return d, fmt.Errorf("%s with %d arguments: %w", OpData, len(in.Args), ErrInstruction)
	}
	if d.Socket, err = Number(in, 0); err != nil {
		return d, err
	}
	last, err := Number(in, 1)
	if err != nil {
		return d, err
	}
	d.Last, d.part = last == 1, in.Args[2]
	if last > 1 || base64.StdEncoding.DecodedLen(len(d.part)) > MaxPart+2 {
		return d, fmt.Errorf("%s: %w", OpData, ErrInstruction)
	}
	return d, nil
}

// Decode appends the part's bytes to dst.
func (d *Data) Decode(dst []byte) ([]byte, error) {
	before := len(dst)
	dst, err := base64.StdEncoding.Strict().AppendDecode(dst, d.part)
	if err != nil || len(dst)-before > MaxPart {
		return dst[:before], fmt.Errorf("%s: base64: %w", OpData, ErrInstruction)
	}
	return dst, nil
}

// Number reads an argument that is a whole number, as Append writes them.
func Number(in *guac.Instruction, at int) (uint64, error) {
	p := in.Arg(at)
	if len(p) == 0 || len(p) > 16 {
		return 0, fmt.Errorf("%s: number: %w", in.Opcode, ErrInstruction)
	}
	var n uint64
	for _, c := range p {
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("%s: number: %w", in.Opcode, ErrInstruction)
		}
		n = 10*n + uint64(c-'0')
	}
	return n, nil
}
