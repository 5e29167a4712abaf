// Package paint composes rows of cells into pixels in memory: what
// screen/shader.kage does on a graphics card, for browsers that have none. Both
// read the same cells and give the same picture; who changes one changes the
// other.
//
// It knows nothing of browsers and terminals, and allocates nothing for a frame.
// Pixels are R, G, B, A in memory, which makes them words of little-endian
// machines; others are not provided for.
package paint
