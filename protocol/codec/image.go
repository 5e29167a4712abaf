package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrAlpha is for a target with alpha in an encoding that cannot carry it.
var ErrAlpha = errors.New("encoding has no alpha")

// Kind is a kind of picture that the browser decodes.
type Kind uint8

// Kinds of pictures.
const (
	JPEG Kind = iota + 1
	PNG
)

// String is the picture's media type.
func (k Kind) String() string {
	switch k {
	case JPEG:
		return "image/jpeg"
	case PNG:
		return "image/png"
	}
	return "unknown"
}

// Image is a rectangle that is a compressed picture. It is not decoded here: the
// browser is 3 times faster at it, and does it beside everything else.
type Image struct {
	Kind Kind
	Rect Rect   // where it is painted; the picture may be larger by up to 15 pixels, which are cut off
	Data []byte // only until the function that gets it returns
}

// Images gets the pictures, in order with the rectangles painted before and after.
type Images func(Image) error

// MaxImage bounds the bytes of a picture for a rectangle: twice what noise needs
// at the best quality, and room for tables and comments.
func MaxImage(r Rect) int { return 128<<10 + 6*(r.W+15)&^15*((r.H+15)&^15) }

// Check looks whether the picture has the size of its rectangle: a picture says
// its size itself, and a few bytes of it can make a browser allocate gigabytes.
func (i *Image) Check() error {
	w, h, ok := i.Size()
	if !ok {
		return fmt.Errorf("%v of %d bytes has no size: %w", i.Kind, len(i.Data), ErrCorrupt)
	}
	if w < i.Rect.W || h < i.Rect.H || w > (i.Rect.W+15)&^15 || h > (i.Rect.H+15)&^15 {
		return fmt.Errorf("%v of %d×%d pixels for %v: %w", i.Kind, w, h, i.Rect, ErrCorrupt)
	}
	return nil
}

// Size is what the picture says that it is, pixels.
func (i *Image) Size() (width, height int, ok bool) {
	switch i.Kind {
	case JPEG:
		return jpegSize(i.Data)
	case PNG:
		if d := i.Data; len(d) >= 24 && string(d[:8]) == "\x89PNG\r\n\x1a\n" && string(d[12:16]) == "IHDR" {
			return int(binary.BigEndian.Uint32(d[16:])), int(binary.BigEndian.Uint32(d[20:])), true
		}
	}
	return 0, 0, false
}

// jpegSize finds the frame header (ITU-T T.81 §B.2.2).
func jpegSize(d []byte) (w, h int, ok bool) {
	if len(d) < 4 || d[0] != 0xff || d[1] != 0xd8 {
		return 0, 0, false
	}
	for i := 2; i+9 <= len(d) && d[i] == 0xff; {
		marker := d[i+1]
		if marker == 0xff {
			i++
			continue
		}
		if marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc {
			return int(binary.BigEndian.Uint16(d[i+7:])), int(binary.BigEndian.Uint16(d[i+5:])), true
		}
		if marker == 0xda || marker == 0xd9 {
			return 0, 0, false
		}
		i += 2 + int(binary.BigEndian.Uint16(d[i+2:]))
	}
	return 0, 0, false
}
