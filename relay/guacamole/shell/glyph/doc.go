// Package glyph draws the characters of terminals by fonts that are part of the
// program: DejaVu Sans Mono, and for what that lacks the bitmaps of GNU Unifont.
// Box drawing and the like come from protocol/term/boxes.
//
// A [Face] is what cells of one size are drawn with. All sessions with cells of that
// size share it, so a glyph is drawn once. A face is never emptied: when it holds as
// much as it may, the next [Get] gives a new one, and [Face.Full] tells those that
// use the old one.
package glyph
