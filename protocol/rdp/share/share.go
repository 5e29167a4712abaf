// Package share are the messages of T.128 on RDP's main channel (MS-RDPBCGR 2.2.8.1.1.1):
// their headers, those that begin and end a session, and what a server tells besides
// pictures.
package share

import (
	"errors"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// Types of messages (2.2.8.1.1.1.1).
const (
	DemandActive  = 1
	ConfirmActive = 3
	DeactivateAll = 6
	DataMessage   = 7
	Redirection   = 10
)

// Types of data messages (2.2.8.1.1.1.2, MS-RDPRFX 2.2.3.1).
const (
	Update          = 0x02
	Control         = 0x14
	Pointer         = 0x1b
	Input           = 0x1c
	Synchronize     = 0x1f
	RefreshRect     = 0x21
	PlaySound       = 0x22
	SuppressOutput  = 0x23
	ShutdownRequest = 0x24
	ShutdownDenied  = 0x25
	SaveSession     = 0x26
	FontList        = 0x27
	FontMap         = 0x28
	SetIndicators   = 0x29
	SetIMEStatus    = 0x2d
	SetErrorInfo    = 0x2f
	ARCStatus       = 0x32
	StatusInfo      = 0x36
	MonitorLayout   = 0x37
	FrameAck        = 0x38
)

// ServerChannel is the MCS id that servers send from.
const ServerChannel = 0x03ea

const (
	version    = 1 << 4
	streamLow  = 1
	flowMarker = 0x8000 // a length: T.128 flow control, to be ignored
)

// ErrMessage is a message that cannot be read.
var ErrMessage = errors.New("not a message of T.128")

// Message is a message.
type Message struct {
	Type        byte
	Source      uint16
	ShareID     uint32 // of data
	Data        byte   // type of data
	Compression byte   // flags of bulk compression; 0: none
	Length      int    // of the body when decompressed, as announced
	Body        []byte
}

// Parse takes the next message off b; several may follow each other.
func Parse(b []byte) (Message, []byte, error) {
	r := octets.On(b)
	n := int(r.U16())
	if n == flowMarker {
		return Message{}, nil, nil
	}
	kind := r.U16()
	m := Message{Type: byte(kind & 0x0f)}
	if n < 4 || n > len(b) {
		return m, nil, fmt.Errorf("%w: %d bytes announced, %d came", ErrMessage, n, len(b))
	}
	r = octets.On(b[4:n])
	if n > 4 { // Deactivate All of some servers ends here
		m.Source = r.U16()
	}
	if m.Type == DataMessage {
		m.ShareID = r.U32()
		r.Skip(1 /* padding */ + 1 /* stream */)
		m.Length = int(r.U16())
		m.Data = r.U8()
		if c := r.U8(); c&(0x20|0x80) != 0 {
			m.Compression = c
		}
		r.Skip(2) // compressed length: what is left
	}
	m.Body = r.Rest()
	if r.Err() != nil {
		return m, nil, fmt.Errorf("%w: %w", ErrMessage, r.Err())
	}
	return m, b[n:], nil
}

// Begin appends the header of a message that is no data; End sets its length.
func Begin(dst []byte, kind byte, source uint16) []byte {
	return octets.U16(octets.U16(octets.U16(dst, 0), uint16(kind)|version), source)
}

// dataHeader is the size of both headers.
const dataHeader = 6 + 12

// BeginData appends the headers of data; EndData sets the lengths.
func BeginData(dst []byte, kind byte, shareID uint32, source uint16) []byte {
	dst = Begin(dst, DataMessage, source)
	dst = append(octets.U32(dst, shareID), 0, streamLow, 0, 0)
	return append(dst, kind, 0, 0, 0)
}

// End sets the length of the message that begins at start.
func End(dst []byte, start int) []byte {
	n := len(dst) - start
	dst[start], dst[start+1] = byte(n), byte(n>>8)
	return dst
}

// EndData sets the lengths of the data that begins at start.
func EndData(dst []byte, start int) []byte {
	// The uncompressed length counts from its own end, as mstsc has it.
	n := len(dst) - start - dataHeader + 4
	dst[start+12], dst[start+13] = byte(n), byte(n>>8)
	return End(dst, start)
}

// Demand is a Demand Active message (2.2.1.13.1.1).
type Demand struct {
	ShareID uint32
	Source  []byte
	Sets    []byte // of capabilities, from their number on
}

// ParseDemand reads its body.
func ParseDemand(b []byte) (Demand, error) {
	r := octets.On(b)
	d := Demand{ShareID: r.U32()}
	source, sets := int(r.U16()), int(r.U16())
	d.Source, d.Sets = r.Bytes(source), r.Bytes(sets)
	if r.Err() != nil {
		return d, fmt.Errorf("%w: demand active: %w", ErrMessage, r.Err())
	}
	return d, nil
}

// AppendDemand appends its body, as a server does.
func AppendDemand(dst []byte, shareID uint32, sets []byte) []byte {
	source := "RDP\x00"
	dst = octets.U16(octets.U16(octets.U32(dst, shareID), uint16(len(source))), uint16(len(sets)))
	dst = append(append(dst, source...), sets...)
	return octets.U32(dst, 0)
}

// BeginConfirm appends a Confirm Active message's body up to the sets (2.2.1.13.2.1);
// EndConfirm sets their length.
func BeginConfirm(dst []byte, shareID uint32) []byte {
	source := "porthole\x00"
	dst = octets.U16(octets.U32(dst, shareID), ServerChannel)
	dst = octets.U16(octets.U16(dst, uint16(len(source))), 0)
	return append(dst, source...)
}

// EndConfirm sets the length of the sets in a body that begins at start.
func EndConfirm(dst []byte, start int) []byte {
	source := int(dst[start+6])
	n := len(dst) - start - (4 + 2 + 2 + 2) - source
	dst[start+8], dst[start+9] = byte(n), byte(n>>8)
	return dst
}

// ParseConfirm reads its body, as a server does.
func ParseConfirm(b []byte) (shareID uint32, sets []byte, err error) {
	r := octets.On(b)
	shareID = r.U32()
	r.Skip(2)
	source, n := int(r.U16()), int(r.U16())
	r.Skip(source)
	sets = r.Bytes(n)
	return shareID, sets, r.Err()
}

// Actions of Control (2.2.1.15.1).
const (
	RequestControl = 1
	GrantedControl = 2
	Cooperate      = 4
)

// AppendSynchronize appends the body of Synchronize (2.2.1.14.1).
func AppendSynchronize(dst []byte, target uint16) []byte {
	return octets.U16(octets.U16(dst, 1), target)
}

// AppendControl appends the body of Control.
func AppendControl(dst []byte, action uint16) []byte {
	return octets.Zeros(octets.U16(dst, action), 2+4)
}

// AppendFontList appends the body of Font List (2.2.1.18.1): there are none.
func AppendFontList(dst []byte) []byte {
	const firstAndLast, entry = 3, 50
	return octets.U16(octets.U16(octets.Zeros(dst, 4), firstAndLast), entry)
}

// AppendFontMap appends the body of Font Map (2.2.1.22.1), as a server does.
func AppendFontMap(dst []byte) []byte {
	return octets.U16(octets.U16(octets.Zeros(dst, 4), 3), 4)
}

// AppendFrameAck appends the body of a frame's acknowledgement (MS-RDPRFX 2.2.3.1).
func AppendFrameAck(dst []byte, id uint32) []byte { return octets.U32(dst, id) }

// AppendSuppress appends the body of Suppress Output (2.2.11.3.1): nothing is to be
// sent, or again within width and height.
func AppendSuppress(dst []byte, allow bool, width, height int) []byte {
	if !allow {
		return append(dst, 0, 0, 0, 0)
	}
	return appendArea(append(dst, 1, 0, 0, 0), 0, 0, width, height)
}

// AppendRefresh appends the body of Refresh Rect (2.2.11.2.1) with one area.
func AppendRefresh(dst []byte, left, top, width, height int) []byte {
	return appendArea(append(dst, 1, 0, 0, 0), left, top, width, height)
}

// appendArea appends a rectangle whose right and bottom are inside.
func appendArea(dst []byte, left, top, width, height int) []byte {
	dst = octets.U16(octets.U16(dst, uint16(left)), uint16(top))
	return octets.U16(octets.U16(dst, uint16(left+width-1)), uint16(top+height-1))
}
