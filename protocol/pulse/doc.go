// Package pulse is the part of PulseAudio's native protocol that a recorder needs:
// log in, and take what the default sink plays. It does no I/O: [Recorder.Take] gets
// what was read, [Recorder.Output] gives what is to be written.
//
// # The protocol
//
// It is what libpulse and pipewire-pulse speak on TCP port 4713 and on unix sockets;
// there is no specification but their behaviour. A packet begins with five 32 bit
// numbers, big endian: length, channel, offset (two), flags. Channel 2³²−1 carries
// commands, the others the samples of a stream. A command is a list of tagged values:
// its code, a tag that the reply repeats, and its arguments.
//
// We announce version 15 (PulseAudio 0.9.15 of 2009): it has all that a recorder
// needs, and a server speaks the lower of both versions. Shared memory is not
// announced, so samples always come in the stream.
//
// # What is recorded
//
// The monitor of the default sink, never a microphone: the stream is made with
// NO_MOVE, so that no policy of the target moves it to one when its sink goes away.
// When another sink becomes the default, or the stream is killed, the recorder
// makes a new one. Where there is no sink it waits for one.
//
// The stream does not keep the sink from being suspended, so a target that is silent
// for some seconds sends nothing.
package pulse
