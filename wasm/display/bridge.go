//go:build js

package main

import (
	"syscall/js"
	"unsafe"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/wire"
)

// The functions of the worker's scripts that are called for every message or
// rectangle. Calls by numbers cost a tenth of those by js.Value, and leave no garbage.
// display-worker.js has them.

//go:wasmimport porthole take
func bridgeTake(p unsafe.Pointer)

//go:wasmimport porthole offset
func bridgeOffset() float64

//go:wasmimport porthole now
func now() float64

//go:wasmimport porthole size
func bridgeSize(width, height, fresh int32)

//go:wasmimport porthole pixels
func bridgePixels(x, y, w, h int32, p unsafe.Pointer)

//go:wasmimport porthole picture
func bridgePicture(x, y, w, h int32, id uint32)

//go:wasmimport porthole image
func bridgeImage(kind, w, h int32, p unsafe.Pointer, n int32) uint32

//go:wasmimport porthole copy
func bridgeCopy(x, y, w, h, fromX, fromY int32)

//go:wasmimport porthole fill
func bridgeFill(x, y, w, h int32, color uint32)

//go:wasmimport porthole frame
func bridgeFrame(number float64)

//go:wasmimport porthole soundFormat
func bridgeSoundFormat(kind, rate, channels int32)

//go:wasmimport porthole sound
func bridgeSound(time float64, p unsafe.Pointer, n int32)

// canvas is what the stream is painted on: the worker's scripts.
type canvas struct{ *session }

func (canvas) Size(width, height int, fresh bool) {
	f := int32(0)
	if fresh {
		f = 1
	}
	bridgeSize(int32(width), int32(height), f)
}

func (canvas) Pixels(r codec.Rect, pix []byte) {
	bridgePixels(int32(r.X), int32(r.Y), int32(r.W), int32(r.H), unsafe.Pointer(unsafe.SliceData(pix)))
}

func (canvas) Picture(r codec.Rect, id uint32) {
	bridgePicture(int32(r.X), int32(r.Y), int32(r.W), int32(r.H), id)
}

func (canvas) Image(i codec.Image) uint32 {
	return bridgeImage(int32(i.Kind), int32(i.Rect.W), int32(i.Rect.H), unsafe.Pointer(unsafe.SliceData(i.Data)), int32(len(i.Data)))
}

func (canvas) Copy(r codec.Rect, x, y int) {
	bridgeCopy(int32(r.X), int32(r.Y), int32(r.W), int32(r.H), int32(x), int32(y))
}

func (canvas) Fill(r codec.Rect, color uint32) {
	bridgeFill(int32(r.X), int32(r.Y), int32(r.W), int32(r.H), color)
}

func (canvas) Frame(number uint64) { bridgeFrame(float64(number)) }

func (c canvas) Cursor(m *wire.Cursor) {
	pixels := js.Global().Get("Uint8ClampedArray").New(len(m.Pixels))
	js.CopyBytesToJS(pixels, m.Pixels)
	c.post("cursor", map[string]any{"x": m.HotX, "y": m.HotY, "width": m.Width, "height": m.Height, "pixels": pixels})
}

func (c canvas) PointerMoved(x, y int) {
	c.hands.PointerMoved(x, y)
	c.post("pointerMoved", map[string]any{"x": x, "y": y})
}

func (c canvas) PointerMode(relative bool) {
	c.hands.Relative(relative)
	c.post("pointerMode", map[string]any{"relative": relative})
}

func (c canvas) LEDs(l wire.LEDs) {
	c.hands.LEDs(l)
	c.post("leds", map[string]any{"scroll": l.Scroll, "num": l.Num, "caps": l.Caps})
}

func (c canvas) Bell() { c.post("bell", nil) }
