// Package tunnel serves Porthole's own page where it comes through a tunnel of the
// authority, as with authentik (protocol/tunnel, docs/tunnel.md).
//
// For each tunnel a [Server] offers the page a direct way to the relay, with a secret that
// is good once and soon, and only while the tunnel lives. What the page then says on the
// direct way is package server's and package session's; here the tunnel is only read, so
// that its end is noticed: it is the leash, and its authority ends the grant. Where the
// page does not come directly, its messages come through the tunnel, and a socket made of
// them is served like any other.
//
// Invariants:
//   - Per tunnel there is one live secret, one goroutine that reads, and at most
//     [maxSockets] sockets with their sessions' goroutines.
//   - A socket holds at most protocol/tunnel's Window of parts each way, and one message.
//   - Serve returns when the tunnel has ended, and after all of its sockets.
package tunnel
