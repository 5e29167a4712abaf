// Package dvc is the client's side of dynamic virtual channels (MS-RDPEDYC), versions 1
// to 3, over the static channel drdynvc.
//
// The server opens channels by name. Names that nobody listens to are refused with a
// status, which is what servers expect. Soft-sync, the move to UDP, is not answered:
// then all stays on the static channel (3.2.5.3.1).
package dvc

import (
	"errors"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// StaticChannel is the channel that all of this is on.
const StaticChannel = "drdynvc"

// Sizes.
const (
	// MaxPDU is the longest message of this protocol.
	MaxPDU = 1600
	// MaxMessage bounds what one channel's message is put together to.
	MaxMessage = 16 << 20
	// MaxOpen bounds the channels open at a time.
	MaxOpen = 64
	maxName = 256
)

// Commands (2.2).
const (
	cmdCreate          = 1
	cmdDataFirst       = 2
	cmdData            = 3
	cmdClose           = 4
	cmdCaps            = 5
	cmdFirstCompressed = 6
	cmdDataCompressed  = 7
	cmdSoftSync        = 8
)

// Statuses of a channel that is asked for (HRESULT).
const (
	statusOK = 0
	// statusNotFound is "element not found", which Windows' client answers for names
	// that it has no listener for.
	statusNotFound = 0x80070490
	statusTooMany  = 0x8007000e // out of memory
)

// ErrMessage is a message that breaks a rule.
var ErrMessage = errors.New("not a message of dynamic channels")

// Decompressor undoes RDP 8.0 Lite bulk compression of one channel (2.2.3.3): data is an
// RDP_SEGMENTED_DATA, what it holds is appended to dst.
type Decompressor interface {
	Decode(dst, p []byte) ([]byte, error)
}

// Config says what is listened to.
type Config struct {
	// Accept tells whether there is a listener for a name. The order in which servers
	// ask may be their order of preference.
	Accept func(name string) bool
	// NewDecompressor makes one for each channel; nil: version 3 is not offered.
	NewDecompressor func() Decompressor
}

// Opened is a channel that was opened.
type Opened struct {
	ID   uint32
	Name string
}

// Data is a part of a message of a channel.
type Data struct {
	ID          uint32
	Name        string
	Total       int // of the message
	Bytes       []byte
	First, Last bool
}

// Closed is a channel that the server closed.
type Closed struct {
	ID   uint32
	Name string
}

// Refused is a channel that the server asked for and that nobody listens to.
type Refused struct{ Name string }

// Event is one of *Opened, *Data, *Closed, *Refused; nil: nothing to be told.
type Event any

type state struct {
	name  string
	total int // of the message that is arriving; 0: none is
	left  int
	lite  Decompressor
}

// Client is the client's manager. It is not safe for concurrent use.
type Client struct {
	cfg     Config
	version uint16
	open    map[uint32]*state
	plain   []byte // data that was compressed
	segment []byte

	ev struct {
		opened  Opened
		data    Data
		closed  Closed
		refused Refused
	}
}

// NewClient awaits the server's capabilities.
func NewClient(cfg Config) *Client { return &Client{cfg: cfg, open: map[uint32]*state{}} }

// Version is what was agreed; 0: the server has not asked yet.
func (c *Client) Version() int { return int(c.version) }

// Next takes one message of the static channel, and gives what is to be answered, if
// anything, and what happened.
func (c *Client) Next(message []byte) (ev Event, reply []byte, err error) {
	r := octets.On(message)
	head := r.U8()
	cmd, sp, width := head>>4, head>>2&3, head&3
	if r.Err() != nil {
		return nil, nil, fmt.Errorf("%w: empty", ErrMessage)
	}
	switch cmd {
	case cmdCaps:
		return c.caps(&r)
	case cmdSoftSync:
		return nil, nil, nil
	}
	id, ok := number(&r, width)
	if !ok {
		return nil, nil, fmt.Errorf("%w: command %d", ErrMessage, cmd)
	}
	switch cmd {
	case cmdCreate:
		return c.create(&r, id, width)
	case cmdClose:
		s := c.open[id]
		if s == nil {
			return nil, nil, nil
		}
		delete(c.open, id)
		c.ev.closed = Closed{id, s.name}
		return &c.ev.closed, AppendClose(nil, id), nil
	case cmdDataFirst, cmdFirstCompressed:
		total, ok := number(&r, sp)
		if !ok {
			return nil, nil, fmt.Errorf("%w: length of a message", ErrMessage)
		}
		if total > MaxMessage {
			return nil, nil, fmt.Errorf("%w: a message of %d bytes", ErrMessage, total)
		}
		s := c.open[id]
		if s == nil {
			return nil, nil, nil // closed meanwhile
		}
		s.total, s.left = int(total), int(total)
		return c.data(id, s, r.Rest(), cmd == cmdFirstCompressed)
	case cmdData, cmdDataCompressed:
		s := c.open[id]
		if s == nil {
			return nil, nil, nil
		}
		return c.data(id, s, r.Rest(), cmd == cmdDataCompressed)
	}
	return nil, nil, fmt.Errorf("%w: command %d", ErrMessage, cmd)
}

func (c *Client) data(id uint32, s *state, b []byte, compressed bool) (Event, []byte, error) {
	if compressed {
		if c.version < 3 {
			return nil, nil, fmt.Errorf("%w: compressed without being asked to", ErrMessage)
		}
		if s.lite == nil {
			s.lite = c.cfg.NewDecompressor()
		}
		// One segment: that bounds what becomes of it (2.2.3.3). In the example of 4.3.4 the
		// byte that says so is missing, and the segment begins with its type.
		const single, lite = 0xe0, 0x06
		switch {
		case len(b) > 0 && b[0] == single:
		case len(b) > 0 && b[0]&0x0f == lite:
			c.segment = append(append(c.segment[:0], single), b...)
			b = c.segment
		default:
			return nil, nil, fmt.Errorf("%w: %s: not one segment", ErrMessage, s.name)
		}
		var err error
		if c.plain, err = s.lite.Decode(c.plain[:0], b); err != nil {
			return nil, nil, fmt.Errorf("%w: %s: %w", ErrMessage, s.name, err)
		}
		b = c.plain
	}
	if s.total == 0 {
		// A message of one piece, without its length.
		s.total, s.left = len(b), len(b)
	}
	first := s.left == s.total
	if len(b) > s.left {
		return nil, nil, fmt.Errorf("%w: %s: %d bytes more than were announced", ErrMessage, s.name, len(b)-s.left)
	}
	s.left -= len(b)
	c.ev.data = Data{ID: id, Name: s.name, Total: s.total, Bytes: b, First: first, Last: s.left == 0}
	if s.left == 0 {
		s.total = 0
	}
	return &c.ev.data, nil, nil
}

func (c *Client) caps(r *octets.Reader) (Event, []byte, error) {
	r.Skip(1)
	offered := r.U16()
	if r.Err() != nil || offered == 0 {
		return nil, nil, fmt.Errorf("%w: capabilities", ErrMessage)
	}
	own := uint16(2)
	if c.cfg.NewDecompressor != nil {
		own = 3
	}
	c.version = min(offered, own)
	return nil, octets.U16([]byte{cmdCaps << 4, 0}, c.version), nil
}

func (c *Client) create(r *octets.Reader, id uint32, width byte) (Event, []byte, error) {
	raw := r.Rest()
	n := len(raw)
	for i, b := range raw {
		if b == 0 {
			n = i
			break
		}
	}
	if n == 0 || n > maxName {
		return nil, nil, fmt.Errorf("%w: a channel's name of %d bytes", ErrMessage, n)
	}
	name := string(raw[:n])
	answer := func(status uint32) []byte {
		b := appendNumber([]byte{cmdCreate<<4 | width}, id, width)
		return octets.U32(b, status)
	}
	switch {
	case c.open[id] != nil:
		return nil, nil, fmt.Errorf("%w: channel %d is open already", ErrMessage, id)
	case c.cfg.Accept == nil || !c.cfg.Accept(name):
		c.ev.refused = Refused{name}
		return &c.ev.refused, answer(statusNotFound), nil
	case len(c.open) >= MaxOpen:
		c.ev.refused = Refused{name}
		return &c.ev.refused, answer(statusTooMany), nil
	}
	c.open[id] = &state{name: name}
	c.ev.opened = Opened{id, name}
	return &c.ev.opened, answer(statusOK), nil
}

// Name is the name of an open channel, or empty.
func (c *Client) Name(id uint32) string {
	if s := c.open[id]; s != nil {
		return s.name
	}
	return ""
}

// Close forgets a channel; AppendClose tells the server.
func (c *Client) Close(id uint32) { delete(c.open, id) }

// number takes a number of 1, 2 or 4 bytes.
func number(r *octets.Reader, width byte) (uint32, bool) {
	var n uint32
	switch width {
	case 0:
		n = uint32(r.U8())
	case 1:
		n = uint32(r.U16())
	case 2:
		n = r.U32()
	default:
		return 0, false
	}
	return n, r.Err() == nil
}

func appendNumber(dst []byte, n uint32, width byte) []byte {
	switch width {
	case 0:
		return append(dst, byte(n))
	case 1:
		return octets.U16(dst, uint16(n))
	}
	return octets.U32(dst, n)
}

func widthOf(n uint32) byte {
	switch {
	case n <= 0xff:
		return 0
	case n <= 0xffff:
		return 1
	}
	return 2
}

// AppendClose closes a channel (2.2.4).
func AppendClose(dst []byte, id uint32) []byte {
	w := widthOf(id)
	return appendNumber(append(dst, cmdClose<<4|w), id, w)
}

// Cut calls send with the messages that carry data on a channel (3.1.5.1). The array
// of the head is used again.
func Cut(id uint32, data []byte, send func(head, data []byte) error) error {
	var room [16]byte
	w := widthOf(id)
	if len(data) > 1590 {
		n := uint32(len(data))
		lw := widthOf(n)
		head := appendNumber(append(room[:0], cmdDataFirst<<4|lw<<2|w), id, w)
		head = appendNumber(head, n, lw)
		k := MaxPDU - len(head)
		if err := send(head, data[:k]); err != nil {
			return err
		}
		data = data[k:]
	}
	for {
		head := appendNumber(append(room[:0], cmdData<<4|w), id, w)
		k := min(len(data), MaxPDU-len(head))
		if err := send(head, data[:k]); err != nil {
			return err
		}
		if data = data[k:]; len(data) == 0 {
			return nil
		}
	}
}
