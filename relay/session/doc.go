// Package session is one live connection between a browser and a target.
//
// A [Registry] holds the sessions of a relay. Its Serve method takes a fresh
// browser socket, reads the Hello, turns the connection token into a grant (or
// finds the session that is to be resumed) and runs the attachment until it
// ends. A session outlives its attachments: while no browser is there the
// target goes on, for the resume time, and the terminal core of protocol/term
// keeps its screen and scrollback.
//
// The goroutines of a session: one that opens the target and then waits for the
// end (run), one that reads the target's output (output), one that writes its
// input (input). Each attachment adds two: Serve itself reads the socket, a
// second one writes it. All shared state is under Session.mu, which is never
// held over I/O.
//
// Invariants:
//   - Output is bounded: the terminal core holds the screen, a ring of
//     [ringSize] bytes holds what a browser may still need as bytes, and an
//     attached browser that does not paint stops the reading of the target
//     [maxLead] bytes ahead of it.
//   - Input is bounded by the window told in Welcome; a browser that exceeds it
//     loses the connection.
//   - A session ends with exactly one End, reported once to the authority.
//   - Settings and credentials are only in the grant and in the driver.
package session
