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
// That is a terminal. For a desktop the lines before End are
//
//	       ◀───────────────────────────── DesktopBegin, then Rect | Copy | Fill …, then Mark
//	Pointer, Key, Window, Ack ──────────▶
//
// The relay may send End instead of Welcome. Nothing but Hello is accepted
// before Welcome.
//
// # The stream of a desktop
//
// The records 0x60 to 0x6f and the marks between them are one stream, which
// [DesktopBegin] begins: the browser's decoders remember nothing of what came
// before, the count of bytes is 0 after it, and marks count from 1. All other
// records may come between those of the stream, and do not count. A rectangle
// may be cut into a [Rect] and more [RectData]; between these comes nothing of the
// stream. Nothing of an update is shown before its mark.
//
// # Flow control
//
// Every picture update ends with a [Mark], numbered from 1 in each attachment;
// the browser answers with an [Ack] when it has painted it (or, in a hidden
// tab, when it has applied it). The relay keeps at most Welcome.Frames marks
// without an answer and then stops; it may go on later with a [State] in place
// of the bytes between. Of a desktop it sends as many bytes ahead of what is painted
// as the line carries in a short time, and then lets the target wait. In the other
// direction the browser keeps at most
// Welcome.InputWindow bytes of Input and Paste unconfirmed; marks and
// [InputAck] carry the count of bytes that the target took. A desktop's inputs
// count one each instead: [Pointer], [PointerRelative], [Key], [Typed] and [Power].
//
// # Resuming
//
// Welcome gives a connection ID and a secret. A browser that lost its socket
// opens a new one with both in its Hello, and the offset up to which it has
// applied the target's output; the relay goes on from there with Output when it
// still has the bytes, else with a complete State. The secret changes with
// every Welcome.
//
// Of a desktop the offset counts the bytes of the stream that were taken over, whole
// records with length and type, and the epoch is the stream's number. The relay goes
// on exactly there, as it keeps what is not painted, or begins a new stream: always
// so for a tab that comes new.
//
// The package does no I/O. Decoding never allocates more than the length of the
// message that it was given. docs/wire.md is the same for authors of other
// clients, with the number of every field.
package wire

// Subprotocol is the WebSocket subprotocol of version 1.
const Subprotocol = "porthole.v1"

// Version is the protocol version in Hello and Welcome.
const Version = 1
