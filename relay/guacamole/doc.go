// Package guacamole is a browser that is emulated in the relay: for pages that speak
// Apache Guacamole's protocol through the authority, as authentik's own page does.
//
// A [Sink] is a session.Socket on one side. It says hello, acknowledges what the page
// has painted, and sends keys and the pointer as any browser does; so sessions and
// drivers know nothing of it. On the other side it speaks Guacamole over a tunnel
// (protocol/guac): it paints a picture, and takes what the person does.
//
// What a connection shows is its [Content]: a desktop's ([NewDesktop]), or a
// terminal's, which relay/guacamole/shell draws.
//
// # Pictures
//
// A desktop's JPEG and PNG pictures pass through as they came. Other pixels become a
// fill where they have one colour, a PNG with a palette where they have few, and PNG
// or JPEG by what they look like. Moves are moves, cursors always go to the page,
// which hides the system's.
//
// # Pace
//
// Each of the relay's marks becomes a sync, and is acknowledged when the page's sync
// comes back. Several are on their way at a time; the relay's own flow control decides
// how many, and the target merges what a slow page does not get. No picture is kept
// here: it would be 8 MB for each connection. A content that draws by itself does so
// when the page can take it, and at most half of the time.
//
// # What the stock page cannot do
//
// It shows no form. A desktop that asks for a password ends with an error that names
// the setting. A host key or certificate that is seen first is trusted and remembered
// by the driver, as everywhere, and one that has changed ends the connection.
//
// # Goroutines
//
// A Sink has two: one reads the tunnel, one does what is due at its time. The relay's
// writer turns records into instructions itself, and waits for the tunnel there; so a
// slow page slows its own target. Sink.mu guards all state and is never held over
// I/O.
package guacamole
