package rfb

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNoVersion means that the other side does not speak RFB.
var ErrNoVersion = errors.New("rfb: not a VNC server")

// ErrWaiting means that a method was called which the machine does not wait for.
var ErrWaiting = errors.New("rfb: called out of turn")

// ProtocolError is a rule of the protocol that the server broke.
type ProtocolError struct {
	Step   string // what was being read: "tight rectangle", "security types"…
	Text   string // what is wrong
	Offset int64  // bytes taken by the machine before
}

func (e *ProtocolError) Error() string {
	return fmt.Sprintf("rfb: %s: %s (at byte %d)", e.Step, e.Text, e.Offset)
}

// AuthError is a login that the server refused, or a connection that it does not
// want.
type AuthError struct {
	Security  []Security // the types that were chosen; empty when none was yet
	Reason    string     // the server's words, cleaned; may be empty
	TooMany   bool       // too many attempts: trying at once again makes it worse
	Truncated bool       // the password is longer than the 8 bytes that VncAuth uses
}

func (e *AuthError) Error() string {
	var b strings.Builder
	b.WriteString("rfb: ")
	switch {
	case len(e.Security) == 0:
		b.WriteString("the server refuses the connection")
	case e.TooMany:
		b.WriteString("login failed, too many attempts")
	default:
		b.WriteString("login failed")
	}
	if len(e.Security) > 0 {
		fmt.Fprintf(&b, " (%s)", path(e.Security))
	}
	if e.Reason != "" {
		fmt.Fprintf(&b, ": %q", e.Reason)
	}
	return b.String()
}

// SecurityError means that nothing of what the server offers can be used, or is
// allowed.
type SecurityError struct {
	Within    []Security // the types chosen before this list was offered
	Offered   []Security
	Forbidden bool // something known was offered, but settings forbid it
}

func (e *SecurityError) Error() string {
	var b strings.Builder
	b.WriteString("rfb: no usable security type: the server offers ")
	if len(e.Offered) == 0 {
		b.WriteString("none")
	}
	for i, t := range e.Offered {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(t.String())
		if why := refused[t]; why != "" {
			fmt.Fprintf(&b, " (%s)", why)
		}
	}
	if len(e.Within) > 0 {
		fmt.Fprintf(&b, " within %s", path(e.Within))
	}
	if e.Forbidden {
		b.WriteString("; settings forbid the rest")
	}
	return b.String()
}
