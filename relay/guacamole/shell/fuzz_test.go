package shell_test

import (
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/guacamole/shell"
)

// FuzzRecords: whatever records come and whatever a person does in between, nothing
// fails, and what is drawn stays within the view.
func FuzzRecords(f *testing.F) {
	w := wire.Welcome{Version: 1, Scrollback: 10, InputWindow: 100, FontSize: 9, ColorScheme: "green-black"}
	o := wire.Output{Data: []byte("hello \x1b[31m日本\x1b[2J\x1b[5;9r\n\n\x1b[?1049h e\u0301")}
	q := wire.Prompt{ID: 1, Title: "t", Fields: []wire.PromptField{{Label: "x", Echo: true}, {Label: "y"}}}
	r := wire.Resized{Grid: wire.Grid{Cols: 3, Rows: 2, CellWidth: 8, CellHeight: 17}}
	n := wire.Notice{Text: "n\x1b"}
	all := w.Append(nil)
	for _, a := range []func([]byte) []byte{q.Append, (&wire.Connected{}).Append, o.Append, r.Append, n.Append, o.Append} {
		all = a(all)
	}
	f.Add(all, []byte("abc"), uint16(300), uint16(100))
	f.Add(o.Append(all), []byte{255, 0, 1, 13, 27, 9}, uint16(1), uint16(1))
	f.Fuzz(func(t *testing.T, records, keys []byte, width, height uint16) {
		p := newPicture(t, int(width%600)+1, int(height%400)+1)
		s := shell.New(shell.Config{Width: p.img.Rect.Dx(), Height: p.img.Rect.Dy(), Send: func([]byte) {}, Clipboard: func(string) {}})
		s.SetClipboard("clip\nboard")
		now := time.Unix(1e9, 0)
		for len(records) > 0 {
			typ, body, rest, err := wire.Next(records)
			if err != nil {
				break
			}
			records = rest
			if s.Receive(typ, body) != nil {
				break
			}
			if len(keys) > 0 {
				k := keys[0]
				keys = keys[1:]
				s.Key([]uint32{uint32(k), 0xff00 | uint32(k), 0xffe1 + uint32(k&7)}[k%3], k&1 == 0)
				s.Mouse(int(k)*3-9, int(k)*2, k, now)
			}
			now = now.Add(20 * time.Millisecond)
			s.Draw(p, now)
		}
	})
}
