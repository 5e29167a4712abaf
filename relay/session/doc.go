// Package session is one live connection between a browser and a target.
//
// A [Registry] holds the sessions of a relay. Its Serve method takes a fresh
// browser socket, reads the Hello, turns the connection token into a grant (or
// finds the session that is to be resumed) and runs the attachment until it
// ends. A session outlives its attachments: while no browser is there the
// target goes on, for the resume time.
//
// What a session is about is its content. That of a terminal has the core of
// protocol/term, which keeps the screen and scrollback for browsers that come new.
// That of a desktop keeps no picture: it passes on a stream of records, each piece
// until the browser has painted it, and a browser that comes new has the driver
// begin a new stream.
//
// The goroutines of a session: one that opens the target and then waits for the
// end (run; that of a desktop reads the target too); for a terminal one that reads
// its output, one for its second output, and one that writes its input. Each
// attachment adds two: Serve itself reads the socket, a second one writes it. All
// shared state is under Session.mu, which is never held over I/O.
//
// Invariants:
//   - A terminal's output is bounded: the terminal core holds the screen, a ring of
//     [ringSize] bytes holds what a browser may still need as bytes, and an
//     attached browser that does not paint stops the reading of the target
//     [maxLead] bytes ahead of it.
//   - A desktop's stream is bounded by what the line carries in its shortest delay
//     ([flow]), and by [maxUnsent] and [maxKept].
//   - Input is bounded by the window told in Welcome; a browser that exceeds it
//     loses the connection.
//   - A session ends with exactly one End, reported once to the authority.
//   - Settings and credentials are only in the grant and in the driver.
package session
