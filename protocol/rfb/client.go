package rfb

import "encoding/binary"

// Client messages by their first byte (RFB, "Client to Server Messages").
const (
	clientSetPixelFormat    = 0
	clientSetEncodings      = 2
	clientUpdateRequest     = 3
	clientKey               = 4
	clientPointer           = 5
	clientCutText           = 6
	clientServerInput       = 9  // UltraVNC
	clientTextChat          = 11 // UltraVNC
	clientContinuousUpdates = 150
	clientFence             = 248
	clientXVP               = 250
	clientSetDesktopSize    = 251
	clientQEMU              = 255
)

// The Append functions append one message to dst and allocate nothing else.

// AppendSetPixelFormat asks for pixels of a format (RFB, "SetPixelFormat"). No update
// request may be open.
func AppendSetPixelFormat(dst []byte, f PixelFormat) []byte {
	return f.Append(append(dst, clientSetPixelFormat, 0, 0, 0))
}

// AppendSetEncodings lists what the client takes, the preferred first (RFB,
// "SetEncodings").
func AppendSetEncodings(dst []byte, encodings []Encoding) []byte {
	encodings = encodings[:min(len(encodings), 0xffff)]
	dst = append(dst, clientSetEncodings, 0)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(encodings)))
	for _, e := range encodings {
		dst = binary.BigEndian.AppendUint32(dst, uint32(e))
	}
	return dst
}

// Area is a part of the framebuffer, in pixels.
type Area struct{ X, Y, Width, Height uint16 }

func (a Area) appendTo(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, a.X)
	dst = binary.BigEndian.AppendUint16(dst, a.Y)
	dst = binary.BigEndian.AppendUint16(dst, a.Width)
	return binary.BigEndian.AppendUint16(dst, a.Height)
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// AppendUpdateRequest asks for the changes in an area, or for all of it (RFB,
// "FramebufferUpdateRequest").
func AppendUpdateRequest(dst []byte, incremental bool, a Area) []byte {
	return a.appendTo(append(dst, clientUpdateRequest, flag(incremental)))
}

// AppendContinuousUpdates switches continuous updates (RFB,
// "EnableContinuousUpdates"); only after an EndOfContinuousUpdates.
func AppendContinuousUpdates(dst []byte, enable bool, a Area) []byte {
	return a.appendTo(append(dst, clientContinuousUpdates, flag(enable)))
}

// FenceFlags are what a fence asks for (RFB, "ClientFence").
type FenceFlags uint32

// Flags of fences.
const (
	FenceBlockBefore FenceFlags = 1 << 0
	FenceBlockAfter  FenceFlags = 1 << 1
	FenceSyncNext    FenceFlags = 1 << 2
	FenceRequest     FenceFlags = 1 << 31

	fenceKnown = FenceBlockBefore | FenceBlockAfter | FenceSyncNext
)

// MaxFence is the longest payload of a fence, in bytes.
const MaxFence = 64

// AppendFence asks for a synchronisation (with FenceRequest), or answers one. What of
// payload exceeds MaxFence is left away.
func AppendFence(dst []byte, flags FenceFlags, payload []byte) []byte {
	payload = payload[:min(len(payload), MaxFence)]
	dst = append(dst, clientFence, 0, 0, 0)
	dst = binary.BigEndian.AppendUint32(dst, uint32(flags))
	return append(append(dst, byte(len(payload))), payload...)
}

// AppendFenceReply answers a server's fence: with the known bits only, which TigerVNC
// insists on.
func AppendFenceReply(dst []byte, f *Fence) []byte {
	return AppendFence(dst, f.Flags&fenceKnown, f.Payload)
}

// Screen is one screen within the framebuffer (RFB, "ExtendedDesktopSize
// Pseudo-encoding").
type Screen struct {
	ID    uint32 // kept, when the screen is only changed
	Area  Area
	Flags uint32 // kept as they are; 0 for a new screen
}

// MaxScreens is how many screens a desktop may have.
const MaxScreens = 255

// AppendSetDesktopSize asks for another size and layout (RFB, "SetDesktopSize"); only
// after an extended Resize. Screens beyond MaxScreens are left away.
func AppendSetDesktopSize(dst []byte, width, height uint16, screens []Screen) []byte {
	screens = screens[:min(len(screens), MaxScreens)]
	dst = append(dst, clientSetDesktopSize, 0)
	dst = binary.BigEndian.AppendUint16(dst, width)
	dst = binary.BigEndian.AppendUint16(dst, height)
	dst = append(dst, byte(len(screens)), 0)
	for _, s := range screens {
		dst = binary.BigEndian.AppendUint32(dst, s.ID)
		dst = s.Area.appendTo(dst)
		dst = binary.BigEndian.AppendUint32(dst, s.Flags)
	}
	return dst
}

// PowerAction is asked of a machine (RFB, "xvp Client Message").
type PowerAction byte

// Power actions.
const (
	PowerShutdown PowerAction = 2
	PowerReboot   PowerAction = 3
	PowerReset    PowerAction = 4
)

// AppendPower asks for a power action; only after an XVP event.
func AppendPower(dst []byte, a PowerAction) []byte {
	return append(dst, clientXVP, 0, 1, byte(a))
}

// Sub-types and operations of QEMU's messages (RFB, "QEMU Client Message").
const (
	qemuKey         = 0
	qemuAudio       = 1
	qemuAudioEnable = 0
	qemuAudioStop   = 1
	qemuAudioFormat = 2
)

// SampleFormat is the form of a sample of sound (RFB, "QEMU Audio Client Message").
type SampleFormat byte

// Formats of samples. RFB has all numbers big-endian, but QEMU sends samples as its
// sound system has them: little-endian.
const (
	SampleU8 SampleFormat = iota
	SampleS8
	SampleU16
	SampleS16
	SampleU32
	SampleS32
)

// AppendAudioEnable starts or stops the sound; only after Confirmed of
// EncodingQEMUAudio.
func AppendAudioEnable(dst []byte, on bool) []byte {
	op := byte(qemuAudioStop)
	if on {
		op = qemuAudioEnable
	}
	return append(dst, clientQEMU, qemuAudio, 0, op)
}

// AppendAudioFormat sets the form of the sound, before it is started: one or two
// channels, frequency in hertz.
func AppendAudioFormat(dst []byte, f SampleFormat, channels byte, frequency uint32) []byte {
	dst = append(dst, clientQEMU, qemuAudio, 0, qemuAudioFormat, byte(f), channels)
	return binary.BigEndian.AppendUint32(dst, frequency)
}

// AppendServerInput blocks the keyboard and the mouse of the machine itself, or lets them
// work again. UltraVNC and what is made of LibVNCServer take it (SetServerInput of RFB's
// list of messages); others close the connection.
func AppendServerInput(dst []byte, blocked bool) []byte {
	return append(dst, clientServerInput, flag(blocked), 0, 0)
}

// AppendTextChatClose ends a chat that an UltraVNC server opened: there is nobody to
// answer it.
func AppendTextChatClose(dst []byte) []byte {
	return append(dst, clientTextChat, 0, 0, 0, 0xff, 0xff, 0xff, 0xfe)
}
