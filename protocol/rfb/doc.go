// Package rfb is the client's side of the Remote Framebuffer protocol, which VNC
// servers speak, as two machines without sockets: bytes in, events and bytes out.
//
// Specifications, cited by the name of the section: "The RFB Protocol"
// (rfbproto, community edition) as RFB, and RFC 6143. What real servers do
// otherwise is said where the code allows for it.
//
// # Order of a connection
//
// [Handshake] speaks from the server's version up to ServerInit, [Decoder] reads
// what comes after, and the Append functions write what the client says.
//
//	h := rfb.NewHandshake(rfb.Config{Rand: rand.Reader, Have: rfb.Password})
//	for {
//		ev, n, err := h.Next(in) // in: what was read and not taken yet
//		in = in[n:]
//		write(h.Output())        // always, before anything else
//		switch ev := ev.(type) {
//		case nil:                       // nothing more to be had: read
//		case *rfb.NeedCredentials:      // → h.Answer(…), now or later
//		case *rfb.ServerKey:            // → h.TrustServer(), or give up
//		case *rfb.StartTLS:             // TLS around the connection, → h.Secured()
//		case *rfb.StartRecords:         // ev.Records around it,      → h.Secured()
//		case *rfb.Ready:                // the session begins; in belongs to the Decoder
//		}
//	}
//
// Next takes nothing while the machine waits for its owner, so bytes that belong
// to TLS or to a record layer are never taken by mistake. A server that closes
// the connection is reported with [Handshake.Closed], which gives the error that
// fits.
//
// # Updates pass through
//
// The Decoder does not decode pictures; it frames them. A rectangle is reported as
// [Rect], then its bytes exactly as they came as [Data] (slices of the input, never
// copied), then [RectEnd]. Data says what the bytes are (JPEG, zlib, plain pixels…),
// so that an owner may hand them on, compress them, or drop them. Everything else
// (cursors, sizes, clipboards, fences…) is parsed into typed events.
//
// Events point into the machine and into the input: they hold until the next call
// of Next. In steady state no event allocates.
//
// # Bounds
//
// Every length is compared with a bound before it is believed; what is collected
// grows with the bytes that arrive, not with the length that was announced. The
// bounds are those of [Limits] and the Max constants. Whatever breaks a rule is a
// [*ProtocolError], after which the machine only repeats that error.
//
// # What it is not
//
// No TLS (the owner's), no pixels (protocol/codec), no pacing of update requests,
// no clock. Security types that are known and refused: SASL, the Apple types
// 33, 35 and 36, MS-Logon I and III, SecureVNC plug-ins.
//
// Neighbours: rfb/anontls is TLS for StartTLS with Anonymous, rfb/ra2 the record
// layer of the RSA-AES types, rfb/keysym the tables of keys, rfb/rfbtest a scripted
// server for tests.
package rfb
