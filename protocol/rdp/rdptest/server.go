package rdptest

import (
	"errors"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/rdp/caps"
	"github.com/porthole-rac/porthole/protocol/rdp/channel"
	"github.com/porthole-rac/porthole/protocol/rdp/credssp"
	"github.com/porthole-rac/porthole/protocol/rdp/gcc"
	"github.com/porthole-rac/porthole/protocol/rdp/license"
	"github.com/porthole-rac/porthole/protocol/rdp/mcs"
	"github.com/porthole-rac/porthole/protocol/rdp/octets"
	"github.com/porthole-rac/porthole/protocol/rdp/share"
	"github.com/porthole-rac/porthole/protocol/rdp/x224"
)

// Config is what a server is like. The zero value takes everybody by TLS.
type Config struct {
	Protocols x224.Protocols // that it has; 0: TLS
	Failure   x224.Failure   // refuse with it
	Flags     byte           // of the connection confirm

	// Of the login by CredSSP.
	Host, User, Domain, Password string
	Certificate                  []byte // DER, as TLS has it
	PublicKey                    []byte // prove this one instead: a machine in between
	NoProof                      bool   // leave the proof out
	OldProof                     bool   // prove as version 2, and say that it is
	Version                      int    // of CredSSP; 0: 6
	Status                       uint32 // refuse the login with it
	EarlyResult                  uint32
	WithoutFlags                 uint32 // of NTLM
	NoTimestamp                  bool

	SkipJoin       bool
	MessageChannel bool
	// License: a full exchange; otherwise the client is valid at once, or refused
	// with LicenseError.
	License      bool
	LicenseError uint32
	NoLicensing  bool

	Width, Height int // 0: what the client asks for
	SlowInput     bool
	RelativeMouse bool
}

// Event is one of the pointer types below.
type Event any

// Events of a server.
type (
	StartTLS struct{} // → Secured
	// Login is what came by CredSSP.
	Login struct{ Domain, User, Password string }
	// Settings are the client's.
	Settings struct{ Client gcc.Client }
	// Info is the client's information.
	Info struct{ Info share.ParsedInfo }
	// Licensed has what licensing brought.
	Licensed struct {
		User string
		Kept []byte
	}
	// Active: the client may be drawn to.
	Active struct{ Sets []byte }
	// Data is a data message of the client.
	Data struct {
		Kind byte
		Body []byte
	}
	// FastInput is a frame of input.
	FastInput struct{ Frame []byte }
	// Channel is a message of a static channel.
	Channel struct {
		Name    string
		Message []byte
	}
	// Side is a message of the message channel.
	Side struct {
		Flags uint16
		Body  []byte
	}
	// Disconnected is the client's goodbye.
	Disconnected struct{ Reason mcs.Reason }
)

// Identifiers of MCS.
const (
	IOChannel      = 1003
	User           = 1007
	messageChannel = 1020
	firstChannel   = 1004
	shareID        = 0x103ea
)

// Server is a connection. It is not safe for concurrent use.
type Server struct {
	cfg    Config
	state  state
	wait   bool
	buf    []byte
	out    []byte
	events []Event

	protocol x224.Protocols
	client   gcc.Client
	joined   map[uint16]bool
	login    *login
	license  *licensing
	joiners  map[uint16]*channel.Joiner
}

type state byte

const (
	awaitRequest state = iota
	awaitLogin
	awaitSettings
	awaitDomain
	awaitInfo
	awaitLicense
	awaitConfirm
	active
)

// New awaits a client.
func New(cfg Config) *Server {
	if cfg.Protocols == 0 {
		cfg.Protocols = x224.TLS
	}
	return &Server{cfg: cfg, joined: map[uint16]bool{}, joiners: map[uint16]*channel.Joiner{}}
}

// Next takes bytes of in, all of them unless it waits for Secured, and gives the next
// event.
func (s *Server) Next(in []byte) (Event, int, error) {
	n := 0
	for {
		if len(s.events) > 0 {
			ev := s.events[0]
			s.events = s.events[1:]
			return ev, n, nil
		}
		if s.wait {
			return nil, n, nil
		}
		size, err := s.size()
		if err != nil {
			return nil, n, err
		}
		if size == 0 || len(s.buf) < size {
			if n == len(in) {
				return nil, n, nil
			}
			s.buf = append(s.buf, in[n])
			n++
			continue
		}
		frame := append([]byte(nil), s.buf...)
		s.buf = s.buf[:0]
		if err := s.take(frame); err != nil {
			return nil, n, err
		}
	}
}

func (s *Server) size() (int, error) {
	if s.state == awaitLogin {
		return credssp.Size(s.buf)
	}
	n, _, err := x224.FrameSize(s.buf)
	return n, err
}

// Output gives what is to be sent, once.
func (s *Server) Output() []byte {
	out := s.out
	s.out = nil
	return out
}

// Secured goes on after StartTLS.
func (s *Server) Secured() {
	s.wait = false
	s.state = awaitSettings
	if s.protocol&(x224.Hybrid|x224.HybridEx) != 0 {
		s.state = awaitLogin
		s.login = &login{cfg: &s.cfg}
	}
}

func (s *Server) event(ev Event) { s.events = append(s.events, ev) }

func (s *Server) take(frame []byte) error {
	switch s.state {
	case awaitRequest:
		return s.request(frame)
	case awaitLogin:
		out, done, err := s.login.next(frame)
		s.out = append(s.out, out...)
		if done != nil {
			s.event(done)
			if s.protocol == x224.HybridEx {
				s.out = octets.U32(s.out, s.cfg.EarlyResult)
			}
			s.state = awaitSettings
		}
		return err
	}
	if frame[0]&3 == 0 {
		s.event(&FastInput{frame})
		return nil
	}
	body, err := x224.Data(frame)
	if err != nil {
		return err
	}
	if s.state == awaitSettings {
		return s.settings(body)
	}
	m, err := mcs.Parse(body)
	if err != nil {
		return err
	}
	return s.message(m)
}

func (s *Server) request(frame []byte) error {
	q, err := x224.ParseRequest(frame)
	if err != nil {
		return err
	}
	if s.cfg.Failure != 0 {
		s.out = x224.AppendFailure(s.out, s.cfg.Failure)
		return nil
	}
	for _, p := range []x224.Protocols{x224.HybridEx, x224.Hybrid, x224.TLS} {
		if q.Protocols&s.cfg.Protocols&p != 0 {
			s.protocol = p
			break
		}
	}
	s.out = x224.Confirm{Protocol: s.protocol, Flags: s.cfg.Flags}.Append(s.out)
	s.wait = true
	s.event(&StartTLS{})
	return nil
}

func (s *Server) settings(body []byte) error {
	blocks, err := mcs.ParseConnectInitial(body)
	if err != nil {
		return err
	}
	if s.client, err = gcc.ParseClient(blocks); err != nil {
		return err
	}
	s.event(&Settings{s.client})
	server := gcc.Server{Version: gcc.Version10, Requested: s.protocol, IOChannel: IOChannel}
	if s.cfg.SkipJoin {
		server.Early |= gcc.ServerSkipJoin
	}
	if s.cfg.MessageChannel && s.client.MessageChannel {
		server.MessageChannel = messageChannel
	}
	for i := range s.client.Channels {
		server.Channels = append(server.Channels, uint16(firstChannel+i))
	}
	s.frame(func(b []byte) []byte { return mcs.AppendConnectResponse(b, 0, server.Append(nil)) })
	s.state = awaitDomain
	return nil
}

func (s *Server) frame(body func([]byte) []byte) {
	start := len(s.out)
	var err error
	if s.out, err = x224.End(body(x224.Begin(s.out)), start); err != nil {
		panic(err)
	}
}

// send sends data on a channel.
func (s *Server) send(id uint16, parts ...[]byte) {
	s.frame(func(b []byte) []byte {
		start := len(b)
		b = mcs.BeginIndication(b, share.ServerChannel, id)
		for _, p := range parts {
			b = append(b, p...)
		}
		b, err := mcs.EndData(b, start)
		if err != nil {
			panic(err)
		}
		return b
	})
}

func (s *Server) message(m mcs.Message) error {
	switch m.Kind {
	case mcs.ErectDomain:
	case mcs.AttachRequest:
		s.frame(func(b []byte) []byte { return mcs.AppendAttachConfirm(b, 0, User) })
		s.state = awaitInfo
	case mcs.JoinRequest:
		s.joined[m.Channel] = true
		s.frame(func(b []byte) []byte { return mcs.AppendJoinConfirm(b, 0, m.Initiator, m.Channel) })
	case mcs.Disconnect:
		s.event(&Disconnected{m.Reason})
	case mcs.Data:
		if !s.cfg.SkipJoin && !s.joined[m.Channel] {
			return fmt.Errorf("data on channel %d, which was not joined", m.Channel)
		}
		return s.data(m)
	}
	return nil
}

func (s *Server) data(m mcs.Message) error {
	switch {
	case m.Channel == messageChannel:
		flags, body, err := share.Security(m.Data)
		s.event(&Side{flags, body})
		return err
	case m.Channel != IOChannel:
		return s.channel(m)
	}
	switch s.state {
	case awaitInfo:
		_, body, err := share.Security(m.Data)
		if err != nil {
			return err
		}
		info, err := share.ParseInfo(body)
		if err != nil {
			return err
		}
		s.event(&Info{info})
		s.startLicensing()
		return nil
	case awaitLicense:
		_, body, err := share.Security(m.Data)
		if err != nil {
			return err
		}
		out, done, err := s.license.next(body)
		if err != nil {
			return err
		}
		s.send(IOChannel, share.AppendSecurity(nil, share.SecLicense), out)
		if done {
			s.event(&Licensed{s.license.user, s.license.kept})
			s.demand()
		}
		return nil
	}
	message, _, err := share.Parse(m.Data)
	if err != nil {
		return err
	}
	switch message.Type {
	case share.ConfirmActive:
		id, sets, err := share.ParseConfirm(message.Body)
		if err != nil || id != shareID {
			return errors.New("confirm active")
		}
		s.event(&Active{sets})
	case share.DataMessage:
		if message.Data == share.FontList {
			s.Share(share.Synchronize, share.AppendSynchronize(nil, User))
			s.Share(share.Control, share.AppendControl(nil, share.Cooperate))
			s.Share(share.Control, share.AppendControl(nil, share.GrantedControl))
			s.Share(share.FontMap, share.AppendFontMap(nil))
			s.state = active
			return nil
		}
		s.event(&Data{message.Data, message.Body})
	}
	return nil
}

func (s *Server) startLicensing() {
	switch {
	case s.cfg.NoLicensing:
		s.demand()
	case s.cfg.License:
		s.license = &licensing{key: LicenseKey}
		s.send(IOChannel, share.AppendSecurity(nil, share.SecLicense), s.license.request())
		s.state = awaitLicense
	case s.cfg.LicenseError != 0:
		s.send(IOChannel, share.AppendSecurity(nil, share.SecLicense), license.AppendError(nil, s.cfg.LicenseError, 1))
	default:
		s.send(IOChannel, share.AppendSecurity(nil, share.SecLicense), license.AppendError(nil, license.ValidClient, 2))
		s.demand()
	}
}

// demand sends capabilities.
func (s *Server) demand() {
	width, height := s.cfg.Width, s.cfg.Height
	if width == 0 {
		width, height = s.client.Width, s.client.Height
	}
	s.Share2(share.DemandActive, share.AppendDemand(nil, shareID, s.sets(width, height)))
	s.state = awaitConfirm
}

// sets are the server's capabilities.
func (s *Server) sets(width, height int) []byte {
	b, n := octets.Zeros(nil, 4), 0
	set := func(kind uint16, words ...uint16) {
		b = octets.U16(octets.U16(b, kind), uint16(4+2*len(words)))
		for _, w := range words {
			b = octets.U16(b, w)
		}
		n++
	}
	flags := caps.InputScancodes | caps.InputMouseX | caps.InputUnicode | caps.InputFastPath2
	if s.cfg.SlowInput {
		flags &^= caps.InputFastPath2
	}
	if s.cfg.RelativeMouse {
		flags |= caps.InputMouseRelative
	}
	set(1, 1, 3, 0x0200, 0, 0, 0x041d, 0, 0, 0, 0x0101)
	set(2, 32, 1, 1, 1, uint16(width), uint16(height), 0, 1, 1, 0, 1, 0)
	set(13, uint16(flags), 0)
	set(8, 1, 20, 20)
	b[0] = byte(n)
	return b
}

func (s *Server) channel(m mcs.Message) error {
	i := int(m.Channel) - firstChannel
	if i < 0 || i >= len(s.client.Channels) {
		return fmt.Errorf("data on channel %d", m.Channel)
	}
	chunk, err := channel.Parse(m.Data)
	if err != nil {
		return err
	}
	j := s.joiners[m.Channel]
	if j == nil {
		j = &channel.Joiner{}
		s.joiners[m.Channel] = j
	}
	message, err := j.Next(chunk)
	if message != nil {
		s.event(&Channel{s.client.Channels[i].Name, append([]byte(nil), message...)})
	}
	return err
}
