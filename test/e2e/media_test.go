package e2e_test

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"net"
	"os/exec"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/rfb/rfbtest"
	"github.com/porthole-rac/porthole/scripts/browser"
	"github.com/porthole-rac/porthole/scripts/targets"
)

// film is a moving picture, and the same as H.264: one access unit (Annex B) for each
// picture.
type film struct {
	width, height int
	pictures      []*image.RGBA
	units         [][]byte
}

// record makes a film by ffmpeg, or skips.
func record(t *testing.T, width, height, frames int) *film {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("ffmpeg is not installed")
	}
	source := []string{"-v", "error", "-f", "lavfi", "-i", fmt.Sprintf("testsrc=s=%dx%d:r=5", width, height), "-frames:v", fmt.Sprint(frames)}
	raw, err := exec.Command("ffmpeg", append(source, "-f", "rawvideo", "-pix_fmt", "rgba", "-")...).Output()
	if err != nil || len(raw) != 4*width*height*frames {
		t.Skipf("ffmpeg makes no pictures: %v, %d bytes", err, len(raw))
	}
	coded, err := exec.Command("ffmpeg", append(source, "-vf", "scale=out_color_matrix=bt709,format=yuv420p",
		"-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-c:v", "libx264", "-profile:v", "baseline", "-crf", "12",
		"-tune", "zerolatency", "-x264-params", "scenecut=0:keyint=100", "-bsf:v", "h264_metadata=aud=insert", "-f", "h264", "-")...).Output()
	if err != nil {
		t.Skipf("ffmpeg makes no H.264: %v", err)
	}
	f := &film{width: width, height: height}
	for ; len(raw) > 0; raw = raw[4*width*height:] {
		f.pictures = append(f.pictures, &image.RGBA{Pix: raw[:4*width*height], Stride: 4 * width, Rect: image.Rect(0, 0, width, height)})
	}
	delimiter := []byte{0, 0, 0, 1, 9}
	for _, u := range bytes.Split(coded, delimiter)[1:] {
		f.units = append(f.units, append(bytes.Clone(delimiter), u...))
	}
	if len(f.units) != frames {
		t.Fatalf("%d access units for %d pictures", len(f.units), frames)
	}
	return f
}

// cinema is a VNC server that shows pictures of a film when it is told to.
type cinema struct {
	f       *film
	mu      sync.Mutex
	conn    net.Conn // of the viewer
	offered bool     // that it takes H.264
}

// open starts it, and gives its address.
func (c *cinema) open(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() {
		_ = l.Close()
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.conn != nil {
			_ = c.conn.Close()
		}
	})
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s := rfbtest.Server{
				Types: []rfb.Security{rfb.SecurityNone}, Rand: rand.Reader, Width: uint16(c.f.width), Height: uint16(c.f.height), Name: "cinema",
			}
			if _, err := s.Serve(conn); err == nil {
				go c.listen(conn)
			}
		}
	}()
	return l.Addr().String()
}

// listen reads what the viewer says; only its encodings matter.
func (c *cinema) listen(conn net.Conn) {
	lengths := map[byte]int{0: 19, 3: 9, 4: 7, 5: 5}
	for {
		kind := make([]byte, 1)
		if _, err := io.ReadFull(conn, kind); err != nil {
			return
		}
		n := lengths[kind[0]]
		switch kind[0] {
		case 2:
			head := make([]byte, 3)
			_, _ = io.ReadFull(conn, head)
			list := make([]byte, 4*int(binary.BigEndian.Uint16(head[1:])))
			_, _ = io.ReadFull(conn, list)
			c.mu.Lock()
			c.conn = conn
			for ; len(list) > 0; list = list[4:] {
				c.offered = c.offered || binary.BigEndian.Uint32(list) == uint32(rfb.EncodingH264)
			}
			c.mu.Unlock()
		case 6:
			head := make([]byte, 7)
			_, _ = io.ReadFull(conn, head)
			n = int(max(int32(binary.BigEndian.Uint32(head[3:])), -int32(binary.BigEndian.Uint32(head[3:]))))
		}
		if _, err := io.CopyN(io.Discard, conn, int64(n)); err != nil {
			return
		}
	}
}

func (c *cinema) watched() (net.Conn, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn, c.offered
}

// show sends one picture.
func (c *cinema) show(i int) error {
	b := []byte{0, 0, 0, 1, 0, 0, 0, 0}
	b = binary.BigEndian.AppendUint16(b, uint16(c.f.width))
	b = binary.BigEndian.AppendUint16(b, uint16(c.f.height))
	b = binary.BigEndian.AppendUint32(b, uint32(rfb.EncodingH264))
	b = binary.BigEndian.AppendUint32(b, uint32(len(c.f.units[i])))
	flags := uint32(0)
	if i == 0 {
		flags = 1 // a decoder of its own
	}
	b = binary.BigEndian.AppendUint32(b, flags)
	conn, _ := c.watched()
	_, err := conn.Write(append(b, c.f.units[i]...))
	return err
}

// distance is by how much a colour of two pictures differs, on average; 256: their
// sizes differ.
func distance(a, b image.Image) float64 {
	if a.Bounds().Size() != b.Bounds().Size() {
		return 256
	}
	sum, n := 0, 0
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			r1, g1, b1, _ := a.At(x, y).RGBA()
			r2, g2, b2, _ := b.At(x, y).RGBA()
			for _, d := range [3]int{int(r1>>8) - int(r2>>8), int(g1>>8) - int(g2>>8), int(b1>>8) - int(b2>>8)} {
				sum += max(d, -d)
				n++
			}
		}
	}
	return float64(sum) / float64(n)
}

// Video of a server (Open H.264) goes through the relay as it came, and the page shows
// what was filmed: each picture, and not the one before.
func TestDesktopH264(t *testing.T) {
	if absent != "" {
		t.Skip(absent)
	}
	c := &cinema{f: record(t, 320, 240, 12)}
	addEndpoint(t, t.Name(), "vnc", c.open(t), map[string]string{"disable-display-resize": "true"})
	p := visitor(t)
	must(t, p.Launch(t.Name()))
	until(t, "the viewer comes", func() bool { conn, _ := c.watched(); return conn != nil })
	if _, offered := c.watched(); !offered {
		t.Skip("this Chromium decodes no H.264")
	}
	const near, far = 4.0, 6.0
	for i := range c.f.units {
		must(t, c.show(i))
		if i%11 != 0 { // the decoder has to go through all of them; the ends are looked at
			continue
		}
		last := 0.0
		until(t, fmt.Sprintf("picture %d", i), func() bool {
			if i == 0 {
				if ok, err := browser.Eval[bool](p, `porthole.state === "connected" && porthole.stats().framesPainted > 0`); err != nil || !ok {
					return false
				}
			}
			last = distance(shown(t, p), c.f.pictures[i])
			return last < near
		})
		t.Logf("picture %d differs by %.2f on average", i, last)
	}
	if d := distance(c.f.pictures[0], c.f.pictures[11]); d < far {
		t.Fatalf("the film stands still: %.2f", d)
	}
	picture(t, p, "desktop-h264")
}

// tap has what the page plays measured: whatever is connected to the speakers is connected
// to an analyser too. It must be there before the first gesture.
const tap = `(() => {
	const connect = AudioNode.prototype.connect;
	AudioNode.prototype.connect = function (to, ...rest) {
		if (to instanceof AudioDestinationNode) {
			globalThis.analyser = new AnalyserNode(this.context, { fftSize: 8192 });
			connect.call(this, analyser);
		}
		return connect.call(this, to, ...rest);
	};
	return true;
})()`

// pitch is that of what is played, Hz, 0 while it is silent.
const pitch = `(() => {
	if (!globalThis.analyser) return 0;
	const bins = new Float32Array(analyser.frequencyBinCount);
	analyser.getFloatFrequencyData(bins);
	let best = 1;
	for (const [i, v] of bins.entries()) if (i > 8 && v > bins[best]) best = i;
	return bins[best] > -60 ? best * analyser.context.sampleRate / analyser.fftSize : 0;
})()`

// The tone that a machine plays is heard in the page after the first click, in its pitch.
func TestDesktopSound(t *testing.T) {
	if absent != "" {
		t.Skip(absent)
	}
	v, err := targets.QEMU(t.TempDir(), targets.VNCOptions{Sound: true})
	if missing := new(targets.Missing); errors.As(err, &missing) {
		t.Skip(missing)
	}
	must(t, err)
	t.Cleanup(func() { must(t, v.Close()) })
	addEndpoint(t, t.Name(), "vnc", v.Address(), nil)
	p := atDesktop(t)
	_, err = browser.Eval[bool](p, tap)
	must(t, err)
	must(t, p.Do(chromedp.MouseClickXY(300, 300)))
	must(t, p.Until(fmt.Sprintf("Math.abs(%s - %d) < 30", pitch, targets.Tone)))
}

// So is what a machine plays by PulseAudio, beside its VNC server.
func TestDesktopPulseAudio(t *testing.T) {
	if absent != "" {
		t.Skip(absent)
	}
	d := targets.StartPulseAudio(t, false)
	const hz, rate = 700, 48000
	pcm := make([]byte, 0, rate*4)
	for i := range rate {
		v := uint16(int16(8000 * math.Sin(2*math.Pi*hz*float64(i)/rate)))
		pcm = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(pcm, v), v)
	}
	d.Play("", pcm)
	desktop(t, targets.VNCOptions{Password: "vncpass1"}, map[string]string{"enable-audio": "true", "audio-servername": d.Server})
	p := atDesktop(t)
	_, err := browser.Eval[bool](p, tap)
	must(t, err)
	must(t, p.Do(chromedp.MouseClickXY(300, 300)))
	must(t, p.Until(fmt.Sprintf("Math.abs(%s - %d) < 30", pitch, hz)))
}
