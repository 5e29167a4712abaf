package vnc

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/codectest"
	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/settings"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
)

// well is a Screen that takes everything and keeps nothing.
type well struct {
	buf   []byte
	bytes int64
	marks uint64
}

func (w *well) Begin(int, int) error { return nil }
func (w *well) Reserve(n int) ([]byte, error) {
	if n > cap(w.buf) {
		w.buf = make([]byte, 0, max(n, 64<<10))
	}
	return w.buf[:0], nil
}
func (w *well) Commit(p []byte)              { w.bytes += int64(len(p)) }
func (w *well) Mark() (uint64, error)        { w.marks++; return w.marks, nil }
func (w *well) Flush()                       {}
func (w *well) Info(wire.DesktopInfo) error  { return nil }
func (w *well) Clipboard(string, []byte)     {}
func (w *well) SoundFormat(wire.AudioFormat) {}
func (w *well) Sound(wire.AudioData)         {}
func (w *well) FromTarget(int)               {}

// tightStream is one update of a screen in Tight, with pictures, as a server sends it.
func tightStream() []byte {
	text := codectest.New("text", 1920, 1080, 1)
	rects := codectest.NewPlainEncoder().Encode(int32(rfb.EncodingTight), text, codec.Rect{W: 1920, H: 540})
	picture := bytes.Repeat([]byte{0x5a}, 12_000)
	n := len(rects) + 60
	out := []byte{0, 0, byte(n >> 8), byte(n)}
	head := func(r codec.Rect, e rfb.Encoding) {
		for _, v := range []int{r.X, r.Y, r.W, r.H} {
			out = binary.BigEndian.AppendUint16(out, uint16(v))
		}
		out = binary.BigEndian.AppendUint32(out, uint32(e))
	}
	for _, r := range rects {
		head(r.Rect, rfb.EncodingTight)
		out = append(out, r.Payload...)
	}
	for i := range 40 {
		head(codec.Rect{X: 16 * i, Y: 600, W: 256, H: 64}, rfb.EncodingTight)
		out = append(out, 0x90, byte(len(picture))|0x80, byte(len(picture)>>7)|0x80, byte(len(picture)>>14))
		out = append(out, picture...)
	}
	for i := range 10 {
		head(codec.Rect{X: i, Y: 700, W: 20, H: 20}, rfb.EncodingTight)
		out = append(out, 0x80, 1, 2, 3)
		head(codec.Rect{X: i, Y: 800, W: 20, H: 20}, rfb.EncodingCopyRect)
		out = append(out, 0, 1, 0, 1)
	}
	return out
}

// still is a desktop on a connection that goes nowhere.
func still(t testing.TB, screen target.Screen) *viewer {
	t.Helper()
	ours, theirs := net.Pipe()
	t.Cleanup(func() { _ = ours.Close(); _ = theirs.Close() })
	s, _ := settings.ParseVNC(nil)
	cfg := &Config{Settings: s, Browser: target.Browser{Pictures: "jpeg,png"}}
	l := &line{conn: ours, rw: ours, ready: &rfb.Ready{Width: 1920, Height: 1080, Format: rfb.RGBX}}
	d := newDesktop(context.Background(), cfg, &connector{cfg: cfg}, l)
	t.Cleanup(func() { _ = d.Close() })
	v := newViewer(d, screen)
	if err := v.attach(l, d.out); err != nil {
		t.Fatal(err)
	}
	return v
}

// An update makes no garbage: 200 sessions would have the collector run all the time.
func TestAllocations(t *testing.T) {
	v := still(t, new(well))
	in := append(tightStream(), 248, 0, 0, 0, 0x80, 0, 0, 1, 1, 'x')
	var reply []byte
	feed := func() {
		for p := in; len(p) > 0; {
			n := min(16<<10, len(p))
			if err := v.events(p[:n]); err != nil {
				t.Fatal(err)
			}
			v.stream.flush()
			p = p[n:]
		}
		v.out.do(func(s *sender) { s.pace.paint(s.pace.mark, 0, 0) })
		reply, _, _, _ = v.out.fill(reply[:0])
	}
	if n := testing.AllocsPerRun(20, feed); n > 0 {
		t.Errorf("%v allocations for an update", n)
	}
}

// Input makes none either.
func TestInputAllocations(t *testing.T) {
	v := still(t, new(well))
	x := 0
	var out []byte
	if n := testing.AllocsPerRun(100, func() {
		x++
		v.d.Pointer(wire.Pointer{X: x % 100})
		v.d.Key(wire.Key{Down: true, Keysym: 'a'})
		v.d.Key(wire.Key{Keysym: 'a'})
		out, _, _, _ = v.out.fill(out[:0])
	}); n > 0 {
		t.Errorf("%v allocations for a motion and a key", n)
	}
}

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkFraming is what going through an update costs besides reading it, and
// BenchmarkCopy what copying the same bytes does.
func BenchmarkFraming(b *testing.B) {
	v := still(b, new(well))
	in := tightStream()
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		for p := in; len(p) > 0; {
			n := min(64<<10, len(p))
			if err := v.events(p[:n]); err != nil {
				b.Fatal(err)
			}
			p = p[n:]
		}
	}
}

// BenchmarkRelay serves a stream over TCP, against copying it to another socket: the
// CPU for each MB of both ends, the same for both, and what is between.
func BenchmarkRelay(b *testing.B) {
	in := tightStream()
	const rounds = 200
	pair := func() (net.Conn, net.Conn) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		defer l.Close()
		got := make(chan net.Conn, 1)
		go func() { c, _ := l.Accept(); got <- c }()
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		return c, <-got
	}
	source := func(c net.Conn) {
		defer c.Close()
		for range rounds {
			if _, err := c.Write(in); err != nil {
				return
			}
		}
	}
	perMB := func(b *testing.B, f func()) {
		began := cpu()
		n := 0
		for b.Loop() {
			f()
			n++
		}
		b.ReportMetric(float64((cpu()-began).Microseconds())/(float64(n)*rounds*float64(len(in))/1e6), "µs-cpu/MB")
		b.SetBytes(rounds * int64(len(in)))
	}
	sink := func() net.Conn {
		w, r := pair()
		go func() { _, _ = io.Copy(io.Discard, struct{ io.Reader }{r}); _ = r.Close() }()
		return w
	}
	b.Run("copy", func(b *testing.B) {
		perMB(b, func() {
			ours, theirs := pair()
			go source(theirs)
			out := sink()
			buf := make([]byte, 64<<10)
			_, _ = io.CopyBuffer(struct{ io.Writer }{out}, struct{ io.Reader }{ours}, buf)
			_ = ours.Close()
			_ = out.Close()
		})
	})
	b.Run("vnc", func(b *testing.B) {
		perMB(b, func() {
			ours, theirs := pair()
			go source(theirs)
			out := sink()
			v := still(b, &pipe{out: out})
			v.line.rw = ours
			_, err := v.serve()
			_ = ours.Close()
			_ = out.Close()
			if err != nil {
				b.Fatal(err)
			}
		})
	})
}

// pipe is a Screen that writes to a socket.
type pipe struct {
	well
	out     net.Conn
	written atomic.Int64
}

func (p *pipe) Commit(b []byte) {
	n, _ := p.out.Write(b)
	p.written.Add(int64(n))
}
