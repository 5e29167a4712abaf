package rfb

import "strconv"

// Encoding is the number of an encoding or pseudo-encoding (RFB, "Encodings").
type Encoding int32

// Encodings of pixels, with their section of RFB.
const (
	EncodingRaw      Encoding = 0    // "Raw Encoding"
	EncodingCopyRect Encoding = 1    // "CopyRect Encoding"
	EncodingRRE      Encoding = 2    // "RRE Encoding"
	EncodingCoRRE    Encoding = 4    // "CoRRE Encoding"
	EncodingHextile  Encoding = 5    // "Hextile Encoding"
	EncodingZlib     Encoding = 6    // "zlib Encoding"
	EncodingTight    Encoding = 7    // "Tight Encoding"
	EncodingZlibHex  Encoding = 8    // "zlibhex Encoding"
	EncodingTRLE     Encoding = 15   // RFC 6143, 7.7.5
	EncodingZRLE     Encoding = 16   // "ZRLE Encoding"
	EncodingJPEG     Encoding = 21   // "JPEG Encoding"
	EncodingH264     Encoding = 50   // "Open H.264 Encoding"
	EncodingTightPNG Encoding = -260 // "Tight PNG Encoding"
)

// Pseudo-encodings, with their section of RFB.
const (
	EncodingDesktopSize         Encoding = -223        // "DesktopSize Pseudo-encoding"
	EncodingLastRect            Encoding = -224        // "LastRect Pseudo-encoding"
	EncodingPointerPos          Encoding = -232        // registered by TightVNC as POINTPOS
	EncodingCursor              Encoding = -239        // "Cursor Pseudo-encoding"
	EncodingXCursor             Encoding = -240        // "X Cursor Pseudo-encoding"
	EncodingQEMUPointerMotion   Encoding = -257        // "QEMU Pointer Motion Change Pseudo-encoding"
	EncodingQEMUExtendedKey     Encoding = -258        // "QEMU Extended Key Event Pseudo-encoding"
	EncodingQEMUAudio           Encoding = -259        // "QEMU Audio Pseudo-encoding"
	EncodingQEMULED             Encoding = -261        // "QEMU LED State Pseudo-encoding"
	EncodingDesktopName         Encoding = -307        // "DesktopName Pseudo-encoding"
	EncodingExtendedDesktopSize Encoding = -308        // "ExtendedDesktopSize Pseudo-encoding"
	EncodingXVP                 Encoding = -309        // "xvp Pseudo-encoding"
	EncodingFence               Encoding = -312        // "Fence Pseudo-encoding"
	EncodingContinuousUpdates   Encoding = -313        // "ContinuousUpdates Pseudo-encoding"
	EncodingCursorWithAlpha     Encoding = -314        // "Cursor With Alpha Pseudo-encoding"
	EncodingExtendedMouse       Encoding = -316        // "ExtendedMouseButtons Pseudo-encoding"
	EncodingTightNoZlib         Encoding = -317        // "Tight Encoding Without Zlib Pseudo-encoding"
	EncodingVMwareCursor        Encoding = 0x574d5664  // "VMware Cursor Pseudo-encoding"
	EncodingVMwareCursorState   Encoding = 0x574d5665  // "VMware Cursor State Pseudo-encoding"
	EncodingVMwareCursorPos     Encoding = 0x574d5666  // "VMware Cursor Position Pseudo-encoding"
	EncodingVMwareKeyRepeat     Encoding = 0x574d5667  // "VMware Key Repeat Pseudo-encoding"
	EncodingVMwareLED           Encoding = 0x574d5668  // "VMware LED state Pseudo-encoding"
	EncodingVMwareMode          Encoding = 0x574d5669  // "VMware Display Mode Change Pseudo-encoding"
	EncodingVMwareState         Encoding = 0x574d566a  // "VMware Virtual Machine State Pseudo-encoding"
	EncodingExtendedClipboard   Encoding = -0x3f5e1a32 // 0xc0a1e5ce, "Extended Clipboard Pseudo-Encoding"
)

// Quality asks for JPEG of a quality from 0 to 9, the best (RFB, "JPEG Quality Level
// Pseudo-encoding": -32 to -23).
func Quality(level int) Encoding { return Encoding(-32 + min(max(level, 0), 9)) }

// Compression asks for a level from 0 to 9, the smallest output (RFB, "Compression
// Level Pseudo-encoding": -256 to -247).
func Compression(level int) Encoding { return Encoding(-256 + min(max(level, 0), 9)) }

// FineQuality asks for JPEG of a quality from 0 to 100 (RFB, "JPEG Fine-Grained
// Quality Level Pseudo-encoding": -512 to -412).
func FineQuality(percent int) Encoding { return Encoding(-512 + min(max(percent, 0), 100)) }

// Subsampling asks how JPEG keeps its colours (RFB, "JPEG Subsampling Level
// Pseudo-Encoding").
type Subsampling int8

// Levels of subsampling.
const (
	SubsampleNone Subsampling = iota // every pixel has its colour
	Subsample4                       // one of four
	Subsample2                       // one of two
	SubsampleGray                    // none
	Subsample8
	Subsample16
)

// Encoding is the pseudo-encoding of a level.
func (s Subsampling) Encoding() Encoding { return Encoding(-768 + min(max(int(s), 0), 5)) }

var encodingNames = map[Encoding]string{
	EncodingRaw: "raw", EncodingCopyRect: "copyrect", EncodingRRE: "rre", EncodingCoRRE: "corre", EncodingHextile: "hextile",
	EncodingZlib: "zlib", EncodingTight: "tight", EncodingTRLE: "trle", EncodingZRLE: "zrle", EncodingJPEG: "jpeg",
	EncodingH264: "h.264", EncodingTightPNG: "tightpng",
	EncodingZlibHex: "zlibhex", 9: "ultra", 10: "ultra2", 17: "zywrle", 18: "xz", 19: "xzyw", 20: "h264", 22: "jrle", 25: "zstd", 26: "tightzstd",
	EncodingDesktopSize: "desktop size", EncodingLastRect: "last rectangle", EncodingPointerPos: "pointer position",
	EncodingCursor: "cursor", EncodingXCursor: "x cursor", EncodingQEMUPointerMotion: "qemu pointer motion",
	EncodingQEMUExtendedKey: "qemu extended key", EncodingQEMUAudio: "qemu audio", EncodingQEMULED: "qemu led",
	EncodingDesktopName: "desktop name", EncodingExtendedDesktopSize: "extended desktop size", EncodingXVP: "xvp",
	EncodingFence: "fence", EncodingContinuousUpdates: "continuous updates", EncodingCursorWithAlpha: "cursor with alpha",
	EncodingExtendedMouse: "extended mouse buttons", EncodingTightNoZlib: "tight without zlib",
	EncodingVMwareCursor: "vmware cursor", EncodingVMwareCursorState: "vmware cursor state",
	EncodingVMwareCursorPos: "vmware cursor position", EncodingVMwareKeyRepeat: "vmware key repeat",
	EncodingVMwareLED: "vmware led", EncodingVMwareMode: "vmware display mode", EncodingVMwareState: "vmware machine state",
	EncodingExtendedClipboard: "extended clipboard",
}

func (e Encoding) String() string {
	if s, ok := encodingNames[e]; ok {
		return s
	}
	return "encoding " + strconv.Itoa(int(e))
}
