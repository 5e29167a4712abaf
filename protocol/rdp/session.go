package rdp

import (
	"errors"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/rdp/channel"
	"github.com/porthole-rac/porthole/protocol/rdp/dvc"
	"github.com/porthole-rac/porthole/protocol/rdp/mcs"
	"github.com/porthole-rac/porthole/protocol/rdp/octets"
	"github.com/porthole-rac/porthole/protocol/rdp/share"
	"github.com/porthole-rac/porthole/protocol/rdp/update"
)

// errBulk is compressed data that nobody asked for.
var errBulk = errors.New("compressed without being asked to")

// resume reports what is left of the frame before.
func (c *Client) resume() (Event, error) {
	for {
		switch {
		case c.later != nil:
			ev := c.later
			c.later = nil
			return ev, nil
		case c.wait == waitAnswer && c.step == stepLogin && !c.asked:
			c.asked = true
			return &NeedCredentials{Protocol: c.protocol, Required: c.nla()}, nil
		case c.updating:
			ev, err := c.parser.Next()
			if err != nil {
				return nil, err
			}
			switch ev := ev.(type) {
			case nil:
				c.updating = false
			case *update.Skipped:
				c.ev.ignored = Ignored{ev.Kind.String()}
				return &c.ev.ignored, nil
			default:
				return ev, nil
			}
		case len(c.fast) > 0:
			if c.step == stepFinalize {
				return c.activated(), nil
			}
			piece, rest, err := update.NextPiece(c.fast)
			if err != nil {
				return nil, err
			}
			c.fast = rest
			if piece.Compression != 0 {
				if piece.Data, err = c.unbulk(piece.Compression, piece.Data); err != nil {
					return nil, err
				}
			}
			if err := c.update(piece.Kind, piece.Fragment, piece.Data); err != nil {
				return nil, err
			}
		case len(c.slow) > 0:
			m, rest, err := share.Parse(c.slow)
			if err != nil {
				return nil, err
			}
			if c.step == stepFinalize && m.Type == share.DataMessage && (m.Data == share.Update || m.Data == share.Pointer) {
				return c.activated(), nil
			}
			c.slow = rest
			if ev, err := c.shared(m); ev != nil || err != nil {
				return ev, err
			}
		default:
			return nil, nil
		}
	}
}

func (c *Client) update(kind update.Kind, f update.Fragment, data []byte) error {
	if err := c.parser.Begin(kind, f, data); err != nil {
		return err
	}
	c.updating = true
	return nil
}

func (c *Client) unbulk(flags byte, data []byte) ([]byte, error) {
	if c.bulk == nil {
		return nil, errBulk
	}
	return c.bulk.Decode(flags, data)
}

// message takes a message of MCS.
func (c *Client) message(m mcs.Message) (Event, error) {
	switch m.Kind {
	case mcs.Disconnect:
		return nil, c.ended(m.Reason, true)
	case mcs.Data:
		if c.step < stepLicense {
			return nil, errors.New("data before the channels are joined")
		}
	default:
		return c.connecting(m)
	}
	switch {
	case m.Channel == c.server.IOChannel:
		if c.step == stepLicense {
			return c.licensing(m.Data)
		}
		c.slow = m.Data
		return nil, nil
	case m.Channel == c.server.MessageChannel && m.Channel != 0:
		return c.side(m.Data)
	}
	for i := range c.static {
		if ch := &c.static[i]; ch.id == m.Channel && ch.id != 0 {
			return c.channel(i, m.Data)
		}
	}
	return nil, nil // on the user's own channel, or on none
}

// shared takes a message of the main channel.
func (c *Client) shared(m share.Message) (Event, error) {
	switch m.Type {
	case share.DemandActive:
		c.active = false
		return nil, c.demand(m.Body)
	case share.DeactivateAll:
		if c.step == stepDemand {
			return nil, nil
		}
		c.active, c.step = false, stepDemand
		c.parser.Reset()
		return &c.ev.deactivated, nil
	case share.Redirection:
		return &Redirected{m.Body}, nil
	case share.DataMessage:
		if m.Compression != 0 {
			var err error
			if m.Body, err = c.unbulk(m.Compression, m.Body); err != nil {
				return nil, err
			}
		}
		return c.data(m)
	case 0: // flow control
		return nil, nil
	}
	c.ev.ignored = Ignored{fmt.Sprintf("message %d of the main channel", m.Type)}
	return &c.ev.ignored, nil
}

// data takes a data message.
func (c *Client) data(m share.Message) (Event, error) {
	r := octets.On(m.Body)
	switch m.Data {
	case share.SetErrorInfo:
		c.info = share.ErrorInfo(r.U32())
		if r.Err() != nil || c.info == share.NoError {
			return nil, r.Err()
		}
		return &ErrorInfo{c.info}, nil
	case share.FontMap:
		if c.step == stepFinalize {
			return c.activated(), nil
		}
		return nil, nil
	case share.Synchronize, share.Control:
		return nil, nil
	case share.Update, share.Pointer:
		if c.step == stepDemand {
			return nil, nil // it is of the desktop that is no more
		}
		read := update.SlowPath
		if m.Data == share.Pointer {
			read = update.SlowPathPointer
		}
		kind, data, err := read(m.Body)
		if err != nil {
			return nil, err
		}
		return nil, c.update(kind, update.Single, data)
	case share.SaveSession:
		return c.notice(m.Body)
	case share.SetIndicators:
		r.Skip(2)
		c.ev.indicators = Indicators{r.U16()}
		return &c.ev.indicators, r.Err()
	case share.SetIMEStatus:
		r.Skip(2)
		return &IME{r.U32(), r.U32()}, r.Err()
	case share.PlaySound:
		c.ev.beep = Beep{r.U32(), r.U32()}
		return &c.ev.beep, r.Err()
	case share.ShutdownDenied:
		return &ShutdownDenied{}, nil
	case share.ARCStatus:
		return &ReconnectFailed{}, nil
	case share.StatusInfo:
		return &Status{share.Status(r.U32())}, r.Err()
	case share.MonitorLayout:
		monitors, err := share.ParseMonitors(m.Body)
		return &MonitorLayout{monitors}, err
	}
	c.ev.ignored = Ignored{fmt.Sprintf("data message %#x", m.Data)}
	return &c.ev.ignored, nil
}

func (c *Client) notice(body []byte) (Event, error) {
	n, err := share.ParseNotice(body)
	if err != nil {
		return nil, err
	}
	switch n := n.(type) {
	case *share.Logon:
		return &LoggedOn{*n}, nil
	case *share.LogonPlain:
		return &LoggedOn{}, nil
	case *share.LogonExtended:
		if n.Error != nil && !n.Error.Continues() {
			c.later = &LoginNotice{*n.Error}
		}
		if n.Cookie != nil {
			return &ReconnectCookie{*n.Cookie}, nil
		}
	}
	return nil, nil
}

// side takes a message of the message channel.
func (c *Client) side(b []byte) (Event, error) {
	flags, rest, err := share.Security(b)
	if err != nil {
		return nil, err
	}
	switch {
	case flags&share.SecAutoDetect != 0:
		d, err := share.ParseDetection(rest)
		if err != nil {
			return nil, err
		}
		return c.detect(d)
	case flags&share.SecHeartbeat != 0:
		h, err := share.ParseHeartbeat(rest)
		c.ev.heartbeat = Heartbeat{h}
		return &c.ev.heartbeat, err
	case flags&share.SecTransportRequest != 0:
		// UDP: it was not offered. The answer is that it could not be had (2.2.15.2).
		const abort = 0x80004004
		r := octets.On(rest)
		id := r.U32()
		if r.Err() != nil {
			return nil, r.Err()
		}
		return nil, c.reply(share.SecTransportReply, func(b []byte) []byte { return octets.U32(octets.U32(b, id), abort) })
	}
	return nil, nil
}

// reply sends on the message channel.
func (c *Client) reply(flags uint16, body func([]byte) []byte) error {
	start := c.begin(c.server.MessageChannel)
	c.out = body(share.AppendSecurity(c.out, flags))
	return c.end(start)
}

// detect answers what the server measures (2.2.14). Bytes are counted as they come, so
// the figure is true to what the connection carried.
func (c *Client) detect(d share.Detection) (Event, error) {
	switch d.Type {
	case share.RTT, share.RTTConnect:
		return nil, c.reply(share.SecAutoDetectReply, func(b []byte) []byte { return share.AppendRTT(b, d.Sequence) })
	case share.Start, share.StartConnect:
		c.measure = measure{since: c.now, from: c.offset, on: true}
	case share.Payload:
		c.measure.extra += uint32(d.Payload)
	case share.Stop, share.StopConnect:
		connecting := d.Type == share.StopConnect
		m := c.measure
		c.measure = measure{}
		if !m.on {
			return nil, nil
		}
		count := uint32(min(c.offset-m.from, 1<<32-1))
		if connecting {
			count = m.extra + uint32(d.Payload)
		}
		took := uint32(min((c.now - m.since).Milliseconds(), 1<<32-1))
		return nil, c.reply(share.SecAutoDetectReply, func(b []byte) []byte {
			return share.AppendBandwidth(b, d.Sequence, connecting, took, count)
		})
	case share.ResultRTT, share.ResultAverage, share.ResultAll:
		c.ev.network = Network{d.BaseRTT, d.AverageRTT, d.Bandwidth}
		return &c.ev.network, nil
	}
	return nil, nil
}

// channel takes a chunk of a static channel.
func (c *Client) channel(i int, b []byte) (Event, error) {
	ch := &c.static[i]
	chunk, err := channel.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ch.name, err)
	}
	if chunk.Compression != 0 {
		if ch.bulk == nil {
			if c.cfg.NewBulk == nil {
				return nil, fmt.Errorf("%s: %w", ch.name, errBulk)
			}
			ch.bulk = c.cfg.NewBulk()
		}
		if chunk.Data, err = ch.bulk.Decode(chunk.Compression, chunk.Data); err != nil {
			return nil, fmt.Errorf("%s: %w", ch.name, err)
		}
	}
	if i == len(c.cfg.Channels) {
		return c.dynamicChunk(chunk)
	}
	if err := ch.track.Next(chunk); err != nil {
		return nil, fmt.Errorf("%s: %w", ch.name, err)
	}
	c.ev.channel = ChannelData{Channel: i, Name: ch.name, Total: chunk.Total, Bytes: chunk.Data, First: chunk.First, Last: chunk.Last}
	return &c.ev.channel, nil
}

// maxDynamic bounds a message of drdynvc. Its own messages have 1,600 bytes; servers
// that agree on larger chunks may have larger ones.
const maxDynamic = 64 << 10

func (c *Client) dynamicChunk(chunk channel.Chunk) (Event, error) {
	c.dynJoin.Max = maxDynamic
	message, err := c.dynJoin.Next(chunk)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dvc.StaticChannel, err)
	}
	if message == nil {
		return nil, nil
	}
	if c.dynamic == nil {
		c.dynamic = dvc.NewClient(dvc.Config{Accept: c.accept, NewDecompressor: c.cfg.NewLite})
	}
	ev, reply, err := c.dynamic.Next(message)
	if err != nil {
		return nil, err
	}
	if reply != nil {
		if err := c.sendStatic(len(c.cfg.Channels), nil, reply); err != nil {
			return nil, err
		}
	}
	return c.display(ev)
}
