package encodings_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/cursor"
	"github.com/porthole-rac/porthole/protocol/codec/encodings"
)

// viewer is as little of an RFB 3.8 client as the test of real servers needs:
// security type None, and only what paints.
type viewer struct {
	conn   net.Conn
	in     *bufio.Reader
	set    *encodings.Set
	lock   sync.Mutex   // over screen
	screen codec.Target // what came
	seen   map[int32]int
	shape  []byte // the cursor, R, G, B, A
}

func view(address string, encodings_ ...int32) (*viewer, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	v := &viewer{conn: conn, in: bufio.NewReaderSize(conn, 5000), seen: map[int32]int{}}
	v.set = encodings.New(func(i codec.Image) error { return browser(&v.screen)(i) })
	if err := v.begin(encodings_); err != nil {
		conn.Close()
		return nil, err
	}
	return v, nil
}

func (v *viewer) read(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(v.in, b); err != nil {
		panic(err)
	}
	return b
}

// caught turns the panic of read into an error.
func caught(err *error) {
	if p, ok := recover().(error); ok {
		*err = p
	}
}

func (v *viewer) begin(list []int32) (err error) {
	defer caught(&err)
	v.conn.SetDeadline(time.Now().Add(time.Minute))
	v.read(12)
	v.conn.Write([]byte("RFB 003.008\n"))
	types := v.read(int(v.read(1)[0]))
	v.conn.Write([]byte{1})
	if result := v.read(4); result[3] != 0 {
		return fmt.Errorf("security types %v, result %v", types, result)
	}
	v.conn.Write([]byte{1})
	head := v.read(24)
	v.read(int(binary.BigEndian.Uint32(head[20:])))
	w, h := int(binary.BigEndian.Uint16(head)), int(binary.BigEndian.Uint16(head[2:]))
	if v.screen, err = codec.NewTarget(w, h); err != nil {
		return err
	}
	out := []byte{0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 0, 8, 16, 0, 0, 0} // SetPixelFormat
	out = append(out, 2, 0, 0, byte(len(list)))                                        // SetEncodings
	for _, e := range list {
		out = binary.BigEndian.AppendUint32(out, uint32(e))
	}
	_, err = v.conn.Write(out)
	return err
}

func (v *viewer) request(incremental byte) error {
	b := []byte{3, incremental, 0, 0, 0, 0}
	b = binary.BigEndian.AppendUint16(b, uint16(v.screen.Width))
	_, err := v.conn.Write(binary.BigEndian.AppendUint16(b, uint16(v.screen.Height)))
	return err
}

// update reads messages up to an update, and that.
func (v *viewer) update() (err error) {
	defer caught(&err)
	for {
		switch kind := v.read(1)[0]; kind {
		case 0:
			for range binary.BigEndian.Uint16(v.read(3)[1:]) {
				if err := v.rectangle(); err != nil {
					return err
				}
			}
			return nil
		case 2: // bell
		case 3:
			v.read(int(binary.BigEndian.Uint32(v.read(7)[3:])))
		default:
			return fmt.Errorf("message %d", kind)
		}
	}
}

func (v *viewer) rectangle() error {
	head := v.read(12)
	at := func(i int) int { return int(binary.BigEndian.Uint16(head[i:])) }
	r, encoding := codec.Rect{X: at(0), Y: at(2), W: at(4), H: at(6)}, int32(binary.BigEndian.Uint32(head[8:]))
	v.seen[encoding]++
	target := v.screen
	switch encoding {
	case cursor.Plain, cursor.X, cursor.VMware:
		begin, err := v.in.Peek(1)
		if err != nil {
			return err
		}
		n, err := cursor.Size(encoding, r.W, r.H, begin)
		if err != nil {
			return err
		}
		v.shape, err = cursor.Decode(nil, encoding, r.W, r.H, v.read(n))
		return err
	case cursor.WithAlpha:
		var err error
		if target, err = codec.NewTarget(r.W, r.H); err != nil {
			return err
		}
		r.X, r.Y = 0, 0
		v.shape = target.Pix
	}
	d := v.set.Decoder(encoding)
	if d == nil {
		return fmt.Errorf("encoding %d", encoding)
	}
	v.lock.Lock()
	defer v.lock.Unlock()
	if err := d.Begin(target, r); err != nil {
		return err
	}
	for !d.Done() {
		if _, err := v.in.Peek(1); err != nil {
			return errors.Join(err, fmt.Errorf("in rectangle %v of encoding %d", r, encoding))
		}
		p, _ := v.in.Peek(v.in.Buffered())
		n, err := d.Write(p)
		if err != nil {
			return err
		}
		v.in.Discard(n)
	}
	return nil
}

// follow asks for updates until the connection is closed.
func (v *viewer) follow() error {
	for {
		if err := v.request(1); err != nil {
			return err
		}
		if err := v.update(); err != nil {
			return err
		}
	}
}
