package anontls

import (
	"errors"
	"fmt"
)

// Alert is what one side tells the other when something ends or goes wrong
// (RFC 5246, section 7.2).
type Alert uint8

// Alerts that this package sends, or that servers are known to.
const (
	CloseNotify          Alert = 0
	UnexpectedMessage    Alert = 10
	BadRecordMAC         Alert = 20
	RecordOverflow       Alert = 22
	HandshakeFailure     Alert = 40
	IllegalParameter     Alert = 47
	DecodeError          Alert = 50
	DecryptError         Alert = 51
	ProtocolVersion      Alert = 70
	InsufficientSecurity Alert = 71
	InternalError        Alert = 80
	NoRenegotiation      Alert = 100
	UnsupportedExtension Alert = 110
)

var alertNames = map[Alert]string{
	CloseNotify: "close notify", UnexpectedMessage: "unexpected message", BadRecordMAC: "bad record mac", RecordOverflow: "record overflow",
	HandshakeFailure: "handshake failure", IllegalParameter: "illegal parameter", DecodeError: "decode error", DecryptError: "decrypt error",
	ProtocolVersion: "protocol version", InsufficientSecurity: "insufficient security", InternalError: "internal error",
	NoRenegotiation: "no renegotiation", UnsupportedExtension: "unsupported extension",
}

func (a Alert) String() string {
	if name := alertNames[a]; name != "" {
		return name
	}
	return fmt.Sprintf("alert %d", uint8(a))
}

// Levels of alerts.
const (
	warning = 1
	fatal   = 2
)

// level: those that do not end the connection, or end it in order, are warnings.
func (a Alert) level() byte {
	if a == CloseNotify || a == NoRenegotiation {
		return warning
	}
	return fatal
}

// Error is something that the server may not send. Alert is what it is to be told.
type Error struct {
	Alert  Alert
	Reason string
}

func (e *Error) Error() string { return "anonymous tls: " + e.Reason }

// Refused is a fatal alert of the server. HandshakeFailure at the beginning means
// mostly that it has none of the cipher suites, or no TLS 1.2.
type Refused struct{ Alert Alert }

func (e *Refused) Error() string {
	return fmt.Sprintf("anonymous tls: the server ends it: %v (%d)", e.Alert, uint8(e.Alert))
}

func fail(a Alert, format string, args ...any) error {
	return &Error{a, fmt.Sprintf(format, args...)}
}

// AlertOf tells which alert the server is to be sent for an error of this package.
func AlertOf(err error) (Alert, bool) {
	var e *Error
	if errors.As(err, &e) {
		return e.Alert, true
	}
	return 0, false
}

// maxIdle bounds the records that lead nowhere: warnings, requests to negotiate.
const maxIdle = 16

// readAlert takes an alert record; nil for a warning.
func readAlert(b []byte, idle *int) error {
	if len(b) != 2 {
		return fail(DecodeError, "alert of %d bytes", len(b))
	}
	a := Alert(b[1])
	switch {
	case a == CloseNotify:
		return errClosed
	case b[0] == fatal:
		return &Refused{a}
	case b[0] != warning:
		return fail(IllegalParameter, "alert of level %d", b[0])
	}
	if *idle++; *idle > maxIdle {
		return fail(UnexpectedMessage, "too many warnings, the last: %v", a)
	}
	return nil
}

// errClosed is the server's end in order.
var errClosed = errors.New("closed")
