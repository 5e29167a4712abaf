// Package shell is a terminal session as a browser that has no program of ours shows
// it: a [Shell] takes the records that a session sends to a page (Output, State,
// Resized, Prompt …), keeps a terminal by them, and draws it; keys as X keysyms and
// a mouse come in, records for the session go out.
//
// # Drawing
//
// A Shell has no picture. It remembers the cells that were drawn last, finds out what
// has changed, and draws that and nothing else on a [Canvas]: text that has moved is a
// copy, blank areas are fills, and the rest are rectangles of pixels, drawn into memory
// that all shells share while they need it. So an idle terminal takes cells, 24 bytes
// for each of the screen, and no pixels. In steady state a frame allocates nothing.
//
// # Before the target is there
//
// What the relay does and asks (Progress, Prompt) is shown as text on a terminal of
// the page's own, where the person answers; see dialogue.
//
// A Shell is not safe for concurrent use, starts no goroutine and reads no clock.
package shell
