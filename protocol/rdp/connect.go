package rdp

import (
	"errors"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/rdp/caps"
	"github.com/porthole-rac/porthole/protocol/rdp/credssp"
	"github.com/porthole-rac/porthole/protocol/rdp/dvc"
	"github.com/porthole-rac/porthole/protocol/rdp/gcc"
	"github.com/porthole-rac/porthole/protocol/rdp/license"
	"github.com/porthole-rac/porthole/protocol/rdp/mcs"
	"github.com/porthole-rac/porthole/protocol/rdp/share"
	"github.com/porthole-rac/porthole/protocol/rdp/x224"
)

// confirm reads what the server chose.
func (c *Client) confirm(frame []byte) (Event, error) {
	confirm, err := x224.ParseConfirm(frame, c.cfg.Protocols)
	if err != nil {
		return nil, err
	}
	c.protocol, c.extended = confirm.Protocol, confirm.Flags&x224.ExtendedClientData != 0
	c.step, c.wait = stepTLS, waitTLS
	return &StartTLS{c.protocol}, nil
}

// Secured goes on after StartTLS, when what Next will be given and what Output gives
// go through TLS. The certificate is the server's, in DER. Whether it is to be trusted
// is the owner's matter; NLA proves that the server has its key.
func (c *Client) Secured(certificate []byte) error {
	if c.wait != waitTLS {
		return fmt.Errorf("secured: %w", ErrWaiting)
	}
	c.wait, c.certificate = waitNothing, certificate
	if c.credentials == nil && !c.cfg.NoLogin {
		c.step = stepLogin
		c.wait = waitAnswer
		return nil
	}
	return c.beginLogin()
}

// nla tells whether the login comes before the session.
func (c *Client) nla() bool { return c.protocol&(x224.Hybrid|x224.HybridEx) != 0 }

// Answer gives the credentials that NeedCredentials asked for.
func (c *Client) Answer(credentials Credentials) error {
	if c.wait != waitAnswer {
		return fmt.Errorf("answer: %w", ErrWaiting)
	}
	if c.nla() && credentials.User == "" {
		return errors.New("rdp: the login needs a user name")
	}
	c.credentials, c.wait = &credentials, waitNothing
	return c.beginLogin()
}

func (c *Client) beginLogin() error {
	if !c.nla() {
		return c.settings()
	}
	domain, user := c.credentials.account()
	var err error
	c.cred, err = credssp.NewClient(credssp.Config{
		User: user, Domain: domain, Password: c.credentials.Password, Workstation: c.cfg.ClientName, Host: c.cfg.Host,
		Certificate: c.certificate, Now: c.cfg.Now, Rand: c.cfg.Rand,
	})
	if err != nil {
		return c.failed(err)
	}
	c.step, c.size = stepLogin, c.loginSize
	c.out = append(c.out, c.cred.Start()...)
	return nil
}

// login takes a message of CredSSP.
func (c *Client) login(frame []byte) (Event, error) {
	out, err := c.cred.Next(frame)
	if err != nil {
		return nil, err
	}
	c.out = append(c.out, out...)
	if !c.cred.Done() {
		return nil, nil
	}
	c.cred = nil
	if c.protocol == x224.HybridEx {
		c.step, c.size = stepEarly, earlySize
		return nil, nil
	}
	return nil, c.settings()
}

// early are the abilities that are always told.
const early = gcc.ErrorInfo | gcc.StatusInfo | gcc.StrongKeys | gcc.ConnectionType | gcc.MonitorLayout | gcc.AutoDetect |
	gcc.DynamicTimeZone | gcc.Heartbeat | gcc.SkipJoin | gcc.RelativeMouse

// settings sends the client's settings.
func (c *Client) settings() error {
	channels := append([]gcc.Channel(nil), c.cfg.Channels...)
	if c.cfg.Dynamic != nil {
		options := uint32(gcc.OptionInitialized | gcc.OptionEncrypt | gcc.OptionMedium)
		if c.cfg.NewBulk != nil {
			options |= gcc.OptionCompress
		}
		channels = append(channels, gcc.Channel{Name: dvc.StaticChannel, Options: options})
	}
	client := gcc.Client{
		Version: gcc.Version10_12, Width: c.cfg.Width, Height: c.cfg.Height, Depth: c.cfg.Depth, Keyboard: c.cfg.Keyboard,
		Build: 19041, Name: c.cfg.ClientName, ProductID: c.cfg.ProductID, Early: early, Connection: gcc.LAN, Selected: c.protocol,
		Monitor: c.cfg.Scale, Channels: channels, Console: c.cfg.Console,
		Extended: c.extended, Monitors: c.cfg.Monitors, MessageChannel: true,
	}
	if c.cfg.Graphics && c.cfg.Dynamic != nil {
		client.Early |= gcc.GraphicsChannel
	}
	blocks, err := client.Append(nil)
	if err != nil {
		return err
	}
	for _, ch := range channels {
		c.static = append(c.static, staticChannel{name: ch.Name})
	}
	c.step, c.size = stepSettings, tpktSize
	return c.domain(func(b []byte) []byte { return mcs.AppendConnectInitial(b, blocks) })
}

// settled takes the server's settings, and attaches.
func (c *Client) settled(body []byte) error {
	blocks, err := mcs.ParseConnectResponse(body)
	if err != nil {
		return err
	}
	if c.server, err = gcc.ParseServer(blocks); err != nil {
		return err
	}
	c.server.Certificate = append([]byte(nil), c.server.Certificate...)
	if c.server.EncryptionLevel != 0 || c.server.EncryptionMethod != 0 {
		return errors.New("the server wants RDP's own encryption within TLS")
	}
	if len(c.server.Channels) > len(c.static) {
		return fmt.Errorf("the server has %d channels of the %d asked for", len(c.server.Channels), len(c.static))
	}
	for i, id := range c.server.Channels {
		c.static[i].id = id
	}
	c.step = stepAttach
	if err := c.domain(mcs.AppendErectDomain); err != nil {
		return err
	}
	return c.domain(mcs.AppendAttachRequest)
}

// connecting takes the messages of MCS up to the last channel.
func (c *Client) connecting(m mcs.Message) (Event, error) {
	switch {
	case c.step == stepAttach && m.Kind == mcs.AttachConfirm:
		if m.Result != 0 || m.Initiator == 0 {
			return nil, fmt.Errorf("the server refuses the user (%v)", m.Result)
		}
		c.user, c.step = m.Initiator, stepJoin
		if c.server.Early&gcc.ServerSkipJoin == 0 {
			c.joins = append(c.joins, c.user, c.server.IOChannel)
			if c.server.MessageChannel != 0 {
				c.joins = append(c.joins, c.server.MessageChannel)
			}
			for _, ch := range c.static {
				if ch.id != 0 {
					c.joins = append(c.joins, ch.id)
				}
			}
		}
		return nil, c.join()
	case c.step == stepJoin && m.Kind == mcs.JoinConfirm:
		if m.Result != 0 || len(c.joins) == 0 || m.Channel != c.joins[0] {
			return nil, fmt.Errorf("the server refuses channel %d (%v)", m.Channel, m.Result)
		}
		c.joins = c.joins[1:]
		return nil, c.join()
	}
	return nil, errors.New("a message of MCS out of turn")
}

// join asks for the next channel, or goes on to the client's information. One at a
// time is asked for: that is what servers expect.
func (c *Client) join() error {
	if len(c.joins) > 0 {
		id := c.joins[0]
		return c.domain(func(b []byte) []byte { return mcs.AppendJoinRequest(b, c.user, id) })
	}
	c.step = stepLicense
	machine, user := c.cfg.ClientName, ""
	info := share.Info{
		Flags:       share.InfoMouse | share.InfoNoCtrlAltDel | share.InfoMaximize | share.InfoLogonNotify | share.InfoWindowsKey | share.InfoLogonErrors | share.InfoWheel | share.InfoVideoDisable,
		Compression: -1, Shell: c.cfg.Shell, Dir: c.cfg.Dir, Address: c.cfg.ClientAddress, Zone: c.cfg.Zone,
		Performance: c.cfg.Performance, Cookie: c.cfg.Cookie,
	}
	for _, f := range []struct {
		on   bool
		flag uint32
	}{{c.cfg.NoAudio, share.InfoNoAudio}, {c.cfg.RemoteAudio, share.InfoRemoteAudio}, {c.cfg.AudioCapture, share.InfoAudioCapture}} {
		if f.on {
			info.Flags |= f.flag
		}
	}
	if c.cfg.NewBulk != nil {
		info.Compression = c.cfg.BulkType
	}
	if c.credentials != nil {
		info.Domain, info.User = c.credentials.account()
		info.Password = c.credentials.Password
		user = info.User
		if user != "" {
			info.Flags |= share.InfoAutoLogon
		}
	}
	c.license = license.NewClient(license.Config{
		User: user, Machine: machine, Hardware: c.cfg.Hardware, Find: c.cfg.FindLicense,
		Certificate: c.server.Certificate, Rand: c.cfg.Rand,
	})
	// The password is of no use from here on.
	c.credentials, c.cfg.Credentials, c.cfg.Cookie = nil, nil, nil

	start := c.begin(c.server.IOChannel)
	c.out = share.AppendSecurity(c.out, share.SecInfo)
	var err error
	if c.out, err = info.Append(c.out); err != nil {
		c.out = c.out[:start]
		return err
	}
	return c.end(start)
}

// licensing takes a message of licensing.
func (c *Client) licensing(b []byte) (Event, error) {
	flags, rest, err := share.Security(b)
	if err != nil {
		return nil, err
	}
	if flags&share.SecLicense == 0 {
		// There are servers without licensing, whose next message has no such header.
		if m, _, err := share.Parse(b); err == nil && m.Type == share.DemandActive {
			c.step, c.slow = stepDemand, b
			return nil, nil
		}
		return nil, errors.New("a message that is none of licensing")
	}
	reply, err := c.license.Next(rest)
	if err != nil {
		return nil, err
	}
	if reply != nil {
		start := c.begin(c.server.IOChannel)
		c.out = append(share.AppendSecurity(c.out, share.SecLicense), reply...)
		if err := c.end(start); err != nil {
			return nil, err
		}
	}
	if !c.license.Done() {
		return nil, nil
	}
	c.step = stepDemand
	issued := c.license.Issued()
	c.license = nil
	if issued != nil {
		return &LicenseIssued{*issued}, nil
	}
	return nil, nil
}

// demand takes the server's capabilities and answers with the client's, and with what
// finishes the connection (1.3.1.1, 1.3.1.3).
func (c *Client) demand(body []byte) error {
	d, err := share.ParseDemand(body)
	if err != nil {
		return err
	}
	if c.caps, err = caps.ParseServer(d.Sets); err != nil {
		return err
	}
	c.shareID = d.ShareID
	c.parser.Reset()
	c.bulk = nil
	if c.cfg.NewBulk != nil {
		c.bulk = c.cfg.NewBulk()
	}

	start := c.begin(c.server.IOChannel)
	control := len(c.out)
	c.out = share.Begin(c.out, share.ConfirmActive, c.user)
	confirm := len(c.out)
	c.out = share.BeginConfirm(c.out, c.shareID)
	c.out = caps.Client{
		Width: c.caps.Width, Height: c.caps.Height, Depth: c.cfg.Depth, Keyboard: c.cfg.Keyboard,
		RelativeMouse: c.caps.Input&caps.InputMouseRelative != 0, MaxUpdate: uint32(c.cfg.MaxUpdate),
		RemoteFX: c.cfg.RemoteFX, NSCodec: c.cfg.NSCodec, Frames: c.cfg.Frames, CompressChannels: c.cfg.NewBulk != nil, LossyPlanar: true,
	}.Append(c.out)
	c.out = share.End(share.EndConfirm(c.out, confirm), control)
	if err := c.end(start); err != nil {
		return err
	}
	c.step = stepFinalize
	for _, send := range []func() error{
		func() error {
			return c.share(share.Synchronize, func(b []byte) []byte { return share.AppendSynchronize(b, share.ServerChannel) })
		},
		func() error {
			return c.share(share.Control, func(b []byte) []byte { return share.AppendControl(b, share.Cooperate) })
		},
		func() error {
			return c.share(share.Control, func(b []byte) []byte { return share.AppendControl(b, share.RequestControl) })
		},
		func() error { return c.share(share.FontList, share.AppendFontList) },
	} {
		if err := send(); err != nil {
			return err
		}
	}
	return nil
}

// share sends a data message of the main channel.
func (c *Client) share(kind byte, body func([]byte) []byte) error {
	start := c.begin(c.server.IOChannel)
	data := len(c.out)
	c.out = share.EndData(body(share.BeginData(c.out, kind, c.shareID, c.user)), data)
	return c.end(start)
}

// activated begins the session: at the font map, or at the first picture, which some
// servers (xrdp) send before it.
func (c *Client) activated() Event {
	c.step, c.active = stepSession, true
	c.ev.active = Active{
		Width: c.caps.Width, Height: c.caps.Height, Depth: c.caps.Depth, First: c.first,
		Protocol: c.protocol, Server: &c.server, Caps: &c.caps,
	}
	c.first = false
	return &c.ev.active
}
