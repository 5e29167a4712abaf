package credssp

import "fmt"

// StatusError is why a server refuses a login (NTSTATUS, MS-ERREF 2.3; servers that
// are not Windows send codes of SSPI).
type StatusError struct{ Code uint32 }

func (e *StatusError) Error() string {
	if s, ok := statuses[e.Code]; ok {
		return s.text
	}
	return fmt.Sprintf("the server refuses the login with code %#08x", e.Code)
}

// Kind groups codes by what a person can do about them.
type Kind byte

// Kinds of refusals.
const (
	Other      Kind = iota
	Wrong           // name or password
	Expired         // the password must be changed
	Locked          // locked, disabled, expired, or not now
	NotAllowed      // right name, but no permission
	NoNTLM          // the server wants another way to log in
)

// Kind says what kind of refusal it is.
func (e *StatusError) Kind() Kind { return statuses[e.Code].kind }

var statuses = map[uint32]struct {
	kind Kind
	text string
}{
	0xc000006d: {Wrong, "the user name or the password is wrong"},
	0xc000006a: {Wrong, "the password is wrong"},
	0xc0000064: {Wrong, "there is no such user"},
	0x8009030c: {Wrong, "the user name or the password is wrong"},
	0x80090308: {Wrong, "the server could not check the login"},
	0xc0000071: {Expired, "the password has expired"},
	0xc0000224: {Expired, "the password must be changed before the first login"},
	0xc000006c: {Expired, "the password does not fit the rules and must be changed"},
	0xc0000234: {Locked, "the account is locked after too many attempts"},
	0xc0000072: {Locked, "the account is disabled"},
	0xc0000193: {Locked, "the account has expired"},
	0xc000006f: {Locked, "the account may not log in at this time"},
	0xc000006e: {NotAllowed, "the account has restrictions; one is that an empty password works at the machine itself only"},
	0xc0000070: {NotAllowed, "the account may not log in from this computer"},
	0xc000015b: {NotAllowed, "the account may not log in over the network"},
	0xc0000022: {NotAllowed, "access is denied"},
	0xc0000413: {NotAllowed, "the account may not log in to this machine"},
	0xc0000418: {NoNTLM, "the server does not allow NTLM"},
	0xc00000bb: {NoNTLM, "the server does not support this way to log in"},
	0x80090302: {NoNTLM, "the server does not support this way to log in"},
	0xc000035b: {Other, "the login does not belong to this TLS connection: something between changes it"},
	0x80090346: {Other, "the login does not belong to this TLS connection: something between changes it"},
	0xc000005e: {Other, "no domain controller can be reached to check the login"},
	0xc000018d: {Other, "the server's trust with its domain is broken"},
	0xc0000133: {Other, "the clocks of the server and its domain differ too much"},
}
