package display_test

import (
	"fmt"
	"testing"

	"github.com/coder/websocket"

	"github.com/porthole-rac/porthole/protocol/wire"
)

// A hello says what the browser is and can.
func TestHello(t *testing.T) {
	d := open(t, "")
	h := &d.line.hello
	if h.Version != wire.Version || h.Screen != (wire.Screen{Width: 640, Height: 400, Scale: 1000}) || h.Resume.Connection != "" || h.Hidden {
		t.Errorf("hello %+v", h)
	}
	for a, want := range map[wire.Ability]string{
		wire.AbilityTimeZone: "Europe/Berlin", wire.AbilityLocale: "de-DE", wire.AbilityPictures: "jpeg,png,webp", wire.AbilityAudio: "opus,pcm",
	} {
		if h.Abilities[a] != want {
			t.Errorf("ability %d is %q, want %q", a, h.Abilities[a], want)
		}
	}
}

// A socket that is lost in the middle of a rectangle, and of a picture, goes on at
// the byte where it stopped, with the decoders as they were.
func TestASocketThatBlinks(t *testing.T) {
	d := connect(t, "", 64, 64)
	info := &wire.DesktopInfo{Name: "a desk"}
	d.line.send(info, &wire.Fill{Width: 64, Height: 64, Color: 0x101010}, &wire.Mark{Number: 1})
	d.line.acked(1)

	j := jpegOf(32, 32, red)
	picture := rects(rect(0, 0, 32, 32), wire.CodecJPEG, j, len(j)/2+1)
	zlib := rects(rect(40, 40, 2, 1), wire.CodecZlib, hex("00 00 00 0f 78 01 00 08 00 f7 ff ff 00 00 00 00 ff 00 00"), 9)
	before := message(info, &wire.Fill{Width: 64, Height: 64, Color: 0x101010}, &wire.Mark{Number: 1}, picture[0])
	d.line.raw(message(picture[0], &wire.InputAck{}))
	d.blink(uint64(len(before)))

	d.line.send(picture[1], zlib[0])
	before = append(before, message(picture[1], zlib[0])...)
	d.blink(uint64(len(before)))

	d.line.send(append(zlib[1:], &wire.Mark{Number: 2})...)
	d.line.acked(2)
	m := d.picture()
	wantRGB(t, m, 5, 5, 0xff0000, 6)
	wantRGB(t, m, 40, 40, 0xff0000, 0)
	wantRGB(t, m, 41, 40, 0x00ff00, 0)
	wantRGB(t, m, 60, 60, 0x101010, 0)

	// The stream of the codec goes on, too.
	d.line.send(append(rects(rect(40, 40, 2, 1), wire.CodecZlib, hex("00 00 00 0d 00 08 00 f7 ff 00 00 ff 00 00 ff 00 00"), 100), &wire.Mark{Number: 3})...)
	d.line.acked(3)
	wantRGB(t, d.picture(), 40, 40, 0x0000ff, 0)
	d.until(`of("info").at(-1).name == "a desk" && of("state").some((m) => m.state == "reconnecting")`)
}

// blink loses the socket when the browser has taken so many bytes of the stream, and
// lets it come back.
func (d *desk) blink(offset uint64) {
	d.t.Helper()
	d.blinks++
	d.line.send(&wire.Notice{Code: "seen"}) // all before it is taken over
	d.until(fmt.Sprintf(`of("notice").length == %d`, d.blinks))
	_ = d.line.conn.Close(websocket.StatusGoingAway, "")
	d.attach()
	if r := d.line.hello.Resume; r.Connection != "c1" || r.Epoch != 5 || r.Offset != offset {
		d.t.Fatalf("the browser resumes %q at %d of stream %d, want %d", r.Connection, r.Offset, r.Epoch, offset)
	}
	d.line.send(welcome(wire.ResumedContinue, 2), &wire.Connected{})
}

// What was painted is acknowledged again: the record may have been lost.
func TestTheLastAckIsRepeated(t *testing.T) {
	d := connect(t, "", 8, 8)
	d.line.send(&wire.Fill{Width: 8, Height: 8, Color: 1}, &wire.Mark{Number: 1})
	d.line.acked(1)
	_ = d.line.conn.Close(websocket.StatusGoingAway, "")
	d.attach()
	d.line.send(welcome(wire.ResumedContinue, 2))
	d.line.acked(1)
}

// A new stream forgets decoders, marks and what was not painted.
func TestANewStream(t *testing.T) {
	d := connect(t, "", 32, 32)
	zlib := hex("00 00 00 0f 78 01 00 08 00 f7 ff ff 00 00 00 00 ff 00 00")
	d.line.send(&wire.Rect{Width: 2, Height: 1, Codec: wire.CodecZlib, Last: true, Data: zlib}, &wire.Mark{Number: 1})
	d.line.acked(1)
	d.line.send(&wire.Fill{Width: 32, Height: 32, Color: 0xff0000},
		&wire.Rect{Width: 32, Height: 32, Codec: wire.CodecJPEG, Last: true, Data: jpegOf(32, 32, green)},
		&wire.Rect{X: 3, Width: 9, Height: 1, Codec: wire.CodecZlib, Data: zlib[:5]},
		&wire.DesktopBegin{Width: 16, Height: 16, Stream: 6},
		&wire.Rect{Width: 8, Height: 8, Codec: wire.CodecJPEG, Last: true, Data: jpegOf(8, 8, red)},
		&wire.Rect{X: 10, Width: 2, Height: 1, Codec: wire.CodecZlib, Last: true, Data: zlib},
		&wire.Mark{Number: 1})
	d.line.acked(1)
	m := d.picture()
	if m.Bounds().Dx() != 16 {
		t.Errorf("the canvas is %v", m.Bounds())
	}
	wantRGB(t, m, 3, 3, 0xff0000, 6)
	wantRGB(t, m, 11, 0, 0x00ff00, 0)
	_ = d.line.conn.Close(websocket.StatusGoingAway, "")
	d.attach()
	if r := d.line.hello.Resume; r.Epoch != 6 {
		t.Errorf("the browser resumes stream %d, want 6", r.Epoch)
	}
	// The relay has nothing of it any more.
	d.line.send(welcome(wire.ResumedState, 3), &wire.Connected{}, &wire.DesktopBegin{Width: 8, Height: 8, Stream: 7},
		&wire.Fill{Width: 8, Height: 8, Color: 0x445566}, &wire.Mark{Number: 1})
	d.line.acked(1)
	wantRGB(t, d.picture(), 7, 7, 0x445566, 0)
}

// What cannot be decoded is fetched anew, once; then the session ends and says why.
func TestBrokenPictures(t *testing.T) {
	for name, broken := range map[string][]byte{
		"outside":          message(&wire.Fill{X: 60, Width: 10, Height: 1}),
		"corrupt":          message(&wire.Rect{Width: 2, Height: 1, Codec: wire.CodecZlib, Last: true, Data: hex("00 00 00 03 ff ff ff")}),
		"too short":        message(&wire.Rect{Width: 2, Height: 2, Codec: wire.CodecRGBX, Last: true, Data: []byte{1, 2, 3, 4}}),
		"no JPEG":          message(&wire.Rect{Width: 16, Height: 16, Codec: wire.CodecJPEG, Last: true, Data: []byte("no picture")}, &wire.Mark{Number: 1}),
		"a giant JPEG":     message(&wire.Rect{Width: 16, Height: 16, Codec: wire.CodecJPEG, Last: true, Data: jpegOf(200, 200, red)}, &wire.Mark{Number: 1}),
		"half a JPEG":      message(&wire.Rect{Width: 64, Height: 64, Codec: wire.CodecJPEG, Last: true, Data: jpegOf(64, 64, red)[:300]}, &wire.Mark{Number: 1}),
		"unknown codec":    message(&wire.Rect{Width: 1, Height: 1, Codec: 99, Last: true}),
		"a skipped mark":   message(&wire.Mark{Number: 2}),
		"data without one": message(&wire.RectData{Last: true}),
		"record cut off":   {0x90, 0x01, byte(wire.TypeFill), 0},
		"a giant desktop":  message(&wire.DesktopBegin{Width: 32767, Height: 32767, Stream: 9}),
	} {
		t.Run(name, func(t *testing.T) {
			d := connect(t, "", 64, 64)
			d.line.raw(broken)
			d.attach()
			if r := d.line.hello.Resume; r.Connection != "c1" || r.Epoch != 0 {
				t.Fatalf("the browser resumes %+v, want a new stream", r)
			}
			d.line.send(welcome(wire.ResumedState, 2), &wire.Connected{}, &wire.DesktopBegin{Width: 64, Height: 64, Stream: 6},
				&wire.Fill{Width: 64, Height: 64, Color: 0x00ff00}, &wire.Mark{Number: 1})
			d.line.acked(1)
			wantRGB(t, d.picture(), 9, 9, 0x00ff00, 0)
			d.until(`of("notice").some((n) => n.code == "picture-renewed" && n.detail)`)
			d.line.send(&wire.Fill{X: 1 << 14, Width: 1, Height: 1})
			d.until(`of("end").length == 1 && of("end")[0].code == "picture" && of("end")[0].message.includes("desktop of 64×64")`)
		})
	}
}
