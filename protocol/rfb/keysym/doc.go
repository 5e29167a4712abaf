// Package keysym turns the keys of a browser into what VNC servers take: keysyms of
// the X Window System from KeyboardEvent.key, and XT scan codes from
// KeyboardEvent.code.
//
// Names of keys are those of the W3C's "UI Events KeyboardEvent key Values" and
// "UI Events KeyboardEvent code Values"; keysyms those of the X11 protocol (appendix
// A) and its keysymdef.h; scan codes those of set 1 as USB's "HID to PS/2 Scan Code
// Translation Table" gives them, in RFB's form ("QEMU Extended Key Event Message").
//
// A server that takes scan codes knows nothing of layouts, so code is what counts
// there, and key is a help; a server that takes keysyms needs key.
package keysym
