package share

import (
	"fmt"

	"github.com/porthole-rac/porthole/protocol/rdp/gcc"
	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// Notice is what a server tells about the session (Save Session Info, 2.2.10.1): one of
// *Logon, *LogonPlain, *LogonExtended.
type Notice any

// Logon says who logged on.
type Logon struct {
	Domain, User string
	Session      uint32
}

// LogonPlain says that somebody did.
type LogonPlain struct{}

// LogonExtended has a cookie for coming back, or a notice of the login, or both.
type LogonExtended struct {
	Cookie *Cookie
	Error  *LogonError
}

// LogonError is what the login screen is showing (2.2.10.1.1.4.1.1).
type LogonError struct{ Type, Data uint32 }

// String says it in words.
func (e LogonError) String() string {
	switch e.Type {
	case 0xfffffff8:
		return "the session is busy"
	case 0xfffffff9:
		return "disconnecting was refused"
	case 0xfffffffa:
		return "the user has no permission"
	case 0xfffffffb, 0xfffffffc:
		return "the server asks which session to take"
	case 0xfffffffd:
		return "the session is being ended"
	case 0xfffffffe:
		return "the login goes on"
	case 0xffffffff:
		return "the login failed"
	}
	switch e.Data {
	case 0:
		return "the user name or the password is wrong"
	case 1:
		return "the password must be changed"
	case 2:
		return "the login failed"
	case 3:
		return "the login screen shows a warning"
	}
	return fmt.Sprintf("the login gives code %#x", e.Type)
}

// Continues tells whether it is a step on the way and no problem.
func (e LogonError) Continues() bool { return e.Type == 0xfffffffe }

// Cookie lets a client back into its session after the network failed (2.2.4.2). It is
// worth a password: it is kept in memory only.
type Cookie struct {
	Session uint32
	Random  [16]byte
}

// String hides it.
func (Cookie) String() string { return "[cookie]" }

// GoString hides it.
func (Cookie) GoString() string { return "[cookie]" }

// ParseNotice reads a body.
func ParseNotice(b []byte) (Notice, error) {
	r := octets.New(b)
	var n Notice
	switch kind := r.U32(); kind {
	case 0:
		size := int(min(r.U32(), 52))
		domain := r.Bytes(52)
		userSize := int(min(r.U32(), 512))
		user := r.Bytes(512)
		if r.Err() != nil {
			break
		}
		n = &Logon{Domain: octets.Text(domain[:size]), User: octets.Text(user[:userSize]), Session: r.U32()}
	case 1:
		r.Skip(2 /* version */ + 4 /* size */)
		l := &Logon{Session: r.U32()}
		domain, user := r.U32(), r.U32()
		r.Skip(558)
		if uint64(domain)+uint64(user) > uint64(r.Len()) {
			return nil, fmt.Errorf("%w: names of the login", ErrMessage)
		}
		l.Domain, l.User = octets.Text(r.Bytes(int(domain))), octets.Text(r.Bytes(int(user)))
		n = l
	case 2:
		n = &LogonPlain{}
	case 3:
		return parseExtended(r)
	default:
		return nil, fmt.Errorf("%w: session information %d", ErrMessage, kind)
	}
	if r.Err() != nil {
		return nil, fmt.Errorf("%w: session information: %w", ErrMessage, r.Err())
	}
	return n, nil
}

func parseExtended(r *octets.Reader) (Notice, error) {
	r.Skip(2)
	fields := r.U32()
	e := &LogonExtended{}
	if fields&1 != 0 {
		f := octets.New(r.Bytes(r.Size()))
		f.Skip(4 /* length */ + 4 /* version */)
		c := &Cookie{Session: f.U32()}
		copy(c.Random[:], f.Bytes(16))
		if f.Err() != nil {
			return nil, fmt.Errorf("%w: cookie: %w", ErrMessage, f.Err())
		}
		e.Cookie = c
	}
	if fields&2 != 0 {
		f := octets.New(r.Bytes(r.Size()))
		e.Error = &LogonError{Type: f.U32(), Data: f.U32()}
		if f.Err() != nil {
			return nil, fmt.Errorf("%w: login notice: %w", ErrMessage, f.Err())
		}
	}
	if r.Err() != nil {
		return nil, fmt.Errorf("%w: session information: %w", ErrMessage, r.Err())
	}
	return e, nil
}

// Status is what a broker or a virtual machine is doing (2.2.5.2).
type Status uint32

// String says it in words.
func (s Status) String() string {
	switch s {
	case 0x401:
		return "the machine is being looked for"
	case 0x402:
		return "the machine is being prepared"
	case 0x403:
		return "the session is being brought online"
	case 0x404:
		return "the connection is being handed over"
	case 0x501:
		return "the virtual machine is being loaded"
	case 0x502:
		return "the virtual machine is waking up"
	case 0x503:
		return "the virtual machine is starting"
	case 0x504, 0x505:
		return "the virtual machine is being watched while it starts"
	}
	return fmt.Sprintf("status %#x", uint32(s))
}

// ParseMonitors reads a Monitor Layout message's body (2.2.12.1).
func ParseMonitors(b []byte) ([]gcc.Monitor, error) {
	r := octets.New(b)
	n := r.U32()
	if n > gcc.MaxMonitors {
		return nil, fmt.Errorf("%w: %d monitors", ErrMessage, n)
	}
	var out []gcc.Monitor
	for range n {
		left, top, right, bottom := int(int32(r.U32())), int(int32(r.U32())), int(int32(r.U32())), int(int32(r.U32()))
		out = append(out, gcc.Monitor{X: left, Y: top, Width: right - left + 1, Height: bottom - top + 1, Primary: r.U32()&1 != 0})
	}
	if r.Err() != nil {
		return nil, fmt.Errorf("%w: monitors: %w", ErrMessage, r.Err())
	}
	return out, nil
}
