package rdptest

import (
	"github.com/porthole-rac/porthole/protocol/rdp/channel"
	"github.com/porthole-rac/porthole/protocol/rdp/mcs"
	"github.com/porthole-rac/porthole/protocol/rdp/octets"
	"github.com/porthole-rac/porthole/protocol/rdp/share"
	"github.com/porthole-rac/porthole/protocol/rdp/update"
)

// Share sends a data message.
func (s *Server) Share(kind byte, body []byte) {
	b := share.BeginData(nil, kind, shareID, share.ServerChannel)
	s.send(IOChannel, share.EndData(append(b, body...), 0))
}

// Share2 sends a message that is no data.
func (s *Server) Share2(kind byte, body []byte) {
	s.send(IOChannel, share.End(append(share.Begin(nil, kind, share.ServerChannel), body...), 0))
}

// Raw sends bytes as they are.
func (s *Server) Raw(b []byte) { s.out = append(s.out, b...) }

// Side sends on the message channel.
func (s *Server) Side(flags uint16, body []byte) {
	s.send(messageChannel, share.AppendSecurity(nil, flags), body)
}

// ErrorInfo says why the end comes.
func (s *Server) ErrorInfo(code share.ErrorInfo) {
	s.Share(share.SetErrorInfo, octets.U32(nil, uint32(code)))
}

// Disconnect ends the connection.
func (s *Server) Disconnect(why mcs.Reason) {
	s.frame(func(b []byte) []byte { return mcs.AppendDisconnect(b, why) })
}

// Resize deactivates the client and demands another size.
func (s *Server) Resize(width, height int) {
	s.Share2(share.DeactivateAll, octets.U16(octets.U32(nil, shareID), 0))
	s.cfg.Width, s.cfg.Height = width, height
	s.demand()
}

// FastPath sends an update in fragments of at most size bytes (0: one).
func (s *Server) FastPath(kind update.Kind, data []byte, size int) {
	if size <= 0 {
		size = 0x3000
	}
	f := update.Fragment(update.Single)
	if len(data) > size {
		f = update.First
	}
	for {
		n := min(size, len(data))
		b := append([]byte{0, 0x80, 0, byte(kind) | byte(f)<<4}, byte(n), byte(n>>8))
		b = append(b, data[:n]...)
		b[1], b[2] = 0x80|byte(len(b)>>8), byte(len(b))
		s.out = append(s.out, b...)
		if data = data[n:]; len(data) == 0 {
			return
		}
		if f = update.Middle; len(data) <= size {
			f = update.Last
		}
	}
}

// Bitmap is the data of an update with one bitmap. RLE and planar are marked as
// compressed, without the header that says nothing.
func Bitmap(left, top, width, height, bpp int, compressed bool, data []byte) []byte {
	b := octets.U16(octets.U16(nil, 1), 1)
	flags := uint16(0)
	if compressed {
		flags = 0x0401
	}
	for _, v := range [...]int{left, top, left + width - 1, top + height - 1, width, height, bpp, int(flags), len(data)} {
		b = octets.U16(b, uint16(v))
	}
	return append(b, data...)
}

// Frame is the data of surface commands: a frame's begin, a picture, its end.
func Frame(id uint32, left, top, width, height int, codec byte, data []byte) []byte {
	b := octets.U32(octets.U16(octets.U16(nil, 4), 0), id)
	b = octets.U16(b, 1)
	for _, v := range [...]int{left, top, left + width, top + height} {
		b = octets.U16(b, uint16(v))
	}
	b = append(b, 32, 0, 0, codec)
	b = octets.U16(octets.U16(b, uint16(width)), uint16(height))
	b = append(octets.U32(b, uint32(len(data))), data...)
	return octets.U32(octets.U16(octets.U16(b, 4), 1), id)
}

// Channel sends a message on a static channel that the client asked for.
func (s *Server) Channel(name string, message []byte) {
	for i, c := range s.client.Channels {
		if c.Name != name {
			continue
		}
		_ = channel.Cut(message, 0, 0, func(header, data []byte) error {
			s.send(uint16(firstChannel+i), header, data)
			return nil
		})
	}
}
