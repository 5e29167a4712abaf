package rfb_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/porthole-rac/porthole/protocol/rfb"
)

// joined are numbers as bytes, and strings as they are.
func joined(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		switch p := p.(type) {
		case int:
			b = append(b, byte(p))
		case string:
			b = append(b, p...)
		case []byte:
			b = append(b, p...)
		}
	}
	return b
}

func u16(v int) []byte { return []byte{byte(v >> 8), byte(v)} }
func u32(v int) []byte { return []byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)} }

// rect is a rectangle's header; update is an update of one rectangle.
func rect(x, y, w, h int, e rfb.Encoding) []byte {
	return joined(u16(x), u16(y), u16(w), u16(h), u32(int(e)))
}

func update(x, y, w, h int, e rfb.Encoding, payload ...any) []byte {
	return joined(0, 0, u16(1), rect(x, y, w, h, e), joined(payload...))
}

var kinds = map[rfb.DataKind]string{
	rfb.DataHead: "head", rfb.DataCoded: "coded", rfb.DataPixels: "pixels", rfb.DataZlib: "zlib",
	rfb.DataJPEG: "jpeg", rfb.DataPNG: "png", rfb.DataH264: "h264",
}

// say writes an event as one line.
func say(ev rfb.Event) string {
	switch ev := ev.(type) {
	case *rfb.Update:
		return fmt.Sprintf("update %d", ev.Rects)
	case *rfb.UpdateEnd:
		return "end"
	case *rfb.Rect:
		s := fmt.Sprintf("rect %d,%d %dx%d %v", ev.Area.X, ev.Area.Y, ev.Area.Width, ev.Area.Height, ev.Encoding)
		if ev.Encoding == rfb.EncodingCopyRect {
			s += fmt.Sprintf(" from %d,%d", ev.SourceX, ev.SourceY)
		}
		if ev.Inner != 0 {
			s += fmt.Sprintf(" of %v", ev.Inner)
		}
		return s
	case *rfb.RectEnd:
		return "rect end"
	case *rfb.Fence:
		return fmt.Sprintf("fence %x %q", ev.Flags, ev.Payload)
	case *rfb.CutText:
		return fmt.Sprintf("cut %q from %q %v", ev.Text, ev.Bytes, ev.Truncated)
	case *rfb.Resize:
		return fmt.Sprintf("resize %dx%d %v %v %d %v %v", ev.Width, ev.Height, ev.Changed, ev.Extended, ev.Reason, ev.Status, ev.Screens)
	default:
		return strings.TrimPrefix(fmt.Sprintf("%T%+v", ev, ev), "*rfb.")
	}
}

// trace feeds a decoder in pieces and gives its events, pieces of data joined.
func trace(d *rfb.Decoder, wire []byte, chunk int) (all []string, err error) {
	var kind string // of the data that is being joined
	var data []byte
	flush := func() {
		if kind != "" {
			all = append(all, fmt.Sprintf("%s %x", kind, data))
		}
		kind, data = "", nil
	}
	defer flush()
	buf := make([]byte, chunk) // overwritten each time: nothing may read what was fed before
	for len(wire) > 0 {
		in := buf[:copy(buf, wire)]
		wire = wire[len(in):]
		for {
			ev, n, err := d.Next(in)
			if n > len(in) || err == nil && ev == nil && n != len(in) {
				return all, fmt.Errorf("took %d of %d", n, len(in))
			}
			in = in[n:]
			if err != nil {
				return all, err
			}
			if ev == nil {
				break
			}
			k, b := "", []byte(nil)
			switch ev := ev.(type) {
			case *rfb.Data:
				k, b = kinds[ev.Kind], ev.Bytes
			case *rfb.AudioData:
				k, b = "audio", ev.Bytes
			}
			if k != kind || k == "" {
				flush()
			}
			if kind = k; k == "" {
				all = append(all, say(ev))
			}
			data = append(data, b...)
		}
	}
	return all, nil
}

func newDecoder() *rfb.Decoder {
	return rfb.NewDecoder(64, 48, rfb.RGBX, rfb.Limits{Clipboard: 64})
}

// both feeds everything at once and byte by byte, and fails when that differs.
func both(t *testing.T, wire []byte) ([]string, error) {
	t.Helper()
	whole, wholeErr := trace(newDecoder(), wire, len(wire)+1)
	bytewise, byteErr := trace(newDecoder(), wire, 1)
	if (wholeErr == nil) != (byteErr == nil) {
		t.Errorf("at once: %v; byte by byte: %v", wholeErr, byteErr)
	}
	if diff := cmp.Diff(whole, bytewise); wholeErr == nil && diff != "" {
		t.Errorf("byte by byte it is different: %s", diff)
	}
	return whole, wholeErr
}

// The colours of the pixels below.
const (
	red  = "\xff\x00\x00\x00"
	blue = "\x00\x00\xff\x00"
)

const jpeg = "\xff\xd8" + "\xff\xe0\x00\x04JF" + "\xff\xff\xda\x00\x03!" + "data\xff\x00data\xff\xd3data" + "\xff\xc4\x00\x02" + "\xff\xda\x00\x02more" + "\xff\xd9"

func TestRectangles(t *testing.T) {
	long := strings.Repeat("z", 200)
	for name, c := range map[string]struct {
		wire []byte
		want []string // between rect and rect end
	}{
		"raw":                   {update(1, 2, 2, 1, rfb.EncodingRaw, red, blue), []string{"pixels ff0000000000ff00"}},
		"raw, empty":            {update(100, 100, 0, 1, rfb.EncodingRaw), nil},
		"rre":                   {update(0, 0, 4, 4, rfb.EncodingRRE, u32(1), red, blue, u16(1), u16(1), u16(2), u16(2)), []string{"coded 00000001" + "ff000000" + "0000ff00" + "0001000100020002"}},
		"corre":                 {update(0, 0, 4, 4, rfb.EncodingCoRRE, u32(1), red, blue, 1, 1, 2, 2), []string{"coded 00000001" + "ff000000" + "0000ff00" + "01010202"}},
		"zlibhex":               {update(0, 0, 33, 1, rfb.EncodingZlibHex, 32, u16(3), "abc", 64|2, u16(2), "de", 1, red), []string{"coded 20000361626342000264650" + "1ff000000"}},
		"hextile, all":          {update(0, 0, 17, 17, rfb.EncodingHextile, 2|4|8, red, blue, 1, 0x11, 0x11, 8|16, 1, blue, 0x11, 0x11, 0, 1, red), []string{"coded 0eff0000000000ff00011111" + "18010000ff001111" + "00" + "01ff000000"}},
		"zlib":                  {update(0, 0, 4, 4, rfb.EncodingZlib, u32(3), "abc"), []string{"head 00000003", "zlib 616263"}},
		"zrle":                  {update(0, 0, 4, 4, rfb.EncodingZRLE, u32(3), "abc"), []string{"head 00000003", "zlib 616263"}},
		"zrle, nothing":         {update(0, 0, 0, 0, rfb.EncodingZRLE, u32(0)), []string{"head 00000000"}},
		"tight, fill":           {update(0, 0, 4, 4, rfb.EncodingTight, 0x8f, "rgb"), []string{"head 8f726762"}},
		"tight, jpeg":           {update(0, 0, 4, 4, rfb.EncodingTight, 0x90, 0xc8, 0x01, long), []string{"head 90c801", "jpeg " + fmt.Sprintf("%x", long)}},
		"tight, copy":           {update(0, 0, 4, 1, rfb.EncodingTight, 0x00, 3, "abc"), []string{"head 0003", "zlib 616263"}},
		"tight, few":            {update(0, 0, 3, 1, rfb.EncodingTight, 0x10, "rgbrgbrgb"), []string{"head 10", "pixels 726762726762726762"}},
		"tight, two colours":    {update(0, 0, 9, 2, rfb.EncodingTight, 0x40, 1, 1, "rgbRGB", "\xff\x80\x00\x00"), []string{"head 400101726762524742", "pixels ff800000"}},
		"tight, colours":        {update(0, 0, 4, 3, rfb.EncodingTight, 0x70, 1, 2, "rgbRGBxyz", 0x82, 0x00, "zz"), []string{"head 70010272676252474278797a8200", "zlib 7a7a"}},
		"tight, gradient":       {update(0, 0, 4, 1, rfb.EncodingTight, 0x60, 2, 0x81, 0x80, 0, "z"), []string{"head 6002818000", "zlib 7a"}},
		"tight, without zlib":   {update(0, 0, 5, 1, rfb.EncodingTight, 0xa0, "123456789abcdef"), []string{"head a0", "pixels " + fmt.Sprintf("%x", "123456789abcdef")}},
		"tight, palette, plain": {update(0, 0, 16, 1, rfb.EncodingTight, 0xe0, 1, 2, "rgbRGBxyz", "0123456789abcdef"), []string{"head e0010272676252474278797a", "pixels " + fmt.Sprintf("%x", "0123456789abcdef")}},
		"tightpng, png":         {update(0, 0, 4, 4, rfb.EncodingTightPNG, 0xa0, 3, "PNG"), []string{"head a003", "png 504e47"}},
		"tightpng, jpeg":        {update(0, 0, 4, 4, rfb.EncodingTightPNG, 0x90, 3, "JPG"), []string{"head 9003", "jpeg 4a5047"}},
		"jpeg":                  {update(0, 0, 4, 4, rfb.EncodingJPEG, jpeg), []string{"jpeg " + fmt.Sprintf("%x", jpeg)}},
		"h.264":                 {update(0, 0, 4, 4, rfb.EncodingH264, u32(2), u32(1), "NA"), []string{"head 0000000200000001", "h264 4e41"}},
		"h.264, reset only":     {update(0, 0, 4, 4, rfb.EncodingH264, u32(0), u32(2)), []string{"head 0000000000000002"}},
		// Tiles: raw of 2 × 1 in the corner, solid, packed of 2, packed of before, runs, palette
		// runs, palette runs of before.
		"trle, raw":          {update(0, 0, 2, 1, rfb.EncodingTRLE, 0, "rgbRGB"), []string{"coded 00726762524742"}},
		"trle, solid":        {update(0, 0, 2, 1, rfb.EncodingTRLE, 1, "rgb"), []string{"coded 01726762"}},
		"trle, packed twice": {update(0, 0, 17, 1, rfb.EncodingTRLE, 3, "rgbRGBxyz", "PACK", 127, "1"), []string{"coded 0372676252474278797a5041434b7f31"}},
		"trle, packed of 2":  {update(0, 0, 9, 1, rfb.EncodingTRLE, 2, "rgbRGB", "12"), []string{"coded 027267625247423132"}},
		"trle, packed of 4":  {update(0, 0, 5, 1, rfb.EncodingTRLE, 4, "rgbRGBxyzXYZ", "12"), []string{"coded 0472676252474278797a58595a3132"}},
		"trle, packed of 5":  {update(0, 0, 3, 1, rfb.EncodingTRLE, 5, "rgbRGBxyzXYZ123", "12"), []string{"coded 0572676252474278797a58595a3132333132"}},
		"trle, runs":         {update(0, 0, 16, 16, rfb.EncodingTRLE, 128, "rgb", 0, "RGB", 254), []string{"coded 807267620052474" + "2fe"}},
		"trle, long run":     {update(0, 0, 16, 16, rfb.EncodingTRLE, 128, "rgb", 255, 0), []string{"coded 80726762ff00"}},
		"trle, palette runs": {update(0, 0, 18, 1, rfb.EncodingTRLE, 130, "rgbRGB", 0x81, 13, 1, 0, 129, 0, 1), []string{"coded 82726762524742810d0100810001"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := both(t, append(c.wire, 2))
			if err != nil {
				t.Fatal(err)
			}
			if len(got) < 5 {
				t.Fatalf("events: %q", got)
			}
			want := append(append([]string{"update 1", got[1]}, c.want...), "rect end", "end", "Bell&{}")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCopyRect(t *testing.T) {
	got, err := both(t, update(1, 2, 3, 4, rfb.EncodingCopyRect, u16(5), u16(6)))
	if diff := cmp.Diff([]string{"update 1", "rect 1,2 3x4 copyrect from 5,6", "rect end", "end"}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestLastRectEndsAnUpdate(t *testing.T) {
	got, err := both(t, joined(0, 0, u16(0xffff), rect(0, 0, 1, 1, rfb.EncodingRaw), red, rect(0, 0, 0, 0, rfb.EncodingLastRect), 2))
	want := []string{"update 65535", "rect 0,0 1x1 raw", "pixels ff000000", "rect end", "end", "Bell&{}"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

// Data tells how much of a kind follows, so that a length can be written before it.
func TestLengthsAreKnownAhead(t *testing.T) {
	d := newDecoder()
	wire := update(0, 0, 4, 4, rfb.EncodingTight, 0x90, 10, "0123")
	for {
		ev, n, err := d.Next(wire)
		wire = wire[n:]
		if err != nil || ev == nil {
			t.Fatal("no JPEG", err)
		}
		if data, ok := ev.(*rfb.Data); ok && data.Kind == rfb.DataJPEG {
			if string(data.Bytes) != "0123" || data.Left != 6 {
				t.Errorf("%q, %d left", data.Bytes, data.Left)
			}
			return
		}
	}
}

func TestPseudoEncodings(t *testing.T) {
	for name, c := range map[string]struct {
		wire []byte
		want string
	}{
		"desktop size":  {update(9, 9, 32, 16, rfb.EncodingDesktopSize), "resize 32x16 true false 0 done []"},
		"extended size": {update(0, 0, 64, 48, rfb.EncodingExtendedDesktopSize, 1, 0, 0, 0, u32(7), u16(0), u16(0), u16(64), u16(48), u32(1)), "resize 64x48 false true 0 done [{7 {0 0 64 48} 1}]"},
		// What a refusal says of the size is undefined.
		"refused size":       {update(1, 1, 9999, 9999, rfb.EncodingExtendedDesktopSize, 1, 0, 0, 0, u32(7), u16(0), u16(0), u16(64), u16(48), u32(1)), "resize 64x48 false true 1 prohibited []"},
		"forwarded size":     {update(1, 4, 0, 0, rfb.EncodingExtendedDesktopSize, 0, 0, 0, 0), "resize 64x48 false true 1 forwarded []"},
		"name":               {update(0, 0, 0, 0, rfb.EncodingDesktopName, u32(6), "a\u202eb\n"), "Name&{Name:ab}"},
		"name in Latin-1":    {update(0, 0, 0, 0, rfb.EncodingDesktopName, u32(4), "b\xfcro"), "Name&{Name:büro}"},
		"pointer":            {update(3, 4, 0, 0, rfb.EncodingPointerPos), "PointerMoved&{X:3 Y:4}"},
		"pointer of vmware":  {update(3, 4, 0, 0, rfb.EncodingVMwareCursorPos), "PointerMoved&{X:3 Y:4}"},
		"relative":           {update(0, 0, 64, 48, rfb.EncodingQEMUPointerMotion), "PointerMode&{Relative:true Hidden:false}"},
		"absolute":           {update(1, 0, 64, 48, rfb.EncodingQEMUPointerMotion), "PointerMode&{Relative:false Hidden:false}"},
		"vmware state":       {update(0, 0, 0, 0, rfb.EncodingVMwareCursorState, 0, 2), "PointerMode&{Relative:false Hidden:true}"},
		"leds":               {update(0, 0, 0, 0, rfb.EncodingQEMULED, 5), "LEDs&{Scroll:true Num:false Caps:true}"},
		"leds of vmware":     {update(0, 0, 0, 0, rfb.EncodingVMwareLED, u32(2)), "LEDs&{Scroll:false Num:true Caps:false}"},
		"key repeat":         {update(0, 0, 0, 0, rfb.EncodingVMwareKeyRepeat, u16(1), u32(30), u32(500)), "KeyRepeat&{Client:true Period:30 Delay:500}"},
		"machine state":      {update(0, 0, 0, 0, rfb.EncodingVMwareState, u16(2)), "MachineState&{FullScreen:false UpdatesOff:true}"},
		"extended keys":      {update(0, 0, 0, 0, rfb.EncodingQEMUExtendedKey), "Confirmed&{Encoding:qemu extended key}"},
		"audio":              {update(0, 0, 0, 0, rfb.EncodingQEMUAudio), "Confirmed&{Encoding:qemu audio}"},
		"mouse":              {update(0, 0, 0, 0, rfb.EncodingExtendedMouse), "Confirmed&{Encoding:extended mouse buttons}"},
		"cursor":             {update(1, 0, 2, 1, rfb.EncodingCursor, red, blue, 0x40), "Cursor&{HotX:1 HotY:0 Width:2 Height:1 Pixels:[0 0 0 0 0 0 255 255]}"},
		"no cursor":          {update(0, 0, 0, 0, rfb.EncodingCursor), "Cursor&{HotX:0 HotY:0 Width:0 Height:0 Pixels:[]}"},
		"x cursor":           {update(0, 0, 3, 1, rfb.EncodingXCursor, "PPPSSS", 0x80, 0xc0), "Cursor&{HotX:0 HotY:0 Width:3 Height:1 Pixels:[80 80 80 255 83 83 83 255 0 0 0 0]}"},
		"no x cursor":        {update(0, 0, 0, 3, rfb.EncodingXCursor), "Cursor&{HotX:0 HotY:0 Width:0 Height:3 Pixels:[]}"},
		"alpha":              {update(0, 0, 2, 1, rfb.EncodingCursorWithAlpha, u32(0), "\x40\x00\x80\x80", "\x00\x00\x00\x00"), "Cursor&{HotX:0 HotY:0 Width:2 Height:1 Pixels:[128 0 255 128 0 0 0 0]}"},
		"vmware alpha":       {update(0, 0, 1, 1, rfb.EncodingVMwareCursor, 1, 0, "\x01\x02\x03\x80"), "Cursor&{HotX:0 HotY:0 Width:1 Height:1 Pixels:[1 2 3 128]}"},
		"vmware, covered":    {update(0, 0, 1, 1, rfb.EncodingVMwareCursor, 0, 0, u32(0), red), "Cursor&{HotX:0 HotY:0 Width:1 Height:1 Pixels:[255 0 0 255]}"},
		"vmware, turned":     {update(0, 0, 3, 1, rfb.EncodingVMwareCursor, 0, 0, "\xff\xff\xff\x00", "\xff\xff\xff\x00", "\xff\xff\xff\x00", "\xff\xff\xff\x00", u32(0), u32(0)), "Cursor&{HotX:0 HotY:0 Width:3 Height:1 Pixels:[0 0 0 255 255 255 255 255 0 0 0 0]}"},
		"vmware mode (size)": {update(0, 0, 8, 8, rfb.EncodingVMwareMode, rfb.RGBX.Append(nil)), "resize 8x8 true false 0 done []"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := both(t, c.wire)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) < 3 || got[1] != c.want {
				t.Errorf("events: %q, want %q", got, c.want)
			}
		})
	}
}

// A cursor in another encoding shares zlib streams with the picture, so it is passed
// on like a rectangle, with pixels of 4 bytes.
func TestEncodedCursorPassesThrough(t *testing.T) {
	got, err := both(t, joined(update(60, 40, 8, 8, rfb.EncodingCursorWithAlpha, u32(7), 0x80, "rgba"), 2))
	want := []string{"update 1", "rect 60,40 8x8 cursor with alpha of tight", "head 8072676261", "rect end", "end", "Bell&{}"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestMessages(t *testing.T) {
	for name, c := range map[string]struct {
		wire []byte
		want []string
	}{
		"bell":                    {joined(2), []string{"Bell&{}"}},
		"colour map":              {joined(1, 0, u16(3), u16(1), u16(1), u16(2), u16(3)), []string{"ColourMap&{First:3 Colours:[[1 2 3]]}"}},
		"cut text":                {joined(3, 0, 0, 0, u32(6), "gr\xfc\xdf\r\n"), []string{`cut "grüß\n" from "gr\xfc\xdf\r\n" false`}},
		"long cut text":           {joined(3, 0, 0, 0, u32(70), strings.Repeat("a", 70)), []string{fmt.Sprintf("cut %q from %[1]q true", strings.Repeat("a", 64))}},
		"end of updates":          {joined(150), []string{"EndOfContinuousUpdates&{}"}},
		"fence":                   {joined(248, 0, 0, 0, u32(0x80000005), 3, "abc"), []string{`fence 80000005 "abc"`}},
		"xvp":                     {joined(250, 0, 1, 1, 250, 0, 1, 0), []string{"XVP&{Version:1 Failed:false}", "XVP&{Version:1 Failed:true}"}},
		"sound":                   {joined(255, 1, 0, 1, 255, 1, 0, 2, u32(4), "snd!", 255, 1, 0, 0), []string{"Audio&{On:true}", "audio 736e6421", "Audio&{On:false}"}},
		"gii, big":                {joined(253, 129, u16(4), 0, 1, 0, 1), nil},
		"gii, little":             {joined(253, 1, 4, 0, 1, 0, 1, 0), nil},
		"keep alive":              {joined(13), nil},
		"ultravnc state":          {joined(173, 0, 0, 0, u32(1), u32(2)), []string{"ServerState&{State:1 Value:2}"}},
		"ultravnc resize":         {joined(4, 0, u16(32), u16(16)), []string{"resize 32x16 true false 0 done []"}},
		"palm resize":             {joined(15, 0, u16(99), u16(99), u16(32), u16(16), 0, 0), []string{"resize 32x16 true false 0 done []"}},
		"chat":                    {joined(11, 0, 0, 0, "\xff\xff\xff\xff", 11, 0, 0, 0, u32(5), "hello", 11, 0, 0, 0, "\xff\xff\xff\xfd", 11, 0, 0, 0, "\xff\xff\xff\xfe"), []string{"TextChat&{Open:true}", "TextChat&{Open:false}"}},
		"file transfer":           {joined(7, 2, 0, 0, u32(0), u32(4), "list"), nil},
		"file transfer, a header": {joined(7, 4, 0, 0, u32(0), u32(4), "name", u32(0)), nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := both(t, append(c.wire, 2))
			if diff := cmp.Diff(append(c.want, "Bell&{}"), got); diff != "" || err != nil {
				t.Error(diff, err)
			}
		})
	}
}

// Lies of a server: an error that says what and where, and the machine stays dead.
func TestHostileServers(t *testing.T) {
	for name, c := range map[string]struct {
		wire []byte
		says string
	}{
		"outside":               {update(63, 0, 2, 1, rfb.EncodingRaw), "outside the screen of 64×48"},
		"far outside":           {update(65535, 65535, 65535, 65535, rfb.EncodingZRLE), "outside"},
		"source outside":        {update(0, 0, 2, 1, rfb.EncodingCopyRect, u16(63), u16(0)), "source"},
		"unknown encoding":      {update(0, 0, 1, 1, 9), "ultra (9) was not asked for"},
		"unknown message":       {joined(99), "type 99"},
		"enormous screen":       {update(0, 0, 32767, 32767, rfb.EncodingDesktopSize), "32767×32767"},
		"enormous extended":     {update(0, 0, 65535, 65535, rfb.EncodingExtendedDesktopSize, 0, 0, 0, 0), "65535×65535"},
		"rre count":             {update(0, 0, 2, 2, rfb.EncodingRRE, u32(5)), "5 sub-rectangles"},
		"zlib length":           {update(0, 0, 2, 2, rfb.EncodingZlib, "\xff\xff\xff\xff"), "4294967295 bytes"},
		"h.264 length":          {update(0, 0, 2, 2, rfb.EncodingH264, "\xff\xff\xff\xff", u32(0)), "4294967295 bytes"},
		"tight compression":     {update(0, 0, 2, 2, rfb.EncodingTight, 0xb0), "compression 0xb"},
		"tightpng without":      {update(0, 0, 2, 2, rfb.EncodingTightPNG, 0x00), "compression 0x0"},
		"tight filter":          {update(0, 0, 2, 2, rfb.EncodingTight, 0x40, 3), "filter 3"},
		"trle sub-encoding":     {update(0, 0, 2, 2, rfb.EncodingTRLE, 17), "sub-encoding 17"},
		"trle palette":          {update(0, 0, 2, 2, rfb.EncodingTRLE, 127), "palette of before"},
		"trle palette of runs":  {update(0, 0, 2, 2, rfb.EncodingTRLE, 129), "palette of before"},
		"trle run":              {update(0, 0, 2, 2, rfb.EncodingTRLE, 128, "rgb", 4), "beyond its tile"},
		"jpeg":                  {update(0, 0, 2, 2, rfb.EncodingJPEG, "PNG"), "begins with 504e"},
		"jpeg segment":          {update(0, 0, 2, 2, rfb.EncodingJPEG, "\xff\xd8\xff\xe0\x00\x01"), "segment of 1"},
		"jpeg without end":      {update(0, 0, 2, 2, rfb.EncodingJPEG, "\xff\xd8\xff\xda\x00\x02", make([]byte, 1<<21)), "more than"},
		"cursor":                {update(0, 0, 2000, 1, rfb.EncodingCursor), "2000×1"},
		"cursor in copyrect":    {update(0, 0, 1, 1, rfb.EncodingCursorWithAlpha, u32(1)), "copyrect within"},
		"vmware cursor":         {update(0, 0, 1, 1, rfb.EncodingVMwareCursor, 2, 0), "type 2"},
		"vmware mode":           {update(0, 0, 1, 1, rfb.EncodingVMwareMode, make([]byte, 16)), "pixel format"},
		"name":                  {update(0, 0, 0, 0, rfb.EncodingDesktopName, "\xff\xff\xff\xff"), "at most"},
		"colour map":            {joined(1, 0, u16(65535), u16(2)), "entries"},
		"fence":                 {joined(248, 0, 0, 0, u32(0), 65), "65 bytes"},
		"chat":                  {joined(11, 0, 0, 0, "\xff\xff\xff\x00"), "length -256"},
		"qemu":                  {joined(255, 7, 0, 0), "sub-type 7"},
		"qemu sound":            {joined(255, 1, 0, 9), "operation 9"},
		"clipboard, short":      {joined(3, 0, 0, 0, "\xff\xff\xff\xfe", 0, 0), "extended message of 2"},
		"clipboard, no zlib":    {joined(3, 0, 0, 0, "\xff\xff\xff\xf8", u32(0x10000001), "nope"), "clipboard"},
		"clipboard, cut stream": {joined(3, 0, 0, 0, "\xff\xff\xff\xfa", u32(0x10000001), "\x78\x9c"), "clipboard"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := both(t, c.wire)
			var broken *rfb.ProtocolError
			if !errors.As(err, &broken) || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("%v does not say %q", err, c.says)
			}
			d := newDecoder()
			_, first := trace(d, c.wire, 4096)
			if _, n, again := d.Next([]byte{2}); again != first || n != 0 {
				t.Errorf("afterwards: took %d, %v", n, again)
			}
		})
	}
}

// A length of 2 GiB is no reason to allocate, nor to end a session.
func TestLongClipboardIsSkipped(t *testing.T) {
	d := newDecoder()
	in := joined(3, 0, 0, 0, "\x80\x00\x00\x00")
	ev, _, err := d.Next(in)
	if long, ok := ev.(*rfb.ClipboardTooLong); !ok || long.Bytes != 1<<31 || err != nil {
		t.Fatalf("%+v, %v", ev, err)
	}
	chunk := make([]byte, 1<<20)
	if n := testing.AllocsPerRun(10, func() {
		if ev, n, err := d.Next(chunk); ev != nil || n != len(chunk) || err != nil {
			t.Fatal(ev, n, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// In steady state a rectangle of any encoding allocates nothing.
func TestRectanglesDoNotAllocate(t *testing.T) {
	wire := joined(0, 0, u16(13),
		rect(0, 0, 8, 8, rfb.EncodingRaw), make([]byte, 256),
		rect(0, 0, 8, 8, rfb.EncodingCopyRect), u32(0),
		rect(0, 0, 4, 4, rfb.EncodingRRE), u32(1), make([]byte, 16),
		rect(0, 0, 4, 4, rfb.EncodingCoRRE), u32(1), make([]byte, 12),
		rect(0, 0, 17, 17, rfb.EncodingHextile), 2|4|8, red, blue, 1, 0x11, 0x11, 8|16, 1, blue, 0x11, 0x11, 0, 1, red,
		rect(0, 0, 4, 4, rfb.EncodingZlib), u32(3), "abc",
		rect(0, 0, 4, 4, rfb.EncodingZRLE), u32(3), "abc",
		rect(0, 0, 4, 4, rfb.EncodingTight), 0x90, 0x83, 0x00, "abc",
		rect(0, 0, 4, 3, rfb.EncodingTight), 0x70, 1, 2, "rgbRGBxyz", 2, "zz",
		rect(0, 0, 4, 4, rfb.EncodingTightPNG), 0xa0, 3, "PNG",
		rect(0, 0, 18, 1, rfb.EncodingTRLE), 130, "rgbRGB", 0x81, 13, 1, 0, 129, 0, 1,
		rect(0, 0, 4, 4, rfb.EncodingJPEG), jpeg,
		rect(0, 0, 4, 4, rfb.EncodingH264), u32(2), u32(1), "NA",
		248, 0, 0, 0, u32(1), 1, "x", 150)
	for _, chunk := range []int{len(wire), 7} {
		d := newDecoder()
		rects := 0
		if n := testing.AllocsPerRun(100, func() {
			for at := 0; at < len(wire); at += chunk {
				for in := wire[at:min(at+chunk, len(wire))]; ; {
					ev, n, err := d.Next(in)
					if err != nil {
						t.Fatal(err)
					}
					if in = in[n:]; ev == nil {
						break
					}
					if _, ok := ev.(*rfb.RectEnd); ok {
						rects++
					}
				}
			}
		}); n != 0 {
			t.Errorf("in pieces of %d: %v allocations", chunk, n)
		}
		if rects != 13*101 {
			t.Errorf("in pieces of %d: %d rectangles", chunk, rects)
		}
	}
}

func BenchmarkFraming(b *testing.B) {
	tight := joined(0, 0, u16(1), rect(0, 0, 64, 48, rfb.EncodingTight), 0x90, 0x80, 0x80, 1, make([]byte, 16<<10))
	hextile := joined(0, 0, u16(1), rect(0, 0, 64, 48, rfb.EncodingHextile))
	for range 12 {
		hextile = append(hextile, joined(2|4|8, red, blue, 8, make([]byte, 16))...)
	}
	for name, wire := range map[string][]byte{"tight jpeg of 16 KiB": tight, "hextile": hextile} {
		b.Run(name, func(b *testing.B) {
			d := newDecoder()
			b.SetBytes(int64(len(wire)))
			b.ReportAllocs()
			for b.Loop() {
				for in := wire; ; {
					ev, n, err := d.Next(in)
					if err != nil {
						b.Fatal(err)
					}
					if in = in[n:]; ev == nil {
						break
					}
				}
			}
		})
	}
}
