package gcc

import (
	"fmt"

	"github.com/porthole-rac/porthole/protocol/rdp/octets"
	"github.com/porthole-rac/porthole/protocol/rdp/x224"
)

// Early capabilities of a server (2.2.1.4.2).
const (
	ServerDynamicTimeZone = 0x2
	ServerSkipJoin        = 0x8
)

// Server is all that a server says of itself.
type Server struct {
	Version   Version
	Requested x224.Protocols // what it believes the client asked for
	Early     uint32

	EncryptionMethod, EncryptionLevel uint32 // 0 with TLS
	Certificate                       []byte // of RDP security

	IOChannel      uint16
	Channels       []uint16 // in the order of the request
	MessageChannel uint16   // 0: none
	Multitransport uint32
}

// ParseServer reads a conference create response.
func ParseServer(b []byte) (Server, error) {
	var s Server
	blocks, err := blocksOf(b, "McDn")
	if err != nil {
		return s, err
	}
	core, net := false, false
	err = each(blocks, func(kind uint16, r *octets.Reader) error {
		switch kind {
		case scCore:
			core = true
			s.Version = Version(r.U32())
			if r.Len() >= 4 {
				s.Requested = x224.Protocols(r.U32())
			}
			if r.Len() >= 4 {
				s.Early = r.U32()
			}
		case scSecurity:
			s.EncryptionMethod, s.EncryptionLevel = r.U32(), r.U32()
			if r.Len() >= 8 {
				random, certificate := r.U32(), r.U32()
				if uint64(random)+uint64(certificate) > uint64(r.Len()) {
					return fmt.Errorf("%w: certificate longer than its block", ErrMessage)
				}
				r.Skip(int(random))
				s.Certificate = r.Bytes(int(certificate))
			}
		case scNet:
			net = true
			s.IOChannel = r.U16()
			n := int(r.U16())
			if n > MaxChannels {
				return fmt.Errorf("%w: %d channels", ErrMessage, n)
			}
			for range n {
				s.Channels = append(s.Channels, r.U16())
			}
		case scMessageChannel:
			s.MessageChannel = r.U16()
		case scMultitransport:
			s.Multitransport = r.U32()
		}
		return nil
	})
	if err == nil && (!core || !net) {
		err = fmt.Errorf("%w: the server says nothing of its channels", ErrMessage)
	}
	return s, err
}

// Append appends the conference create response.
func (s Server) Append(dst []byte) []byte {
	blocks := block(nil, scCore, func(b []byte) []byte {
		return octets.U32(octets.U32(octets.U32(b, uint32(s.Version)), uint32(s.Requested)), s.Early)
	})
	blocks = block(blocks, scSecurity, func(b []byte) []byte {
		return octets.U32(octets.U32(b, s.EncryptionMethod), s.EncryptionLevel)
	})
	blocks = block(blocks, scNet, func(b []byte) []byte {
		b = octets.U16(octets.U16(b, s.IOChannel), uint16(len(s.Channels)))
		for _, id := range s.Channels {
			b = octets.U16(b, id)
		}
		return octets.Zeros(b, len(s.Channels)%2*2)
	})
	if s.MessageChannel != 0 {
		blocks = block(blocks, scMessageChannel, func(b []byte) []byte { return octets.U16(b, s.MessageChannel) })
	}
	return appendResponse(dst, blocks)
}
