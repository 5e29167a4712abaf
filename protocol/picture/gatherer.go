package picture

import (
	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/wire"
)

// gatherer takes the bytes of one picture.
type gatherer struct {
	image codec.Image
	most  int
}

// mostKept is how much memory it keeps between pictures, bytes.
const mostKept = 256 << 10

func (g *gatherer) begin(c wire.Codec, r codec.Rect) {
	kind := codec.JPEG
	if c == wire.CodecPNG {
		kind = codec.PNG
	}
	data := g.image.Data[:0]
	if cap(data) > mostKept {
		data = nil
	}
	g.image, g.most = codec.Image{Kind: kind, Rect: codec.Rect{W: r.W, H: r.H}, Data: data}, codec.MaxImage(r)
}

// Begin implements codec.Decoder.
func (g *gatherer) Begin(codec.Target, codec.Rect) error { return nil }

// Write implements codec.Decoder.
func (g *gatherer) Write(p []byte) (int, error) {
	if len(g.image.Data)+len(p) > g.most {
		return 0, codec.ErrLong
	}
	g.image.Data = append(g.image.Data, p...)
	return len(p), nil
}

// Done implements codec.Decoder: the records say where a picture ends.
func (g *gatherer) Done() bool { return true }

// end hands the picture out.
func (g *gatherer) end(to codec.Images) error {
	if err := g.image.Check(); err != nil {
		return err
	}
	return to(g.image)
}
