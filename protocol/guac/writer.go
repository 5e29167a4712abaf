package guac

import (
	"encoding/base64"
	"strconv"
	"unicode/utf8"
)

// MessageSize is how long a message to a browser is at most, bytes, unless a single
// instruction is longer. authentik keeps up to this in one row of its database.
const MessageSize = 8000

const (
	blobHead  = 2*maxDigits + len("4.blob,2.,.;") + 4 // bytes of a blob without its data
	leastBlob = 768                                   // bytes that are worth a blob of their own at a message's end
)

// Writer collects instructions and cuts them into messages of whole ones:
//
//	w.Begin("size")
//	w.Int(0)
//	w.Int(1920)
//	w.Int(1080)
//	w.End()
//
// The zero value is ready, with messages of MessageSize. What it has allocated it
// keeps, see Trim.
type Writer struct {
	// Size bounds messages, bytes; 0: MessageSize.
	Size int

	buf     []byte
	cuts    []int // ends of the messages before the last
	message int   // beginning of the last one
	start   int   // beginning of the instruction
}

func (w *Writer) size() int {
	if w.Size > 0 {
		return w.Size
	}
	return MessageSize
}

// Begin begins an instruction.
func (w *Writer) Begin(opcode string) {
	w.start = len(w.buf)
	w.Text(opcode)
}

// Text writes an element. What is not UTF-8 in it becomes U+FFFD.
func (w *Writer) Text(s string) {
	w.buf = strconv.AppendInt(w.buf, int64(units(s)), 10)
	w.buf = append(w.buf, '.')
	if utf8.ValidString(s) {
		w.buf = append(w.buf, s...)
	} else {
		for _, r := range s {
			w.buf = utf8.AppendRune(w.buf, r)
		}
	}
	w.buf = append(w.buf, ',')
}

// Int writes a number.
func (w *Writer) Int(v int) { w.Int64(int64(v)) }

// Int64 writes a number.
func (w *Writer) Int64(v int64) {
	w.buf = appendInt(w.buf, v)
	w.buf = append(w.buf, ',')
}

// Base64 writes bytes in base64.
func (w *Writer) Base64(p []byte) {
	w.buf = strconv.AppendInt(w.buf, int64(base64.StdEncoding.EncodedLen(len(p))), 10)
	w.buf = append(w.buf, '.')
	w.buf = base64.StdEncoding.AppendEncode(w.buf, p)
	w.buf = append(w.buf, ',')
}

// End ends the instruction.
func (w *Writer) End() {
	w.buf[len(w.buf)-1] = ';'
	if w.start > w.message && len(w.buf)-w.message > w.size() {
		w.cuts = append(w.cuts, w.start)
		w.message = w.start
	}
}

// Blobs writes the data of a stream, in as many blobs as it takes: the first fills
// the message that has begun.
func (w *Writer) Blobs(stream int, p []byte) {
	for len(p) > 0 {
		n := (w.size() - blobHead - (len(w.buf) - w.message)) / 4 * 3
		if n < leastBlob && n < len(p) {
			n = max((w.size()-blobHead)/4*3, 3)
		}
		n = min(n, len(p))
		w.Begin("blob")
		w.Int(stream)
		w.Base64(p[:n])
		w.End()
		p = p[n:]
	}
}

// Len is how many bytes are there.
func (w *Writer) Len() int { return len(w.buf) }

// Messages gives the messages. They are valid until the writer is used again.
func (w *Writer) Messages(yield func([]byte) bool) {
	from := 0
	for _, to := range w.cuts {
		if !yield(w.buf[from:to]) {
			return
		}
		from = to
	}
	if from < len(w.buf) {
		yield(w.buf[from:])
	}
}

// Reset forgets all instructions.
func (w *Writer) Reset() {
	w.buf, w.cuts, w.message, w.start = w.buf[:0], w.cuts[:0], 0, 0
}

// Trim lets go of memory beyond some bytes. The writer must be empty.
func (w *Writer) Trim(most int) {
	if cap(w.buf) > most {
		w.buf, w.cuts = nil, nil
	}
}
