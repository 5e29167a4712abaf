package rfb

import (
	"bytes"
	"fmt"
)

// Limits bound what a server may send. Zeros stand for the defaults.
type Limits struct {
	Pixels    int // of the framebuffer; DefaultMaxPixels
	Clipboard int // bytes of one format; DefaultMaxClipboard
}

// Bounds that are not settings.
const (
	// DefaultMaxClipboard is 10 MiB, what other viewers take.
	DefaultMaxClipboard = 10 << 20
	// MaxCursor is the longest side of a cursor, in pixels.
	MaxCursor = 1024
	// keptBuffer is how large a buffer may be to be kept for the next message.
	keptBuffer = 64 << 10
)

// Decoder reads what a server sends after ServerInit. It is not safe for concurrent
// use.
type Decoder struct {
	limits        Limits
	width, height int
	format        PixelFormat

	// The engine: step gets exactly need bytes, after skip bytes went by. Bytes of a
	// kind are reported as Data, in the longest pieces that the input allows.
	need   int
	skip   int64
	sized  bool // skip is all that is left of the kind, so Left can be told
	scan   bool // everything up to a byte 0xff goes by (JPEG)
	kind   DataKind
	step   dstep
	name   string // of what is read, for errors
	buf    []byte
	later  Event // comes after the data that went before it
	offset int64
	err    error

	rects int
	frame frame
	alpha bool // the frame is of a cursor with alpha

	ev struct {
		update Update
		rect   Rect
		data   Data
		audio  AudioData
		resize Resize
		cursor Cursor
		fence  Fence
		moved  PointerMoved
		mode   PointerMode
		leds   LEDs
		end    UpdateEnd
		last   RectEnd
	}
	screens [MaxScreens]Screen
}

type dstep func(d *Decoder, b []byte) (Event, error)

// NewDecoder begins after ServerInit with its size and pixel format. A format that
// is asked for with SetPixelFormat must be told with SetFormat too.
func NewDecoder(width, height int, format PixelFormat, limits Limits) *Decoder {
	if limits.Pixels == 0 {
		limits.Pixels = DefaultMaxPixels
	}
	if limits.Clipboard == 0 {
		limits.Clipboard = DefaultMaxClipboard
	}
	d := &Decoder{limits: limits, width: width, height: height, format: format}
	d.message()
	return d
}

// SetFormat says that pixels of the updates to come have another format. It may be
// called between updates: before the first request, or behind a fence.
func (d *Decoder) SetFormat(f PixelFormat) { d.format = f }

// Size is the framebuffer's, in pixels.
func (d *Decoder) Size() (width, height int) { return d.width, d.height }

// message awaits the next message.
func (d *Decoder) message() {
	if cap(d.buf) > keptBuffer {
		d.buf = nil
	}
	d.kind = dataNone
	d.then("message", 1, (*Decoder).readType)
}

func (d *Decoder) then(name string, need int, step dstep) {
	d.name, d.need, d.step = name, need, step
}

// pass lets n bytes of a kind go by, all there are of them, before the next step.
func (d *Decoder) pass(kind DataKind, n int64) {
	d.kind, d.skip, d.sized = kind, n, true
}

// over lets n bytes go by before the next step.
func (d *Decoder) over(n int64) { d.skip, d.sized = n, false }

func (d *Decoder) fail(format string, args ...any) error {
	return &ProtocolError{Step: d.name, Text: fmt.Sprintf(format, args...), Offset: d.offset}
}

// Next takes bytes of in and gives the next event, or nil when it needs more; it
// took all of in then. After an error it takes nothing.
func (d *Decoder) Next(in []byte) (ev Event, n int, err error) {
	if d.err != nil {
		return nil, 0, d.err
	}
	if d.later != nil {
		ev, d.later = d.later, nil
		return ev, 0, nil
	}
	from, kind := 0, d.kind // in[from:n] are taken bytes of one kind
	for {
		if kind != d.kind {
			if n > from && kind != dataNone {
				return d.piece(kind, in[from:n]), n, nil
			}
			from, kind = n, d.kind
		}
		taken, whole := d.skipOver(in[n:])
		n += taken
		if !whole {
			if d.scan && d.skip == 0 && d.offset-d.frame.start > d.frame.bound {
				_, d.err = d.readEntropy([]byte{0}) // the bound's error
				return nil, n, d.err
			}
			break
		}
		k := min(d.need-len(d.buf), len(in)-n)
		b := in[n : n+k]
		n, d.offset = n+k, d.offset+int64(k)
		if len(d.buf) > 0 || k < d.need {
			d.buf = append(d.buf, b...)
			b = d.buf
		}
		if len(b) < d.need {
			break
		}
		d.buf = d.buf[:0]
		if ev, d.err = d.step(d, b); d.err != nil {
			return nil, n, d.err
		}
		if ev != nil {
			if n > from && kind != dataNone {
				d.later = ev
				return d.piece(kind, in[from:n]), n, nil
			}
			return ev, n, nil
		}
	}
	if n > from && kind != dataNone {
		return d.piece(kind, in[from:n]), n, nil
	}
	return nil, n, nil
}

// skipOver takes what goes by without being read, and tells whether that was all.
func (d *Decoder) skipOver(in []byte) (n int, whole bool) {
	if d.skip > 0 {
		n = int(min(d.skip, int64(len(in))))
		d.skip -= int64(n)
		d.offset += int64(n)
		if d.skip > 0 {
			return n, false
		}
		in = in[n:]
	}
	if d.scan {
		k := bytes.IndexByte(in, 0xff) + 1
		d.scan = k == 0
		if d.scan {
			k = len(in)
		}
		n += k
		d.offset += int64(k)
	}
	return n, !d.scan
}

// piece reports bytes of a rectangle, or of sound.
func (d *Decoder) piece(kind DataKind, b []byte) Event {
	left := 0
	if d.sized {
		left = int(min(d.skip, 1<<31-1))
	}
	if kind == dataAudio {
		d.ev.audio = AudioData{Bytes: b, Left: left}
		return &d.ev.audio
	}
	d.ev.data = Data{Kind: kind, Bytes: b, Left: left}
	return &d.ev.data
}
