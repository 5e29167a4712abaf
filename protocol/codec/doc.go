// Package codec holds what the pixel decoders share: the frame buffer that they
// paint on, and the interface by which they take a rectangle's payload. Each
// family of encodings has a package of its own below this one. VNC's: raw (Raw,
// CopyRect, Zlib), rre (RRE, CoRRE), hextile, zrle (TRLE, ZRLE), tight (Tight,
// TightPNG), jpeg, cursor; encodings has all of them as one session needs them.
// RDP's: bitmap (uncompressed, Interleaved RLE), planar (RDP 6.0), nsc (NSCodec),
// clear (ClearCodec, Alpha), rfx (RemoteFX), progressive (RemoteFX Progressive), the
// last two on rlgr (entropy coder) and wavelet (transform, colours). The packages
// build natively and for the browser.
//
// # Pixels
//
// A [Target] has four bytes a pixel in the order R, G, B, A: what a canvas takes.
// The decoders expect the RFB pixel format that has the same order: 32 bits,
// depth 24, little-endian, shifts 0, 8 and 16 for red, green and blue. The fourth
// byte of such a pixel means nothing, and servers send 0; so the decoders write
// 255, unless Target.Alpha says that the byte is alpha (cursor shapes).
//
// # Streaming
//
// A payload comes as the network cuts it. Write takes a piece of any length and
// paints what it completes, straight into the target; nothing waits for the end
// of a rectangle, and no payload is put together in memory, with one exception:
// pictures that are handed out undecoded (JPEG, PNG). What a cut leaves is less
// than one unit of the encoding (a pixel, a subrectangle, a tile: at most 17 KB)
// and is kept until the rest comes ([Units]).
//
// Putting a whole payload together first was the other choice. It costs another
// copy of every byte and as much memory as the largest rectangle (8 MB of Raw at
// 1920×1080), and painting would begin only with the last byte. Keeping the place
// costs one comparison for each piece; measured over pieces of 16 KB it is not
// visible against a payload in one piece.
//
// RDP's payloads are no streams: each comes in messages that its transport puts
// together and decompresses first, with its length known and bounded. Their decoders
// take a payload in one call, and none of them has an interface in common: each is
// called where its message is read.
//
// # Bounds
//
// A rectangle outside of its target is refused by Begin. Nothing is allocated in
// the length that a payload claims; the buffers are windows of a fixed size, and
// pictures up to [MaxImage] of their rectangle. Inflating ends when the rectangle
// is full. An error leaves the decoder unusable until the next Begin, and a zlib
// stream until it is reset: the session is lost. What was painted before an error
// stays painted, inside of the rectangle. Decoders are for one goroutine.
package codec
