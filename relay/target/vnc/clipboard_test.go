package vnc_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/rfb/rfbtest"
	"github.com/porthole-rac/porthole/protocol/wire"
)

// Servers without the extended clipboard have the character set of the setting.
func TestCharsets(t *testing.T) {
	for _, c := range []struct {
		setting, text string
		bytes         []byte
	}{
		{"", "é", []byte{0xe9}},
		{"UTF-8", "é漢", []byte("é漢")},
		{"UTF-16", "é漢", []byte{0xe9, 0, 0x22, 0x6f}},
		{"CP1252", "é€", []byte{0xe9, 0x80}},
	} {
		t.Run("charset "+c.setting, func(t *testing.T) {
			s, server := talk(t, options{settings: map[string]string{"clipboard-encoding": c.setting}}, rfbtest.Server{})
			s.Desktop.Clipboard("text/plain", []byte(c.text))
			until(t, "the text", func() bool { return len(server.all(6)) == 1 })
			if got := server.all(6)[0][7:]; !bytes.Equal(got, c.bytes) {
				t.Errorf("sent %x, want %x", got, c.bytes)
			}
			other := append(bytes.Clone(c.bytes), c.bytes...)
			server.say(binary.BigEndian.AppendUint32([]byte{3, 0, 0, 0}, uint32(len(other))), other)
			s.await("a text", func() bool { return len(s.clips) == 1 })
			if got := s.clips[0].data; got != c.text+c.text {
				t.Errorf("got %q", got)
			}
		})
	}
}

// serverClip is an extended message of a server (RFB, "Extended Clipboard").
func serverClip(flags rfb.ClipboardFlags, rest ...byte) []byte {
	b := binary.BigEndian.AppendUint32([]byte{3, 0, 0, 0}, uint32(-int32(4+len(rest))))
	return append(binary.BigEndian.AppendUint32(b, uint32(flags)), rest...)
}

// provided is content of a server's.
func provided(t *testing.T, d rfb.ClipboardData) []byte {
	t.Helper()
	b, err := rfb.AppendClipboardProvide(nil, d)
	if err != nil {
		t.Fatal(err)
	}
	b[0] = 3
	return b
}

// asked are the flags of the client's extended messages.
func asked(s *scripted) (all []rfb.ClipboardFlags) {
	for _, b := range s.all(6) {
		all = append(all, rfb.ClipboardFlags(binary.BigEndian.Uint32(b[7:])))
	}
	return all
}

// HTML and pictures go both ways where the server has them, and only when they are
// asked for.
func TestExtendedClipboard(t *testing.T) {
	s, server := talk(t, options{}, rfbtest.Server{})
	const all = rfb.ClipText | rfb.ClipHTML | rfb.ClipDIB
	const actions = rfb.ClipRequest | rfb.ClipPeek | rfb.ClipNotify | rfb.ClipProvide
	server.say(serverClip(rfb.ClipCaps|actions|all, make([]byte, 12)...))
	s.await("abilities", func() bool {
		const a = wire.CanClipText | wire.CanClipHTML | wire.CanClipImage
		return s.info.Abilities&a == a
	})
	until(t, "our own", func() bool { a := asked(server); return len(a) == 1 && a[0] == rfb.ClipCaps|actions|all })

	server.say(serverClip(rfb.ClipNotify | all))
	until(t, "a request", func() bool { a := asked(server); return len(a) == 2 && a[1] == rfb.ClipRequest|all })
	dib := bytes.Join([][]byte{{40}, make([]byte, 3), {1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 32, 0}, make([]byte, 24), {9, 8, 7, 0}}, nil)
	server.say(provided(t, rfb.ClipboardData{Formats: all, Text: "a\nb", HTML: []byte("<b>a</b>"), DIB: dib}))
	s.await("all of it", func() bool { return len(s.clips) == 3 })
	s.mu.Lock()
	kinds := map[string]string{}
	for _, c := range s.clips {
		kinds[c.kind] = c.data
	}
	s.mu.Unlock()
	if kinds["text/plain"] != "a\nb" || kinds["text/html"] != "<b>a</b>" || !bytes.HasPrefix([]byte(kinds["image/png"]), []byte("\x89PNG")) {
		t.Errorf("got %q", kinds)
	}

	s.Desktop.Clipboard("text/plain", []byte("a\nb")) // what just came: no echo
	s.Desktop.Clipboard("text/html", []byte("<i>x</i>"))
	s.Desktop.Clipboard("image/png", []byte(kinds["image/png"]))
	until(t, "a notice", func() bool {
		a := asked(server)
		return len(a) == 4 && a[3] == rfb.ClipNotify|rfb.ClipHTML|rfb.ClipDIB
	})
	server.say(serverClip(rfb.ClipRequest | rfb.ClipHTML | rfb.ClipDIB))
	until(t, "the content", func() bool {
		a := asked(server)
		return len(a) == 5 && a[4] == rfb.ClipProvide|rfb.ClipHTML|rfb.ClipDIB
	})
}

// What settings forbid is not even asked for.
func TestClipboardForbidden(t *testing.T) {
	s, server := talk(t, options{settings: map[string]string{"disable-copy": "true"}}, rfbtest.Server{})
	server.say(serverClip(rfb.ClipCaps|rfb.ClipNotify|rfb.ClipRequest|rfb.ClipProvide|rfb.ClipText, 0, 0, 0, 0), serverClip(rfb.ClipNotify|rfb.ClipText))
	server.say([]byte{3, 0, 0, 0, 0, 0, 0, 1, 'x'}, pixel(1))
	s.await("a picture", func() bool { return s.marks == 1 })
	until(t, "caps", func() bool { return len(asked(server)) > 0 })
	if a := asked(server); len(a) != 1 || len(s.clips) != 0 {
		t.Errorf("asked %x, got %q", a, s.clips)
	}
}
