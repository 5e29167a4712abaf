// Package rdp is the client's side of the Remote Desktop Protocol, as a machine without
// sockets: bytes in, events and bytes out. It connects, logs in (TLS, NLA), and frames
// what the server draws; it decodes no picture.
//
// Specifications, by their sections: MS-RDPBCGR without a name, others with it.
//
// # Order of a connection
//
//	c, err := rdp.NewClient(rdp.Config{…})
//	for {
//		ev, n, err := c.Next(in) // in: what was read and not taken yet
//		in = in[n:]
//		write(c.Output())        // always, before anything else, errors included
//		switch ev := ev.(type) {
//		case nil:                  // nothing more to be had: read
//		case *rdp.StartTLS:        // TLS around the connection, → c.Secured(certificate)
//		case *rdp.NeedCredentials: // → c.Answer(…), now or later
//		case *rdp.Active:          // the session begins, or goes on in another size
//		case *rdp.Rect:            // a picture: *rdp.Data, then *rdp.RectEnd
//		case *rdp.FrameEnd:        // shown: → c.AckFrame(ev.ID)
//		}
//	}
//
// Next takes nothing while the machine waits for its owner, so bytes that belong to TLS
// are never taken by mistake. A server that closes the connection is reported with
// [Client.Closed], which gives the error that fits. What a security the server does
// not like leads to is tried in another connection: [x224.Retry] says with what.
//
// # Pictures pass through
//
// Updates come in fragments, are cut anywhere, and may be megabytes. Data events are
// slices of what Next was given, never copied unless the bulk compression was undone
// or a frame arrived in pieces. That is why the bytes given to Next must stay until it
// gives no event. In steady state no event allocates.
//
// Dynamic channels likewise: [dvc.Data] has a message in the pieces that arrive.
//
// # What is offered
//
// Bitmaps (raw, RLE, planar), surface commands (raw, NSCodec and RemoteFX when asked
// for) with frames that are acknowledged, all pointers, static and dynamic channels,
// display control. Refused, by not being offered: drawing orders and the caches of
// theirs, RDP's own encryption, UDP. Redirection to another server is reported, not
// followed.
//
// # Bounds
//
// Every length is compared with what is there, or with a bound, before it is believed.
// Frames are at most 64 KB, pictures [Config.MaxUpdate], pointers 384 × 384, messages of
// channels 16 MB and never put together here. Whatever breaks a rule is a
// [*ProtocolError], after which the machine only repeats that error.
//
// # Secrets
//
// The password leaves memory of the machine when it was sent. Errors and events hold no
// secret but [ReconnectCookie]; it and [Credentials] do not print.
//
// Layers, each a package below: octets (fields), x224 (frames, negotiation), mcs, gcc
// (settings), ntlm, credssp, license, caps, share (the main channel), update (pictures,
// pointers), input, channel and dvc, disp. Package rdptest is a server for tests.
package rdp
