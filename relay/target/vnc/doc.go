// Package vnc is the driver for VNC targets, on protocol/rfb.
//
// [Open] dials (or listens for a server that dials out, or goes through an
// UltraVNC repeater), checks who the server is, logs in, and gives a
// target.Desktop. What it lacks for the login it asks on the page.
//
// The strongest security that a server offers is taken. Certificates and keys of
// servers are pinned or signed by an authority that settings name, else trusted on
// first use for each endpoint and address; a change stops the connection, and so
// does a server that was verified before and is not any more.
//
// # The picture
//
// Rectangles go to the browser as they came: Run frames them, and copies each byte
// once, from the buffer that was read into the buffer of the target.Screen. Only
// plain pixels are compressed, when the line to the browser is slow.
//
// Where the server can it sends updates by itself (ContinuousUpdates), and fences
// are answered as by a browser that is near, later when painting is late: so a slow
// browser slows its server, and a long line does not. Other servers are asked in
// time, see pacer.
//
// A browser that has nothing of the stream gets a new one by a second login, as
// the decoders of zlib streams cannot begin in the middle; where the server does
// not let us in again, or not soon, the old connection goes on with encodings that
// remember nothing.
//
// # Sound
//
// QEMU sends sound within RFB; of other targets PulseAudio is captured where the
// setting enable-audio says so. Both go through relay/audio.
//
// # Goroutines
//
// Run is one, and each connection has one that writes; while a stream is renewed
// there is one more, one while a picture in the clipboard is converted, and one for
// PulseAudio. Close waits for all of them. What others call goes into state with bounds, under a
// lock that nobody holds while reading or writing.
package vnc
