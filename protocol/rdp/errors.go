package rdp

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/porthole-rac/porthole/protocol/rdp/mcs"
	"github.com/porthole-rac/porthole/protocol/rdp/share"
)

// ErrWaiting means that a method was called which the machine does not wait for.
var ErrWaiting = errors.New("rdp: called out of turn")

// ErrInactive means that there is no session to send to.
var ErrInactive = errors.New("rdp: the session is not active")

// ErrNotOffered means that the server cannot do what it was asked.
var ErrNotOffered = errors.New("rdp: the server does not offer this")

// ProtocolError is a rule of the protocol that the server broke.
type ProtocolError struct {
	Step   string // what was being done: "licensing", "session"…
	Err    error  // what is wrong
	Offset int64  // bytes of the frames up to this one
}

func (e *ProtocolError) Error() string {
	return fmt.Sprintf("rdp: %s: %v (at byte %d)", e.Step, e.Err, e.Offset)
}

func (e *ProtocolError) Unwrap() error { return e.Err }

// DisconnectError is a connection that the server ended.
type DisconnectError struct {
	Step   string
	Info   share.ErrorInfo // what the server said before; NoError: nothing
	Reason mcs.Reason      // of a proper end
	Proper bool            // the server said so, rather than just closing
	// LoginSent: name and password were under way. Servers that do not say why they
	// refuse them just close (FreeRDP's).
	LoginSent bool
}

func (e *DisconnectError) Error() string {
	var b strings.Builder
	b.WriteString("rdp: the server ended the connection")
	if e.Step != "session" && !e.LoginSent {
		fmt.Fprintf(&b, " (%s)", e.Step)
	}
	switch {
	case e.Info != share.NoError:
		fmt.Fprintf(&b, ": %v", e.Info)
	case e.Proper:
		fmt.Fprintf(&b, ": %v", e.Reason)
	case e.LoginSent:
		b.WriteString(" during the login: the user name or the password is probably wrong")
	default:
		b.WriteString(" without a word")
	}
	return b.String()
}

// Unwrap gives io.ErrUnexpectedEOF for a connection that was just closed.
func (e *DisconnectError) Unwrap() error {
	if e.Proper || e.Info != share.NoError {
		return nil
	}
	return io.ErrUnexpectedEOF
}

// LoggedOff tells whether the session ended because the user logged off.
func (e *DisconnectError) LoggedOff() bool {
	return e.Info == share.LoggedOff || e.Info == share.NoError && e.Proper && e.Reason == mcs.UserRequested
}
