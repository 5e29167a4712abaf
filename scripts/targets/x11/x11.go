// Package x11 is as much of an X client as tests and workloads need: it draws
// into windows, takes pictures of the screen and moves the pointer, on displays
// of this machine that ask for no authorization (X Window System Protocol,
// X.Org, release 7).
//
// A Conn is for one goroutine. Errors that the server reports come out of the
// next call that waits for a reply.
package x11

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// ID names a window, pixmap or graphics context.
type ID uint32

// Conn is a connection to a display.
type Conn struct {
	Root          ID
	Width, Height int // of the screen when the connection was made

	conn   net.Conn
	r      *bufio.Reader
	w      *bufio.Writer
	visual uint32
	depth  byte
	base   uint32
	next   uint32
	xtest  byte // opcode; 0: not asked yet
	buf    []byte
}

// patience bounds how long an answer may take.
const patience = 30 * time.Second

var le = binary.LittleEndian

// Dial connects to a display such as ":7". Screens with other than 24 bits and
// four bytes a pixel are refused.
func Dial(display string) (*Conn, error) {
	number, _, _ := strings.Cut(strings.TrimPrefix(display, ":"), ".")
	if _, err := strconv.Atoi(number); err != nil {
		return nil, fmt.Errorf("x11: %q is no local display", display)
	}
	conn, err := net.Dial("unix", "/tmp/.X11-unix/X"+number)
	if err != nil {
		return nil, fmt.Errorf("x11: %w", err)
	}
	c := &Conn{conn: conn, r: bufio.NewReaderSize(conn, 64<<10), w: bufio.NewWriterSize(conn, 64<<10)}
	if err := c.setup(); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return c, nil
}

// Close ends the connection; what it made goes with it.
func (c *Conn) Close() error { return c.conn.Close() }

// setup is section 8, "Connection Setup".
func (c *Conn) setup() error {
	_ = c.conn.SetDeadline(time.Now().Add(patience))
	defer func() { _ = c.conn.SetDeadline(time.Time{}) }()
	if _, err := c.conn.Write([]byte{'l', 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0}); err != nil {
		return fmt.Errorf("x11: %w", err)
	}
	var head [8]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		return fmt.Errorf("x11: %w", err)
	}
	b := make([]byte, 4*int(le.Uint16(head[6:])))
	if _, err := io.ReadFull(c.r, b); err != nil {
		return fmt.Errorf("x11: %w", err)
	}
	if head[0] != 1 {
		return fmt.Errorf("x11: the display refuses: %s", b[:min(len(b), int(head[1]))])
	}
	const fixed, format = 32, 8
	if len(b) < fixed {
		return errors.New("x11: short setup")
	}
	c.base = le.Uint32(b[4:])
	screen := fixed + (int(le.Uint16(b[16:]))+3)&^3 + format*int(b[21])
	if len(b) < screen+40 || b[20] == 0 {
		return errors.New("x11: short setup")
	}
	order, s := b[22], b[screen:]
	c.Root = ID(le.Uint32(s))
	c.Width, c.Height = int(le.Uint16(s[20:])), int(le.Uint16(s[22:]))
	c.visual, c.depth = le.Uint32(s[32:]), s[38]
	if c.depth != 24 || order != 0 {
		return fmt.Errorf("x11: depth %d, byte order %d", c.depth, order)
	}
	return nil
}

// request sends a request; body is padded to four bytes.
func (c *Conn) request(opcode, data byte, body []byte) {
	n := 1 + (len(body)+3)/4
	c.buf = append(c.buf[:0], opcode, data, byte(n), byte(n>>8))
	_, _ = c.w.Write(c.buf) // an error stays and comes out of Flush
	_, _ = c.w.Write(body)
	_, _ = c.w.Write(make([]byte, -len(body)&3))
}

func words(v ...uint32) []byte {
	var b []byte
	for _, w := range v {
		b = le.AppendUint32(b, w)
	}
	return b
}

func pair(a, b int) uint32 { return uint32(uint16(a)) | uint32(uint16(b))<<16 }

// reply waits for the answer of the last request, and gives the 32 bytes of its
// head and the rest.
func (c *Conn) reply() (head [32]byte, rest []byte, err error) {
	_ = c.conn.SetDeadline(time.Now().Add(patience))
	defer func() { _ = c.conn.SetDeadline(time.Time{}) }()
	if err := c.w.Flush(); err != nil {
		return head, nil, fmt.Errorf("x11: %w", err)
	}
	for {
		if _, err := io.ReadFull(c.r, head[:]); err != nil {
			return head, nil, fmt.Errorf("x11: %w", err)
		}
		switch head[0] {
		case 0:
			return head, nil, fmt.Errorf("x11: error %d of request %d", head[1], head[10])
		case 1:
			rest = make([]byte, 4*int(le.Uint32(head[4:])))
			if _, err := io.ReadFull(c.r, rest); err != nil {
				return head, nil, fmt.Errorf("x11: %w", err)
			}
			return head, rest, nil
		}
	}
}

// Sync waits until the server did all that was asked.
func (c *Conn) Sync() error {
	c.request(43 /* GetInputFocus */, 0, nil)
	_, _, err := c.reply()
	return err
}

func (c *Conn) id() ID {
	c.next++
	return ID(c.base | c.next)
}

// Window makes and shows a window above all others that no window manager
// touches. Its background is a pixmap, or nothing.
func (c *Conn) Window(x, y, w, h int, background ID) ID {
	const overrideRedirect, backPixmap = 0x200, 1
	id := c.id()
	c.request(1 /* CreateWindow */, c.depth, words(
		uint32(id), uint32(c.Root), pair(x, y), pair(w, h), pair(0, 1 /* InputOutput */), c.visual,
		overrideRedirect|backPixmap, uint32(background), 1,
	))
	c.request(8 /* MapWindow */, 0, words(uint32(id)))
	return id
}

// Move puts a window elsewhere.
func (c *Conn) Move(window ID, x, y int) {
	c.request(12 /* ConfigureWindow */, 0, words(uint32(window), 3, uint32(int32(x)), uint32(int32(y))))
}

// Pixmap makes a picture to draw in.
func (c *Conn) Pixmap(w, h int) ID {
	id := c.id()
	c.request(53 /* CreatePixmap */, c.depth, words(uint32(id), uint32(c.Root), pair(w, h)))
	return id
}

// GC makes a graphics context for windows and pixmaps, with a colour to fill with.
func (c *Conn) GC(colour uint32) ID {
	const foreground = 4
	id := c.id()
	c.request(55 /* CreateGC */, 0, words(uint32(id), uint32(c.Root), foreground, colour))
	return id
}

// Fill fills a rectangle.
func (c *Conn) Fill(target, gc ID, x, y, w, h int) {
	c.request(70 /* PolyFillRectangle */, 0, words(uint32(target), uint32(gc), pair(x, y), pair(w, h)))
}

// Copy copies a rectangle.
func (c *Conn) Copy(from, to, gc ID, fromX, fromY, x, y, w, h int) {
	c.request(62 /* CopyArea */, 0, words(uint32(from), uint32(to), uint32(gc), pair(fromX, fromY), pair(x, y), pair(w, h)))
}

// Put draws pixels of B, G, R, X, width of them a line.
func (c *Conn) Put(target, gc ID, x, y, width int, pixels []byte) {
	const longest = 65535*4 - 24
	stride := 4 * width
	for len(pixels) > 0 {
		lines := min(longest/stride, len(pixels)/stride)
		if lines == 0 {
			return
		}
		head := words(uint32(target), uint32(gc), pair(width, lines), pair(x, y), uint32(c.depth)<<8)
		n := 1 + len(head)/4 + lines*width
		c.buf = append(c.buf[:0], 72 /* PutImage */, 2 /* ZPixmap */, byte(n), byte(n>>8))
		_, _ = c.w.Write(append(c.buf, head...))
		_, _ = c.w.Write(pixels[:lines*stride])
		pixels, y = pixels[lines*stride:], y+lines
	}
}

// Warp moves the pointer.
func (c *Conn) Warp(x, y int) {
	c.request(41 /* WarpPointer */, 0, words(0, uint32(c.Root), 0, 0, pair(x, y)))
}

// Pointer tells where the pointer is.
func (c *Conn) Pointer() (x, y int, err error) {
	c.request(38 /* QueryPointer */, 0, words(uint32(c.Root)))
	head, _, err := c.reply()
	return int(int16(le.Uint16(head[16:]))), int(int16(le.Uint16(head[18:]))), err
}

// Focus gives the keyboard to the window below the pointer, until that window
// goes away.
func (c *Conn) Focus() error {
	c.request(38 /* QueryPointer */, 0, words(uint32(c.Root)))
	head, _, err := c.reply()
	if err != nil {
		return err
	}
	c.request(42 /* SetInputFocus */, 1 /* then PointerRoot */, words(le.Uint32(head[12:]), 0))
	return c.Sync()
}

// Picture is what the screen shows, without the pointer.
func (c *Conn) Picture() (*image.RGBA, error) {
	img := image.NewRGBA(image.Rect(0, 0, c.Width, c.Height))
	c.request(73 /* GetImage */, 2 /* ZPixmap */, words(uint32(c.Root), pair(0, 0), pair(c.Width, c.Height), 0xffffffff))
	_, pixels, err := c.reply()
	if err != nil {
		return nil, err
	}
	if len(pixels) < len(img.Pix) {
		return nil, errors.New("x11: short picture")
	}
	for i := 0; i < len(img.Pix); i += 4 {
		img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3] = pixels[i+2], pixels[i+1], pixels[i], 0xff
	}
	return img, nil
}

// Kinds of input for Fake, the codes of their events.
const (
	KeyPress      = 2
	KeyRelease    = 3
	ButtonPress   = 4
	ButtonRelease = 5
)

// Fake does as if a key (X's code: evdev's plus 8) or a button were pressed or
// released on the machine (X Test Extension Protocol, "XTestFakeInput").
func (c *Conn) Fake(kind, detail byte) error {
	if c.xtest == 0 {
		const name = "XTEST"
		c.request(98 /* QueryExtension */, 0, append([]byte{byte(len(name)), 0, 0, 0}, name...))
		head, _, err := c.reply()
		if err != nil {
			return err
		}
		if head[8] == 0 {
			return errors.New("x11: the display has no XTEST")
		}
		c.xtest = head[9]
	}
	b := make([]byte, 32)
	b[0], b[1] = kind, detail
	c.request(c.xtest, 2 /* FakeInput */, b)
	return c.Sync()
}
