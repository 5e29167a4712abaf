package rdp

import (
	"fmt"

	"github.com/porthole-rac/porthole/protocol/rdp/caps"
	"github.com/porthole-rac/porthole/protocol/rdp/channel"
	"github.com/porthole-rac/porthole/protocol/rdp/disp"
	"github.com/porthole-rac/porthole/protocol/rdp/dvc"
	"github.com/porthole-rac/porthole/protocol/rdp/gcc"
	"github.com/porthole-rac/porthole/protocol/rdp/input"
	"github.com/porthole-rac/porthole/protocol/rdp/mcs"
	"github.com/porthole-rac/porthole/protocol/rdp/share"
)

// All that sends adds to Output.

// Input sends events of keyboard and mouse. Relative ones need a server that knows
// them (see [Client.RelativeMouse]); otherwise nothing is sent.
func (c *Client) Input(events ...input.Event) error {
	if !c.Active() {
		return ErrInactive
	}
	if !c.RelativeMouse() {
		for _, e := range events {
			if e.Relative() {
				return fmt.Errorf("relative mouse: %w", ErrNotOffered)
			}
		}
	}
	for len(events) > 0 {
		n := min(len(events), input.MaxEvents)
		if c.caps.FastPathInput() {
			c.out = input.AppendFast(c.out, events[:n])
		} else {
			start := c.begin(c.server.IOChannel)
			data := len(c.out)
			c.out = share.EndData(input.AppendSlow(share.BeginData(c.out, share.Input, c.shareID, c.user), events[:n]), data)
			if err := c.end(start); err != nil {
				return err
			}
		}
		events = events[n:]
	}
	return nil
}

// RelativeMouse tells whether the server takes relative movements.
func (c *Client) RelativeMouse() bool { return c.caps.Input&caps.InputMouseRelative != 0 }

// AckFrame says that a frame was shown. The server sends a few frames ahead and then
// waits.
func (c *Client) AckFrame(id uint32) error {
	if !c.Active() {
		return ErrInactive
	}
	start := c.begin(c.server.IOChannel)
	data := len(c.out)
	c.out = share.EndData(share.AppendFrameAck(share.BeginData(c.out, share.FrameAck, c.shareID, c.user), id), data)
	return c.end(start)
}

// Suppress stops the pictures, or lets them come again, as for a window that nobody
// sees.
func (c *Client) Suppress(on bool) error {
	if !c.Active() {
		return ErrInactive
	}
	return c.share(share.SuppressOutput, func(b []byte) []byte { return share.AppendSuppress(b, !on, c.caps.Width, c.caps.Height) })
}

// Refresh asks for the whole picture anew. Servers of RDP 8 do not heed a refresh of
// an area, but do when the pictures are stopped and let come again.
func (c *Client) Refresh() error {
	if !c.Active() {
		return ErrInactive
	}
	if c.caps.SuppressOutput {
		if err := c.Suppress(true); err != nil {
			return err
		}
		if err := c.Suppress(false); err != nil {
			return err
		}
	}
	if !c.caps.RefreshRect {
		return nil
	}
	return c.share(share.RefreshRect, func(b []byte) []byte { return share.AppendRefresh(b, 0, 0, c.caps.Width, c.caps.Height) })
}

// Send sends a message on a static channel of Config.Channels.
func (c *Client) Send(ch int, message []byte) error {
	if ch < 0 || ch >= len(c.cfg.Channels) {
		return fmt.Errorf("rdp: there is no channel %d", ch)
	}
	return c.sendStatic(ch, nil, message)
}

// sendStatic sends a message whose beginning is head.
func (c *Client) sendStatic(ch int, head, message []byte) error {
	if c.err != nil || c.step < stepLicense || ch >= len(c.static) || c.static[ch].id == 0 {
		return ErrInactive
	}
	if len(head) > 0 {
		// A message of dynamic channels is one chunk always.
		start := c.begin(c.static[ch].id)
		c.out = channel.AppendHeader(c.out, len(head)+len(message), channel.First|channel.LastChunk)
		c.out = append(append(c.out, head...), message...)
		return c.end(start)
	}
	extra := uint32(0)
	if ch < len(c.cfg.Channels) && c.cfg.Channels[ch].Options&gcc.OptionShowProtocol != 0 {
		extra = channel.ShowProtocol
	}
	return channel.Cut(message, channel.ChunkSize, extra, func(header, data []byte) error {
		start := c.begin(c.static[ch].id)
		c.out = append(append(c.out, header...), data...)
		return c.end(start)
	})
}

// SendDynamic sends a message on an open dynamic channel.
func (c *Client) SendDynamic(id uint32, message []byte) error {
	if c.dynamic == nil || c.dynamic.Name(id) == "" {
		return fmt.Errorf("rdp: dynamic channel %d is not open", id)
	}
	return dvc.Cut(id, message, func(head, data []byte) error {
		return c.sendStatic(len(c.cfg.Channels), head, data)
	})
}

// CloseDynamic closes a dynamic channel.
func (c *Client) CloseDynamic(id uint32) error {
	if c.dynamic == nil || c.dynamic.Name(id) == "" {
		return nil
	}
	c.dynamic.Close(id)
	return c.sendStatic(len(c.cfg.Channels), nil, dvc.AppendClose(nil, id))
}

func (c *Client) accept(name string) bool { return name == disp.Channel || c.cfg.Dynamic(name) }

// display takes display control out of the events of dynamic channels.
func (c *Client) display(ev dvc.Event) (Event, error) {
	switch e := ev.(type) {
	case *dvc.Opened:
		if e.Name == disp.Channel {
			c.dispID = e.ID
			return nil, nil
		}
	case *dvc.Closed:
		if e.Name == disp.Channel {
			c.dispCaps = nil
			return nil, nil
		}
	case *dvc.Data:
		if e.Name != disp.Channel {
			break
		}
		const most = 1024
		if e.First {
			c.dispBuf = c.dispBuf[:0]
		}
		if len(c.dispBuf)+len(e.Bytes) > most {
			return nil, fmt.Errorf("display control: a message of %d bytes", e.Total)
		}
		c.dispBuf = append(c.dispBuf, e.Bytes...)
		if !e.Last {
			return nil, nil
		}
		caps, err := disp.ParseCaps(c.dispBuf)
		if err != nil {
			return nil, err
		}
		c.dispCaps = &caps
		return &DisplayControl{caps}, nil
	}
	return ev, nil
}

// Resize asks for another size, after DisplayControl. The server answers with
// Deactivated and Active, or through its graphics channel, or not at all. Sizes are
// made possible by disp.Fit before.
func (c *Client) Resize(monitors ...gcc.Monitor) error {
	if !c.Active() {
		return ErrInactive
	}
	if c.dispCaps == nil {
		return ErrNotOffered
	}
	message, err := c.dispCaps.Append(nil, monitors)
	if err != nil {
		return err
	}
	return c.SendDynamic(c.dispID, message)
}

// Shutdown asks the server to end the session's connection. It answers with
// ShutdownDenied when a user is logged on, who would lose nothing: then Disconnect.
func (c *Client) Shutdown() error {
	if !c.Active() {
		return ErrInactive
	}
	return c.share(share.ShutdownRequest, func(b []byte) []byte { return b })
}

// Disconnect says goodbye. The session stays at the server.
func (c *Client) Disconnect() error {
	if c.err != nil || c.step < stepAttach {
		return nil
	}
	c.active, c.step = false, stepEnd
	return c.domain(func(b []byte) []byte { return mcs.AppendDisconnect(b, mcs.UserRequested) })
}
