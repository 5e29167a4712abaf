package display_test

import (
	"bytes"
	"encoding/binary"
	"os/exec"
	"testing"

	"github.com/porthole-rac/porthole/protocol/wire"
)

// clip makes pictures of H.264 that are one colour each, as Annex B, one access unit
// for each picture.
func clip(t *testing.T, w, h string, colors ...string) [][]byte {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("ffmpeg is not installed")
	}
	filter := ""
	args := []string{"-v", "error"}
	for _, c := range colors {
		args = append(args, "-f", "lavfi", "-i", "color=c="+c+":s="+w+"x"+h+":d=1:r=1")
		filter += "[" + string(rune('0'+len(filter)/3)) + "]"
	}
	args = append(args, "-filter_complex", filter+"concat=n="+string(rune('0'+len(colors)))+",scale=out_color_matrix=bt709,format=yuv420p",
		"-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-x264-params", "scenecut=0:keyint=100",
		"-c:v", "libx264", "-profile:v", "baseline", "-tune", "zerolatency", "-bsf:v", "h264_metadata=aud=insert", "-f", "h264", "-")
	out, err := exec.Command("ffmpeg", args...).Output()
	if err != nil {
		t.Skipf("ffmpeg makes no H.264: %v", err)
	}
	var units [][]byte
	aud := []byte{0, 0, 0, 1, 9}
	for _, u := range bytes.Split(out, aud)[1:] {
		units = append(units, append(bytes.Clone(aud), u...))
	}
	if len(units) != len(colors) {
		t.Fatalf("%d pictures of %d", len(units), len(colors))
	}
	return units
}

// h264 is the payload of a rectangle.
func h264(flags uint32, unit []byte) []byte {
	p := binary.BigEndian.AppendUint32(nil, uint32(len(unit)))
	return append(binary.BigEndian.AppendUint32(p, flags), unit...)
}

// Pictures of H.264 are painted in the order with others, each place by a decoder of
// its own that lives from one to the next.
func TestH264(t *testing.T) {
	d := connect(t, "", 320, 160)
	if d.line.hello.Abilities[wire.AbilityVideo] == "" {
		t.Skip("this Chromium decodes no H.264")
	}
	left, right := clip(t, "160", "160", "red", "blue", "lime"), clip(t, "160", "160", "white", "yellow")
	number := uint64(0)
	show := func(records ...appender) {
		t.Helper()
		number++
		d.line.send(append(records, &wire.Mark{Number: number})...)
		d.line.acked(number)
	}
	part := func(x int, data []byte) appender {
		return &wire.Rect{X: x, Width: 160, Height: 160, Codec: wire.CodecRFBH264, Last: true, Data: data}
	}
	show(part(0, h264(1, left[0])), part(160, h264(1, right[0])), &wire.Fill{X: 10, Y: 10, Width: 5, Height: 5, Color: 0x123456})
	m := d.picture()
	wantRGB(t, m, 50, 50, 0xff0000, 12)
	wantRGB(t, m, 12, 12, 0x123456, 0)
	wantRGB(t, m, 200, 50, 0xffffff, 12)
	show(part(0, h264(0, left[1])))
	show(part(160, h264(0, right[1])), part(0, h264(0, left[2])))
	m = d.picture()
	wantRGB(t, m, 50, 50, 0x00ff00, 12)
	wantRGB(t, m, 200, 50, 0xffff00, 12)
	// All contexts are reset; the one at the left begins anew.
	show(part(0, h264(2, left[0])))
	wantRGB(t, d.picture(), 50, 50, 0xff0000, 12)
	// The one at the right is gone: a picture that needs it is an error.
	d.line.send(part(160, h264(0, right[1])), &wire.Mark{Number: number + 1})
	d.until(`of("notice").some((n) => n.code == "picture-renewed" && n.detail.includes("key picture"))`)
}
