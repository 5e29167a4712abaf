package share

import (
	"fmt"

	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// Flags of the basic security header (2.2.8.1.1.2.1), which with TLS stands before some
// messages only.
const (
	SecTransportRequest = 0x0002
	SecTransportReply   = 0x0004
	SecEncrypt          = 0x0008
	SecInfo             = 0x0040
	SecLicense          = 0x0080
	SecAutoDetect       = 0x1000
	SecAutoDetectReply  = 0x2000
	SecHeartbeat        = 0x4000
)

// AppendSecurity appends the header.
func AppendSecurity(dst []byte, flags uint16) []byte { return octets.U16(octets.U16(dst, flags), 0) }

// Security takes the header off.
func Security(b []byte) (flags uint16, rest []byte, err error) {
	r := octets.On(b)
	flags = r.U16()
	r.Skip(2)
	if r.Err() != nil {
		return 0, nil, fmt.Errorf("%w: security header: %w", ErrMessage, r.Err())
	}
	return flags, r.Rest(), nil
}

// Heartbeat is a server's sign of life (2.2.16.1).
type Heartbeat struct {
	Period          int // seconds between two
	Warn, Reconnect int // how many missed ones mean something
}

// ParseHeartbeat reads one after its security header.
func ParseHeartbeat(b []byte) (Heartbeat, error) {
	r := octets.On(b)
	r.Skip(1)
	h := Heartbeat{int(r.U8()), int(r.U8()), int(r.U8())}
	return h, r.Err()
}

// Detection is a server's message of network detection (2.2.14.1).
type Detection struct {
	Sequence uint16
	Type     DetectionType
	// Of Result, in milliseconds and kilobits a second; what is not told is 0.
	BaseRTT, AverageRTT, Bandwidth uint32
	Payload                        int // bytes that came for measuring
}

// DetectionType is what is asked.
type DetectionType uint16

// Detection types. Those of connecting end in Connect.
const (
	RTT           DetectionType = 0x0001
	RTTConnect    DetectionType = 0x1001
	Start         DetectionType = 0x0014
	StartConnect  DetectionType = 0x1014
	Payload       DetectionType = 0x0002
	Stop          DetectionType = 0x0429
	StopConnect   DetectionType = 0x002b
	ResultRTT     DetectionType = 0x0840
	ResultAverage DetectionType = 0x0880
	ResultAll     DetectionType = 0x08c0
)

// ParseDetection reads one after its security header.
func ParseDetection(b []byte) (Detection, error) {
	r := octets.On(b)
	head := int(r.U8())
	r.Skip(1)
	d := Detection{Sequence: r.U16(), Type: DetectionType(r.U16())}
	switch d.Type {
	case Payload, StopConnect:
		if head >= 8 {
			d.Payload = int(r.U16())
			if d.Payload > r.Len() {
				return d, fmt.Errorf("%w: network detection", ErrMessage)
			}
		}
	case ResultRTT:
		d.BaseRTT, d.AverageRTT = r.U32(), r.U32()
	case ResultAverage:
		d.Bandwidth, d.AverageRTT = r.U32(), r.U32()
	case ResultAll:
		d.BaseRTT, d.Bandwidth, d.AverageRTT = r.U32(), r.U32(), r.U32()
	}
	if r.Err() != nil {
		return d, fmt.Errorf("%w: network detection: %w", ErrMessage, r.Err())
	}
	return d, nil
}

// AppendRTT answers RTT (2.2.14.2.1).
func AppendRTT(dst []byte, sequence uint16) []byte {
	return octets.U16(octets.U16(append(dst, 6, 1), sequence), 0)
}

// AppendBandwidth answers Stop (2.2.14.2.2).
func AppendBandwidth(dst []byte, sequence uint16, connecting bool, milliseconds, bytes uint32) []byte {
	kind := uint16(0x000b)
	if connecting {
		kind = 0x0003
	}
	dst = octets.U16(octets.U16(append(dst, 14, 1), sequence), kind)
	return octets.U32(octets.U32(dst, milliseconds), bytes)
}

// AppendDetection appends a server's question, as a server does. Results have their
// three numbers.
func AppendDetection(dst []byte, d Detection) []byte {
	head := byte(6)
	if d.Type == ResultAll {
		head = 18
	}
	dst = octets.U16(octets.U16(append(dst, head, 0), d.Sequence), uint16(d.Type))
	if d.Type == ResultAll {
		dst = octets.U32(octets.U32(octets.U32(dst, d.BaseRTT), d.Bandwidth), d.AverageRTT)
	}
	return dst
}
