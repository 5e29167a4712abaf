package term

import (
	"bytes"
	"encoding/binary"
)

// imageHeader finds out what a file is and its size in pixels, without decoding
// it; FormatNone if it is nothing that is shown. The size is that to be seen: a
// photo that says it lies on its side is turned, as browsers do.
func imageHeader(p []byte) (f Format, w, h int) {
	switch {
	case bytes.HasPrefix(p, []byte("\x89PNG\r\n\x1a\n")):
		f = FormatPNG
		if len(p) >= 24 && string(p[12:16]) == "IHDR" {
			w, h = int(binary.BigEndian.Uint32(p[16:])), int(binary.BigEndian.Uint32(p[20:]))
		}
	case bytes.HasPrefix(p, []byte("\xff\xd8\xff")):
		f = FormatJPEG
		w, h = jpegSize(p)
	case bytes.HasPrefix(p, []byte("GIF87a")), bytes.HasPrefix(p, []byte("GIF89a")):
		f = FormatGIF
		if len(p) >= 10 {
			w, h = int(binary.LittleEndian.Uint16(p[6:])), int(binary.LittleEndian.Uint16(p[8:]))
		}
	case len(p) >= 30 && string(p[:4]) == "RIFF" && string(p[8:12]) == "WEBP":
		f = FormatWebP
		w, h = webpSize(p[12:])
	}
	if w <= 0 || h <= 0 || w > maxCodedSide || h > maxCodedSide || w*h > maxCodedPixels {
		return FormatNone, 0, 0
	}
	return f, w, h
}

// jpegSize walks over the segments to the frame header (ITU-T T.81, B.2.2).
func jpegSize(p []byte) (w, h int) {
	turned := false
	for at := 2; at+4 <= len(p); {
		if p[at] != 0xff {
			return 0, 0
		}
		marker := p[at+1]
		if marker == 0xff { // padding
			at++
			continue
		}
		size := int(binary.BigEndian.Uint16(p[at+2:]))
		end := at + 2 + size
		if size < 2 || end > len(p) {
			return 0, 0
		}
		s := p[at+4 : end]
		switch {
		case marker == 0xe1:
			turned = turned || exifTurned(s)
		case marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc:
			if len(s) < 5 {
				return 0, 0
			}
			h, w = int(binary.BigEndian.Uint16(s[1:])), int(binary.BigEndian.Uint16(s[3:]))
			if turned {
				w, h = h, w
			}
			return w, h
		case marker == 0xda || marker == 0xd9:
			return 0, 0
		}
		at = end
	}
	return 0, 0
}

// exifTurned tells whether an Exif segment says that width and height are
// exchanged: orientation 5…8 (Exif 2.32, 4.6.4, tag 0x112).
func exifTurned(p []byte) bool {
	p, ok := bytes.CutPrefix(p, []byte("Exif\x00\x00"))
	if !ok || len(p) < 8 {
		return false
	}
	var order binary.ByteOrder = binary.BigEndian
	if p[0] == 'I' {
		order = binary.LittleEndian
	}
	at := uint64(order.Uint32(p[4:]))
	if at+2 > uint64(len(p)) {
		return false
	}
	n := int(order.Uint16(p[at:]))
	for p = p[at+2:]; n > 0 && len(p) >= 12; p, n = p[12:], n-1 {
		if order.Uint16(p) == 0x112 {
			v := order.Uint16(p[8:])
			return v >= 5 && v <= 8
		}
	}
	return false
}

// webpSize reads the first chunk (WebP container specification, RFC 9649).
func webpSize(p []byte) (w, h int) {
	le := binary.LittleEndian
	switch string(p[:4]) {
	case "VP8 ":
		if p[11] == 0x9d && p[12] == 0x01 && p[13] == 0x2a {
			return int(le.Uint16(p[14:]) & 0x3fff), int(le.Uint16(p[16:]) & 0x3fff)
		}
	case "VP8L":
		if p[8] == 0x2f {
			v := le.Uint32(p[9:])
			return int(v&0x3fff) + 1, int(v>>14&0x3fff) + 1
		}
	case "VP8X":
		return int(p[12]) | int(p[13])<<8 | int(p[14])<<16 + 1, int(p[15]) | int(p[16])<<8 | int(p[17])<<16 + 1
	}
	return 0, 0
}
