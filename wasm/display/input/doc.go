// Package input turns what a page saw of a person's hands, key, mouse, wheel and
// finger, into the records that a desktop takes. It knows no browser: events come
// as bytes, with their times, and records go out as bytes; so all of it is tried
// natively.
//
// # Use
//
// One Machine serves a page. Begin takes what Welcome says; Handle takes the events
// of a message from the page and appends records (wire.Pointer, PointerRelative,
// Key, Typed) to a buffer that is sent as it is. Typed and Power go through the
// Machine too, since it counts inputs and keeps their order. Taken is told of every
// Mark.InputBytes and InputAck, and may append records that had waited. ForPage
// gives what the page is to do (zoom, pan, show a cursor).
//
// # Events
//
// A message of events is a byte string of events, each one kind byte and its
// fields: numbers are little endian (u8, u16, i16, u32, f32, f64), a string is a
// length and UTF-8. web/js/desktop-events.js is the writer.
//
//	1  options  u16 bits (the Option… constants)
//	2  key      u8 bits (1 down, 2 repeat, 4 composing), u16 modifiers, f64 time, u8 location, string code, string key (length u8)
//	3  text     string (length u32): what an input method or an on-screen keyboard has made
//	4  combo    u8 n, n strings: codes pressed one after the other and released in reverse
//	5  press    string code, string key: a key of the page's own keyboard, down and up
//	6  latch    u8 on, string code: a modifier that stays for the next key
//	7  pointer  u8 buttons, u16 modifiers, f64 time, f32 x, f32 y
//	8  motion   u8 buttons, u16 modifiers, f64 time, f32 dx, f32 dy (pointer lock)
//	9  wheel    u16 modifiers, f64 time, f32 x, f32 y, f32 dx, f32 dy, u8 mode, i16 wheelDeltaX, i16 wheelDeltaY
//	10 touch    u8 phase (0 down, 1 move, 2 up, 3 cancelled), u8 finger, f64 time, f32 view x, f32 view y, f32 x, f32 y
//	11 release  everything that is held is let go: the page lost the keyboard
//	12 tick     f64 time: time has passed, see below
//
// Times are milliseconds of the page's clock, which never goes back. x and y are
// framebuffer pixels, view x and view y CSS pixels. Buttons are MouseEvent.buttons;
// modifiers the Mod… constants, from getModifierState. mode is WheelEvent.deltaMode;
// wheelDelta 120 for a notch, 0 where the browser does not tell.
//
// Some things happen because nothing else does. The page sends a tick a little over
// LongPress after a finger went down, and a little over AltGrWait after a Control
// went down on Windows.
//
// # Rules
//
// Buttons and keys are never reordered, and none is lost that was pressed: when the
// relay is behind, movements are left away first, then presses; a release of what
// was pressed always goes out. A target that was told of a key is told of its
// release with the same numbers, whatever the layout says by then.
package input
