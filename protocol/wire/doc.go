// Package wire is the protocol between a browser and a relay, version 1.
//
// It is spoken in binary WebSocket messages under the subprotocol
// [Subprotocol]. A WebSocket message holds one or more records; a record is
//
//	length  varint   bytes that follow, type and body together
//	type    byte     one of Type's constants
//	body    bytes    the fields of the message, in order
//
// Fields are unsigned varints (LEB128, at most 10 bytes), and byte strings
// with a varint length in front. A field that is missing at the end of a body
// reads as zero, and bytes after the last known field are skipped; so a message
// may grow at its end. Records of unknown type are skipped. A field that is cut
// off, or longer than its bound, is an error and ends the connection.
//
// # Order of a connection
//
//	browser                              relay
//	Hello  ─────────────────────────────▶
//	       ◀───────────────────────────── Welcome
//	       ◀───────────────────────────── Progress, Notice, Prompt …
//	Answer ─────────────────────────────▶
//	       ◀───────────────────────────── Output | State | Resized, then Mark
//	Input, Paste, Resize, Ack ──────────▶
//	       ◀───────────────────────────── End, and the socket is closed
//
// The relay may send End instead of Welcome. Nothing but Hello is accepted
// before Welcome.
//
// # Flow control
//
// Every picture update ends with a [Mark], numbered from 1 in each attachment;
// the browser answers with an [Ack] when it has painted it (or, in a hidden
// tab, when it has applied it). The relay keeps at most Welcome.Frames marks
// without an answer and then stops; it may go on later with a [State] in place
// of the bytes between. In the other direction the browser keeps at most
// Welcome.InputWindow bytes of Input and Paste unconfirmed; marks and
// [InputAck] carry the count of bytes that the target took.
//
// # Resuming
//
// Welcome gives a connection ID and a secret. A browser that lost its socket
// opens a new one with both in its Hello, and the offset up to which it has
// applied the target's output; the relay goes on from there with Output when it
// still has the bytes, else with a complete State. The secret changes with
// every Welcome.
//
// The package does no I/O. Decoding never allocates more than the length of the
// message that it was given. docs/wire.md is the same for authors of other
// clients, with the number of every field.
package wire

// Subprotocol is the WebSocket subprotocol of version 1.
const Subprotocol = "porthole.v1"

// Version is the protocol version in Hello and Welcome.
const Version = 1
