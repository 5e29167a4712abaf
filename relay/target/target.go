// Package target is the contract between a session and the driver that opens
// the connection to a remote machine: a [Terminal] or a [Desktop]. Drivers live
// below it: target/ssh and target/vnc.
//
// A driver owns sockets, TLS and login; it reports its steps, asks its
// questions and shows its notices through a [Page], which the session carries
// to the browser, and returns what it opened. It never talks to a browser
// itself and never keeps a goroutine after Close.
package target

import (
	"context"
	"fmt"
	"io"
)

// Step names what a driver is doing. The values are stable: the page translates
// them, errors carry them.
type Step string

// Steps in the order in which they come; a driver may leave some out and, with
// jump hosts, repeat them.
const (
	StepResolve      Step = "resolve"      // name to addresses
	StepConnect      Step = "connect"      // TCP
	StepHandshake    Step = "handshake"    // protocol versions, key exchange, identity of the server
	StepAuthenticate Step = "authenticate" // login
	StepOpen         Step = "open"         // shell, desktop
	StepSession      Step = "session"      // while it runs
)

// Page is what a driver may do to the person in front of the browser. It is
// safe for concurrent use. No method reveals settings or credentials.
type Page interface {
	// Progress says which step has begun; detail is a short text for the
	// person such as the address, without secrets.
	Progress(step Step, detail string)
	// Ask shows a form and waits for the answers, one for each field. It fails
	// with ErrCancelled when the person cancels, and with the context's cause
	// when the session ends. It waits for a browser when none is attached.
	Ask(ctx context.Context, f Form) ([]string, error)
	// Notice shows something worth knowing that does not stop the connection.
	Notice(n Notice)
}

// Form is a question of one or more fields, for credentials or one-time codes.
type Form struct {
	Title       string // e.g. "Log in to build-7"
	Instruction string // the server's own words, cleaned of control characters, ≤ 4 KiB
	Fields      []Field
}

// Field is one line of a form.
type Field struct {
	Label string // e.g. "Password"; the server's own words for keyboard-interactive
	Echo  bool   // false: hide what is typed
	Name  string // autofill hint: "username", "password", "one-time-code", "passphrase" or empty
}

// Notice is a message that does not stop the connection. Code is stable.
type Notice struct {
	Code   string // e.g. "host-key-first-seen", "legacy-algorithms"
	Text   string // a sentence for a person
	Detail string // e.g. a fingerprint; may be empty
}

// Size of a terminal window in cells and in device pixels (0: unknown).
type Size struct {
	Cols, Rows    int
	Width, Height int
}

// Terminal is an opened character session. Read gives the output of the remote
// side and io.EOF when it has ended normally; Write takes keys. Read, Write and
// the other methods may be called concurrently with each other.
type Terminal interface {
	io.ReadWriter
	// Errors is the program's second output stream, to be read besides; it ends
	// with the first one. Nil: there is none.
	Errors() io.Reader
	// Resize tells the remote side the new window size.
	Resize(s Size) error
	// Exit gives, after Read has returned io.EOF, what the remote side said
	// about its end in a sentence, and its exit status (-1: none given).
	Exit() (status int, message string)
	// Close ends the connection and waits until the driver's goroutines have
	// gone.
	Close() error
}

// Error is a failure with all that a person needs (invariant 7). Code is one of
// protocol/wire's end codes.
type Error struct {
	Code    string
	Step    Step
	Message string // what failed, a sentence
	Remedy  string // what to try, a sentence
	Err     error  // the cause, for the log; must not hold secrets
}

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Step, e.Message, e.Err)
	}
	return fmt.Sprintf("%s: %s", e.Step, e.Message)
}

func (e *Error) Unwrap() error { return e.Err }

// ErrCancelled is what Page.Ask returns when the person cancels the question.
var ErrCancelled = &Error{
	Code: "cancelled", Step: StepAuthenticate,
	Message: "The question was cancelled.",
	Remedy:  "Connect again and answer it, or store the credentials in the endpoint's settings.",
}
