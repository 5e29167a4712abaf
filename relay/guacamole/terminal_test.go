package guacamole_test

import (
	"testing"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/guacamole"
	"github.com/porthole-rac/porthole/relay/guacamole/shell"
)

// inputs is what was typed, as the relay was sent it.
func (p *page) inputs() (all string) {
	rest := p.sent
	for len(rest) > 0 {
		t, body, after, err := wire.Next(rest)
		if err != nil {
			return err.Error()
		}
		var m wire.Input
		if rest = after; t == wire.TypeInput && m.Decode(body) == nil {
			all += string(m.Data)
		}
	}
	return all
}

func TestTerminalKeys(t *testing.T) {
	p := show(t, guacamole.Config{Width: 640, Height: 480, Content: shell.NewContent(640, 480, 96), Lossless: true, Silent: true})
	p.relay(&wire.Welcome{Version: 1, Endpoint: "box", Frames: 100, InputWindow: 100_000, Clipboard: 100_000}, &wire.Connected{})
	for _, k := range [][2]string{{"97", "1"}, {"97", "0"}, {"65507", "1"}, {"99", "1"}, {"99", "0"}, {"65507", "0"}, {"65293", "1"}} {
		p.say("key", k[0], k[1])
	}
	p.waits("the keys", func() bool { return p.inputs() == "a\x03\r" })
	p.relay(&wire.Output{Data: []byte("hello")}, &wire.Mark{Number: 1})
	p.mu.Lock()
	p.auto = true
	p.mu.Unlock()
	p.waits("the text is drawn and acknowledged", func() bool { return len(p.data) > 0 && len(p.records(wire.TypeAck)) == 1 })
}
