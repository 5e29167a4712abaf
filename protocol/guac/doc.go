// Package guac reads and writes the instructions of Apache Guacamole's protocol, in
// both directions, as a tunnel in a browser's WebSocket carries them.
//
// An instruction is elements that commas separate and a semicolon ends; the first one
// is its opcode. An element is its length in decimal, a point, and its value:
//
//	5.mouse,3.100,2.50,1.1;
//
// # What other implementations do
//
// Lengths count UTF-16 code units, because the page's parser is JavaScript
// (guacamole-common-js). guacd counts characters; the two differ beyond U+FFFF.
//
// A message of the WebSocket holds whole instructions: guacamole-common-js 1.5 gives
// up on others. Newer releases of authentik read what a browser sends with bounds, and
// drop what exceeds them: [MaxUnits] and [MaxElements].
//
// An instruction with the empty opcode belongs to the tunnel and not to the
// connection, e.g. the page's "0.,4.ping,13.1700000000000;". authentik says that the
// page has gone by the text "0.authentik.disconnect", which is no instruction at all
// ([ErrGoodbye]).
//
// The package does no I/O. Neither direction allocates for an instruction.
package guac
