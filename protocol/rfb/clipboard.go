package rfb

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"strings"
)

// ClipboardFlags are formats and actions of the extended clipboard (RFB, "Extended
// Clipboard Pseudo-Encoding").
type ClipboardFlags uint32

// Formats.
const (
	ClipText  ClipboardFlags = 1 << 0 // UTF-8, CR LF, NUL at the end
	ClipRTF   ClipboardFlags = 1 << 1
	ClipHTML  ClipboardFlags = 1 << 2 // "Microsoft HTML clipboard fragments"
	ClipDIB   ClipboardFlags = 1 << 3 // device-independent bitmap v5 without a file header
	ClipFiles ClipboardFlags = 1 << 4 // reserved

	clipFormats = 0xffff
)

// Actions.
const (
	ClipCaps    ClipboardFlags = 1 << 24
	ClipRequest ClipboardFlags = 1 << 25
	ClipPeek    ClipboardFlags = 1 << 26
	ClipNotify  ClipboardFlags = 1 << 27
	ClipProvide ClipboardFlags = 1 << 28

	clipActions = 0xff000000
)

// ClipFormats is how many formats there are names for: text, RTF, HTML, DIB.
const ClipFormats = 4

// Formats are the formats among the flags.
func (f ClipboardFlags) Formats() ClipboardFlags { return f & clipFormats }

// Actions are the actions among the flags.
func (f ClipboardFlags) Actions() ClipboardFlags { return f & clipActions }

// AppendCutText offers text as Latin-1, the way of servers without the extended
// clipboard (RFB, "ClientCutText"); '?' stands for what that cannot say.
func AppendCutText(dst []byte, text string) []byte {
	dst = append(dst, clientCutText, 0, 0, 0, 0, 0, 0, 0)
	at := len(dst)
	dst = appendLatin1(dst, text)
	binary.BigEndian.PutUint32(dst[at-4:], uint32(len(dst)-at))
	return dst
}

// AppendCutBytes offers text that is in a server's own character set already.
func AppendCutBytes(dst, text []byte) []byte {
	dst = append(dst, clientCutText, 0, 0, 0)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(text)))
	return append(dst, text...)
}

// appendClipboard begins an extended message of size bytes after the flags.
func appendClipboard(dst []byte, f ClipboardFlags, size int) []byte {
	dst = append(dst, clientCutText, 0, 0, 0)
	dst = binary.BigEndian.AppendUint32(dst, uint32(-int32(4+size)))
	return binary.BigEndian.AppendUint32(dst, uint32(f))
}

// AppendClipboardCaps says which formats and actions the client takes, and how many
// bytes of each format without a request; 0 makes a server notify only.
func AppendClipboardCaps(dst []byte, f ClipboardFlags, sizes [ClipFormats]uint32) []byte {
	f &^= clipFormats &^ (1<<ClipFormats - 1)
	dst = appendClipboard(dst, f|ClipCaps, 4*bits.OnesCount32(uint32(f.Formats())))
	for i, size := range sizes {
		if f>>i&1 != 0 {
			dst = binary.BigEndian.AppendUint32(dst, size)
		}
	}
	return dst
}

// AppendClipboardAction sends a request (for formats), a peek, or a notify (of
// formats; none: the clipboard is empty).
func AppendClipboardAction(dst []byte, action, formats ClipboardFlags) []byte {
	return appendClipboard(dst, action.Actions()|formats.Formats(), 0)
}

// ClipboardData is the content of a clipboard, by format. Text has LF alone and no
// NUL here; the wire's form is made and undone by this package.
type ClipboardData struct {
	Text           string
	RTF, HTML, DIB []byte
	Formats        ClipboardFlags // which are there
}

// AppendClipboardProvide answers a request with content.
func AppendClipboardProvide(dst []byte, d ClipboardData) ([]byte, error) {
	dst = appendClipboard(dst, ClipProvide|d.Formats&(1<<ClipFormats-1), 0)
	at := len(dst)
	buf := bytes.NewBuffer(dst)
	z := zlib.NewWriter(buf)
	for i := range ClipFormats {
		if d.Formats>>i&1 == 0 {
			continue
		}
		var b []byte
		switch ClipboardFlags(1) << i {
		case ClipText:
			b = wireText(d.Text)
		case ClipRTF:
			b = d.RTF
		case ClipHTML:
			b = d.HTML
		case ClipDIB:
			b = d.DIB
		}
		if uint64(len(b)) > 1<<31-1 {
			return dst[:at-12], errors.New("rfb: clipboard content too long")
		}
		// Writes to a buffer do not fail.
		_, _ = z.Write(binary.BigEndian.AppendUint32(nil, uint32(len(b))))
		_, _ = z.Write(b)
	}
	if err := z.Close(); err != nil {
		return dst[:at-12], fmt.Errorf("rfb: clipboard: %w", err)
	}
	dst = buf.Bytes()
	binary.BigEndian.PutUint32(dst[at-8:], uint32(-int32(len(dst)-at+4)))
	return dst, nil
}

func wireText(s string) []byte {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return append([]byte(strings.ReplaceAll(s, "\n", "\r\n")), 0)
}

func ownText(b []byte) string {
	b = bytes.TrimRight(b, "\x00")
	return strings.ToValidUTF8(strings.ReplaceAll(string(b), "\r\n", "\n"), "\ufffd")
}

// Clipboard is an event: an extended message of the server.
type Clipboard struct {
	Flags ClipboardFlags
	Sizes [ClipFormats]uint32 // with ClipCaps: bytes without a request
	Data  ClipboardData       // with ClipProvide
	// TooLong are formats whose content exceeds the bound; they are not in Data.
	TooLong ClipboardFlags
}

// parseClipboard reads what follows a negative length; limit bounds each format.
func parseClipboard(body []byte, limit int) (*Clipboard, error) {
	if len(body) < 4 {
		return nil, fmt.Errorf("extended message of %d bytes", len(body))
	}
	c := &Clipboard{Flags: ClipboardFlags(binary.BigEndian.Uint32(body))}
	body = body[4:]
	switch {
	case c.Flags&ClipCaps != 0:
		for i := range 16 {
			if c.Flags>>i&1 == 0 {
				continue
			}
			if len(body) < 4 {
				break // x11vnc sends fewer sizes than formats
			}
			if i < ClipFormats {
				c.Sizes[i] = binary.BigEndian.Uint32(body)
			}
			body = body[4:]
		}
	case c.Flags&ClipProvide != 0:
		if err := c.inflate(body, limit); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// inflate reads size and data of each format. A stream that ends early keeps what
// was complete.
func (c *Clipboard) inflate(body []byte, limit int) error {
	z, err := zlib.NewReader(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("clipboard: %w", err)
	}
	var head [4]byte
	for i := range 16 {
		format := ClipboardFlags(1) << i
		if c.Flags&format == 0 {
			continue
		}
		if _, err := io.ReadFull(z, head[:]); err != nil {
			return fmt.Errorf("clipboard size: %w", err)
		}
		size := int64(binary.BigEndian.Uint32(head[:]))
		if size > int64(limit) {
			c.TooLong |= c.Flags.Formats() &^ (format - 1) // those after it are not reached
			return nil
		}
		// Grows with what comes out, not with what was announced.
		data, err := io.ReadAll(io.LimitReader(z, size))
		if err != nil || int64(len(data)) < size {
			return fmt.Errorf("clipboard content: %d of %d bytes: %w", len(data), size, errors.Join(err, io.ErrUnexpectedEOF))
		}
		switch format {
		case ClipText:
			c.Data.Text = ownText(data)
		case ClipRTF:
			c.Data.RTF = data
		case ClipHTML:
			c.Data.HTML = data
		case ClipDIB:
			c.Data.DIB = data
		default:
			continue
		}
		c.Data.Formats |= format
	}
	return nil
}
