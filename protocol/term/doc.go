// Package term is a terminal without a window: bytes of a program go in, a grid
// of cells comes out. The relay runs it natively to keep a session's screen and
// scrollback; the browser runs the same code as WebAssembly to draw them.
//
// It follows xterm, and where xterm has no answer the common extensions:
//
//   - parser: Paul Flo Williams, "A parser for DEC's ANSI-compatible video
//     terminals" (vt100.net/emu/dec_ansi_parser), with UTF-8 and with ':'
//     separating subparameters (ECMA-48 §5.4.2, ITU-T T.416)
//   - controls: "XTerm Control Sequences" (ctlseqs), cited as "ctlseqs" and the
//     name of the sequence; the DEC manuals for VT420 and VT520
//   - grapheme clusters: Unicode UAX #29; widths: UAX #11
//   - keyboard: "Comprehensive keyboard handling in terminals" (kitty), of which
//     the terminal keeps the flags; package keyboard encodes
//
// A [Terminal] is not safe for concurrent use and does no I/O: what the program
// has to be told, and what the person should notice, comes out through a
// [Handler].
//
// # Bounds
//
// A hostile program can make neither memory nor time grow without bound: at
// most 32 parameters of 16 bits, strings of [MaxString] bytes, [MaxTitle] and
// [MaxLink] bytes of title and link, [MaxLinks] links, [MaxClusters] different
// clusters of at most [MaxCluster] bytes; what goes beyond is ignored. Each
// byte costs a bounded amount of work, at most that of one full screen.
//
// # Pictures
//
// Sixel (DEC STD 070), iTerm2's inline images and kitty's graphics protocol make
// a [Picture], shown by a [Placement], of which each line has a [Piece]: see
// [Line.Pieces]. So pictures scroll with the text, into the scrollback too. Text
// that is written or erased takes its columns out of sixel and iTerm2's pictures;
// kitty's stay until they are deleted or the screen is cleared. Sixel is decoded
// while it comes; files (PNG, JPEG, GIF, WebP) are kept as they are, only their
// size is read, and the side that draws decodes them.
//
// Config.ImageBytes bounds what is kept, and half of it what is being read;
// [MaxPictures], [MaxPlacements] and [MaxPieces] bound the numbers. The oldest
// pictures go first, those that are shown nowhere before the others. Without a
// picture nothing is allocated.
//
// # Lines
//
// Lines are numbered from the first one ever: [Terminal.TopLine] is the number
// of the screen's first row and grows with each line that goes to the
// scrollback. The numbering starts anew, and [Terminal.Epoch] changes, when the
// scrollback is laid out again (a new width), cleared or reset.
//
// # Snapshots
//
// [Terminal.AppendSnapshot] writes the exact state, and
// [Terminal.RestoreSnapshot] takes it, so that another Terminal continues in
// the middle of the stream, even inside of a sequence. A snapshot may leave out
// scrollback that the other side already has.
package term
