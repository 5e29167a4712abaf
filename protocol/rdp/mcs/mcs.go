// Package mcs is the part of T.125 (multipoint communication service) that RDP uses: a
// connection of one domain, in which the client attaches as a user, joins channels
// and sends data on them (MS-RDPBCGR 2.2.1.3 to 2.2.1.9, 2.2.2.3).
//
// Connect messages are BER, all others PER, of both just what occurs here.
package mcs

import (
	"errors"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// FirstUser is what user ids are counted from in PER (T.125: UserId ::= 1001..65535).
const FirstUser = 1001

// Choices of the domain messages (T.125 section 7, part 10).
const (
	erectDomainRequest = 1
	disconnectUltimate = 8
	attachUserRequest  = 10
	attachUserConfirm  = 11
	joinRequest        = 14
	joinConfirm        = 15
	sendDataRequest    = 25
	sendDataIndication = 26
)

// ErrMessage is a message that is not what MCS has.
var ErrMessage = errors.New("not a message of MCS")

// Result is a result of T.125; 0 is success.
type Result byte

var results = [...]string{
	"successful", "domain merging", "domain not hierarchical", "no such channel", "no such domain", "no such user", "not admitted",
	"other user id", "parameters unacceptable", "token not available", "token not possessed", "too many channels", "too many tokens",
	"too many users", "unspecified failure", "user rejected",
}

func (r Result) String() string {
	if int(r) < len(results) {
		return results[r]
	}
	return fmt.Sprintf("result %d", byte(r))
}

// Reason is why a side disconnects (T.125 section 7, part 4).
type Reason byte

// Reasons.
const (
	DomainDisconnected Reason = iota
	ProviderInitiated
	TokenPurged
	UserRequested
	ChannelPurged
)

func (r Reason) String() string {
	switch r {
	case DomainDisconnected:
		return "the domain was disconnected"
	case ProviderInitiated:
		return "the server ended the session"
	case TokenPurged:
		return "a token was purged"
	case UserRequested:
		return "the user asked for it"
	case ChannelPurged:
		return "a channel was purged"
	}
	return fmt.Sprintf("reason %d", byte(r))
}

// Message is a domain message.
type Message struct {
	Kind      Kind
	Result    Result // of confirms
	Reason    Reason // of Disconnect
	Initiator uint16
	Channel   uint16
	Data      []byte // of Data; a part of what was parsed
}

// Kind is what a domain message is.
type Kind byte

// Kinds.
const (
	ErectDomain Kind = iota + 1
	AttachRequest
	AttachConfirm
	JoinRequest
	JoinConfirm
	Data
	Disconnect
)

// Parse reads a domain message.
func Parse(b []byte) (Message, error) {
	r := octets.On(b)
	first := r.U8()
	var m Message
	switch first >> 2 {
	case sendDataIndication, sendDataRequest:
		m.Kind = Data
		m.Initiator = user(r.U16BE())
		m.Channel = r.U16BE()
		r.Skip(1) // priority and segmentation
		n := length(&r)
		if n > r.Len() {
			return m, fmt.Errorf("%w: %d bytes of data announced, %d came", ErrMessage, n, r.Len())
		}
		m.Data = r.Bytes(n)
	case attachUserConfirm:
		m.Kind = AttachConfirm
		m.Result = Result(r.U8() >> 4)
		if first&2 != 0 {
			m.Initiator = user(r.U16BE())
		}
	case joinConfirm:
		m.Kind = JoinConfirm
		m.Result = Result(r.U8() >> 4)
		m.Initiator = user(r.U16BE())
		r.Skip(2) // what was requested
		if first&2 != 0 {
			m.Channel = r.U16BE()
		}
	case disconnectUltimate:
		m.Kind = Disconnect
		m.Reason = Reason(first&3<<1 | r.U8()>>7)
	case erectDomainRequest:
		m.Kind = ErectDomain
	case attachUserRequest:
		m.Kind = AttachRequest
	case joinRequest:
		m.Kind = JoinRequest
		m.Initiator = user(r.U16BE())
		m.Channel = r.U16BE()
	default:
		return m, fmt.Errorf("%w: choice %d", ErrMessage, first>>2)
	}
	if r.Err() != nil {
		return m, fmt.Errorf("%w: %w", ErrMessage, r.Err())
	}
	return m, nil
}

// user is a user id that came in PER; what overflows is nobody's.
func user(n uint16) uint16 {
	if n > 0xffff-FirstUser {
		return 0
	}
	return n + FirstUser
}

// length reads PER's length. Servers use 15 bits where PER has 14 and then splits:
// xrdp does so for more than 16 KB.
func length(r *octets.Reader) int {
	n := int(r.U8())
	if n&0x80 != 0 {
		n = n&0x7f<<8 | int(r.U8())
	}
	return n
}

// AppendErectDomain appends the request that comes first.
func AppendErectDomain(dst []byte) []byte {
	return append(dst, erectDomainRequest<<2, 1, 0, 1, 0)
}

// AppendAttachRequest asks for a user id.
func AppendAttachRequest(dst []byte) []byte { return append(dst, attachUserRequest<<2) }

// AppendAttachConfirm gives one, as a server does.
func AppendAttachConfirm(dst []byte, result Result, id uint16) []byte {
	return octets.U16BE(append(dst, attachUserConfirm<<2|2, byte(result)<<4), id-FirstUser)
}

// AppendJoinRequest asks for a channel.
func AppendJoinRequest(dst []byte, id, channel uint16) []byte {
	return octets.U16BE(octets.U16BE(append(dst, joinRequest<<2), id-FirstUser), channel)
}

// AppendJoinConfirm gives it, as a server does.
func AppendJoinConfirm(dst []byte, result Result, id, channel uint16) []byte {
	dst = octets.U16BE(append(dst, joinConfirm<<2|2, byte(result)<<4), id-FirstUser)
	return octets.U16BE(octets.U16BE(dst, channel), channel)
}

// AppendDisconnect ends the connection.
func AppendDisconnect(dst []byte, why Reason) []byte {
	return append(dst, disconnectUltimate<<2|byte(why)>>1, byte(why)<<7)
}

// DataHeader is how many bytes come before the data of a message.
const DataHeader = 1 /* choice */ + 2 /* initiator */ + 2 /* channel */ + 1 /* priority */ + 2 /* length */

// BeginRequest appends the header of data from the client; EndData sets its length.
func BeginRequest(dst []byte, id, channel uint16) []byte {
	return begin(dst, sendDataRequest, id, channel)
}

// BeginIndication is BeginRequest for a server.
func BeginIndication(dst []byte, id, channel uint16) []byte {
	return begin(dst, sendDataIndication, id, channel)
}

func begin(dst []byte, choice byte, id, channel uint16) []byte {
	dst = octets.U16BE(append(dst, choice<<2), id-FirstUser)
	return append(octets.U16BE(dst, channel), 0x70, 0x80, 0) // high priority, in one piece
}

// EndData sets the length of the data whose header begins at start: at most 32,767
// bytes.
func EndData(dst []byte, start int) ([]byte, error) {
	n := len(dst) - start - DataHeader
	if n > 0x7fff {
		return dst[:start], fmt.Errorf("%d bytes are too many for a message of MCS", n)
	}
	dst[start+6], dst[start+7] = 0x80|byte(n>>8), byte(n)
	return dst, nil
}
