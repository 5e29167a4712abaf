package shell_test

import (
	"fmt"
	"image"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/guacamole/shell"
)

// nowhere takes what is drawn and forgets it.
type nowhere struct{ pixels int }

func (n *nowhere) Copy(image.Rectangle, image.Point) {}
func (n *nowhere) Fill(image.Rectangle, uint32)      {}
func (n *nowhere) Image(r image.Rectangle, _ []byte) { n.pixels += r.Dx() * r.Dy() }
func receive(s *shell.Shell, list ...func([]byte) []byte) {
	for _, f := range list {
		t, body, _, _ := wire.Next(f(nil))
		_ = s.Receive(t, body)
	}
}

// busy is a Shell of 120×40 cells, and its program.
type busy struct {
	*shell.Shell
	offset  uint64
	buf     []byte
	screens [2][]byte
	turn    int
}

func newBusy() *busy {
	b := &busy{Shell: shell.New(shell.Config{Width: 120 * 8, Height: 40 * 17})}
	w := wire.Welcome{Version: 1, Scrollback: 1000, InputWindow: 1 << 18}
	receive(b.Shell, w.Append, (&wire.Connected{}).Append)
	for i := range b.screens {
		var s strings.Builder
		for y := range 40 {
			fmt.Fprintf(&s, "\x1b[%d;1H", y+1)
			for x := range 20 {
				fmt.Fprintf(&s, "\x1b[%dm%-6s", 31+(x+y+i)%7, fmt.Sprint("w", x*y+i*7))
			}
		}
		b.screens[i] = []byte(s.String())
	}
	return b
}

// output has the program write.
func (b *busy) output(p []byte) {
	m := wire.Output{Offset: b.offset, Data: p}
	b.offset += uint64(len(p))
	b.buf = m.Append(b.buf[:0])
	t, body, _, _ := wire.Next(b.buf)
	_ = b.Receive(t, body)
}

// next shows much text of many colours, another one each time.
func (b *busy) next() {
	b.output(b.screens[b.turn&1])
	b.turn++
}

// TestFramesMakeNoGarbage: in steady state nothing is allocated.
func TestFramesMakeNoGarbage(t *testing.T) {
	s := newBusy()
	var to nowhere
	now := time.Now()
	draw := func() {
		s.next()
		s.Draw(&to, now)
	}
	draw()
	draw()
	if n := testing.AllocsPerRun(100, draw); n > 0 {
		t.Errorf("%v allocations a frame", n)
	}
	line := []byte("\r\nanother line, 日本 ─┼─ e\u0301")
	lines := func() {
		s.output(line)
		s.Draw(&to, now)
	}
	for range 3000 { // the scrollback is full
		lines()
	}
	if n := testing.AllocsPerRun(100, lines); n > 0 {
		t.Errorf("%v allocations for a line", n)
	}
}

// TestIdleMemory: a terminal at rest with a full scrollback.
func TestIdleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("makes many terminals")
	}
	const n = 50
	var before, after runtime.MemStats
	keep := make([]*busy, 0, n)
	one := func() {
		s := newBusy()
		s.next()
		s.output([]byte(strings.Repeat("a line of some sixty characters as shells print them on and on\r\n", 900)))
		s.Draw(&nowhere{}, time.Now())
		keep = append(keep, s)
	}
	one()
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range n {
		one()
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / n
	t.Logf("%d KB each", each>>10)
	if each > 4<<20 {
		t.Errorf("%d bytes each", each)
	}
	runtime.KeepAlive(keep)
}

func BenchmarkFullRedraw(b *testing.B) {
	s := newBusy()
	s.next()
	var to nowhere
	now := time.Now()
	for b.Loop() {
		s.Refresh()
		s.Draw(&to, now)
	}
	b.ReportMetric(float64(to.pixels)/float64(b.N), "pixels/op")
}

func BenchmarkChangedScreen(b *testing.B) {
	s := newBusy()
	var to nowhere
	now := time.Now()
	for b.Loop() {
		s.next()
		s.Draw(&to, now)
	}
}

func BenchmarkLine(b *testing.B) {
	s := newBusy()
	s.next()
	var to nowhere
	now := time.Now()
	i := 0
	var text []byte
	for b.Loop() {
		text = fmt.Appendf(text[:0], "\r\nline %d of a program that prints much", i)
		i++
		s.output(text)
		s.Draw(&to, now)
	}
}

func BenchmarkKey(b *testing.B) {
	s := newBusy()
	s.next()
	var to nowhere
	now := time.Now()
	x := []byte("x")
	for b.Loop() {
		s.output(x)
		s.Draw(&to, now)
	}
}

// BenchmarkCat50MB is 50 MB of text with a frame for each 64 KB, which is more than any
// page takes.
func BenchmarkCat50MB(b *testing.B) {
	s := newBusy()
	var to nowhere
	now := time.Now()
	var text strings.Builder
	for i := 0; text.Len() < wire.MaxOutput-100; i++ {
		fmt.Fprintf(&text, "%08d the quick brown fox jumps over the lazy dog\r\n", i)
	}
	p := []byte(text.String())
	for b.Loop() {
		for n := 0; n < 50_000_000; n += len(p) {
			s.output(p)
			s.Draw(&to, now)
		}
	}
}
