// Package rdptest is a scripted RDP server for tests, as a machine without sockets: bytes
// in, events and bytes out. It speaks X.224, CredSSP, MCS, licensing, capabilities and
// channels, and draws what it is told.
//
// It trusts its client as far as a test goes and no further: it is not for use outside
// of tests.
package rdptest
